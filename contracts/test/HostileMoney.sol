// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev A money that calls its target while it is being moved, and passes the refusal on.
contract HostileMoney {
    address private _target;
    bytes private _call;

    function aim(address target, bytes calldata call_) external {
        (_target, _call) = (target, call_);
    }

    function transferFrom(address, address, uint256) external returns (bool) {
        return _strike();
    }

    function transfer(address, uint256) external returns (bool) {
        return _strike();
    }

    function _strike() private returns (bool) {
        (bool ok, bytes memory result) = _target.call(_call);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
        return true;
    }
}

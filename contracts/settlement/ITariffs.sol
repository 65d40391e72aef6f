// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ITariffs: the little of Parameters that Settlement needs
interface ITariffs {
    /// @notice Value of a governed parameter; reverts when it is not defined.
    function get(bytes32 key) external view returns (uint256);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Governed} from "../access/Governed.sol";

/// @title Till: money a contract holds for others
/// @notice Whatever is to be paid out is first owed and then pulled by its owner, so that no payee can block another's trade. Amounts in
///         micro-cents. The money must be a plain ERC-20: one that takes a fee on transfer or changes balances by itself is not supported.
/// @custom:source this project, docs/decisions/0002-ledger-contracts.md, point 6
abstract contract Till is Governed, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice The money paid in, ERC-20.
    IERC20 public immutable money;
    /// @notice micro-cents owed to an account.
    mapping(address account => uint256) public owed;

    /// @notice What was owed to an account was paid out.
    /// @param account whom it is owed to
    /// @param amount micro-cents
    event Withdrawn(address indexed account, uint256 amount);

    /// @notice Nothing is owed to `account`.
    /// @param account whom it is owed to
    error NothingOwed(address account);

    constructor(IERC20 money_) {
        money = money_;
    }

    /// @notice Pays out what is owed to the caller. Never paused: what is owed can always be taken home.
    /// @return amount micro-cents
    function withdraw() external nonReentrant returns (uint256 amount) {
        amount = owed[msg.sender];
        if (amount == 0) revert NothingOwed(msg.sender);
        owed[msg.sender] = 0;
        emit Withdrawn(msg.sender, amount);
        money.safeTransfer(msg.sender, amount);
    }

    function _takeMoney(address from, uint256 amount) internal {
        if (amount > 0) money.safeTransferFrom(from, address(this), amount);
    }
}

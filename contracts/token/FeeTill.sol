// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Parameters} from "../access/Parameters.sol";
import {Till} from "./Till.sol";

/// @title FeeTill: a till that keeps the published trading fee
/// @custom:source this project, docs/decisions/0002-ledger-contracts.md, point 6; the fee: contracts/deploy/parameters.ts
abstract contract FeeTill is Till {
    using SafeERC20 for IERC20;

    uint256 internal constant BPS = 10_000;
    bytes32 private constant TRADE_FEE = "fee.trade.bps";

    /// @notice Owner of fees and bonds.
    Parameters public immutable parameters;
    /// @notice Fees not yet collected, micro-cents.
    uint256 public fees;

    /// @notice The fees collected so far were paid out.
    /// @param to who is paid
    /// @param amount micro-cents
    event FeesCollected(address indexed to, uint256 amount);

    constructor(IERC20 money_, Parameters parameters_) Till(money_) {
        parameters = parameters_;
    }

    /// @notice Pays the fees collected so far to `to`. Role: GOVERNOR.
    /// @param to who is paid
    /// @return amount micro-cents
    function collectFees(address to) external restricted nonReentrant returns (uint256 amount) {
        amount = fees;
        if (amount == 0) revert NothingOwed(to);
        fees = 0;
        emit FeesCollected(to, amount);
        money.safeTransfer(to, amount);
    }

    /// @dev The fee now in force, hundredths of a per cent.
    function _feeBps() internal view returns (uint16) {
        return uint16(parameters.get(TRADE_FEE));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Governed} from "../access/Governed.sol";
import {Parameters} from "../access/Parameters.sol";
import {IVintageToken} from "../token/IVintageToken.sol";
import {ITrade} from "./ITrade.sol";

/// @title TradeBase: money held, fees, standing
/// @dev Everything that is paid out is first owed and then pulled by its owner: no payee can block another's trade.
abstract contract TradeBase is ITrade, Governed, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 internal constant BPS = 10_000;
    uint256 internal constant MAX_DURATION_S = 366 days;
    bytes32 internal constant TRADE_FEE = "fee.trade.bps";

    IVintageToken public immutable energy;
    IERC20 public immutable money;
    Parameters public immutable parameters;

    /// @inheritdoc ITrade
    mapping(address account => uint256) public owed;
    /// @inheritdoc ITrade
    uint256 public fees;
    mapping(address account => Standing) private _standings;

    constructor(IVintageToken energy_, IERC20 money_, Parameters parameters_) {
        (energy, money, parameters) = (energy_, money_, parameters_);
    }

    /// @inheritdoc ITrade
    function withdraw() external nonReentrant returns (uint256 amount) {
        amount = owed[msg.sender];
        if (amount == 0) revert NothingOwed(msg.sender);
        owed[msg.sender] = 0;
        emit Withdrawn(msg.sender, amount);
        money.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc ITrade
    function collectFees(address to) external restricted nonReentrant returns (uint256 amount) {
        amount = fees;
        if (amount == 0) revert NothingOwed(to);
        fees = 0;
        emit FeesCollected(to, amount);
        money.safeTransfer(to, amount);
    }

    /// @inheritdoc ITrade
    function standingOf(address account) external view returns (Standing memory) {
        return _standings[account];
    }

    function _takeMoney(address from, uint256 amount) internal {
        if (amount > 0) money.safeTransferFrom(from, address(this), amount);
    }

    function _kept(address account, uint256 volumeWh) internal {
        Standing storage standing = _standings[account];
        ++standing.completed;
        standing.volumeWh += uint64(volumeWh);
    }

    function _broke(address account) internal {
        ++_standings[account].defaulted;
    }

    function _lost(address account) internal {
        ++_standings[account].disputesLost;
    }
}

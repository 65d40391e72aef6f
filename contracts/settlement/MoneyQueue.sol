// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Accounts} from "./Accounts.sol";
import {ISettlement} from "./ISettlement.sol";
import {SettlementWords} from "./SettlementWords.sol";

/// @title MoneyQueue: how money comes in and goes out
/// @notice Deposits and withdrawals wait in one queue, oldest first, and are applied by rounds; payouts are pulled. Held tokens =
///         members' balances + grid account + default account (≤ 0) + waiting deposits + unclaimed payouts.
/// @custom:source this project, docs/settlement.md
abstract contract MoneyQueue is Accounts {
    using SafeERC20 for IERC20;

    /// @notice Number of entries a round can apply; the circuit is built for it.
    uint256 public constant FLOWS_PER_BATCH = 3;

    /// @notice The ERC-20 that is settled in.
    IERC20 public immutable money;
    /// @notice Smallest token units in one micro-cent.
    uint256 public immutable tokenUnitsPerMicroCent;

    /// @notice Waiting entries by position.
    mapping(uint256 position => Flow) public flowAt;
    /// @notice Granted payouts, micro-cents.
    mapping(address account => uint256) public claimable;
    mapping(uint256 index => uint256 positionPlusOne) internal _pendingFlow;

    /// @notice micro-cents the grid's supplier has earned (+) or owes (−).
    int128 public gridAccount;
    /// @notice micro-cents laid out for members in debt, never above 0.
    int128 public defaultAccount;

    constructor(IERC20 money_, uint256 tokenUnitsPerMicroCent_) {
        if (tokenUnitsPerMicroCent_ == 0) revert BadTokenUnits(tokenUnitsPerMicroCent_);
        money = money_;
        tokenUnitsPerMicroCent = tokenUnitsPerMicroCent_;
    }

    /// @notice Positions of the oldest waiting entry and behind the newest one.
    /// @return head position of the oldest waiting entry, from 0
    /// @return tail position behind the newest one
    function queueBounds() public view virtual returns (uint256 head, uint256 tail);

    /// @dev The new position and the number of rounds settled so far.
    function _advanceTail() internal virtual returns (uint256 position, uint256 batch);

    function _requireRunning() internal view virtual;

    /// @inheritdoc ISettlement
    function deposit(uint16 index, uint64 amount) external whenNotPaused {
        _enqueue(index, amount, false);
        _take(amount);
    }

    /// @inheritdoc ISettlement
    function requestWithdrawal(uint16 index, uint64 amount) external whenNotPaused {
        _enqueue(index, amount, true);
    }

    /// @inheritdoc ISettlement
    function claim() external {
        uint256 granted = claimable[msg.sender];
        if (granted == 0) revert NothingToClaim(msg.sender);
        uint256 held = money.balanceOf(address(this)) / tokenUnitsPerMicroCent;
        if (held == 0) revert NothingHeld(msg.sender, granted);
        uint256 amount = granted < held ? granted : held;
        claimable[msg.sender] = granted - amount;
        emit Claimed(msg.sender, amount);
        money.safeTransfer(msg.sender, amount * tokenUnitsPerMicroCent);
    }

    /// @inheritdoc ISettlement
    function depositGrid(uint256 amount) external {
        if (amount == 0) revert ZeroAmount(msg.sender);
        gridAccount += _signed(amount);
        emit GridDeposited(msg.sender, amount);
        _take(amount);
    }

    /// @inheritdoc ISettlement
    function withdrawGrid(address to, uint256 amount) external restricted {
        int256 available = int256(gridAccount) + defaultAccount;
        if (amount == 0) revert ZeroAmount(msg.sender);
        if (_signed(amount) > available) revert GridAccountShort(amount, available);
        gridAccount -= _signed(amount);
        emit GridWithdrawn(to, amount);
        money.safeTransfer(to, amount * tokenUnitsPerMicroCent);
    }

    /// @dev The word of the `count` oldest entries, which the proof must contain.
    function _flowsWord(uint256 head, uint256 count) internal view returns (uint256 word) {
        for (uint256 k = 0; k < count; ++k) {
            Flow memory flow = flowAt[head + k];
            word |= SettlementWords.packFlow(k, flow.amount, flow.index, flow.withdrawal);
        }
    }

    /// @dev Applies the `count` oldest entries.
    function _applyFlows(uint256 head, uint256 count, uint256 withdrawalsApplied) internal {
        for (uint256 k = 0; k < count; ++k) {
            Flow memory flow = flowAt[head + k];
            bool applied = !flow.withdrawal || withdrawalsApplied & (1 << k) != 0;
            if (flow.withdrawal && applied) claimable[flow.account] += flow.amount;
            delete flowAt[head + k];
            delete _pendingFlow[flow.index];
            emit FlowApplied(head + k, flow.index, flow.withdrawal, flow.amount, applied);
        }
    }

    function _enqueue(uint16 index, uint64 amount, bool withdrawal) private {
        _requireRunning();
        _requireAccount(index);
        if (amount == 0) revert ZeroAmount(msg.sender);
        if (_pendingFlow[index] != 0) revert FlowPending(index);
        (uint256 position, uint256 batch) = _advanceTail();
        flowAt[position] = Flow({account: msg.sender, amount: amount, index: index, withdrawal: withdrawal, batch: uint8(batch)});
        _pendingFlow[index] = position + 1;
        emit FlowQueued(position, index, msg.sender, withdrawal, amount);
    }

    function _take(uint256 amount) private {
        money.safeTransferFrom(msg.sender, address(this), amount * tokenUnitsPerMicroCent);
    }

    function _signed(uint256 amount) private pure returns (int128) {
        if (amount > uint128(type(int128).max)) revert AmountTooLarge(amount, uint128(type(int128).max));
        return int128(uint128(amount));
    }
}

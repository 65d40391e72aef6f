// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Governed} from "../access/Governed.sol";
import {ISmartMeter} from "../meter/ISmartMeter.sol";
import {IVintageToken} from "./IVintageToken.sol";
import {VintageLots} from "./VintageLots.sol";

/// @title VintageToken: base of the energy token and of the carbon credit
/// @notice See {IVintageToken}. Balances live in lots; OpenZeppelin's ERC20 supplies allowances, events and errors only.
/// @custom:source ERC-20; lots, expiry and escrow: this project, docs/decisions/0002-ledger-contracts.md, points 4 and 5
abstract contract VintageToken is IVintageToken, ERC20, Governed {
    using VintageLots for VintageLots.Holding;

    /// @notice Number of whole periods a vintage outlives its own.
    uint256 public constant LIFE_PERIODS = 3;
    uint256 internal constant MAX_BATCH = 64;
    uint256 private constant TECHNOLOGIES = 8;

    /// @notice Length of a period, s.
    uint256 public immutable periodS;

    struct Flows {
        uint80 minted;
        uint80 burnt;
        uint80 expired;
    }

    Flows private _flows;
    mapping(address holder => VintageLots.Holding) private _holdings;
    /// @dev What lies in escrow, by escrow account. Only escrowIn, escrowOver and escrowOut touch it: what anyone sends to the address of an
    ///      escrow account lands in `_holdings` and never mixes with it. The hold flag of every account is the one in `_holdings`.
    mapping(address account => VintageLots.Holding) private _escrowed;
    mapping(uint256 vintage => uint256) private _supply;

    constructor(uint256 periodS_) {
        if (periodS_ < 1 hours || periodS_ > 366 days) revert BadPeriod(periodS_);
        periodS = periodS_;
    }

    // ── ERC-20 ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Live units of `holder`, of an escrow account those in escrow included.
    /// @return live smallest units
    function balanceOf(address holder) public view virtual override(ERC20, IERC20) returns (uint256 live) {
        return _livingUntil(_holdings[holder], 0) + _livingUntil(_escrowed[holder], 0);
    }

    /// @notice Live units of everybody.
    function totalSupply() public view virtual override(ERC20, IERC20) returns (uint256 live) {
        uint256 oldest = _oldestLive();
        for (uint256 i = 0; i < (LIFE_PERIODS + 1) * TECHNOLOGIES; ++i) live += _supply[oldest + i];
    }

    /// @inheritdoc IVintageToken
    function batchTransfer(address[] calldata recipients, uint256[] calldata amounts) external returns (bool) {
        if (recipients.length != amounts.length || recipients.length > MAX_BATCH) {
            revert BadBatch(recipients.length, amounts.length, MAX_BATCH);
        }
        for (uint256 i = 0; i < recipients.length; ++i) _transfer(msg.sender, recipients[i], amounts[i]);
        return true;
    }

    // ── expiry ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IVintageToken
    function sweep(address holder) external returns (uint256 expired) {
        return _sweep(_holdings[holder], holder) + _sweep(_escrowed[holder], holder);
    }

    /// @inheritdoc IVintageToken
    function expiryOf(uint256 vintage) public view returns (uint256) {
        return (vintage / TECHNOLOGIES + LIFE_PERIODS + 1) * periodS;
    }

    /// @inheritdoc IVintageToken
    function currentVintage(ISmartMeter.Technology technology) public view returns (uint256) {
        return vintageAt(block.timestamp, technology);
    }

    /// @notice The vintage of a unit made at `time`, s.
    /// @param time unix time, s
    /// @param technology energy source
    /// @return number of the vintage, period · 8 + technology
    function vintageAt(uint256 time, ISmartMeter.Technology technology) public view returns (uint256) {
        return (time / periodS) * TECHNOLOGIES + uint256(technology);
    }

    // ── escrow ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IVintageToken
    function escrowIn(address from, uint256 id, uint256 amount, uint256 until) external {
        if (from != msg.sender) _spendAllowance(from, msg.sender, amount);
        address account = escrowAccount(msg.sender, id);
        _requireMayPay(from, account);
        VintageLots.Lot[] memory moved = _takeLots(_holdings[from], from, amount, until);
        emit EscrowedIn(account, amount);
        _putLots(_escrowed[account], from, account, moved);
        emit Transfer(from, account, amount);
    }

    /// @inheritdoc IVintageToken
    function escrowOut(uint256 id, address to, uint256 amount) external {
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        _escrowTo(id, to, amount, false);
    }

    /// @inheritdoc IVintageToken
    function escrowOver(uint256 fromId, uint256 toId, uint256 amount) external {
        _escrowTo(fromId, escrowAccount(msg.sender, toId), amount, true);
    }

    /// @inheritdoc IVintageToken
    function inEscrow(address operator, uint256 id, uint256 until) external view returns (uint256) {
        return _livingUntil(_escrowed[escrowAccount(operator, id)], until);
    }

    /// @inheritdoc IVintageToken
    function escrowAccount(address operator, uint256 id) public pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("escrow", operator, id)))));
    }

    // ── compliance ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IVintageToken
    function hold(address account, bytes32 reason) external restricted {
        _holdings[account].held = true;
        emit HoldPlaced(account, reason, msg.sender);
    }

    /// @inheritdoc IVintageToken
    function releaseHold(address account, bytes32 reason) external restricted {
        if (!_holdings[account].held) revert NotOnHold(account);
        _holdings[account].held = false;
        emit HoldReleased(account, reason, msg.sender);
    }

    // ── views ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc IVintageToken
    function isOnHold(address account) public view returns (bool) {
        return _holdings[account].held;
    }

    /// @inheritdoc IVintageToken
    function isBlocked(address account) external view returns (bool) {
        return paused() || _holdings[account].held;
    }

    /// @inheritdoc IVintageToken
    function lotsOf(address holder) external view returns (Lot[] memory lots) {
        VintageLots.Lot[] memory held = _allLots(holder);
        lots = new Lot[](held.length);
        for (uint256 i = 0; i < held.length; ++i) lots[i] = Lot(held[i].vintage, held[i].amount);
    }

    /// @inheritdoc IVintageToken
    function vintageBalanceOf(address holder, uint256 vintage) external view returns (uint256) {
        if (vintage < _oldestLive()) return 0;
        VintageLots.Lot[] memory lots = _allLots(holder);
        for (uint256 i = 0; i < lots.length; ++i) if (lots[i].vintage == vintage) return lots[i].amount;
        return 0;
    }

    /// @inheritdoc IVintageToken
    function flows() external view returns (uint256 minted, uint256 burnt, uint256 expired) {
        return (_flows.minted, _flows.burnt, _flows.expired);
    }

    // ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Adds new units of one vintage. The vintage must be live.
    function _mintVintage(address to, uint256 vintage, uint256 amount) internal {
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        if (amount > type(uint80).max) revert AmountTooLarge(amount);
        if (vintage < _oldestLive()) revert VintageHasExpired(to, 0, amount, amount, expiryOf(vintage));
        VintageLots.Holding storage holding = _holdings[to];
        VintageLots.Lot[] memory lots = holding.load();
        uint256 before = lots.length;
        (lots,) = _dropExpired(to, lots);
        holding.store(VintageLots.add(lots, uint32(vintage), uint96(amount)), before);
        _supply[vintage] += amount;
        _flows.minted += uint80(amount);
        emit VintageMinted(vintage, to, amount);
        emit Transfer(address(0), to, amount);
    }

    /// @dev Transfers and burns, oldest first. Minting goes through `_mintVintage`, so `from` is never zero here.
    function _update(address from, address to, uint256 amount) internal override {
        _requireMayPay(from, to);
        VintageLots.Lot[] memory moved = _takeLots(_holdings[from], from, amount, 0);
        if (to == address(0)) _burnLots(from, moved, amount);
        else _putLots(_holdings[to], from, to, moved);
        emit Transfer(from, to, amount);
    }

    /// @dev Reverts where `from` may not pay `to`. What lies in escrow has been paid already and is not asked again.
    function _requireMayPay(address from, address to) internal view virtual {}

    /// @dev `into`: `to` is an escrow account, and what it gets lies in escrow there.
    function _escrowTo(uint256 id, address to, uint256 amount, bool into) private {
        address account = escrowAccount(msg.sender, id);
        VintageLots.Lot[] memory moved = _takeLots(_escrowed[account], account, amount, 0);
        emit EscrowedOut(account, amount);
        if (into) emit EscrowedIn(to, amount);
        _putLots(into ? _escrowed[to] : _holdings[to], account, to, moved);
        emit Transfer(account, to, amount);
    }

    /// @dev Takes `amount` from `source`, which is `from`'s, of what lives until `until` the oldest first.
    function _takeLots(VintageLots.Holding storage source, address from, uint256 amount, uint256 until)
        private whenNotPaused returns (VintageLots.Lot[] memory moved)
    {
        if (_holdings[from].held) revert AccountOnHold(from);
        VintageLots.Lot[] memory lots = source.load();
        uint256 before = lots.length;
        uint256 expiredAt = before > 0 ? expiryOf(lots[0].vintage) : 0;
        uint256 expired;
        (lots, expired) = _dropExpired(from, lots);
        uint256 skip = 0;
        while (skip < lots.length && expiryOf(lots[skip].vintage) < until) ++skip;
        uint256 available;
        (lots, moved, available) = VintageLots.take(lots, skip, amount);
        if (available < amount) {
            if (skip > 0) revert LivesTooShort(from, available, amount, until);
            if (expired > 0) revert VintageHasExpired(from, available, amount, expired, expiredAt);
            revert ERC20InsufficientBalance(from, available, amount);
        }
        source.store(lots, before);
    }

    function _putLots(VintageLots.Holding storage target, address from, address to, VintageLots.Lot[] memory moved) private {
        VintageLots.Lot[] memory lots = target.load();
        uint256 before = lots.length;
        (lots,) = _dropExpired(to, lots);
        for (uint256 i = 0; i < moved.length; ++i) {
            lots = VintageLots.add(lots, moved[i].vintage, moved[i].amount);
            emit VintageMoved(moved[i].vintage, from, to, moved[i].amount);
        }
        target.store(lots, before);
    }

    function _burnLots(address from, VintageLots.Lot[] memory moved, uint256 amount) private {
        for (uint256 i = 0; i < moved.length; ++i) {
            _supply[moved[i].vintage] -= moved[i].amount;
            emit VintageMoved(moved[i].vintage, from, address(0), moved[i].amount);
        }
        _flows.burnt += uint80(amount);
    }

    function _sweep(VintageLots.Holding storage holding, address holder) private returns (uint256 expired) {
        VintageLots.Lot[] memory lots = holding.load();
        uint256 before = lots.length;
        (lots, expired) = _dropExpired(holder, lots);
        if (expired > 0) holding.store(lots, before);
    }

    /// @dev Live units that expire at `until` or later.
    function _livingUntil(VintageLots.Holding storage holding, uint256 until) private view returns (uint256 units) {
        VintageLots.Lot[] memory lots = holding.load();
        uint256 oldest = _oldestLive();
        for (uint256 i = 0; i < lots.length; ++i) {
            if (lots[i].vintage >= oldest && expiryOf(lots[i].vintage) >= until) units += lots[i].amount;
        }
    }

    /// @dev Own lots, and of an escrow account those in escrow; expired ones included.
    function _allLots(address holder) private view returns (VintageLots.Lot[] memory lots) {
        lots = _holdings[holder].load();
        VintageLots.Lot[] memory escrowed = _escrowed[holder].load();
        for (uint256 i = 0; i < escrowed.length; ++i) lots = VintageLots.add(lots, escrowed[i].vintage, escrowed[i].amount);
    }

    /// @dev Takes expired lots off the front; the caller stores what is left.
    function _dropExpired(address holder, VintageLots.Lot[] memory lots) private returns (VintageLots.Lot[] memory left, uint256 expired) {
        uint256 oldest = _oldestLive();
        uint256 count = 0;
        for (; count < lots.length && lots[count].vintage < oldest; ++count) {
            VintageLots.Lot memory lot = lots[count];
            expired += lot.amount;
            _supply[lot.vintage] -= lot.amount;
            emit VintageExpired(lot.vintage, holder, lot.amount);
        }
        if (count == 0) return (lots, 0);
        _flows.expired += uint80(expired);
        emit Transfer(holder, address(0), expired);
        left = VintageLots.dropFront(lots, count);
    }

    /// @dev The smallest vintage number that is live now.
    function _oldestLive() internal view returns (uint256) {
        uint256 period = block.timestamp / periodS;
        return period > LIFE_PERIODS ? (period - LIFE_PERIODS) * TECHNOLOGIES : 0;
    }
}

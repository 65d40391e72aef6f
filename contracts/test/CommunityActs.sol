// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICarbonMarket} from "../carbon/ICarbonMarket.sol";
import {IGranularCertificate} from "../carbon/IGranularCertificate.sol";
import {IGridManagement} from "../grid/IGridManagement.sol";
import {ISmartMeter} from "../meter/ISmartMeter.sol";
import {IEnergyRecords} from "../records/IEnergyRecords.sol";
import {IVintageToken} from "../token/IVintageToken.sol";
import {IEnergyTrade} from "../trade/IEnergyTrade.sol";
import {Suite} from "./Suite.sol";

/// @dev Random acts of three members with certificates, RECs, records, the order book, groups and demand response. Each act looks for something
///      it can be done with and reverts when there is nothing; what succeeds is counted by its selector, so that a test can show that none
///      of them always reverts. All arguments are whole words, which the acts reduce themselves.
contract CommunityActs is Suite {
    IGranularCertificate.State private constant ACTIVE = IGranularCertificate.State.Active;
    IGranularCertificate.State private constant RESERVED = IGranularCertificate.State.Reserved;
    IGranularCertificate.State private constant LOCKED = IGranularCertificate.State.Locked;
    IGranularCertificate.State private constant CANCELLED = IGranularCertificate.State.Cancelled;
    IGranularCertificate.State private constant CLAIMED = IGranularCertificate.State.Claimed;
    IGranularCertificate.State private constant WITHDRAWN = IGranularCertificate.State.Withdrawn;
    IGranularCertificate.State private constant SPLIT = IGranularCertificate.State.Split;
    IEnergyRecords.Flow private constant PRODUCTION = IEnergyRecords.Flow.Production;
    uint256 private constant GROUP = 1 << 128; // escrow numbers of groups, as in EnergyTrade

    struct Given {
        address owner;
        address party;
        uint256 until;
    }

    error Nothing();

    address[3] private _who = [ALICE, BOB, CAROL];
    uint256[3] private _roof; // backs credits, and energy
    uint256[3] private _field; // backs certificates
    uint256[3] private _node;
    uint256 private _moneyMinted;
    uint256 private _creditsIssued;
    uint256 private _settledWh;
    uint256 private _readWh;
    uint256 private _expiredWh;
    uint256 private _orders; // ids given out by the market
    uint256 private _groups;
    uint256 private _requests;
    uint256 private _recs;
    uint256 private _records;
    mapping(uint256 requestId => mapping(uint256 node => uint256)) private _offeredW;
    mapping(uint256 bundleId => Given) private _promises;

    /// @dev Times an act has succeeded.
    mapping(bytes4 act => uint256) public reached;

    modifier counted() {
        _;
        ++reached[msg.sig];
    }

    function setUp() public override {
        require(address(access) == address(0), "once");
        super.setUp();
        market.listPair(credits, 1000);
        market.listPair(energy, 1);
        for (uint256 i = 0; i < 3; ++i) {
            _roof[i] = _solar(_who[i], ISmartMeter.Backing.Credits);
            _field[i] = _solar(_who[i], ISmartMeter.Backing.Certificates);
            records.setCategory(_field[i], IEnergyRecords.Category.Community);
            _approveAll(_who[i], address(trade));
            _approveAll(_who[i], address(market));
            vm.startPrank(_who[i]);
            certificates.setOperator(address(market), true);
            certificates.setOperator(address(records), true);
            vm.stopPrank();
            _money(_who[i], 1e12);
            grid.registerNode(_who[i], IGridManagement.NodeType.Prosumer);
            _node[i] = grid.nodeOf(_who[i]);
            grid.setCapacity(_node[i], 10_000);
        }
        _money(address(this), 1e12);
        money.approve(address(grid), type(uint256).max);
        _moneyMinted = 4e12;
    }

    /// @dev Every act, for the test that walks through them.
    function acts() external pure returns (bytes4[] memory all) {
        bytes4[48] memory each = [
            this.wait.selector, this.produce.selector, this.certify.selector, this.settle.selector, this.transferBundle.selector,
            this.splitBundle.selector, this.reserveFor.selector, this.reserve.selector, this.release.selector, this.lock.selector,
            this.unlock.selector, this.withdrawBundle.selector, this.cancel.selector, this.claim.selector, this.expire.selector,
            this.listBundle.selector, this.buyBundle.selector, this.delistBundle.selector, this.openRec.selector, this.fillRec.selector,
            this.sealRec.selector, this.handOnRec.selector, this.retireRec.selector, this.settleRec.selector, this.redeemRec.selector,
            this.recoverBundle.selector, this.certifyRecord.selector, this.requestResponse.selector, this.enrol.selector,
            this.decline.selector, this.confirm.selector, this.record.selector, this.closeRequest.selector, this.sell.selector,
            this.openGroup.selector, this.joinGroup.selector, this.leaveGroup.selector, this.executeGroup.selector,
            this.claimGroup.selector, this.closeOffer.selector, this.swap.selector, this.place.selector, this.close.selector,
            this.holdOrder.selector, this.prune.selector, this.recover.selector, this.takeMoney.selector, this.retire.selector
        ];
        all = new bytes4[](each.length);
        for (uint256 i = 0; i < each.length; ++i) all[i] = each[i];
    }

    // ── time and generation ─────────────────────────────────────────────────────────────────────────────────────────────────────

    function wait(uint256 s) external counted {
        uint256 kind = s % 16;
        vm.warp(block.timestamp + (kind == 0 ? 366 days : kind < 9 ? (s >> 8) % 600 : (s >> 8) % 2 days));
    }

    function produce(uint256 i, uint256 wh) external counted {
        (uint256 meterId, address who) = (_roof[i % 3], _who[i % 3]);
        wh = 1 + wh % 60_000;
        uint256 readingId = _reading(meterId, 0, _last(meterId) + wh);
        energy.mintEnergy(who, wh, abi.encode(meterId, readingId));
        uint256 mg = credits.issuable(meterId, readingId);
        credits.issueCreditsCertificate(who, mg, abi.encode(meterId, readingId));
        _creditsIssued += mg;
    }

    function certify(uint256 i, uint256 wh) external counted {
        uint256 meterId = _field[i % 3];
        wh = 1 + wh % 60_000;
        certificates.issueFromReading(meterId, _reading(meterId, 0, _last(meterId) + wh));
        _readWh += wh;
    }

    function settle(uint256 i, uint256 wh) external counted {
        wh = wh % 3 == 0 ? 1_000_000 : wh % 3 == 1 ? 500_000 : 1 + (wh >> 8) % 100_000;
        _bundle(_who[i % 3], uint64(wh));
        _settledWh += wh;
    }

    // ── certificates ────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function transferBundle(uint256 b, uint256 j) external counted {
        IGranularCertificate.Bundle memory bundle;
        (b, bundle) = _held(b, j % 2 == 0 ? RESERVED : ACTIVE);
        (address party,) = certificates.reservationOf(b);
        if (j % 2 == 0 && party == address(0)) revert Nothing();
        vm.prank(bundle.owner);
        certificates.transfer(b, j % 2 == 0 ? party : _who[(j >> 1) % 3]);
        delete _promises[b];
    }

    function splitBundle(uint256 b, uint256 wh) external counted {
        IGranularCertificate.Bundle memory bundle;
        (b, bundle) = _held(b, ACTIVE);
        vm.prank(bundle.owner);
        certificates.split(b, uint64(1 + wh % bundle.energyWh));
    }

    function reserveFor(uint256 b, uint256 j, uint256 s) external counted {
        IGranularCertificate.Bundle memory bundle;
        (b, bundle) = _held(b, ACTIVE);
        uint40 until = uint40(block.timestamp + 1 + s % 90 days);
        vm.prank(bundle.owner);
        certificates.reserveFor(b, _who[j % 3], until);
        _promises[b] = Given(bundle.owner, _who[j % 3], until);
    }

    function reserve(uint256 b) external counted {
        IGranularCertificate.Bundle memory bundle;
        (b, bundle) = _held(b, ACTIVE);
        vm.prank(bundle.owner);
        certificates.reserve(b);
    }

    function release(uint256 b) external counted {
        IGranularCertificate.Bundle memory bundle;
        (b, bundle) = _held(b, RESERVED);
        (address party,) = certificates.reservationOf(b);
        vm.prank(party == address(0) ? bundle.owner : party);
        certificates.release(b);
        delete _promises[b];
    }

    /// @dev Of any holder, contracts included.
    function lock(uint256 b) external counted {
        (b,) = _any(b, b % 2 == 0 ? RESERVED : ACTIVE);
        certificates.lock(b);
    }

    function unlock(uint256 b) external counted {
        (b,) = _any(b, LOCKED);
        certificates.unlock(b);
    }

    function withdrawBundle(uint256 b) external counted {
        if (b % 4 != 0) revert Nothing(); // rare, or little else happens
        (b,) = _any(b >> 2, ACTIVE);
        certificates.withdraw(b);
        delete _promises[b];
    }

    function cancel(uint256 b, uint256 reserved) external counted {
        IGranularCertificate.Bundle memory bundle;
        (b, bundle) = _held(b, reserved % 2 == 0 ? RESERVED : ACTIVE);
        vm.prank(bundle.owner);
        certificates.cancel(b);
        delete _promises[b];
    }

    function claim(uint256 b, uint256 j) external counted {
        IGranularCertificate.Bundle memory bundle;
        (b, bundle) = _held(b, CANCELLED);
        vm.prank(bundle.owner);
        certificates.claim(b, _who[j % 3], "");
    }

    /// @dev Now and then it waits for a bundle's time.
    function expire(uint256 b) external counted {
        if (b % 8 == 0) {
            (, IGranularCertificate.Bundle memory next) = _any(b >> 3, ACTIVE);
            vm.warp(next.expiresAt);
        }
        uint256 count = certificates.bundleCount();
        for (uint256 k = 0; k < count; ++k) {
            uint256 id = 1 + (b % count + k) % count;
            IGranularCertificate.Bundle memory bundle = certificates.getBundle(id);
            if (bundle.state != IGranularCertificate.State.Expired) continue;
            try certificates.expire(id) {
                _expiredWh += bundle.energyWh;
                delete _promises[id];
                return;
            } catch {}
        }
        revert Nothing();
    }

    function listBundle(uint256 b, uint256 price) external counted {
        IGranularCertificate.Bundle memory bundle;
        (b, bundle) = _held(b, ACTIVE);
        vm.prank(bundle.owner);
        market.listBundle(b, uint96(1 + price % 1e9));
    }

    function buyBundle(uint256 i, uint256 b) external counted {
        b = _listed(b);
        vm.prank(_who[i % 3]);
        market.buyBundle(b, type(uint96).max);
    }

    function delistBundle(uint256 b) external counted {
        b = _listed(b);
        (address seller,) = market.listingOf(b);
        vm.prank(seller);
        market.delistBundle(b);
    }

    // ── RECs and records ────────────────────────────────────────────────────────────────────────────────────────────────────────

    function openRec(uint256 i) external counted {
        vm.prank(_who[i % 3]);
        _recs = records.openRec();
    }

    /// @dev Bundles that fit, of one owner, until the REC is whole or nothing fits any more; splits one that is too large.
    function fillRec(uint256 r) external counted {
        (uint256 recId, address owner) = _rec(r, 0);
        uint256 missing = 1_000_000 - records.getRec(recId).energyWh;
        uint256 whole = missing;
        uint256[] memory one = new uint256[](1);
        for (uint256 b = certificates.bundleCount(); b > 0 && missing > 0; --b) {
            IGranularCertificate.Bundle memory bundle = certificates.getBundle(b);
            if (bundle.owner != owner || bundle.state != ACTIVE) continue;
            one[0] = b;
            uint256 wh = bundle.energyWh < missing ? bundle.energyWh : missing;
            vm.startPrank(owner);
            if (wh < bundle.energyWh) (one[0],) = certificates.split(b, uint64(wh));
            records.fillRec(recId, one);
            vm.stopPrank();
            missing -= wh;
        }
        if (missing == whole) revert Nothing();
    }

    function sealRec(uint256 r) external counted {
        (uint256 recId, address owner) = _rec(r, 1);
        vm.prank(owner);
        records.sealRec(recId);
    }

    function handOnRec(uint256 r, uint256 j) external counted {
        (uint256 recId, address owner) = _rec(r, 2);
        vm.prank(owner);
        records.transferFrom(owner, _who[j % 3], recId);
    }

    function retireRec(uint256 r, uint256 j) external counted {
        (uint256 recId, address owner) = _rec(r, 2);
        vm.prank(owner);
        records.retireRec(recId, _who[j % 3], "");
    }

    function settleRec(uint256 r, uint256 limit) external counted {
        (uint256 recId,) = _rec(r, 3);
        records.settleRec(recId, 1 + limit % 3);
    }

    function redeemRec(uint256 r, uint256 limit) external counted {
        (uint256 recId, address owner) = _rec(r, limit % 2 == 0 ? 0 : 2);
        vm.prank(owner);
        records.redeemRec(recId, 1 + (limit >> 1) % 3);
    }

    function recoverBundle() external counted {
        for (uint256 b = 1; b <= certificates.bundleCount(); ++b) {
            (uint64 recId,) = records.leftOf(b);
            if (recId == 0 || certificates.getBundle(b).state != ACTIVE) continue;
            records.recoverBundle(b);
            return;
        }
        revert Nothing();
    }

    function certifyRecord(uint256 i) external counted {
        uint256 meterId = _field[i % 3];
        uint256 done = records.certifiedUntil(meterId, PRODUCTION);
        _records = records.certify(meterId, PRODUCTION, done == 0 ? 0 : done - 1, meter.nextToValidate(meterId) - 1, "");
    }

    // ── demand response ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    function requestResponse(uint256 w, uint256 s, uint256 pay) external counted {
        _requests = grid.requestDemandResponse(1 + w % 20_000, 1 + s % 1 hours, pay % 1e9);
    }

    /// @dev The load is reported before the call or after it, so that some baselines wait to be confirmed.
    function enrol(uint256 i, uint256 w, uint256 report) external counted {
        if (_requests == 0) revert Nothing();
        vm.startPrank(_who[i % 3]);
        if (report % 4 != 0) grid.updateLoadBalance(_node[i % 3], 1 + (report >> 2) % 10_000);
        grid.enroll(_requests, _node[i % 3], 1 + w % 5000);
        vm.stopPrank();
        _offeredW[_requests][_node[i % 3]] = 1 + w % 5000;
    }

    function decline(uint256 i) external counted {
        grid.declineEnrolment(_requests, _node[i % 3]);
        _offeredW[_requests][_node[i % 3]] = 0;
    }

    function confirm(uint256 r, uint256 i, uint256 w) external counted {
        if (_requests == 0) revert Nothing();
        grid.confirmBaseline(1 + r % _requests, _node[i % 3], w % 12_000);
    }

    function record(uint256 i, uint256 w) external counted {
        uint256 endsAt = grid.getDemandResponse(_requests).endsAt;
        IGridManagement.Enrolment memory enrolment = grid.getEnrolment(_requests, _node[i % 3]);
        if (enrolment.offeredW == 0 || enrolment.measured) revert Nothing();
        if (block.timestamp < endsAt) vm.warp(endsAt);
        grid.recordResponse(_requests, _node[i % 3], w % 12_000);
    }

    function closeRequest(uint256 r) external counted {
        if (_requests == 0) revert Nothing();
        grid.closeDemandResponse(1 + r % _requests);
    }

    // ── spot and groups ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    function sell(uint256 i, uint256 wh, uint256 price) external counted {
        vm.prank(_who[i % 3]);
        trade.createOffer(1 + wh % 5000, 1 + price % 50_000, 2 hours, true);
    }

    function openGroup(uint256 o, uint256 wh) external counted {
        uint256 id = _offer(o);
        _groups = trade.openGroup(id, uint96(1 + wh % trade.getOffer(id).amountWh), 1 hours);
    }

    function joinGroup(uint256 i, uint256 g, uint256 wh) external counted {
        g = _group(g);
        IEnergyTrade.Group memory group = trade.getGroup(g);
        uint256 left = group.targetWh - group.pledgedWh;
        vm.prank(_who[i % 3]);
        trade.joinGroup(g, uint96(wh % 2 == 0 ? left : 1 + (wh >> 1) % (left + 1)));
    }

    function leaveGroup(uint256 i, uint256 g) external counted {
        g = _group(g);
        vm.prank(_who[i % 3]);
        trade.leaveGroup(g);
    }

    function executeGroup(uint256 g) external counted {
        g = _group(g);
        IEnergyTrade.Group memory group = trade.getGroup(g);
        uint256 paid = uint256(group.targetWh) * group.price;
        uint256 before = _ofAll(trade.owed) + trade.fees();
        trade.executeGroup(g);
        eq(_ofAll(trade.owed) + trade.fees() - before, paid); // the seller gets what the members set aside, less the fee
    }

    function claimGroup(uint256 i, uint256 g) external counted {
        g = _group(g);
        uint256 pledged = trade.pledgeOf(g, _who[i % 3]);
        uint256 before = energy.balanceOf(_who[i % 3]);
        uint256 part = (energy.inEscrow(address(trade), GROUP + g, 0) * pledged) / trade.getGroup(g).unclaimedWh;
        vm.prank(_who[i % 3]);
        trade.claimGroup(g);
        eq(energy.balanceOf(_who[i % 3]), before + part);
    }

    function closeOffer(uint256 i, uint256 o) external counted {
        uint256 count = trade.offerCount();
        if (o % 3 != 0 || count == 0) revert Nothing();
        vm.prank(_who[i % 3]);
        trade.closeOffer(1 + (o >> 2) % count);
    }

    /// @dev Energy for credits: an offer and its execution, whole or in part.
    function swap(uint256 i, uint256 j, uint256 wh, uint256 price) external counted {
        IEnergyTrade.Terms memory terms;
        (terms.amountWh, terms.price, terms.durationS) = (uint96(1 + wh % 2000), uint64(1 + price % 400), 1 hours);
        (terms.isSelling, terms.pay) = (price & 1 == 0, IEnergyTrade.Pay.Credits);
        vm.prank(_who[i % 3]);
        uint256 id = trade.createOfferWith(terms);
        vm.prank(_who[j % 3]);
        trade.executeTrade(id, 1 + (wh >> 16) % terms.amountWh);
    }

    // ── order book ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function place(uint256 i, uint256 kind, uint256 lots, uint256 price) external counted {
        vm.prank(_who[i % 3]);
        market.place(1 + kind % 2, (kind >> 1) % 2 == 0, uint64(1 + lots % 3000), uint64(1 + price % 60), 0, 16);
        ++_orders;
    }

    function close(uint256 o) external counted {
        (uint256 id, ICarbonMarket.Order memory order) = _order(o, o % 2 == 0);
        vm.prank(order.maker);
        market.close(id);
    }

    /// @dev A hold on what a selling order has set aside, or the end of it, be the order still there or not.
    function holdOrder(uint256 o, uint256 on) external counted {
        if (_orders == 0) revert Nothing();
        if (on % 3 == 0) {
            (uint256 id, ICarbonMarket.Order memory order) = _order(o, false);
            IVintageToken base = market.getPair(order.pairId).base;
            base.hold(base.escrowAccount(address(market), id), "");
            return;
        }
        for (uint256 k = 0; k < _orders; ++k) {
            uint256 id = 1 + (o % _orders + k) % _orders;
            for (uint256 pair = 1; pair <= 2; ++pair) {
                IVintageToken base = market.getPair(pair).base;
                address account = base.escrowAccount(address(market), id);
                if (!base.isOnHold(account)) continue;
                base.releaseHold(account, "");
                return;
            }
        }
        revert Nothing();
    }

    function prune(uint256 o) external counted {
        for (uint256 k = 0; k < _orders; ++k) {
            try market.prune(1 + (o % _orders + k) % _orders) {
                return;
            } catch {}
        }
        revert Nothing();
    }

    function recover() external counted {
        for (uint256 id = 1; id <= _orders; ++id) {
            (address maker,) = market.strandedOf(id);
            if (maker == address(0)) continue;
            try market.recover(id) {
                return;
            } catch {}
        }
        revert Nothing();
    }

    // ── money and credits ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Everybody takes home exactly what is owed to him.
    function takeMoney(uint256 i) external counted {
        address who = i % 4 == 3 ? address(this) : _who[i % 4];
        uint256 all = trade.owed(who) + market.owed(who) + grid.owed(who);
        if (all == 0) revert Nothing();
        uint256 before = money.balanceOf(who);
        vm.startPrank(who);
        if (trade.owed(who) > 0) trade.withdraw();
        if (market.owed(who) > 0) market.withdraw();
        if (grid.owed(who) > 0) grid.withdraw();
        vm.stopPrank();
        eq(money.balanceOf(who), before + all);
    }

    function retire(uint256 i, uint256 mg) external counted {
        vm.prank(_who[i % 3]);
        credits.retireCredits(1 + mg % 1_000_000);
    }

    // ── what must hold ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Every Wh ever certified is in exactly one bundle, keeps its serial, and is counted once by what has become of it.
    function check_certificates_are_conserved() public view {
        uint256 count = certificates.bundleCount();
        uint256[10] memory by;
        uint256[] memory ofIssue = new uint256[](count + 1);
        uint256 serials = 0;
        for (uint256 b = 1; b <= count; ++b) {
            IGranularCertificate.Bundle memory bundle = certificates.getBundle(b);
            if (bundle.state == SPLIT) continue;
            by[uint256(bundle.state)] += bundle.energyWh;
            ofIssue[bundle.issuanceId] += bundle.energyWh;
            IGranularCertificate.Bundle memory first = certificates.getBundle(bundle.issuanceId);
            require(bundle.firstSerial >= first.firstSerial);
            require(bundle.firstSerial + bundle.energyWh <= first.firstSerial + first.energyWh);
            // The sum over all serials: with the sums by issue, two bundles that shared one would show.
            serials += uint256(bundle.energyWh) * (2 * uint256(bundle.firstSerial) + bundle.energyWh - 1) / 2;
        }
        for (uint256 b = 1; b <= count; ++b) if (ofIssue[b] != 0) eq(ofIssue[b], certificates.getBundle(b).energyWh);
        IGranularCertificate.Totals memory totals = certificates.totals();
        eq(totals.issuedWh, _settledWh + _readWh);
        if (totals.issuedWh > 0) eq(serials, uint256(totals.issuedWh) * (totals.issuedWh - 1) / 2);
        eq(totals.cancelledWh, by[uint256(CANCELLED)] + by[uint256(CLAIMED)]);
        eq(totals.claimedWh, by[uint256(CLAIMED)]);
        eq(totals.claimedWh, _ofAll(certificates.claimedBy));
        eq(totals.lapsedWh, by[uint256(WITHDRAWN)] + _expiredWh);
        uint256 verified = 0;
        for (uint256 i = 0; i < 3; ++i) verified += _verified(_field[i]);
        require(_readWh <= verified);
    }

    /// @dev Who promised a bundle still has it, as long as the promise binds and was neither kept nor released.
    function check_a_promised_bundle_stays_where_it_is() public view {
        for (uint256 b = 1; b <= certificates.bundleCount(); ++b) {
            Given memory given = _promises[b];
            if (given.party == address(0) || block.timestamp >= given.until) continue;
            IGranularCertificate.Bundle memory bundle = certificates.getBundle(b);
            if (bundle.state == WITHDRAWN || bundle.state == IGranularCertificate.State.Expired) continue;
            require(bundle.owner == given.owner && (bundle.state == RESERVED || bundle.state == LOCKED));
        }
    }

    /// @dev No bundle lies in a contract that would not give it back: the market holds what is listed, the records what is in a REC or left.
    function check_no_bundle_is_stuck() public view {
        uint256 count = certificates.bundleCount();
        bool[] memory inRec = new bool[](count + 1);
        for (uint256 r = 1; r <= _recs; ++r) {
            IEnergyRecords.Rec memory rec = records.getRec(r);
            uint256[] memory bundles = records.bundlesOf(r);
            uint256 sum = 0;
            for (uint256 k = 0; k < bundles.length; ++k) {
                sum += certificates.getBundle(bundles[k]).energyWh;
                if (k >= rec.redeemed) inRec[bundles[k]] = true;
            }
            eq(sum, rec.energyWh);
            require(!rec.sealed_ || rec.energyWh == 1_000_000);
        }
        for (uint256 b = 1; b <= count; ++b) {
            IGranularCertificate.Bundle memory bundle = certificates.getBundle(b);
            (address seller,) = market.listingOf(b);
            require((seller != address(0)) == (bundle.owner == address(market)));
            if (bundle.owner != address(records) || (bundle.state != ACTIVE && bundle.state != LOCKED)) continue;
            (uint64 leftBy,) = records.leftOf(b);
            require(inRec[b] || leftBy != 0);
        }
    }

    function check_records_never_certify_more_than_was_verified() public view {
        for (uint256 i = 0; i < 3; ++i) require(records.certifiedWh(_field[i], PRODUCTION) <= _verified(_field[i]));
        eq(records.recordCount(), _records);
    }

    /// @dev The grid holds what its open requests have set aside and not promised, and what it owes; nobody earns more than his part.
    function check_demand_response_is_solvent() public view {
        uint256 open = 0;
        for (uint256 r = 1; r <= _requests; ++r) {
            IGridManagement.DemandResponse memory request = grid.getDemandResponse(r);
            require(request.paid <= request.compensation && request.enrolledW <= request.reductionW);
            if (!request.closed) open += request.compensation - request.paid;
            uint256 most = 0;
            uint256 enrolled = 0;
            for (uint256 i = 0; i < 3; ++i) {
                IGridManagement.Enrolment memory enrolment = grid.getEnrolment(r, _node[i]);
                eq(enrolment.offeredW, _offeredW[r][_node[i]]);
                require(enrolment.deliveredW <= enrolment.offeredW);
                enrolled += enrolment.offeredW;
                most += (uint256(request.compensation) * enrolment.deliveredW) / request.reductionW;
            }
            eq(request.enrolledW, enrolled);
            eq(request.paid, most);
        }
        eq(money.balanceOf(address(grid)), open + _ofAll(grid.owed) + grid.owed(address(this)));
    }

    function check_money_in_trade_and_market_is_what_they_owe() public view {
        uint256 open = 0;
        for (uint256 id = 1; id <= trade.offerCount(); ++id) {
            IEnergyTrade.Offer memory each = trade.getOffer(id);
            if (each.maker != address(0) && !each.isSelling && each.pay == IEnergyTrade.Pay.Money) open += uint256(each.amountWh) * each.price;
        }
        for (uint256 g = 1; g <= _groups; ++g) {
            IEnergyTrade.Group memory group = trade.getGroup(g);
            uint256 pledged = 0;
            for (uint256 i = 0; i < 3; ++i) pledged += trade.pledgeOf(g, _who[i]);
            if (!group.executed) {
                eq(pledged, group.pledgedWh);
                open += pledged * group.price;
            } else {
                eq(pledged, group.unclaimedWh);
            }
            // What was bought and not yet handed out; less only when it has expired there.
            require(energy.balanceOf(energy.escrowAccount(address(trade), GROUP + g)) <= (group.executed ? pledged : 0));
        }
        eq(money.balanceOf(address(trade)), open + trade.fees() + _ofAll(trade.owed));
        open = 0;
        for (uint256 pair = 1; pair <= 2; ++pair) {
            (, ICarbonMarket.Order[] memory bids) = market.book(pair, true, 1000);
            for (uint256 k = 0; k < bids.length; ++k) open += uint256(bids[k].lots) * bids[k].price;
        }
        eq(money.balanceOf(address(market)), open + market.fees() + _ofAll(market.owed));
    }

    function check_money_is_neither_made_nor_lost() public view {
        uint256 all = money.balanceOf(address(trade)) + money.balanceOf(address(market)) + money.balanceOf(address(grid));
        eq(all + _ofAll(money.balanceOf) + money.balanceOf(address(this)), _moneyMinted);
    }

    /// @dev Energy and credits alike: what is held anywhere is what was made less what was used up and has expired.
    function check_tokens_are_conserved() public view {
        IVintageToken[2] memory tokens = [IVintageToken(address(energy)), IVintageToken(address(credits))];
        uint256 verified = 0;
        for (uint256 i = 0; i < 3; ++i) verified += _verified(_roof[i]);
        for (uint256 t = 0; t < 2; ++t) {
            IVintageToken token = tokens[t];
            uint256 all = 0;
            for (uint256 i = 0; i < 3; ++i) all += _lots(token, _who[i]);
            for (uint256 id = 1; id <= trade.offerCount(); ++id) all += _lots(token, token.escrowAccount(address(trade), id));
            for (uint256 g = 1; g <= _groups; ++g) all += _lots(token, token.escrowAccount(address(trade), GROUP + g));
            for (uint256 id = 1; id <= _orders; ++id) all += _lots(token, token.escrowAccount(address(market), id));
            (uint256 minted, uint256 burnt, uint256 expired) = token.flows();
            eq(all, minted - burnt - expired);
            require(token.totalSupply() <= all);
            if (t == 0) eq(minted, verified);
            else eq(minted, _creditsIssued);
        }
        require(_creditsIssued <= verified * credits.avoidedFactor(ISmartMeter.Technology.Solar));
    }

    function checkAll() external view {
        check_certificates_are_conserved();
        check_a_promised_bundle_stays_where_it_is();
        check_no_bundle_is_stuck();
        check_records_never_certify_more_than_was_verified();
        check_demand_response_is_solvent();
        check_money_in_trade_and_market_is_what_they_owe();
        check_money_is_neither_made_nor_lost();
        check_tokens_are_conserved();
    }

    // ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function _last(uint256 meterId) private view returns (uint256) {
        return meter.getDeviceHistoryPage(meterId, meter.readingCount(meterId) - 1, 1)[0].exportWh;
    }

    function _verified(uint256 meterId) private view returns (uint256 exportWh) {
        (, exportWh) = meter.verifiedOf(meterId);
    }

    function _lots(IVintageToken token, address holder) private view returns (uint256 sum) {
        IVintageToken.Lot[] memory lots = token.lotsOf(holder);
        for (uint256 k = 0; k < lots.length; ++k) sum += lots[k].amount;
    }

    function _ofAll(function(address) external view returns (uint256) read) private view returns (uint256) {
        return read(ALICE) + read(BOB) + read(CAROL);
    }

    /// @dev The first bundle in `state` from `start` on, whoever holds it.
    function _any(uint256 start, IGranularCertificate.State state) private view returns (uint256 id, IGranularCertificate.Bundle memory bundle) {
        uint256 count = certificates.bundleCount();
        for (uint256 k = 0; k < count; ++k) {
            id = 1 + (start % count + k) % count;
            bundle = certificates.getBundle(id);
            if (bundle.state == state) return (id, bundle);
        }
        revert Nothing();
    }

    /// @dev The first bundle in `state` from `start` on that a member holds.
    function _held(uint256 start, IGranularCertificate.State state) private view returns (uint256 id, IGranularCertificate.Bundle memory bundle) {
        uint256 count = certificates.bundleCount();
        for (uint256 k = 0; k < count; ++k) {
            id = 1 + (start % count + k) % count;
            bundle = certificates.getBundle(id);
            if (bundle.state == state && bundle.owner != address(market) && bundle.owner != address(records)) return (id, bundle);
        }
        revert Nothing();
    }

    function _listed(uint256 start) private view returns (uint256 id) {
        uint256 count = certificates.bundleCount();
        for (uint256 k = 0; k < count; ++k) {
            id = 1 + (start % count + k) % count;
            (address seller,) = market.listingOf(id);
            if (seller != address(0) && certificates.getBundle(id).state == ACTIVE) return id;
        }
        revert Nothing();
    }

    /// @dev A REC that is being filled (0), is whole but open (1), is sealed (2), or is retired with bundles to settle (3).
    function _rec(uint256 start, uint256 stage) private view returns (uint256 id, address owner) {
        for (uint256 k = 0; k < _recs; ++k) {
            id = 1 + (start % _recs + k) % _recs;
            IEnergyRecords.Rec memory rec = records.getRec(id);
            bool whole = rec.energyWh == 1_000_000;
            uint256 left = records.bundlesOf(id).length - rec.redeemed;
            bool fits = stage == 3 ? rec.retired && left > 0 : !rec.retired && rec.redeemed == 0
                && (stage == 2 ? rec.sealed_ : !rec.sealed_ && (stage == 1) == whole);
            if (fits) return (id, records.ownerOf(id));
        }
        revert Nothing();
    }

    function _offer(uint256 start) private view returns (uint256 id) {
        uint256 count = trade.offerCount();
        for (uint256 k = 0; k < count; ++k) {
            id = 1 + (start % count + k) % count;
            IEnergyTrade.Offer memory offer = trade.getOffer(id);
            if (offer.maker != address(0) && offer.isSelling && offer.pay == IEnergyTrade.Pay.Money && block.timestamp < offer.expiresAt) return id;
        }
        revert Nothing();
    }

    function _group(uint256 g) private view returns (uint256) {
        if (_groups == 0) revert Nothing();
        // Mostly the latest ones: the others are over.
        uint256 back = g % 3;
        return back < _groups && g % 8 != 7 ? _groups - back : 1 + (g >> 3) % _groups;
    }

    /// @dev An order in the book; with `buying`, of any side.
    function _order(uint256 start, bool buying) private view returns (uint256 id, ICarbonMarket.Order memory order) {
        for (uint256 k = 0; k < _orders; ++k) {
            id = 1 + (start % _orders + k) % _orders;
            order = market.getOrder(id);
            if (order.maker != address(0) && (buying || !order.isBuying)) return (id, order);
        }
        revert Nothing();
    }
}

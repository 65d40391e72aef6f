// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ICarbonCredit} from "../carbon/ICarbonCredit.sol";
import {IGranularCertificate} from "../carbon/IGranularCertificate.sol";
import {ISmartMeter} from "../meter/ISmartMeter.sol";
import {IVintageToken} from "../token/IVintageToken.sol";
import {Suite} from "./Suite.sol";

contract CarbonTest is Suite {
    IGranularCertificate.State private constant ACTIVE = IGranularCertificate.State.Active;

    // ── credits ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_credits_never_exceed_verified_energy_times_the_published_factor() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.Credits);
        uint256 readingId = _reading(meterId, 0, 1000);
        bytes memory data = abi.encode(meterId, readingId);
        // 341 − 41 g/kWh avoided: 300 mg for each Wh.
        eq(credits.issuable(meterId, readingId), 300_000);
        credits.issueCreditsCertificate(ALICE, 200_000, data);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotBacked.selector, meterId, readingId, 300_000, 200_000, 100_001));
        credits.issueCreditsCertificate(ALICE, 100_001, data);
        credits.issueCreditsCertificate(ALICE, 100_000, data);
        eq(credits.balanceOf(ALICE), 300_000);
        eq(credits.issuable(meterId, readingId), 0);
        ICarbonCredit.EmissionData memory emission = credits.getEmissionReductions(2);
        eq(emission.energyWh, 1000);
        eq(emission.factorGPerKWh, 300);
        eq(emission.amountMg, 100_000);
        eq(emission.meterId, meterId);
        eq(credits.certificateCount(), 2);
        eq(credits.reportOf(credits.currentPeriod()).issuedMg, 300_000);
        eq(credits.decimals(), 6);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.UnknownCertificate.selector, 3));
        credits.getEmissionReductions(3);
    }

    function test_each_source_has_its_factor_and_none_below_zero() public {
        eq(credits.avoidedFactor(ISmartMeter.Technology.Wind), 330);
        eq(credits.avoidedFactor(ISmartMeter.Technology.Hydro), 317);
        eq(credits.avoidedFactor(ISmartMeter.Technology.Biomass), 111);
        eq(credits.avoidedFactor(ISmartMeter.Technology.Diesel), 0);
        parameters.setParameter("factor.grid.gPerKWh", 10, "a very clean grid");
        eq(credits.avoidedFactor(ISmartMeter.Technology.Wind), 0);
    }

    function test_credits_are_issued_to_producers_that_chose_them_only() public {
        uint256 certified = _solar(ALICE, ISmartMeter.Backing.Certificates);
        uint256 readingId = _reading(certified, 0, 1000);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.DoesNotBackCredits.selector, certified));
        credits.issueCreditsCertificate(ALICE, 1, abi.encode(certified, readingId));
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.Credits);
        readingId = _reading(meterId, 0, 1000);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotProducer.selector, meterId, ALICE, BOB));
        credits.issueCreditsCertificate(BOB, 1, abi.encode(meterId, readingId));
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.ZeroAmount.selector, ALICE));
        credits.issueCreditsCertificate(ALICE, 0, abi.encode(meterId, readingId));
        // No Wh backs both: the same meter gets no certificate.
        vm.expectRevert(
            abi.encodeWithSelector(IGranularCertificate.DoesNotBackCertificates.selector, meterId, ISmartMeter.Backing.Credits)
        );
        certificates.issueFromReading(meterId, readingId);
    }

    function test_retiring_and_transferring() public {
        _credits(ALICE, 1000);
        vm.startPrank(ALICE);
        require(credits.transferCredits(BOB, 300));
        credits.retireCredits(100);
        credits.retireCreditsFor(CAROL, 50, "flight");
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.ZeroAmount.selector, ALICE));
        credits.retireCredits(0);
        vm.stopPrank();
        eq(credits.retiredFor(CAROL), 50);
        eq(credits.retiredFor(address(0)), 0);
        eq(credits.balanceOf(ALICE), 550);
        eq(credits.totalSupply(), 850);
        eq(credits.reportOf(credits.currentPeriod()).retiredMg, 150);
    }

    function test_bundles_are_handed_on_as_one_and_opened_again() public {
        _credits(ALICE, 1000);
        vm.startPrank(ALICE);
        uint256 bundleId = credits.bundle(400, "spring");
        eq(credits.balanceOf(ALICE), 600);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        credits.transferBundle(bundleId, address(0));
        credits.transferBundle(bundleId, BOB);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotBundleOwner.selector, bundleId, BOB, ALICE));
        credits.unbundle(bundleId);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotBundleOwner.selector, 9, address(0), ALICE));
        credits.unbundle(9);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.ZeroAmount.selector, ALICE));
        credits.bundle(0, "");
        vm.expectRevert(abi.encodeWithSelector(IVintageToken.AmountTooLarge.selector, uint256(1) << 97));
        credits.bundle(uint256(1) << 97, "");
        vm.stopPrank();
        eq(credits.getBundle(bundleId).amountMg, 400);
        require(credits.getBundle(9).owner == address(0));
        vm.prank(BOB);
        credits.unbundle(bundleId);
        eq(credits.balanceOf(BOB), 400);
    }

    function test_the_levy_passes_credits_from_diesel_to_renewable_producers() public {
        uint256 genset = _public(BOB, ISmartMeter.Technology.Diesel, false, ISmartMeter.Backing.None);
        uint256 roof = _solar(ALICE, ISmartMeter.Backing.Credits);
        uint256 farm = _public(CAROL, ISmartMeter.Technology.Wind, true, ISmartMeter.Backing.Certificates);
        _credits(BOB, 90_000); // bought or earned elsewhere
        _reading(genset, 0, 500); // 500 Wh at 200 mg owe 100,000 mg
        eq(credits.collectLevy(genset), 90_000);
        eq(credits.owedBy(BOB), 10_000);
        uint256 period = credits.currentPeriod();
        eq(credits.poolOf(period), 90_000);
        eq(credits.reportOf(period).leviedMg, 90_000);

        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.LevyOpen.selector, BOB, 10_000));
        vm.prank(BOB);
        credits.transferCredits(CAROL, 0);
        _credits(BOB, 15_000); // what he still owes is taken as it comes
        eq(credits.owedBy(BOB), 0);
        eq(credits.balanceOf(BOB), 5000);
        eq(credits.collectLevy(genset), 0);
        vm.prank(BOB);
        credits.transferCredits(CAROL, 1);

        uint256 first = _reading(roof, 0, 3000);
        credits.enterShare(roof, first);
        credits.enterShare(farm, _reading(farm, 0, 1000));
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.AlreadyEntered.selector, roof, first));
        credits.enterShare(roof, first);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotEntitled.selector, genset));
        credits.enterShare(genset, 1);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotLevied.selector, roof));
        credits.collectLevy(roof);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.WrongPeriod.selector, period, period));
        credits.payShare(roof, period);

        uint256 late = _reading(roof, 0, 4000);
        uint256 later = _post(roof, 0, 4000);
        vm.warp(block.timestamp + PERIOD);
        // Posted in time and validated a little later: it still counts, and nothing is paid before.
        require(meter.validateReading(roof, later));
        credits.enterShare(roof, later);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.WrongPeriod.selector, period, period + 1));
        credits.payShare(roof, period);
        vm.warp(block.timestamp + DAY);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.WrongPeriod.selector, period, period + 1));
        credits.enterShare(roof, late);
        eq(credits.payShare(roof, period), 75_000);
        eq(credits.payShare(farm, period), 25_000);
        eq(credits.poolOf(period), 0);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NoShare.selector, roof, period));
        credits.payShare(roof, period);
    }

    function test_whoever_owes_cannot_pass_credits_on_in_a_bundle() public {
        uint256 genset = _public(BOB, ISmartMeter.Technology.Diesel, false, ISmartMeter.Backing.None);
        _credits(BOB, 1000);
        vm.prank(BOB);
        uint256 bundleId = credits.bundle(1000, "hidden");
        _reading(genset, 0, 5);
        credits.collectLevy(genset);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.LevyOpen.selector, BOB, 1000));
        vm.prank(BOB);
        credits.transferBundle(bundleId, CAROL);
        vm.prank(BOB);
        credits.unbundle(bundleId);
        eq(credits.collectLevy(genset), 1000);
        eq(credits.owedBy(BOB), 0);
    }

    function _reopen(uint256 meterId, address owner, ISmartMeter.Technology technology, bool renewable, ISmartMeter.Backing backing) private {
        meter.retireDevice(meterId);
        ISmartMeter.DeviceData memory data = _deviceData(owner, ISmartMeter.DeviceClass.Public, technology, renewable, backing);
        (data.meterId, data.interval) = (meterId, meter.getDeviceHistoryPage(meterId, meter.readingCount(meterId) - 1, 1)[0].interval);
        meter.registerDevice(_newDevice(), abi.encode(data));
        meter.verifyDevice(meterId, "");
    }

    function test_who_takes_over_a_meter_takes_nothing_of_its_past() public {
        uint256 genset = _public(BOB, ISmartMeter.Technology.Diesel, false, ISmartMeter.Backing.None);
        uint256 roof = _solar(ALICE, ISmartMeter.Backing.Credits);
        _credits(BOB, 100_000);
        _reading(genset, 0, 500);
        credits.collectLevy(genset);
        uint256 readingId = _reading(roof, 0, 3000);
        credits.enterShare(roof, readingId);
        _reopen(roof, STRANGER, ISmartMeter.Technology.Solar, true, ISmartMeter.Backing.Credits);
        uint256 second = _reading(roof, 0, 1000);
        credits.enterShare(roof, second);
        uint256 period = credits.currentPeriod();
        vm.warp(block.timestamp + PERIOD + DAY);
        eq(credits.payShare(roof, period), 25_000);
        eq(credits.balanceOf(STRANGER), 25_000);
        eq(credits.payShare(roof, period), 75_000);
        eq(credits.balanceOf(ALICE), 75_000);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotProducer.selector, roof, ALICE, STRANGER));
        credits.issueCreditsCertificate(STRANGER, 1, abi.encode(roof, readingId));
        energy.mintEnergy(ALICE, 3000, abi.encode(roof, readingId));
    }

    function test_the_factor_of_a_reading_is_that_of_its_own_source() public {
        uint256 meterId = _public(ALICE, ISmartMeter.Technology.Biomass, true, ISmartMeter.Backing.Credits);
        uint256 readingId = _reading(meterId, 0, 1000);
        _reopen(meterId, ALICE, ISmartMeter.Technology.Wind, true, ISmartMeter.Backing.Credits);
        eq(credits.issuable(meterId, readingId), 111_000);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotBacked.selector, meterId, readingId, 111_000, 0, type(uint256).max));
        credits.issueCreditsCertificate(ALICE, type(uint256).max, abi.encode(meterId, readingId));
        credits.issueCreditsCertificate(ALICE, 111_000, abi.encode(meterId, readingId));
    }

    function test_the_levy_is_on_what_was_made_with_diesel_and_on_nobody_else() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.None);
        _reading(meterId, 0, 1000);
        _reopen(meterId, BOB, ISmartMeter.Technology.Diesel, false, ISmartMeter.Backing.None);
        credits.collectLevy(meterId);
        eq(credits.owedBy(BOB), 0);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotLevied.selector, meterId));
        credits.assessLevy(meterId, 1);
        uint256 readingId = _reading(meterId, 0, 10);
        _reopen(meterId, CAROL, ISmartMeter.Technology.Solar, true, ISmartMeter.Backing.None);
        eq(credits.assessLevy(meterId, 2), 2000);
        eq(credits.assessLevy(meterId, 2), 2000);
        eq(credits.owedBy(BOB), 2000);
        eq(credits.takeLevy(BOB), 0);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotEntitled.selector, meterId));
        credits.enterShare(meterId, readingId);
    }

    function test_a_mixed_source_is_levied_a_storage_is_not_and_a_hold_only_puts_the_payment_off() public {
        uint256 mixed = _public(BOB, ISmartMeter.Technology.Mixed, false, ISmartMeter.Backing.None);
        uint256 storage_ = _public(BOB, ISmartMeter.Technology.Storage, false, ISmartMeter.Backing.None);
        _credits(BOB, 900);
        _reading(mixed, 0, 5);
        credits.hold(BOB, "inquiry");
        eq(credits.collectLevy(mixed), 0);
        eq(credits.owedBy(BOB), 1000);
        credits.releaseHold(BOB, "");
        eq(credits.takeLevy(BOB), 900);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotLevied.selector, storage_));
        credits.collectLevy(storage_);
    }

    function test_a_hold_holds_bundles_too() public {
        _credits(ALICE, 1000);
        vm.prank(ALICE);
        uint256 bundleId = credits.bundle(1000, "x");
        credits.hold(ALICE, "inquiry");
        vm.expectRevert(abi.encodeWithSelector(IVintageToken.AccountOnHold.selector, ALICE));
        vm.prank(ALICE);
        credits.transferBundle(bundleId, BOB);
    }

    function test_credits_are_as_old_as_the_energy_they_stand_for() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.Credits);
        uint256 first = _reading(meterId, 0, 1000);
        uint256 vintage = credits.currentVintage(ISmartMeter.Technology.Solar);
        vm.warp(block.timestamp + 2 * PERIOD);
        credits.issueCreditsCertificate(ALICE, 1000, abi.encode(meterId, first));
        eq(credits.lotsOf(ALICE)[0].vintage, vintage);
        vm.warp(block.timestamp + 2 * PERIOD);
        vm.expectRevert(
            abi.encodeWithSelector(IVintageToken.VintageHasExpired.selector, ALICE, 0, 1000, 1000, credits.expiryOf(vintage))
        );
        credits.issueCreditsCertificate(ALICE, 1000, abi.encode(meterId, first));
    }

    function test_a_pool_in_which_nobody_has_a_share_goes_on_into_the_next() public {
        uint256 genset = _public(BOB, ISmartMeter.Technology.Diesel, false, ISmartMeter.Backing.None);
        _credits(BOB, 100_000);
        _reading(genset, 0, 500);
        credits.collectLevy(genset);
        uint256 period = credits.currentPeriod();
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.WrongPeriod.selector, period, period));
        credits.rollPool(period);
        vm.warp(block.timestamp + PERIOD + DAY);
        eq(credits.rollPool(period), 100_000);
        eq(credits.poolOf(period + 1), 100_000);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NothingToRoll.selector, period, 0, 0));
        credits.rollPool(period);
    }

    function testFuzz_shares_never_pay_more_than_the_pool(uint24 a, uint24 b, uint24 c, uint32 pool) public {
        uint256 meterA = _solar(ALICE, ISmartMeter.Backing.Credits);
        uint256 meterB = _solar(BOB, ISmartMeter.Backing.Credits);
        uint256 meterC = _solar(CAROL, ISmartMeter.Backing.Credits);
        uint256 genset = _public(STRANGER, ISmartMeter.Technology.Diesel, false, ISmartMeter.Backing.None);
        uint256 dieselWh = uint256(pool) % 3_000_000;
        _credits(STRANGER, dieselWh * 200 + 1);
        _reading(genset, 0, dieselWh);
        uint256 levied = credits.collectLevy(genset);
        eq(levied, dieselWh * 200);
        uint256[3] memory wh = [uint256(a) % 3_000_000 + 1, uint256(b) % 3_000_000 + 1, uint256(c) % 3_000_000 + 1];
        credits.enterShare(meterA, _reading(meterA, 0, wh[0]));
        credits.enterShare(meterB, _reading(meterB, 0, wh[1]));
        credits.enterShare(meterC, _reading(meterC, 0, wh[2]));
        uint256 period = credits.currentPeriod();
        vm.warp(block.timestamp + PERIOD + DAY);
        uint256 paid = credits.payShare(meterB, period) + credits.payShare(meterA, period) + credits.payShare(meterC, period);
        eq(paid, levied); // the last one gets what the others' rounding left: nothing is stuck and nothing is created
    }

    // ── certificates ────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_a_settled_batch_is_certified_once() public {
        uint256 id = certificates.issueFromSettlement(ALICE, 101, 5000, "batch 1");
        IGranularCertificate.Bundle memory bundle = certificates.getBundle(id);
        eq(bundle.energyWh, 5000);
        require(bundle.owner == ALICE && bundle.state == ACTIVE && bundle.technology == ISmartMeter.Technology.Mixed);
        IGranularCertificate.Issuance memory issuance = certificates.getIssuance("batch 1");
        require(issuance.issuanceId == bundle.issuanceId && issuance.proven && certificates.isIssued("batch 1"));
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.AlreadyIssued.selector, bytes32("batch 1")));
        certificates.issueFromSettlement(ALICE, 101, 5000, "batch 1");
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.BadEnergy.selector, 0, 0));
        certificates.issueFromSettlement(ALICE, 101, 0, "batch 2");
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.BadAccount.selector, address(0)));
        certificates.issueFromSettlement(address(0), 101, 1, "batch 2");
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.UnknownBundle.selector, 2));
        certificates.getBundle(2);
        require(!certificates.isIssued("batch 2"));
    }

    function test_a_reading_is_certified_once_and_only_if_fine_enough() public {
        uint256 meterId = _public(ALICE, ISmartMeter.Technology.Wind, true, ISmartMeter.Backing.Certificates);
        uint256 readingId = _reading(meterId, 0, 700);
        uint256 id = certificates.issueFromReading(meterId, readingId);
        require(certificates.getBundle(id).technology == ISmartMeter.Technology.Wind);
        eq(certificates.getBundle(id).interval, 101);
        vm.expectRevert(
            abi.encodeWithSelector(IGranularCertificate.AlreadyIssued.selector, certificates.readingSource(meterId, readingId))
        );
        certificates.issueFromReading(meterId, readingId);
        vm.prank(meter.getDevice(meterId).device);
        meter.submitReading(meterId, 900 | (uint256(106) << 128));
        require(meter.validateReading(meterId, 2));
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.TooCoarse.selector, meterId, 2, 5, 4));
        certificates.issueFromReading(meterId, 2);
        address device = _newDevice();
        ISmartMeter.DeviceData memory data = _deviceData(
            ALICE, ISmartMeter.DeviceClass.Private, ISmartMeter.Technology.Solar, true, ISmartMeter.Backing.Certificates
        );
        meter.registerDevice(device, abi.encode(data));
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.PrivateMeter.selector, 1));
        certificates.issueFromReading(1, 0);
    }

    function test_splits_keep_serials() public {
        _bundle(BOB, 100);
        uint256 id = _bundle(ALICE, 1000);
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.BadEnergy.selector, 1000, 1000));
        certificates.split(id, 1000);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.BadEnergy.selector, 0, 1000));
        certificates.split(id, 0);
        (uint256 first, uint256 second) = certificates.split(id, 300);
        vm.stopPrank();
        eq(certificates.getBundle(first).firstSerial, 100);
        eq(certificates.getBundle(second).firstSerial, 400);
        eq(certificates.getBundle(second).energyWh, 700);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.StateForbids.selector, id, IGranularCertificate.State.Split));
        vm.prank(ALICE);
        certificates.transfer(id, BOB);
        eq(certificates.totals().issuedWh, 1100);
    }

    function test_states_follow_energytag() public {
        uint256 id = _bundle(ALICE, 1000);
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.StateForbids.selector, id, ACTIVE));
        certificates.claim(id, BOB, "");
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.StateForbids.selector, id, ACTIVE));
        certificates.release(id);
        certificates.reserve(id);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.StateForbids.selector, id, IGranularCertificate.State.Reserved));
        certificates.transfer(id, BOB);
        certificates.release(id);
        certificates.reserve(id);
        certificates.cancel(id);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.StateForbids.selector, id, IGranularCertificate.State.Cancelled));
        certificates.cancel(id);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.BadAccount.selector, address(0)));
        certificates.claim(id, address(0), "");
        certificates.claim(id, BOB, "clinic, March");
        vm.stopPrank();
        eq(certificates.claimedBy(BOB), 1000);
        eq(certificates.totals().cancelledWh, 1000);
        eq(certificates.totals().claimedWh, 1000);
        _expectForbidden(id, IGranularCertificate.State.Claimed);
        certificates.withdraw(id);
    }

    function _expectForbidden(uint256 id, IGranularCertificate.State state) private {
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.StateForbids.selector, id, state));
    }

    function _reservedFor(uint256 id, address party, uint256 until) private {
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.ReservedFor.selector, id, party, until));
    }

    function test_a_bundle_reserved_for_somebody_goes_to_him_or_to_nobody() public {
        uint256 id = _bundle(ALICE, 1000);
        uint40 until = uint40(block.timestamp + 10 days);
        vm.startPrank(ALICE);
        certificates.reserveFor(id, BOB, until);
        (address party, uint40 kept) = certificates.reservationOf(id);
        require(party == BOB && kept == until);
        _reservedFor(id, BOB, until);
        certificates.transfer(id, CAROL);
        _reservedFor(id, BOB, until);
        certificates.split(id, 1);
        _reservedFor(id, BOB, until);
        certificates.reserveFor(id, CAROL, until);
        _reservedFor(id, BOB, until);
        certificates.release(id);
        certificates.transfer(id, BOB);
        vm.stopPrank();
        require(certificates.getBundle(id).owner == BOB && certificates.getBundle(id).state == ACTIVE);
        vm.startPrank(BOB);
        certificates.transfer(id, CAROL); // the promise was kept and binds nobody any more
        vm.stopPrank();
    }

    function test_whom_a_bundle_is_reserved_for_can_release_it_and_time_does() public {
        uint256 id = _bundle(ALICE, 1000);
        uint40 until = uint40(block.timestamp + 10 days);
        vm.prank(ALICE);
        certificates.reserveFor(id, BOB, until);
        vm.prank(BOB);
        certificates.release(id);
        vm.startPrank(ALICE);
        certificates.reserveFor(id, BOB, until);
        vm.warp(until);
        require(certificates.getBundle(id).state == ACTIVE);
        certificates.transfer(id, CAROL);
        vm.stopPrank();
        (address party,) = certificates.reservationOf(id);
        require(party == address(0));
    }

    function test_a_reservation_is_bounded_and_survives_an_inquiry() public {
        uint256 id = _bundle(ALICE, 1000);
        uint256 latest = block.timestamp + certificates.MAX_RESERVATION_S();
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.BadReservation.selector, id, latest + 1, latest));
        certificates.reserveFor(id, BOB, uint40(latest + 1));
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.BadReservation.selector, id, block.timestamp, latest));
        certificates.reserveFor(id, BOB, uint40(block.timestamp));
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.BadAccount.selector, address(0)));
        certificates.reserveFor(id, address(0), uint40(latest));
        certificates.reserveFor(id, BOB, uint40(latest));
        vm.stopPrank();
        certificates.lock(id);
        certificates.unlock(id);
        _reservedFor(id, BOB, latest);
        vm.prank(ALICE);
        certificates.transfer(id, CAROL);
        uint256 old = _bundle(ALICE, 1);
        uint256 expiresAt = certificates.getBundle(old).expiresAt;
        vm.warp(expiresAt - 1 days);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.BadReservation.selector, old, expiresAt + 1, expiresAt));
        vm.prank(ALICE);
        certificates.reserveFor(old, BOB, uint40(expiresAt + 1));
    }

    function test_a_bundle_cancelled_under_a_reservation_is_claimed_for_nobody_else() public {
        uint256 id = _bundle(ALICE, 1000);
        uint256 other = _bundle(ALICE, 500);
        uint40 until = uint40(block.timestamp + 10 days);
        vm.startPrank(ALICE);
        certificates.reserveFor(id, BOB, until);
        certificates.cancel(id);
        _reservedFor(id, BOB, until);
        certificates.claim(id, CAROL, "");
        vm.stopPrank();
        vm.prank(BOB);
        certificates.claim(id, BOB, "his own");
        eq(certificates.claimedBy(BOB), 1000);
        // Cancelled after its time it is the owner's again.
        vm.startPrank(ALICE);
        certificates.reserveFor(other, BOB, until);
        vm.warp(until);
        certificates.cancel(other);
        certificates.claim(other, CAROL, "");
        vm.stopPrank();
        eq(certificates.claimedBy(CAROL), 500);
    }

    function test_an_account_may_take_only_what_it_moves_itself() public {
        uint256 id = _bundle(ALICE, 1000);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.NotPulled.selector, id, address(market), ALICE));
        vm.prank(ALICE);
        certificates.transfer(id, address(market));
        vm.prank(BOB);
        certificates.setPullOnly(true);
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.NotPulled.selector, id, BOB, ALICE));
        certificates.transfer(id, BOB);
        certificates.setOperator(BOB, true);
        vm.stopPrank();
        vm.prank(BOB);
        certificates.transfer(id, BOB);
        require(certificates.getBundle(id).owner == BOB && certificates.isPullOnly(address(records)));
    }

    function test_compliance_locks_unlocks_and_withdraws() public {
        uint256 id = _bundle(ALICE, 1000);
        certificates.lock(id);
        _expectForbidden(id, IGranularCertificate.State.Locked);
        certificates.lock(id);
        _expectForbidden(id, IGranularCertificate.State.Locked);
        vm.prank(ALICE);
        certificates.transfer(id, BOB);
        certificates.unlock(id);
        _expectForbidden(id, ACTIVE);
        certificates.unlock(id);
        certificates.withdraw(id);
        eq(certificates.totals().lapsedWh, 1000);
    }

    function test_a_bundle_expires_after_two_years() public {
        uint256 id = _bundle(ALICE, 1000);
        uint256 expiresAt = certificates.getBundle(id).expiresAt;
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.NotYetExpired.selector, id, expiresAt));
        certificates.expire(id);
        vm.warp(expiresAt);
        require(certificates.getBundle(id).state == IGranularCertificate.State.Expired);
        uint256 locked = _bundle(ALICE, 7);
        certificates.lock(locked);
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.BundleExpired.selector, id, expiresAt));
        certificates.transfer(id, BOB);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.BundleExpired.selector, id, expiresAt));
        certificates.cancel(id);
        vm.stopPrank();
        certificates.expire(id);
        _expectForbidden(id, IGranularCertificate.State.Expired);
        certificates.expire(id);
        eq(certificates.totals().lapsedWh, 1000);
        // An inquiry that nobody ended does not keep it for ever.
        vm.warp(certificates.getBundle(locked).expiresAt);
        certificates.expire(locked);
        eq(certificates.totals().lapsedWh, 1007);
    }

    function test_only_owner_and_operator_move_a_bundle() public {
        uint256 id = _bundle(ALICE, 1000);
        bytes memory notOwner = abi.encodeWithSelector(IGranularCertificate.NotOwner.selector, id, ALICE, BOB);
        vm.startPrank(BOB);
        vm.expectRevert(notOwner);
        certificates.transfer(id, BOB);
        vm.expectRevert(notOwner);
        certificates.cancel(id);
        vm.expectRevert(notOwner);
        certificates.claim(id, BOB, "");
        vm.stopPrank();
        vm.startPrank(ALICE);
        certificates.setOperator(BOB, true);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.BadAccount.selector, address(0)));
        certificates.transfer(id, address(0));
        vm.stopPrank();
        vm.prank(BOB);
        certificates.transfer(id, BOB);
        require(certificates.getBundle(id).owner == BOB);
    }
}

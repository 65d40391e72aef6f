// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IGranularCertificate} from "../carbon/IGranularCertificate.sol";
import {ISmartMeter} from "../meter/ISmartMeter.sol";
import {AchievementNFT} from "../records/AchievementNFT.sol";
import {IEnergyRecords} from "../records/IEnergyRecords.sol";
import {Suite} from "./Suite.sol";

contract RecordsTest is Suite {
    IEnergyRecords.Flow private constant PRODUCTION = IEnergyRecords.Flow.Production;
    IEnergyRecords.Flow private constant CONSUMPTION = IEnergyRecords.Flow.Consumption;

    function test_certifies_what_the_meter_shows() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.Certificates);
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.NoCategory.selector, meterId));
        records.certify(meterId, PRODUCTION, 0, 1, "ISO 50001");
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.UnknownMeter.selector, 99));
        records.setCategory(99, IEnergyRecords.Category.Residential);
        records.setCategory(meterId, IEnergyRecords.Category.Residential);
        _reading(meterId, 10, 100);
        _reading(meterId, 30, 250);
        uint256 id = records.certify(meterId, PRODUCTION, 0, 2, "ISO 50001");
        IEnergyRecords.Record memory record = records.getRecord(id);
        eq(record.energyWh, 250);
        eq(record.fromInterval, 100);
        eq(record.toInterval, 102);
        require(record.category == IEnergyRecords.Category.Residential);
        records.certify(meterId, CONSUMPTION, 0, 1, "");
        eq(records.certifiedWh(meterId, CONSUMPTION), 10);
        eq(records.recordCount(), 2);
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.UnknownRecord.selector, 3));
        records.getRecord(3);
    }

    function test_ranges_never_overlap_and_need_judged_readings() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.Certificates);
        records.setCategory(meterId, IEnergyRecords.Category.Community);
        for (uint256 i = 1; i <= 3; ++i) _reading(meterId, 0, i * 100);
        records.certify(meterId, PRODUCTION, 0, 2, "");
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.BadRange.selector, meterId, 1, 3, 3));
        records.certify(meterId, PRODUCTION, 1, 3, "");
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.BadRange.selector, meterId, 3, 3, 3));
        records.certify(meterId, PRODUCTION, 3, 3, "");
        records.certify(meterId, PRODUCTION, 2, 3, "");
        eq(records.certifiedWh(meterId, PRODUCTION), 300);
        _post(meterId, 0, 400);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.NotValidated.selector, meterId, 4, ISmartMeter.ReadingStatus.Posted));
        records.certify(meterId, PRODUCTION, 3, 4, "");
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.UnknownReading.selector, meterId, 9));
        records.certify(meterId, PRODUCTION, 3, 9, "");
        require(meter.validateReading(meterId, 4));
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.NothingToCertify.selector, meterId));
        records.certify(meterId, CONSUMPTION, 0, 4, "");
        ISmartMeter.DeviceData memory data = _deviceData(
            ALICE, ISmartMeter.DeviceClass.Public, ISmartMeter.Technology.Solar, true, ISmartMeter.Backing.Certificates
        );
        (data.meterId, data.interval, data.exportWh) = (meterId, 200, 9000);
        meter.swapDevice(meterId, BOB, abi.encode(data));
        meter.verifyDevice(meterId, "");
        _reading(meterId, 0, 9500);
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.BadRange.selector, meterId, 4, 6, 4));
        records.certify(meterId, PRODUCTION, 4, 6, "");
        records.certify(meterId, PRODUCTION, 5, 6, "");
        eq(records.certifiedWh(meterId, PRODUCTION), 800);
        eq(records.certifiedUntil(meterId, PRODUCTION), 7);
    }

    function _rec() private returns (uint256 recId, uint256[] memory bundles) {
        bundles = new uint256[](2);
        (bundles[0], bundles[1]) = (_bundle(ALICE, 400_000), _bundle(ALICE, 600_000));
        vm.startPrank(ALICE);
        certificates.setOperator(address(records), true);
        recId = records.openRec();
        records.fillRec(recId, bundles);
        vm.stopPrank();
    }

    function test_a_rec_is_one_mwh_of_certificates_and_retires_them() public {
        (uint256 recId, uint256[] memory bundles) = _rec();
        vm.startPrank(ALICE);
        records.sealRec(recId);
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.WrongRecState.selector, recId, true, false, 0));
        records.sealRec(recId);
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.WrongRecState.selector, recId, true, false, 0));
        records.fillRec(recId, bundles);
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.WrongRecState.selector, recId, true, false, 0));
        records.settleRec(recId, 1);
        records.transferFrom(ALICE, BOB, recId);
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.NotRecOwner.selector, recId, BOB, ALICE));
        records.retireRec(recId, ALICE, "");
        vm.stopPrank();
        vm.startPrank(BOB);
        records.retireRec(recId, CAROL, "factory");
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.WrongRecState.selector, recId, true, true, 0));
        records.retireRec(recId, CAROL, "factory");
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.WrongRecState.selector, recId, true, true, 0));
        records.redeemRec(recId, 9);
        vm.stopPrank();
        records.settleRec(recId, 1);
        records.settleRec(recId, 100);
        eq(certificates.claimedBy(CAROL), 1_000_000);
        require(records.getRec(recId).retired && certificates.getBundle(bundles[1]).state == IGranularCertificate.State.Claimed);
    }

    function test_a_bundle_sent_to_the_records_unasked_is_refused() public {
        uint256 id = _bundle(ALICE, 400_000);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.NotPulled.selector, id, address(records), ALICE));
        vm.prank(ALICE);
        certificates.transfer(id, address(records));
    }

    function test_a_bundle_withdrawn_from_a_retired_rec_does_not_block_the_others() public {
        (uint256 recId, uint256[] memory bundles) = _rec();
        vm.startPrank(ALICE);
        records.sealRec(recId);
        records.retireRec(recId, CAROL, "");
        vm.stopPrank();
        certificates.withdraw(bundles[0]);
        records.settleRec(recId, 10);
        eq(certificates.claimedBy(CAROL), 600_000);
    }

    function test_a_rec_of_expired_certificates_is_neither_sealed_nor_sold_nor_retired() public {
        (uint256 recId,) = _rec();
        (uint256 other,) = _rec();
        uint256 expiresAt = records.getRec(recId).expiresAt;
        vm.startPrank(ALICE);
        records.sealRec(other);
        vm.warp(block.timestamp + 731 days);
        bytes memory expired = abi.encodeWithSelector(IEnergyRecords.RecExpired.selector, recId, expiresAt);
        vm.expectRevert(expired);
        records.sealRec(recId);
        expired = abi.encodeWithSelector(IEnergyRecords.RecExpired.selector, other, expiresAt);
        vm.expectRevert(expired);
        records.transferFrom(ALICE, BOB, other);
        vm.expectRevert(expired);
        records.retireRec(other, CAROL, "factory");
        vm.stopPrank();
    }

    function test_a_rec_is_handed_on_only_sealed_and_whole() public {
        (uint256 recId, uint256[] memory bundles) = _rec();
        bytes memory wrong = abi.encodeWithSelector(IEnergyRecords.WrongRecState.selector, recId, false, false, 0);
        vm.startPrank(ALICE);
        vm.expectRevert(wrong);
        records.transferFrom(ALICE, BOB, recId);
        records.sealRec(recId);
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.BadLimit.selector, recId, 0));
        records.redeemRec(recId, 0); // would unseal it and give nothing
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(records)));
        records.transferFrom(ALICE, address(records), recId);
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.BadBeneficiary.selector, recId, address(0)));
        records.retireRec(recId, address(0), "");
        records.redeemRec(recId, 1);
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.WrongRecState.selector, recId, false, false, 1));
        records.transferFrom(ALICE, BOB, recId);
        eq(records.liveWhOf(recId, 0, 64), 600_000);
        eq(records.liveWhOf(recId, 2, 64), 0);
        records.redeemRec(recId, 1);
        vm.stopPrank();
        require(certificates.getBundle(bundles[1]).owner == ALICE);
        (recId, bundles) = _rec();
        wrong = abi.encodeWithSelector(IEnergyRecords.WrongRecState.selector, recId, true, true, 0);
        vm.startPrank(ALICE);
        records.sealRec(recId);
        records.retireRec(recId, CAROL, "");
        vm.expectRevert(wrong);
        records.transferFrom(ALICE, BOB, recId);
        vm.stopPrank();
    }

    function test_a_locked_bundle_blocks_neither_taking_a_rec_apart_nor_settling_it() public {
        (uint256 recId, uint256[] memory bundles) = _rec();
        certificates.lock(bundles[0]);
        eq(records.liveWhOf(recId, 0, 64), 600_000);
        vm.prank(ALICE);
        records.redeemRec(recId, 64);
        require(certificates.getBundle(bundles[1]).owner == ALICE);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.StateForbids.selector, bundles[0], IGranularCertificate.State.Locked));
        records.recoverBundle(bundles[0]);
        certificates.unlock(bundles[0]);
        records.recoverBundle(bundles[0]);
        require(certificates.getBundle(bundles[0]).owner == ALICE);
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.NotLeft.selector, bundles[0]));
        records.recoverBundle(bundles[0]);

        (recId, bundles) = _rec();
        vm.startPrank(ALICE);
        records.sealRec(recId);
        records.retireRec(recId, CAROL, "");
        vm.stopPrank();
        certificates.lock(bundles[1]);
        records.settleRec(recId, 64);
        eq(certificates.claimedBy(CAROL), 400_000);
        certificates.unlock(bundles[1]);
        records.recoverBundle(bundles[1]);
        eq(certificates.claimedBy(CAROL), 1_000_000);
    }

    function test_a_rec_can_be_taken_apart() public {
        (uint256 recId, uint256[] memory bundles) = _rec();
        certificates.withdraw(bundles[0]); // a bundle withdrawn meanwhile does not block the rest
        vm.prank(ALICE);
        records.redeemRec(recId, 10);
        require(certificates.getBundle(bundles[1]).owner == ALICE);
        eq(records.bundlesOf(recId).length, 2);
        vm.expectRevert();
        records.ownerOf(recId);
    }

    function test_a_rec_is_exactly_one_mwh_of_ones_own() public {
        uint256[] memory bundles = new uint256[](1);
        bundles[0] = _bundle(ALICE, 1_000_001);
        vm.startPrank(ALICE);
        certificates.setOperator(address(records), true);
        uint256 recId = records.openRec();
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.NotOneMWh.selector, recId, 0));
        records.sealRec(recId);
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.NotOneMWh.selector, recId, 1_000_001));
        records.fillRec(recId, bundles);
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.TooLong.selector, 65, 64));
        records.fillRec(recId, new uint256[](65));
        vm.stopPrank();
        vm.startPrank(BOB);
        uint256 other = records.openRec();
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.NotBundleOwner.selector, bundles[0], ALICE, BOB));
        records.fillRec(other, bundles);
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.UnknownRec.selector, 7));
        records.getRec(7);
        vm.stopPrank();
    }

    function test_a_rec_holds_a_bounded_number_of_bundles() public {
        vm.startPrank(ALICE);
        certificates.setOperator(address(records), true);
        uint256 recId = records.openRec();
        vm.stopPrank();
        uint256[] memory step = new uint256[](64);
        for (uint256 call_ = 0; call_ < 64; ++call_) {
            for (uint256 i = 0; i < 64; ++i) step[i] = certificates.issueFromSettlement(ALICE, 1, 1, keccak256(abi.encode(call_, i)));
            vm.prank(ALICE);
            records.fillRec(recId, step);
        }
        vm.expectRevert(abi.encodeWithSelector(IEnergyRecords.TooLong.selector, 4097, 4096));
        vm.prank(ALICE);
        records.fillRec(recId, new uint256[](1));
    }

    // ── achievements ────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_milestones_are_earned_from_settled_facts() public {
        uint256 exported = achievements.defineMilestone(AchievementNFT.Metric.ExportedWh, 1000, "First kWh exported");
        uint256 retired = achievements.defineMilestone(AchievementNFT.Metric.RetiredMg, 500, "Retired");
        uint256 claimed = achievements.defineMilestone(AchievementNFT.Metric.ClaimedWh, 100, "Claimed");
        uint256 traded = achievements.defineMilestone(AchievementNFT.Metric.TradedWh, 100, "Traded");
        eq(achievements.milestoneCount(), 4);
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.Credits);
        _reading(meterId, 0, 999);
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(AchievementNFT.NotReached.selector, exported, 999, 1000));
        achievements.claim(exported, meterId);
        vm.stopPrank();
        _reading(meterId, 0, 1000);
        vm.expectRevert(abi.encodeWithSelector(AchievementNFT.NotYourMeter.selector, meterId, ALICE, BOB));
        vm.prank(BOB);
        achievements.claim(exported, meterId);
        vm.startPrank(ALICE);
        uint256 token = achievements.claim(exported, meterId);
        vm.expectRevert(abi.encodeWithSelector(AchievementNFT.AlreadyClaimed.selector, ALICE, exported));
        achievements.claim(exported, meterId);
        vm.expectRevert(abi.encodeWithSelector(AchievementNFT.NotTransferable.selector, token));
        achievements.transferFrom(ALICE, BOB, token);
        vm.stopPrank();
        require(achievements.ownerOf(token) == ALICE);
        eq(achievements.getAward(token).value, 1000);
        require(bytes(achievements.tokenURI(token)).length > 500);

        _credits(ALICE, 500);
        uint256 id = _bundle(ALICE, 100);
        _energy(ALICE, 100);
        _money(BOB, 1e9);
        _approveAll(ALICE, address(trade));
        _approveAll(BOB, address(trade));
        vm.startPrank(ALICE);
        credits.retireCredits(500);
        certificates.cancel(id);
        certificates.claim(id, ALICE, "");
        uint256 offer = trade.createOffer(100, 10, 1 hours, true);
        vm.stopPrank();
        vm.prank(BOB);
        trade.executeTrade(offer, 100);
        vm.startPrank(ALICE);
        achievements.claim(retired, 0);
        achievements.claim(claimed, 0);
        achievements.claim(traded, 0);
        vm.stopPrank();
        eq(achievements.balanceOf(ALICE), 4);
        require(bytes(achievements.tokenURI(2)).length > 500);
    }

    function test_what_a_meter_exported_for_somebody_else_earns_nothing() public {
        uint256 meterId = _solar(BOB, ISmartMeter.Backing.None);
        _reading(meterId, 0, 5000);
        meter.retireDevice(meterId);
        ISmartMeter.DeviceData memory data = _deviceData(
            ALICE, ISmartMeter.DeviceClass.Public, ISmartMeter.Technology.Solar, true, ISmartMeter.Backing.None
        );
        data.meterId = meterId;
        data.interval = 0;
        meter.registerDevice(_newDevice(), abi.encode(data));
        meter.verifyDevice(meterId, "");
        _reading(meterId, 0, 300);
        eq(achievements.valueOf(AchievementNFT.Metric.ExportedWh, ALICE, meterId), 300);
    }

    function test_milestones_have_plain_titles() public {
        _bad(0, "fine");
        _bad(1, "");
        _bad(1, "forty-one characters are one more than 40");
        _bad(1, "<script>");
        _bad(1, '"');
        vm.expectRevert(abi.encodeWithSelector(AchievementNFT.UnknownMilestone.selector, 1));
        achievements.getMilestone(1);
        achievements.defineMilestone(AchievementNFT.Metric.TradedWh, 1, "10.5 MWh, well-earned Z");
    }

    function _bad(uint128 threshold, string memory title) private {
        vm.expectRevert(abi.encodeWithSelector(AchievementNFT.BadMilestone.selector, threshold, title));
        achievements.defineMilestone(AchievementNFT.Metric.TradedWh, threshold, title);
    }
}

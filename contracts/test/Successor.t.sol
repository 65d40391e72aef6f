// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CarbonCredit} from "../carbon/CarbonCredit.sol";
import {GranularCertificate} from "../carbon/GranularCertificate.sol";
import {ICarbonCredit} from "../carbon/ICarbonCredit.sol";
import {IGranularCertificate} from "../carbon/IGranularCertificate.sol";
import {ISmartMeter} from "../meter/ISmartMeter.sol";
import {EnergyToken} from "../token/EnergyToken.sol";
import {IEnergyToken} from "../token/IEnergyToken.sol";
import {Suite} from "./Suite.sol";

/// @dev A contract that replaces another begins where that one stood, and so does the one that replaces it.
contract SuccessorTest is Suite {
    function _next(IEnergyToken before) private returns (EnergyToken) {
        return new EnergyToken(address(access), meter, PERIOD, before);
    }

    function test_a_successor_mints_no_wh_that_was_minted_before_it() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.None);
        uint256 readingId = _reading(meterId, 0, 1000);
        bytes memory source = abi.encode(meterId, readingId);
        energy.mintEnergy(ALICE, 600, source);
        EnergyToken second = _next(energy);
        eq(second.mintedOf(meterId, readingId), 600);
        second.mintEnergy(ALICE, 300, source);
        EnergyToken third = _next(second);
        require(address(third.predecessor()) == address(second));
        vm.expectRevert(abi.encodeWithSelector(IEnergyToken.NotBacked.selector, meterId, readingId, 1000, 900, 101));
        third.mintEnergy(ALICE, 101, source);
        third.mintEnergy(ALICE, 100, source);
        eq(third.mintedOf(meterId, readingId), 1000);
        eq(energy.totalSupply() + second.totalSupply() + third.totalSupply(), 1000);
    }

    function test_successors_issue_no_credit_levy_no_wh_and_enter_no_share_twice() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.Credits);
        uint256 readingId = _reading(meterId, 0, 1000);
        bytes memory source = abi.encode(meterId, readingId);
        credits.issueCreditsCertificate(ALICE, 200_000, source);
        credits.enterShare(meterId, readingId);
        uint256 genset = _public(BOB, ISmartMeter.Technology.Diesel, false, ISmartMeter.Backing.None);
        _reading(genset, 0, 100);
        eq(credits.assessLevy(genset, 1), 100 * 200);

        CarbonCredit next = new CarbonCredit(address(access), meter, parameters, PERIOD, credits);
        eq(next.issuable(meterId, readingId), 100_000);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotBacked.selector, meterId, readingId, 300_000, 200_000, 100_001));
        next.issueCreditsCertificate(ALICE, 100_001, source);
        next.issueCreditsCertificate(ALICE, 100_000, source);
        eq(next.issuedOf(meterId, readingId), 300_000);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.AlreadyEntered.selector, meterId, readingId));
        next.enterShare(meterId, readingId);
        eq(next.assessLevy(genset, 1), 0); // what is owed for it is owed to the old one
        _reading(genset, 0, 130);
        eq(next.assessLevy(genset, 1), 30 * 200);
        eq(next.assessedOf(genset, 1), 130);
    }

    function test_a_successor_certifies_no_source_that_was_certified_before_it() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.Certificates);
        _reading(meterId, 0, 1000);
        certificates.issueFromReading(meterId, 1);
        certificates.issueFromSettlement(ALICE, 101, 5, "batch");
        GranularCertificate next = new GranularCertificate(address(access), meter, certificates);
        bytes32 source = certificates.readingSource(meterId, 1);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.AlreadyIssued.selector, source));
        next.issueFromReading(meterId, 1);
        vm.expectRevert(abi.encodeWithSelector(IGranularCertificate.AlreadyIssued.selector, bytes32("batch")));
        next.issueFromSettlement(ALICE, 101, 5, "batch");
        _reading(meterId, 0, 1500);
        next.issueFromReading(meterId, 2);
        require(next.isIssued(source) && !certificates.isIssued(next.readingSource(meterId, 2)));
        eq(next.totals().issuedWh, 500);
    }
}

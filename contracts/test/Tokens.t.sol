// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ISmartMeter} from "../meter/ISmartMeter.sol";
import {CommunityMoney} from "../token/CommunityMoney.sol";
import {EnergyToken} from "../token/EnergyToken.sol";
import {IEnergyToken} from "../token/IEnergyToken.sol";
import {IVintageToken} from "../token/IVintageToken.sol";
import {Suite} from "./Suite.sol";

contract EnergyTokenTest is Suite {
    function test_mints_verified_generation_to_its_owner_and_no_more() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.None);
        uint256 readingId = _reading(meterId, 0, 1000);
        bytes memory source = abi.encode(meterId, readingId);
        energy.mintEnergy(ALICE, 600, source);
        eq(energy.balanceOf(ALICE), 600);
        vm.expectRevert(abi.encodeWithSelector(IEnergyToken.NotBacked.selector, meterId, readingId, 1000, 600, 401));
        energy.mintEnergy(ALICE, 401, source);
        energy.mintEnergy(ALICE, 400, source);
        eq(energy.totalSupply(), 1000);
        eq(energy.mintedOf(meterId, readingId), 1000);
        vm.expectRevert(abi.encodeWithSelector(IEnergyToken.NotGenerator.selector, meterId, ALICE, BOB));
        energy.mintEnergy(BOB, 1, source);
        vm.expectRevert(abi.encodeWithSelector(IEnergyToken.ZeroAmount.selector, ALICE));
        energy.mintEnergy(ALICE, 0, source);
        eq(energy.decimals(), 3);
    }

    function test_a_private_meter_backs_no_tokens() public {
        address device = _newDevice();
        ISmartMeter.DeviceData memory data = _deviceData(
            ALICE, ISmartMeter.DeviceClass.Private, ISmartMeter.Technology.Solar, true, ISmartMeter.Backing.Certificates
        );
        meter.registerDevice(device, abi.encode(data));
        vm.expectRevert(abi.encodeWithSelector(IEnergyToken.PrivateMeter.selector, 1));
        energy.mintEnergy(ALICE, 1, abi.encode(1, 0));
    }

    function test_source_and_type_of_a_vintage() public {
        _energy(ALICE, 500);
        _energy(BOB, 300);
        uint256 tokenId = energy.currentVintage(ISmartMeter.Technology.Solar);
        IEnergyToken.SourceData memory source = energy.getEnergySource(tokenId);
        require(source.technology == ISmartMeter.Technology.Solar && source.renewable);
        eq(source.mintedWh, 800);
        eq(source.meters, 2);
        eq(source.from, 1000 * PERIOD);
        eq(source.until, 1001 * PERIOD);
        eq(source.expiresAt, 1004 * PERIOD);
        vm.expectRevert(abi.encodeWithSelector(IVintageToken.UnknownVintage.selector, tokenId + 1));
        energy.getEnergySource(tokenId + 1);
    }

    function test_spends_the_oldest_first() public {
        _energy(ALICE, 100);
        uint256 old = energy.currentVintage(ISmartMeter.Technology.Solar);
        vm.warp(1001 * PERIOD);
        _energy(ALICE, 100);
        vm.prank(ALICE);
        require(energy.transferEnergy(BOB, 130));
        eq(energy.vintageBalanceOf(BOB, old), 100);
        eq(energy.vintageBalanceOf(ALICE, old), 0);
        eq(energy.vintageBalanceOf(ALICE, energy.currentVintage(ISmartMeter.Technology.Solar)), 70);
        eq(energy.lotsOf(BOB).length, 2);
        eq(energy.totalSupply(), 200);
    }

    function test_an_expired_vintage_cannot_be_spent_and_says_so() public {
        _energy(ALICE, 100);
        uint256 vintage = energy.currentVintage(ISmartMeter.Technology.Solar);
        vm.warp(1003 * PERIOD + PERIOD - 1);
        eq(energy.balanceOf(ALICE), 100);
        _energy(ALICE, 40);
        vm.warp(1004 * PERIOD);
        eq(energy.balanceOf(ALICE), 40);
        eq(energy.vintageBalanceOf(ALICE, vintage), 0);
        eq(energy.totalSupply(), 40);
        vm.expectRevert(abi.encodeWithSelector(IVintageToken.VintageHasExpired.selector, ALICE, 40, 41, 100, 1004 * PERIOD));
        vm.prank(ALICE);
        energy.transferEnergy(BOB, 41);
        eq(energy.sweep(ALICE), 100);
        eq(energy.sweep(ALICE), 0);
        (uint256 minted, uint256 burnt, uint256 expired) = energy.flows();
        eq(minted, 140);
        eq(burnt, 0);
        eq(expired, 100);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, ALICE, 40, 41));
        vm.prank(ALICE);
        energy.transferEnergy(BOB, 41);
    }

    function test_energy_of_an_expired_vintage_cannot_be_minted() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.None);
        uint256 readingId = _reading(meterId, 0, 1000);
        vm.warp(1004 * PERIOD);
        vm.expectRevert(abi.encodeWithSelector(IVintageToken.VintageHasExpired.selector, ALICE, 0, 10, 10, 1004 * PERIOD));
        energy.mintEnergy(ALICE, 10, abi.encode(meterId, readingId));
    }

    function test_what_a_storage_gives_back_is_not_minted_again() public {
        uint256 meterId = _public(ALICE, ISmartMeter.Technology.Storage, false, ISmartMeter.Backing.None);
        uint256 readingId = _reading(meterId, 1200, 1000);
        vm.expectRevert(abi.encodeWithSelector(IEnergyToken.StorageGeneratesNothing.selector, meterId));
        energy.mintEnergy(ALICE, 1000, abi.encode(meterId, readingId));
    }

    function test_burns_what_was_consumed() public {
        _energy(ALICE, 100);
        vm.startPrank(ALICE);
        energy.burnEnergy(30);
        eq(energy.balanceOf(ALICE), 70);
        eq(energy.totalSupply(), 70);
        vm.expectRevert(abi.encodeWithSelector(IEnergyToken.ZeroAmount.selector, ALICE));
        energy.burnEnergy(0);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, ALICE, 70, 71));
        energy.burnEnergy(71);
        vm.stopPrank();
    }

    function test_sends_to_several_at_once() public {
        _energy(ALICE, 100);
        address[] memory to = new address[](2);
        uint256[] memory amounts = new uint256[](2);
        (to[0], to[1], amounts[0], amounts[1]) = (BOB, CAROL, 10, 20);
        vm.startPrank(ALICE);
        require(energy.batchTransfer(to, amounts));
        eq(energy.balanceOf(CAROL), 20);
        vm.expectRevert(abi.encodeWithSelector(IVintageToken.BadBatch.selector, 2, 1, 64));
        energy.batchTransfer(to, new uint256[](1));
        vm.expectRevert(abi.encodeWithSelector(IVintageToken.BadBatch.selector, 65, 65, 64));
        energy.batchTransfer(new address[](65), new uint256[](65));
        vm.stopPrank();
    }

    function test_a_hold_stops_spending_but_not_receiving() public {
        _energy(ALICE, 100);
        energy.hold(ALICE, "inquiry");
        require(energy.isOnHold(ALICE));
        vm.expectRevert(abi.encodeWithSelector(IVintageToken.AccountOnHold.selector, ALICE));
        vm.prank(ALICE);
        energy.transfer(BOB, 1);
        vm.expectRevert(abi.encodeWithSelector(IVintageToken.AccountOnHold.selector, ALICE));
        vm.prank(ALICE);
        energy.burnEnergy(1);
        _energy(ALICE, 5);
        eq(energy.balanceOf(ALICE), 105);
        energy.releaseHold(ALICE, "cleared");
        vm.prank(ALICE);
        energy.transfer(BOB, 105);
        vm.expectRevert(abi.encodeWithSelector(IVintageToken.NotOnHold.selector, ALICE));
        energy.releaseHold(ALICE, "");
    }

    function test_escrow_accounts_are_their_operators_alone() public {
        _energy(ALICE, 100);
        vm.prank(ALICE);
        energy.approve(BOB, 60);
        vm.prank(BOB);
        energy.escrowIn(ALICE, 7, 60);
        address account = energy.escrowAccount(BOB, 7);
        eq(energy.balanceOf(account), 60);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, energy.escrowAccount(CAROL, 7), 0, 1));
        vm.prank(CAROL);
        energy.escrowOut(7, CAROL, 1);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, BOB, 0, 1));
        vm.prank(BOB);
        energy.escrowIn(ALICE, 7, 1);
        vm.prank(BOB);
        energy.escrowOut(7, CAROL, 60);
        eq(energy.balanceOf(CAROL), 60);
    }

    function test_pausing_stops_transfers() public {
        _energy(ALICE, 100);
        energy.pause();
        vm.expectRevert(abi.encodeWithSelector(Pausable.EnforcedPause.selector));
        vm.prank(ALICE);
        energy.transfer(BOB, 1);
        energy.unpause();
        vm.prank(ALICE);
        energy.transfer(BOB, 1);
    }

    function test_nobody_can_fill_a_wallet_with_dust() public {
        // Every live vintage there can be: 4 periods of each of the 4 technologies that can be verified as renewable, and of diesel.
        uint256[5] memory meters;
        for (uint256 t = 0; t < 4; ++t) meters[t] = _public(ALICE, ISmartMeter.Technology(t + 1), true, ISmartMeter.Backing.None);
        meters[4] = _public(ALICE, ISmartMeter.Technology.Diesel, false, ISmartMeter.Backing.None);
        for (uint256 period = 0; period < 12; ++period) {
            vm.warp((1000 + period) * PERIOD);
            for (uint256 m = 0; m < 5; ++m) {
                uint256 readingId = _reading(meters[m], 0, (period + 1) * 10);
                energy.mintEnergy(ALICE, 2, abi.encode(meters[m], readingId));
            }
            vm.prank(ALICE);
            energy.transfer(BOB, 10);
            require(energy.lotsOf(BOB).length <= 32 && energy.lotsOf(ALICE).length <= 32);
        }
        uint256 all = energy.balanceOf(BOB);
        eq(energy.lotsOf(BOB).length, 20);
        uint256 before = gasleft();
        vm.prank(BOB);
        energy.transfer(CAROL, all);
        require(before - gasleft() < 1_500_000, "a transfer of all live vintages stays affordable");
    }

    function test_refuses_zero_accounts_and_giant_amounts() public {
        _energy(ALICE, 100);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        vm.prank(ALICE);
        energy.transfer(address(0), 1);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, ALICE, 100, type(uint256).max));
        vm.prank(ALICE);
        energy.transfer(BOB, type(uint256).max);
    }

    function test_a_period_too_short_or_too_long_cannot_be() public {
        vm.expectRevert(abi.encodeWithSelector(IVintageToken.BadPeriod.selector, 59 minutes, IEnergyToken(address(0))));
        new EnergyToken(address(access), meter, 59 minutes, IEnergyToken(address(0)));
        vm.expectRevert(abi.encodeWithSelector(IVintageToken.BadPeriod.selector, 367 days, IEnergyToken(address(0))));
        new EnergyToken(address(access), meter, 367 days, IEnergyToken(address(0)));
    }

    function testFuzz_transfers_conserve_energy_and_order(uint16[8] memory amounts, uint8[8] memory gaps) public {
        uint256 sum = 0;
        for (uint256 i = 0; i < 4; ++i) {
            vm.warp(block.timestamp + uint256(gaps[i]) * 1 hours);
            _energy(ALICE, uint256(amounts[i]) + 1);
            sum += uint256(amounts[i]) + 1;
        }
        for (uint256 i = 4; i < 8; ++i) {
            uint256 balance = energy.balanceOf(ALICE);
            uint256 amount = balance == 0 ? 0 : amounts[i] % balance;
            vm.prank(ALICE);
            energy.transfer(i % 2 == 0 ? BOB : CAROL, amount);
        }
        IVintageToken.Lot[] memory lots = energy.lotsOf(BOB);
        for (uint256 i = 1; i < lots.length; ++i) require(lots[i - 1].vintage < lots[i].vintage, "lots out of order");
        (uint256 minted, uint256 burnt, uint256 expired) = energy.flows();
        eq(minted, sum);
        eq(burnt, 0);
        uint256 held = energy.balanceOf(ALICE) + energy.balanceOf(BOB) + energy.balanceOf(CAROL);
        eq(held, energy.totalSupply());
        require(held + expired <= sum);
    }

    function test_test_money_has_a_cap() public {
        _money(ALICE, 5);
        eq(money.decimals(), 8);
        vm.expectRevert(abi.encodeWithSelector(CommunityMoney.SupplyCapReached.selector, 1e17, 1e17 - 5));
        money.mint(ALICE, 1e17);
    }
}

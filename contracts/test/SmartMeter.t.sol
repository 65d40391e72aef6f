// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {BabyJubJub} from "../meter/BabyJubJub.sol";
import {ISmartMeter} from "../meter/ISmartMeter.sol";
import {SmartMeter} from "../meter/SmartMeter.sol";
import {Keys} from "./Keys.sol";
import {Suite} from "./Suite.sol";

contract SmartMeterTest is Suite {
    ISmartMeter.DeviceClass private constant PRIVATE = ISmartMeter.DeviceClass.Private;
    ISmartMeter.DeviceClass private constant PUBLIC = ISmartMeter.DeviceClass.Public;
    ISmartMeter.Technology private constant SOLAR = ISmartMeter.Technology.Solar;
    ISmartMeter.Technology private constant NONE = ISmartMeter.Technology.None;

    function _private() private returns (uint256 meterId, address device) {
        device = _newDevice();
        meter.registerDevice(device, abi.encode(_deviceData(ALICE, PRIVATE, SOLAR, true, ISmartMeter.Backing.Certificates)));
        meterId = meter.meterOf(device);
    }

    function _expectRegister(address device, ISmartMeter.DeviceData memory data, bytes memory err) private {
        vm.expectRevert(err);
        meter.registerDevice(device, abi.encode(data));
    }

    function test_a_verified_private_meter_enters_the_registry_and_a_retired_one_leaves_it() public {
        uint256 empty = meter.registryRoot();
        (uint256 meterId,) = _private();
        eq(meterId, 1);
        eq(meter.registryRoot(), empty);
        meter.verifyDevice(meterId, "record");
        require(meter.registryRoot() != empty && meter.registryLeaf(meterId) != 0);
        eq(meter.registryVersion(), 1);
        meter.retireDevice(meterId);
        eq(meter.registryRoot(), empty);
        eq(meter.registryLeaf(meterId), 0);
        require(meter.getDevice(meterId).status == ISmartMeter.Status.Retired);
    }

    function test_a_public_meter_is_numbered_above_the_private_ones_and_stays_out_of_the_registry() public {
        uint256 empty = meter.registryRoot();
        eq(_solar(ALICE, ISmartMeter.Backing.Credits), 17);
        eq(meter.registryRoot(), empty);
    }

    function test_registers_and_verifies_several_at_once() public {
        address[] memory devices = new address[](2);
        bytes[] memory datas = new bytes[](2);
        for (uint256 i = 0; i < 2; ++i) {
            devices[i] = _newDevice();
            datas[i] = abi.encode(_deviceData(ALICE, PRIVATE, NONE, false, ISmartMeter.Backing.None));
        }
        meter.registerDevices(devices, datas);
        uint256[] memory ids = new uint256[](2);
        (ids[0], ids[1]) = (1, 2);
        meter.verifyDevices(ids, new bytes32[](2));
        eq(meter.registryVersion(), 2);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.LengthMismatch.selector, 2, 0));
        meter.registerDevices(devices, new bytes[](0));
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.LengthMismatch.selector, 2, 1));
        meter.verifyDevices(ids, new bytes32[](1));
    }

    function test_refuses_keys_that_are_no_keys() public {
        ISmartMeter.DeviceData memory data = _deviceData(ALICE, PRIVATE, NONE, false, ISmartMeter.Backing.None);
        ISmartMeter.DeviceData memory bad = abi.decode(abi.encode(data), (ISmartMeter.DeviceData));
        bad.keyX += 1;
        _expectRegister(BOB, bad, abi.encodeWithSelector(BabyJubJub.NotOnCurve.selector, bad.keyX, bad.keyY));
        bad = abi.decode(abi.encode(data), (ISmartMeter.DeviceData));
        bad.keyX = BabyJubJub.P + bad.keyX;
        _expectRegister(BOB, bad, abi.encodeWithSelector(BabyJubJub.NotOnCurve.selector, bad.keyX, bad.keyY));
        bad = abi.decode(abi.encode(data), (ISmartMeter.DeviceData));
        bad.witnessY = BabyJubJub.P;
        _expectRegister(BOB, bad, abi.encodeWithSelector(BabyJubJub.NotOnCurve.selector, bad.witnessX, bad.witnessY));
        bad = abi.decode(abi.encode(data), (ISmartMeter.DeviceData));
        (bad.keyX, bad.keyY, bad.witnessX, bad.witnessY) = (0, 1, 0, 1);
        _expectRegister(BOB, bad, abi.encodeWithSelector(BabyJubJub.LowOrderKey.selector, 0, 1));
        // Order two: on the curve, eight times anything is never it.
        (bad.keyX, bad.keyY) = (0, BabyJubJub.P - 1);
        _expectRegister(BOB, bad, abi.encodeWithSelector(BabyJubJub.NotInPrimeSubgroup.selector, 0, BabyJubJub.P - 1));
        (bad.keyX, bad.keyY, bad.witnessX, bad.witnessY) = (Keys.OFF_X, Keys.OFF_Y, data.witnessX, data.witnessY);
        _expectRegister(BOB, bad, abi.encodeWithSelector(BabyJubJub.NotInPrimeSubgroup.selector, Keys.OFF_X, Keys.OFF_Y));
        // A right key with another's witness.
        uint256[4] memory other = Keys.key(9);
        bad = abi.decode(abi.encode(data), (ISmartMeter.DeviceData));
        (bad.witnessX, bad.witnessY) = (other[2], other[3]);
        _expectRegister(BOB, bad, abi.encodeWithSelector(BabyJubJub.NotInPrimeSubgroup.selector, bad.keyX, bad.keyY));
    }

    function test_no_witness_proves_a_key_outside_the_subgroup(uint256 i) public {
        uint256[4] memory key = Keys.key(i % 14);
        ISmartMeter.DeviceData memory data = _deviceData(ALICE, PRIVATE, NONE, false, ISmartMeter.Backing.None);
        (data.keyX, data.keyY, data.witnessX, data.witnessY) = (Keys.OFF_X, Keys.OFF_Y, key[2], key[3]);
        _expectRegister(BOB, data, abi.encodeWithSelector(BabyJubJub.NotInPrimeSubgroup.selector, Keys.OFF_X, Keys.OFF_Y));
        // The witness plus the point of order two, (−x, −y), is the only other candidate with this eightfold.
        (data.witnessX, data.witnessY) = (BabyJubJub.P - key[2], BabyJubJub.P - key[3]);
        _expectRegister(BOB, data, abi.encodeWithSelector(BabyJubJub.NotInPrimeSubgroup.selector, Keys.OFF_X, Keys.OFF_Y));
    }

    function test_refuses_bad_registrations() public {
        ISmartMeter.DeviceData memory data = _deviceData(ALICE, PRIVATE, NONE, false, ISmartMeter.Backing.None);
        _expectRegister(address(0), data, abi.encodeWithSelector(ISmartMeter.DeviceNotFree.selector, address(0), 0));
        data.owner = address(0);
        _expectRegister(BOB, data, abi.encodeWithSelector(ISmartMeter.BadDeviceData.selector, address(0), data.ratedPowerW));
        data.owner = ALICE;
        data.ratedPowerW = 0;
        _expectRegister(BOB, data, abi.encodeWithSelector(ISmartMeter.BadDeviceData.selector, ALICE, 0));
        data.ratedPowerW = 1;
        data.meterId = 17;
        _expectRegister(BOB, data, abi.encodeWithSelector(ISmartMeter.RegistryFull.selector, 17, 16));
        data.meterId = 16;
        meter.registerDevice(BOB, abi.encode(data));
        ISmartMeter.DeviceData memory next = _deviceData(ALICE, PRIVATE, NONE, false, ISmartMeter.Backing.None);
        _expectRegister(CAROL, next, abi.encodeWithSelector(ISmartMeter.RegistryFull.selector, 17, 16));
        next.meterId = 16;
        _expectRegister(CAROL, next, abi.encodeWithSelector(ISmartMeter.MeterNotFree.selector, 16));
        next.meterId = 3;
        _expectRegister(BOB, next, abi.encodeWithSelector(ISmartMeter.DeviceNotFree.selector, BOB, 16));
        (next.keyX, next.keyY, next.witnessX, next.witnessY) = (data.keyX, data.keyY, data.witnessX, data.witnessY);
        _expectRegister(CAROL, next, abi.encodeWithSelector(ISmartMeter.KeyUsed.selector, data.keyX, data.keyY));
        next.deviceClass = PUBLIC;
        _expectRegister(CAROL, next, abi.encodeWithSelector(ISmartMeter.MeterNotFree.selector, 3));
        next.meterId = 18;
        _expectRegister(CAROL, next, abi.encodeWithSelector(ISmartMeter.MeterNotFree.selector, 18));
    }

    function test_a_device_backs_only_what_its_class_and_source_allow() public {
        ISmartMeter.DeviceData memory data = _deviceData(ALICE, PRIVATE, SOLAR, true, ISmartMeter.Backing.Credits);
        _expectBacking(data);
        data.backing = ISmartMeter.Backing.None;
        _expectBacking(data);
        (data.renewableOnly, data.backing) = (false, ISmartMeter.Backing.Certificates);
        _expectBacking(data);
        (data.renewableOnly, data.technology) = (true, ISmartMeter.Technology.Storage);
        _expectBacking(data);
        data.technology = ISmartMeter.Technology.None;
        _expectBacking(data);
    }

    function _expectBacking(ISmartMeter.DeviceData memory data) private {
        _expectRegister(
            BOB, data,
            abi.encodeWithSelector(ISmartMeter.BadBacking.selector, data.deviceClass, data.technology, data.renewableOnly, data.backing)
        );
    }

    function test_class_and_backing_are_for_good() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.Credits);
        address device = meter.getDevice(meterId).device;
        meter.retireDevice(meterId);
        ISmartMeter.DeviceData memory data = _deviceData(ALICE, PRIVATE, NONE, false, ISmartMeter.Backing.None);
        _expectRegister(device, data, abi.encodeWithSelector(ISmartMeter.DeviceNotFree.selector, device, 0));
        data = _deviceData(ALICE, PUBLIC, SOLAR, true, ISmartMeter.Backing.Certificates);
        data.meterId = meterId;
        _expectRegister(
            BOB, data, abi.encodeWithSelector(ISmartMeter.BadBacking.selector, PUBLIC, SOLAR, true, ISmartMeter.Backing.Certificates)
        );
        data.backing = ISmartMeter.Backing.Credits;
        meter.registerDevice(device, abi.encode(data));
        eq(meter.getDevice(meterId).epoch, 2);
    }

    function test_a_swap_closes_one_epoch_and_opens_the_next() public {
        (uint256 meterId, address old) = _private();
        meter.verifyDevice(meterId, "");
        uint256 before = meter.registryRoot();
        ISmartMeter.DeviceData memory data = _deviceData(ALICE, PRIVATE, SOLAR, true, ISmartMeter.Backing.Certificates);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.MeterNotFree.selector, 0));
        meter.swapDevice(meterId, BOB, abi.encode(data));
        (data.meterId, data.importWh, data.exportWh, data.interval) = (meterId, 500, 700, 200);
        meter.swapDevice(meterId, BOB, abi.encode(data));
        eq(meter.getDevice(meterId).epoch, 2);
        eq(meter.meterOf(old), 0);
        eq(meter.meterOf(BOB), meterId);
        eq(meter.epochStartOf(meterId).exportWh, 700);
        eq(meter.registryLeaf(meterId), 0);
        meter.verifyDevice(meterId, "");
        require(meter.registryRoot() != before);
    }

    function test_a_swap_keeps_class_and_backing() public {
        (uint256 meterId,) = _private();
        ISmartMeter.DeviceData memory data = _deviceData(ALICE, PUBLIC, SOLAR, true, ISmartMeter.Backing.Certificates);
        data.meterId = meterId;
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.WrongClass.selector, meterId, PRIVATE));
        meter.swapDevice(meterId, BOB, abi.encode(data));
        (data.deviceClass, data.renewableOnly, data.backing) = (PRIVATE, false, ISmartMeter.Backing.None);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.BadBacking.selector, PRIVATE, SOLAR, false, ISmartMeter.Backing.None));
        meter.swapDevice(meterId, BOB, abi.encode(data));
    }

    function test_a_rotated_key_puts_the_meter_out_of_service_until_it_is_verified() public {
        (uint256 meterId, address device) = _private();
        uint256[4] memory key = Keys.key(11);
        meter.rotateKey(meterId, key[0], key[1], key[2], key[3]);
        eq(meter.registryVersion(), 0);
        meter.verifyDevice(meterId, "");
        uint256 leaf = meter.registryLeaf(meterId);
        key = Keys.key(12);
        meter.rotateKey(meterId, key[0], key[1], key[2], key[3]);
        eq(meter.registryLeaf(meterId), 0);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.WrongStatus.selector, meterId, ISmartMeter.Status.Registered, ISmartMeter.Status.Active));
        vm.prank(device);
        meter.submitCommitment(meterId, 5, "c");
        meter.verifyDevice(meterId, "");
        require(meter.registryLeaf(meterId) != leaf && meter.registryLeaf(meterId) != 0);
        eq(meter.getDevice(meterId).keyX, key[0]);
        eq(meter.getDevice(meterId).epoch, 1);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.KeyUsed.selector, key[0], key[1]));
        meter.rotateKey(meterId, key[0], key[1], key[2], key[3]);
    }

    function _expectSwap(uint256 meterId, ISmartMeter.DeviceData memory data) private {
        vm.expectRevert(
            abi.encodeWithSelector(ISmartMeter.SwapChanges.selector, meterId, data.owner, data.technology, data.renewableOnly, data.ratedPowerW)
        );
        meter.swapDevice(meterId, BOB, abi.encode(data));
    }

    function test_a_swap_changes_neither_owner_nor_source_nor_raises_the_rated_power() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.Credits);
        ISmartMeter.DeviceData memory data = _deviceData(STRANGER, PUBLIC, SOLAR, true, ISmartMeter.Backing.Credits);
        data.meterId = meterId;
        _expectSwap(meterId, data);
        (data.owner, data.technology) = (ALICE, ISmartMeter.Technology.Wind);
        _expectSwap(meterId, data);
        (data.technology, data.renewableOnly) = (SOLAR, false);
        _expectSwap(meterId, data);
        (data.renewableOnly, data.ratedPowerW) = (true, data.ratedPowerW + 1);
        _expectSwap(meterId, data);
        data.ratedPowerW -= 2;
        meter.swapDevice(meterId, BOB, abi.encode(data));
        eq(meter.getDevice(meterId).ratedPowerW, data.ratedPowerW);
    }

    function test_where_the_plant_lives_by_the_chains_clock_no_reading_lies_ahead_of_it() public {
        meter = new SmartMeter(address(access), 4, true);
        uint256 now_ = block.timestamp / 900;
        ISmartMeter.DeviceData memory data = _deviceData(ALICE, PUBLIC, SOLAR, true, ISmartMeter.Backing.None);
        data.interval = uint40(now_ + 2);
        _expectRegister(BOB, data, abi.encodeWithSelector(ISmartMeter.IntervalAhead.selector, 17, now_ + 2, now_ + 1));
        data.interval = 0;
        meter.registerDevice(BOB, abi.encode(data));
        meter.verifyDevice(17, "");
        eq(meter.epochStartOf(17).interval, now_);
        uint256 far = type(uint40).max;
        vm.startPrank(BOB);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.IntervalAhead.selector, 17, far, now_ + 1));
        meter.submitReading(17, 1e18 | (far << 128));
        meter.submitReading(17, 1000 | ((now_ + 1) << 128));
        vm.stopPrank();
        // From the installation to now it is one interval, not fifty years: what is not plausible in it is rejected.
        require(meter.validateReading(17, 1) && meter.chainTime());
        address device = _newDevice();
        meter.registerDevice(device, abi.encode(_deviceData(ALICE, PRIVATE, NONE, false, ISmartMeter.Backing.None)));
        meter.verifyDevice(1, "");
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.IntervalAhead.selector, 1, far, now_ + 1));
        vm.prank(device);
        meter.submitCommitment(1, uint40(far), "c");
    }

    function test_a_rejected_reading_of_a_later_interval_does_not_block_the_next() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.None);
        address device = meter.getDevice(meterId).device;
        vm.prank(device);
        meter.submitReading(meterId, 1e18 | (uint256(5000) << 128));
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.IntervalNotAfter.selector, meterId, 101, 5000));
        vm.prank(device);
        meter.submitReading(meterId, 5 | (uint256(101) << 128));
        require(!meter.validateReading(meterId, 1));
        vm.prank(device);
        meter.submitReading(meterId, 5 | (uint256(101) << 128));
        require(meter.validateReading(meterId, 2));
    }

    function test_a_device_cannot_pile_up_readings_that_nobody_has_judged() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.None);
        for (uint256 i = 1; i <= 96; ++i) _post(meterId, 0, i);
        address device = meter.getDevice(meterId).device;
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.TooManyPending.selector, meterId, 96, 96));
        vm.prank(device);
        meter.submitReading(meterId, 97);
        require(meter.validateReading(meterId, 1));
        _post(meterId, 0, 97);
    }

    function test_an_installation_cannot_be_set_back_in_time() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.None);
        _reading(meterId, 0, 10);
        ISmartMeter.DeviceData memory data = _deviceData(ALICE, PUBLIC, SOLAR, true, ISmartMeter.Backing.None);
        (data.meterId, data.interval) = (meterId, 100);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.IntervalNotAfter.selector, meterId, 100, 101));
        meter.swapDevice(meterId, BOB, abi.encode(data));
    }

    function test_what_stood_behind_a_reading_stays_what_it_was() public {
        uint256 meterId = _public(ALICE, ISmartMeter.Technology.Biomass, true, ISmartMeter.Backing.Credits);
        _reading(meterId, 5, 1000);
        meter.retireDevice(meterId);
        ISmartMeter.DeviceData memory data = _deviceData(BOB, PUBLIC, ISmartMeter.Technology.Wind, true, ISmartMeter.Backing.Credits);
        (data.meterId, data.interval) = (meterId, 0);
        meter.registerDevice(_newDevice(), abi.encode(data));
        meter.verifyDevice(meterId, "");
        _reading(meterId, 5, 300);
        ISmartMeter.Source memory source = meter.sourceOfReading(meterId, 1);
        require(source.owner == ALICE && source.technology == ISmartMeter.Technology.Biomass);
        source = meter.sourceOfReading(meterId, 3);
        require(source.owner == BOB && source.technology == ISmartMeter.Technology.Wind);
        require(meter.sourceOfEpoch(meterId, 1).owner == ALICE && meter.sourceOf(meterId).owner == BOB);
        (uint256 importWh, uint256 exportWh) = meter.verifiedOfEpoch(meterId, 1);
        eq(importWh, 5);
        eq(exportWh, 1000);
        (, exportWh) = meter.verifiedOfEpoch(meterId, 2);
        eq(exportWh, 300);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.UnknownEpoch.selector, meterId, 0));
        meter.sourceOfEpoch(meterId, 0);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.UnknownEpoch.selector, meterId, 3));
        meter.verifiedOfEpoch(meterId, 3);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.UnknownReading.selector, meterId, 9));
        meter.sourceOfReading(meterId, 9);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.UnknownMeter.selector, 99));
        meter.sourceOfReading(99, 0);
    }

    function test_unknown_and_retired_meters_are_refused() public {
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.UnknownMeter.selector, 5));
        meter.retireDevice(5);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.UnknownMeter.selector, 5));
        meter.getDevice(5);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.UnknownMeter.selector, 5));
        meter.epochStartOf(5);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.UnknownMeter.selector, 5));
        meter.sourceOf(5);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.UnknownMeter.selector, 17));
        meter.registryLeaf(17);
        (uint256 meterId,) = _private();
        meter.retireDevice(meterId);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.WrongStatus.selector, meterId, ISmartMeter.Status.Retired, ISmartMeter.Status.Active));
        meter.retireDevice(meterId);
        vm.expectRevert(
            abi.encodeWithSelector(ISmartMeter.WrongStatus.selector, meterId, ISmartMeter.Status.Retired, ISmartMeter.Status.Registered)
        );
        meter.verifyDevice(meterId, "");
    }

    function test_plain_readings_come_from_public_devices_only_and_commitments_from_private_ones() public {
        (uint256 meterId, address device) = _private();
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.NotTheDevice.selector, meterId, device, STRANGER));
        vm.prank(STRANGER);
        meter.submitReading(meterId, 1);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.WrongClass.selector, meterId, PRIVATE));
        vm.prank(device);
        meter.submitReading(meterId, 1);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.WrongStatus.selector, meterId, ISmartMeter.Status.Registered, ISmartMeter.Status.Active));
        vm.prank(device);
        meter.submitCommitment(meterId, 5, "c");
        meter.verifyDevice(meterId, "");
        vm.prank(device);
        meter.submitCommitment(meterId, 5, "c");
        require(meter.commitmentOf(meterId, 5) == "c");
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.IntervalNotAfter.selector, meterId, 5, 5));
        vm.prank(device);
        meter.submitCommitment(meterId, 5, "d");
        uint256 other = _solar(ALICE, ISmartMeter.Backing.None);
        device = meter.getDevice(other).device;
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.WrongClass.selector, other, PUBLIC));
        vm.prank(device);
        meter.submitCommitment(other, 5, "c");
    }

    function test_a_plain_register_value_is_a_reading_of_the_present_interval() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.None);
        vm.prank(meter.getDevice(meterId).device);
        meter.submitReading(meterId, 1234);
        ISmartMeter.Reading memory reading = meter.getDeviceHistory(meterId)[1];
        eq(reading.exportWh, 1234);
        eq(reading.interval, block.timestamp / 900);
        eq(reading.postedAt, block.timestamp);
    }

    function test_registers_only_grow_and_intervals_only_advance() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.None);
        address device = meter.getDevice(meterId).device;
        _reading(meterId, 50, 100);
        vm.startPrank(device);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.RegisterRolledBack.selector, meterId, 50, 99, 50, 100));
        meter.submitReading(meterId, 99 | (50 << 64) | (uint256(102) << 128));
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.RegisterRolledBack.selector, meterId, 49, 100, 50, 100));
        meter.submitReading(meterId, 100 | (49 << 64) | (uint256(102) << 128));
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.IntervalNotAfter.selector, meterId, 101, 101));
        meter.submitReading(meterId, 100 | (50 << 64) | (uint256(101) << 128));
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.BadReading.selector, uint256(1) << 168));
        meter.submitReading(meterId, uint256(1) << 168);
        vm.stopPrank();
    }

    function test_an_implausible_reading_is_rejected_and_does_not_block_the_next() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.None);
        // 10 MW for a quarter of an hour with a quarter's margin: 3.125 MWh, and 1 Wh.
        uint256 bad = _post(meterId, 0, 3_125_002);
        require(!meter.validateReading(meterId, bad));
        require(meter.getDeviceHistory(meterId)[bad].status == ISmartMeter.ReadingStatus.Rejected);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.NotValidated.selector, meterId, bad, ISmartMeter.ReadingStatus.Rejected));
        meter.growthOf(meterId, bad);
        uint256 good = _reading(meterId, 0, 1000);
        (, uint256 exportWh, uint256 from, uint256 to) = meter.growthOf(meterId, good);
        eq(exportWh, 1000);
        eq(from, 100);
        eq(to, 102);
        (uint256 importWh, uint256 verified) = meter.verifiedOf(meterId);
        eq(importWh, 0);
        eq(verified, 1000);
    }

    function test_two_posted_readings_of_which_the_second_is_below_the_first() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.None);
        uint256 first = _post(meterId, 0, 100);
        uint256 second = _post(meterId, 0, 60);
        require(meter.validateReading(meterId, first));
        require(!meter.validateReading(meterId, second));
    }

    function test_judges_in_order_and_not_while_tampering_is_suspected() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.None);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.UnknownReading.selector, meterId, 1));
        meter.validateReading(meterId, 1);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.UnknownReading.selector, meterId, 1));
        meter.growthOf(meterId, 1);
        _post(meterId, 0, 10);
        _post(meterId, 0, 20);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.OutOfOrder.selector, meterId, 2, 1));
        meter.validateReading(meterId, 2);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.NoTamper.selector, meterId));
        meter.clearTamper(meterId, "");
        meter.reportTamper(meterId, "cover", "photo");
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.TamperOpen.selector, meterId, 1));
        meter.validateReading(meterId, 1);
        meter.clearTamper(meterId, "inspected");
        require(meter.validateReading(meterId, 1));
        eq(meter.nextToValidate(meterId), 2);
    }

    function test_readings_of_a_closed_epoch_that_nobody_judged_stay_unjudged() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.None);
        _post(meterId, 0, 10);
        ISmartMeter.DeviceData memory data = _deviceData(ALICE, PUBLIC, SOLAR, true, ISmartMeter.Backing.None);
        (data.meterId, data.interval, data.exportWh) = (meterId, 110, 5000);
        meter.swapDevice(meterId, BOB, abi.encode(data));
        meter.verifyDevice(meterId, "");
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.OutOfOrder.selector, meterId, 1, 3));
        meter.validateReading(meterId, 1);
        uint256 readingId = _reading(meterId, 0, 5400);
        (, uint256 exportWh,,) = meter.growthOf(meterId, readingId);
        eq(exportWh, 400);
    }

    function test_history_comes_whole_or_in_pages() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.None);
        for (uint256 i = 1; i <= 4; ++i) _post(meterId, 0, i);
        eq(meter.getDeviceHistory(meterId).length, 5);
        eq(meter.getDeviceHistoryPage(meterId, 3, 10).length, 2);
        eq(meter.getDeviceHistoryPage(meterId, 9, 10).length, 0);
        for (uint256 i = 1; i <= 4; ++i) meter.validateReading(meterId, i);
        for (uint256 i = 5; i <= 512; ++i) _reading(meterId, 0, i);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.HistoryTooLong.selector, 513, 512));
        meter.getDeviceHistory(meterId);
    }

    function test_maintenance_and_firmware_are_recorded() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.None);
        meter.setMaintenance(meterId, true, 999, "WO-1");
        require(meter.getDevice(meterId).status == ISmartMeter.Status.Maintenance);
        eq(meter.maintenanceOf(meterId).dueAt, 999);
        meter.setMaintenance(meterId, false, 0, "");
        require(meter.getDevice(meterId).status == ISmartMeter.Status.Active);
        meter.recordFirmware(meterId, "1.2.3", "hash");
        require(meter.firmwareOf(meterId).version == "1.2.3");
        (uint256 fresh,) = _private();
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.WrongStatus.selector, fresh, ISmartMeter.Status.Registered, ISmartMeter.Status.Active));
        meter.setMaintenance(fresh, true, 0, "");
    }

    function test_a_paused_meter_takes_nothing() public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.None);
        address device = meter.getDevice(meterId).device;
        meter.pause();
        vm.expectRevert(abi.encodeWithSelector(Pausable.EnforcedPause.selector));
        vm.prank(device);
        meter.submitReading(meterId, 1);
        meter.unpause();
        vm.prank(device);
        meter.submitReading(meterId, 1);
    }

    function test_a_tree_of_no_height_or_too_high_cannot_be() public {
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.BadDepth.selector, 0));
        new SmartMeter(address(access), 0, false);
        vm.expectRevert(abi.encodeWithSelector(ISmartMeter.BadDepth.selector, 17));
        new SmartMeter(address(access), 17, false);
    }

    function testFuzz_growth_sums_to_the_register(uint32[6] memory steps) public {
        uint256 meterId = _solar(ALICE, ISmartMeter.Backing.None);
        uint256 register = 0;
        uint256 sum = 0;
        for (uint256 i = 0; i < 6; ++i) {
            register += steps[i] % 3_000_000;
            uint256 readingId = _reading(meterId, 0, register);
            (, uint256 exportWh,,) = meter.growthOf(meterId, readingId);
            sum += exportWh;
        }
        (, uint256 verified) = meter.verifiedOf(meterId);
        eq(verified, register);
        eq(sum, register);
    }
}

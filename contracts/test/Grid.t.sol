// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Approvals} from "../access/Approvals.sol";
import {GridManagement} from "../grid/GridManagement.sol";
import {IGridManagement} from "../grid/IGridManagement.sol";
import {Till} from "../token/Till.sol";
import {Suite} from "./Suite.sol";

contract GridTest is Suite {
    function _node(address account, IGridManagement.NodeType kind, uint256 capacityW) private returns (uint256 nodeId) {
        grid.registerNode(account, kind);
        nodeId = grid.nodeOf(account);
        grid.setCapacity(nodeId, capacityW);
    }

    function _pair() private returns (uint256 a, uint256 b) {
        a = _node(ALICE, IGridManagement.NodeType.Producer, 8000);
        b = _node(BOB, IGridManagement.NodeType.Consumer, 4000);
    }

    function test_registers_nodes_once() public {
        grid.registerNode(ALICE, IGridManagement.NodeType.Prosumer);
        eq(grid.nodeOf(ALICE), 1);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.NodeNotFree.selector, ALICE, 1));
        grid.registerNode(ALICE, IGridManagement.NodeType.Consumer);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.NodeNotFree.selector, address(0), 0));
        grid.registerNode(address(0), IGridManagement.NodeType.Consumer);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.UnknownNode.selector, 2));
        grid.getGridStatus(2);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.Implausible.selector, uint256(1) << 64, type(uint64).max));
        grid.setCapacity(1, uint256(1) << 64);
    }

    function test_a_node_reports_its_own_load_within_its_capacity() public {
        (uint256 a,) = _pair();
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.NotTheNode.selector, a, ALICE, BOB));
        vm.prank(BOB);
        grid.updateLoadBalance(a, 1);
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.CapacityExceeded.selector, a, 8001, 8000));
        grid.updateLoadBalance(a, 8001);
        grid.updateLoadBalance(a, 6000);
        grid.updateLoadBalance(a, 2000);
        vm.stopPrank();
        IGridManagement.GridStatus memory status = grid.getGridStatus(a);
        eq(status.loadW, 2000);
        eq(status.peakLoadW, 6000);
        eq(status.loadPercent, 25);
        require(status.nodeType == IGridManagement.NodeType.Producer && status.node == ALICE);
    }

    function test_transfers_are_allocated_within_both_capacities_in_an_interval() public {
        (uint256 a, uint256 b) = _pair();
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.BadTransfer.selector, a, a, 1));
        grid.requestEnergyTransfer(a, a, 1);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.BadTransfer.selector, a, b, 0));
        grid.requestEnergyTransfer(a, b, 0);
        // 4 kW for a quarter of an hour are 1000 Wh.
        grid.requestEnergyTransfer(a, b, 600);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.CapacityExceeded.selector, b, 401, 400));
        grid.requestEnergyTransfer(a, b, 401);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.CapacityExceeded.selector, a, type(uint256).max, 1400));
        grid.requestEnergyTransfer(a, b, type(uint256).max);
        grid.requestEnergyTransfer(a, b, 400);
        eq(grid.getGridStatus(a).allocatedWh, 1000);
        eq(grid.getGridStatus(b).receivedWh, 1000);
        vm.warp(block.timestamp + 900);
        eq(grid.getGridStatus(a).allocatedWh, 0);
        eq(grid.getGridStatus(b).receivedWh, 0);
        grid.requestEnergyTransfer(a, b, 1000);
        vm.stopPrank();
        eq(grid.metrics().transferredWh, 2000);
        eq(grid.metrics().transfers, 3);
        // A capacity lowered under what is allocated refuses more and does not underflow.
        grid.setCapacity(b, 40);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.CapacityExceeded.selector, b, 1, 0));
        vm.prank(ALICE);
        grid.requestEnergyTransfer(a, b, 1);
    }

    function test_status_reports_are_judged_and_counted() public {
        require(grid.updateStatus(50_010, 230_000, 9000, 8000));
        require(!grid.updateStatus(49_400, 230_000, 12_000, 8000));
        require(!grid.updateStatus(50_000, 206_000, 10_000, 8000));
        IGridManagement.Metrics memory metrics = grid.metrics();
        eq(metrics.reports, 3);
        eq(metrics.frequencyExcursions, 1);
        eq(metrics.voltageExcursions, 1);
        eq(metrics.peakDemandW, 12_000);
        eq(metrics.minFrequencyMHz, 49_400);
        eq(metrics.maxFrequencyMHz, 50_010);
        eq(grid.snapshot().voltageMV, 206_000);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.Implausible.selector, 100_001, 100_000));
        grid.updateStatus(100_001, 0, 0, 0);
    }

    function test_any_guardian_trips_and_several_lift() public {
        (uint256 a, uint256 b) = _pair();
        uint256 clinic = _node(CAROL, IGridManagement.NodeType.CriticalLoad, 4000);
        eq(uint256(grid.level()), 0);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.NotInForce.selector, 0));
        grid.signLift(0);
        grid.trip(IGridManagement.Level.Restricted, "line down");
        vm.expectRevert(
            abi.encodeWithSelector(IGridManagement.NotHigher.selector, IGridManagement.Level.Restricted, IGridManagement.Level.Alert)
        );
        grid.trip(IGridManagement.Level.Alert, "");
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.EmergencyInForce.selector, IGridManagement.Level.Restricted));
        grid.requestEnergyTransfer(a, b, 1);
        grid.requestEnergyTransfer(a, clinic, 1);
        vm.stopPrank();
        grid.signLift(1);
        vm.expectRevert(abi.encodeWithSelector(Approvals.AlreadyApproved.selector, bytes32(uint256(1)), address(this)));
        grid.signLift(1);

        // Going up begins anew: the signature for the lower level does not count.
        uint256 second = grid.trip(IGridManagement.Level.Shutdown, "fire");
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.EmergencyInForce.selector, IGridManagement.Level.Shutdown));
        vm.prank(ALICE);
        grid.requestEnergyTransfer(a, clinic, 1);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.NotInForce.selector, 1));
        grid.signLift(1);
        access.grantRole(0, STRANGER, 0);
        grid.signLift(second);
        require(grid.level() == IGridManagement.Level.Shutdown);
        vm.prank(STRANGER);
        grid.signLift(second);
        require(grid.level() == IGridManagement.Level.Normal);
        require(grid.getEmergency(second).liftedAt != 0 && grid.getEmergency(second).signatures == 2);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.NotInForce.selector, second));
        grid.signLift(second);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.NotInForce.selector, 3));
        grid.getEmergency(3);
    }

    function test_a_guardian_removed_meanwhile_lifts_nothing() public {
        uint256 id = grid.trip(IGridManagement.Level.Shutdown, "fire");
        access.grantRole(0, STRANGER, 0);
        access.grantRole(0, CAROL, 0);
        vm.prank(STRANGER);
        grid.signLift(id);
        access.revokeRole(0, STRANGER);
        grid.signLift(id);
        require(grid.level() == IGridManagement.Level.Shutdown);
        vm.prank(CAROL);
        grid.signLift(id);
        require(grid.level() == IGridManagement.Level.Normal);
    }

    function _request() private returns (uint256 requestId) {
        vm.warp(block.timestamp + 1);
        _money(address(this), 1_000_000);
        money.approve(address(grid), type(uint256).max);
        requestId = grid.requestDemandResponse(1000, 3600, 1_000_000);
    }

    function test_demand_response_pays_for_what_was_measured() public {
        (, uint256 b) = _pair();
        uint256 c = _node(CAROL, IGridManagement.NodeType.Consumer, 4000);
        vm.prank(BOB);
        grid.updateLoadBalance(b, 3000);
        vm.prank(CAROL);
        grid.updateLoadBalance(c, 500);
        uint256 requestId = _request();
        eq(money.balanceOf(address(grid)), 1_000_000);
        vm.startPrank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.BadRequest.selector, 0, 0));
        grid.enroll(requestId, b, 0);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.CapacityExceeded.selector, b, 1001, 1000));
        grid.enroll(requestId, b, 1001);
        grid.enroll(requestId, b, 600);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.AlreadyEnrolled.selector, requestId, b));
        grid.enroll(requestId, b, 100);
        vm.stopPrank();
        vm.startPrank(CAROL);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.CapacityExceeded.selector, c, 401, 400));
        grid.enroll(requestId, c, 401);
        grid.enroll(requestId, c, 400);
        vm.stopPrank();

        uint256 startsAt = grid.getDemandResponse(requestId).startsAt;
        uint256 endsAt = grid.getDemandResponse(requestId).endsAt;
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.WrongTime.selector, endsAt, endsAt + DAY, block.timestamp));
        grid.recordResponse(requestId, b, 2500);
        vm.warp(startsAt);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.WrongTime.selector, 0, startsAt, block.timestamp));
        vm.prank(BOB);
        grid.enroll(requestId, b, 1);
        vm.warp(endsAt);
        grid.recordResponse(requestId, b, 2550); // 450 of 600 W
        grid.recordResponse(requestId, c, 900); // drew more: nothing
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.NotToMeasure.selector, requestId, b, 600, true));
        grid.recordResponse(requestId, b, 0);
        eq(grid.owed(BOB), 450_000);
        eq(grid.owed(CAROL), 0);
        eq(grid.getEnrolment(requestId, b).deliveredW, 450);
        vm.prank(BOB);
        eq(grid.withdraw(), 450_000);
        eq(money.balanceOf(BOB), 450_000);
        vm.expectRevert(abi.encodeWithSelector(Till.NothingOwed.selector, BOB));
        vm.prank(BOB);
        grid.withdraw();
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.WrongTime.selector, endsAt + DAY, type(uint256).max, block.timestamp));
        grid.closeDemandResponse(requestId);
        vm.warp(endsAt + DAY);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.WrongTime.selector, endsAt, endsAt + DAY, block.timestamp));
        grid.recordResponse(requestId, c, 0);
        grid.closeDemandResponse(requestId);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.RequestClosed.selector, requestId));
        grid.closeDemandResponse(requestId);
        eq(grid.withdraw(), 550_000);
        eq(money.balanceOf(address(grid)), 0);
    }

    function test_what_others_send_a_node_leaves_it_free_to_send_itself() public {
        (uint256 a, uint256 b) = _pair();
        uint256 c = _node(CAROL, IGridManagement.NodeType.Consumer, 4000);
        vm.prank(ALICE);
        grid.requestEnergyTransfer(a, b, 1000);
        vm.prank(BOB);
        grid.requestEnergyTransfer(b, c, 1000);
        eq(grid.getGridStatus(b).allocatedWh, 1000);
    }

    function test_a_baseline_made_after_the_call_pays_only_what_the_meter_operator_confirms() public {
        (, uint256 b) = _pair();
        uint256 requestId = _request();
        vm.startPrank(BOB);
        grid.updateLoadBalance(b, 1200); // it draws 200
        grid.enroll(requestId, b, 1000);
        vm.stopPrank();
        vm.warp(grid.getDemandResponse(requestId).endsAt);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.BaselineNotConfirmed.selector, requestId, b, 1200));
        grid.recordResponse(requestId, b, 200);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.NotToMeasure.selector, requestId, 1, 0, false));
        grid.confirmBaseline(requestId, 1, 200);
        grid.confirmBaseline(requestId, b, 200);
        grid.pause(); // costs nobody his pay
        grid.recordResponse(requestId, b, 150);
        eq(grid.owed(BOB), 50_000);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.NotToMeasure.selector, requestId, b, 1000, true));
        grid.confirmBaseline(requestId, b, 5000);
    }

    function test_the_requester_can_decline_a_node_that_would_take_the_whole_reduction() public {
        (, uint256 b) = _pair();
        uint256 c = _node(CAROL, IGridManagement.NodeType.Consumer, 4000);
        vm.prank(BOB);
        grid.updateLoadBalance(b, 3000);
        vm.prank(CAROL);
        grid.updateLoadBalance(c, 3000);
        uint256 requestId = _request();
        vm.prank(BOB);
        grid.enroll(requestId, b, 1000);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.NotTheRequester.selector, requestId, address(this), CAROL));
        vm.prank(CAROL);
        grid.declineEnrolment(requestId, b);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.NotToMeasure.selector, requestId, c, 0, false));
        grid.declineEnrolment(requestId, c);
        grid.declineEnrolment(requestId, b);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.Declined.selector, requestId, b));
        vm.prank(BOB);
        grid.enroll(requestId, b, 1);
        vm.prank(CAROL);
        grid.enroll(requestId, c, 1000);
        eq(grid.getDemandResponse(requestId).enrolledW, 1000);
        uint256 startsAt = grid.getDemandResponse(requestId).startsAt;
        vm.warp(startsAt);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.WrongTime.selector, 0, startsAt, startsAt));
        grid.declineEnrolment(requestId, c);
    }

    function test_one_reduction_is_paid_by_one_event() public {
        (, uint256 b) = _pair();
        uint256 first = _request();
        uint256 second = _request();
        vm.startPrank(BOB);
        grid.updateLoadBalance(b, 3000);
        grid.enroll(first, b, 500);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.AlreadyEnrolled.selector, second, b));
        grid.enroll(second, b, 500);
        vm.stopPrank();
        vm.warp(grid.getDemandResponse(first).endsAt);
        uint256 third = _request();
        vm.startPrank(BOB);
        grid.updateLoadBalance(b, 3000);
        grid.enroll(third, b, 500);
        vm.stopPrank();
    }

    function test_refuses_bad_requests_and_old_baselines() public {
        (, uint256 b) = _pair();
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.BadRequest.selector, 0, 1));
        grid.requestDemandResponse(0, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.BadRequest.selector, 1, 0));
        grid.requestDemandResponse(1, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.Implausible.selector, 86_401, 86_400));
        grid.requestDemandResponse(1, 86_401, 1);
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.UnknownRequest.selector, 1));
        grid.getDemandResponse(1);
        vm.prank(BOB);
        grid.updateLoadBalance(b, 3000);
        uint256 reported = block.timestamp;
        vm.warp(block.timestamp + 1801);
        uint256 requestId = _request();
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.StaleBaseline.selector, b, reported));
        vm.prank(BOB);
        grid.enroll(requestId, b, 10);
    }

    function test_lifting_needs_two() public {
        vm.expectRevert(abi.encodeWithSelector(IGridManagement.BadLift.selector, 1));
        new GridManagement(address(access), money, 1);
    }

    function testFuzz_payouts_never_exceed_what_was_set_aside(uint16[3] memory offers, uint16[3] memory measured) public {
        address[3] memory who = [ALICE, BOB, CAROL];
        uint256[3] memory ids;
        for (uint256 i = 0; i < 3; ++i) {
            ids[i] = _node(who[i], IGridManagement.NodeType.Consumer, 65_535);
            vm.prank(who[i]);
            grid.updateLoadBalance(ids[i], 65_535);
        }
        _money(address(this), 999_983);
        money.approve(address(grid), type(uint256).max);
        vm.warp(block.timestamp + 1);
        uint256 requestId = grid.requestDemandResponse(100_003, 3600, 999_983);
        for (uint256 i = 0; i < 3; ++i) {
            uint256 left = 100_003 - grid.getDemandResponse(requestId).enrolledW;
            uint256 offer = offers[i] < left ? offers[i] : left;
            if (offer == 0) continue;
            vm.prank(who[i]);
            grid.enroll(requestId, ids[i], offer);
        }
        vm.warp(grid.getDemandResponse(requestId).endsAt);
        for (uint256 i = 0; i < 3; ++i) {
            if (grid.getEnrolment(requestId, ids[i]).offeredW != 0) grid.recordResponse(requestId, ids[i], measured[i]);
        }
        vm.warp(block.timestamp + DAY);
        grid.closeDemandResponse(requestId);
        eq(grid.owed(ALICE) + grid.owed(BOB) + grid.owed(CAROL) + grid.owed(address(this)), 999_983);
    }
}

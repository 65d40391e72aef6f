// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Approvals} from "../access/Approvals.sol";
import {Council} from "../access/Council.sol";
import {Parameters} from "../access/Parameters.sol";
import {Suite} from "./Suite.sol";

contract AccessTest is Suite {
    Council private council;
    bytes private setFee;

    function setUp() public override {
        super.setUp();
        address[] memory members = new address[](3);
        (members[0], members[1], members[2]) = (ALICE, BOB, CAROL);
        council = new Council(members, 2, 1 hours);
        access.grantRole(0, address(council), 0);
        setFee = abi.encodeCall(Parameters.setParameter, ("fee.trade.bps", 30, "council"));
    }

    function _propose() private returns (uint256 id) {
        vm.prank(ALICE);
        id = council.propose(address(parameters), setFee);
    }

    function test_k_of_n_approve_and_the_delay_passes_before_an_act() public {
        uint256 id = _propose();
        vm.startPrank(BOB);
        vm.expectRevert(abi.encodeWithSelector(Council.NotReady.selector, id, 0, block.timestamp));
        council.execute(id);
        council.approve(id);
        uint256 readyAt = block.timestamp + 1 hours;
        vm.expectRevert(abi.encodeWithSelector(Council.NotReady.selector, id, readyAt, block.timestamp));
        council.execute(id);
        vm.warp(readyAt);
        council.execute(id);
        vm.expectRevert(abi.encodeWithSelector(Council.ActClosed.selector, id));
        council.execute(id);
        vm.stopPrank();
        eq(parameters.get("fee.trade.bps"), 30);
        (Council.Act memory act, uint256 approvals) = council.getAct(id);
        require(act.done && approvals == 2 && council.actCount() == 1);
    }

    function test_only_members_and_each_once() public {
        uint256 id = _propose();
        vm.expectRevert(abi.encodeWithSelector(Council.NotMember.selector, STRANGER));
        vm.prank(STRANGER);
        council.approve(id);
        vm.expectRevert(abi.encodeWithSelector(Approvals.AlreadyApproved.selector, bytes32(id), ALICE));
        vm.prank(ALICE);
        council.approve(id);
        vm.expectRevert(abi.encodeWithSelector(Council.UnknownAct.selector, 5));
        vm.prank(ALICE);
        council.approve(5);
        vm.expectRevert(abi.encodeWithSelector(Council.UnknownAct.selector, 5));
        council.getAct(5);
        vm.expectRevert(abi.encodeWithSelector(Council.NoCode.selector, STRANGER));
        vm.prank(ALICE);
        council.propose(STRANGER, "");
    }

    function test_it_takes_as_many_vetoes_as_keep_an_act_from_its_threshold_and_an_old_act_lapses() public {
        uint256 id = _propose();
        eq(council.vetoesNeeded(), 2);
        vm.prank(CAROL);
        council.veto(id);
        vm.expectRevert(abi.encodeWithSelector(Approvals.AlreadyApproved.selector, bytes32(id), CAROL));
        vm.prank(CAROL);
        council.veto(id);
        eq(council.vetoesOf(id), 1);
        vm.prank(ALICE);
        council.veto(id);
        vm.expectRevert(abi.encodeWithSelector(Council.ActClosed.selector, id));
        vm.prank(BOB);
        council.approve(id);
        id = _propose();
        vm.prank(BOB);
        council.approve(id);
        uint256 lapse = block.timestamp + 1 hours + 14 days;
        vm.warp(lapse + 1);
        vm.expectRevert(abi.encodeWithSelector(Council.ActLapsed.selector, id, lapse));
        vm.prank(BOB);
        council.execute(id);
    }

    function test_an_act_that_nobody_approves_lapses_too() public {
        uint256 id = _propose();
        uint256 lapse = block.timestamp + 14 days;
        vm.warp(lapse + 1);
        vm.expectRevert(abi.encodeWithSelector(Council.ActLapsed.selector, id, lapse));
        vm.prank(BOB);
        council.approve(id);
    }

    function test_one_member_stops_neither_the_council_nor_his_own_removal() public {
        address[] memory members = new address[](3);
        (members[0], members[1], members[2]) = (ALICE, BOB, STRANGER);
        vm.prank(ALICE);
        uint256 id = council.propose(address(council), abi.encodeCall(Council.setMembers, (members, 2, 1 hours)));
        vm.expectRevert(abi.encodeWithSelector(Council.VetoOfRemoved.selector, id, CAROL));
        vm.prank(CAROL);
        council.veto(id);
        vm.prank(BOB);
        council.approve(id);
        vm.warp(block.timestamp + 1 hours);
        vm.prank(BOB);
        council.execute(id);
        require(!council.isMember(CAROL));
    }

    function test_a_failed_act_says_why() public {
        vm.prank(ALICE);
        uint256 id = council.propose(address(parameters), abi.encodeCall(Parameters.setParameter, ("fee.trade.bps", 501, "")));
        vm.prank(BOB);
        council.approve(id);
        vm.warp(block.timestamp + 1 hours);
        vm.expectRevert(abi.encodeWithSelector(Parameters.OutOfBounds.selector, bytes32("fee.trade.bps"), 501, 0, 500));
        vm.prank(BOB);
        council.execute(id);
    }

    function test_the_council_changes_itself_and_old_acts_are_void_then() public {
        uint256 pending = _propose();
        address[] memory members = new address[](2);
        (members[0], members[1]) = (BOB, STRANGER);
        vm.expectRevert(abi.encodeWithSelector(Council.NotSelf.selector, address(this)));
        council.setMembers(members, 1, 0);
        vm.prank(ALICE);
        uint256 id = council.propose(address(council), abi.encodeCall(Council.setMembers, (members, 2, 0)));
        vm.prank(BOB);
        council.approve(id);
        vm.warp(block.timestamp + 1 hours);
        vm.prank(BOB);
        council.execute(id);
        require(!council.isMember(ALICE) && council.isMember(STRANGER) && council.members().length == 2);
        vm.expectRevert(abi.encodeWithSelector(Council.ActClosed.selector, pending));
        vm.prank(BOB);
        council.approve(pending);
    }

    function test_a_council_that_cannot_decide_cannot_be() public {
        address[] memory members = new address[](2);
        (members[0], members[1]) = (ALICE, ALICE);
        vm.expectRevert(abi.encodeWithSelector(Council.BadCouncil.selector, 2, 3, 0));
        new Council(members, 3, 0);
        vm.expectRevert(abi.encodeWithSelector(Council.BadCouncil.selector, 2, 0, 0));
        new Council(members, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(Council.BadCouncil.selector, 2, 1, 31 days));
        new Council(members, 1, 31 days);
        vm.expectRevert(abi.encodeWithSelector(Council.BadMember.selector, ALICE));
        new Council(members, 1, 0);
        members[0] = address(0);
        vm.expectRevert(abi.encodeWithSelector(Council.BadMember.selector, address(0)));
        new Council(members, 1, 0);
    }

    function test_parameters_stay_within_bounds_that_nobody_can_widen() public {
        vm.expectRevert(abi.encodeWithSelector(Parameters.ParameterExists.selector, bytes32("fee.trade.bps")));
        parameters.defineParameter("fee.trade.bps", 0, 0, 10_000, "");
        vm.expectRevert(abi.encodeWithSelector(Parameters.OutOfBounds.selector, bytes32("x"), 5, 6, 7));
        parameters.defineParameter("x", 5, 6, 7, "");
        vm.expectRevert(abi.encodeWithSelector(Parameters.UnknownParameter.selector, bytes32("x")));
        parameters.setParameter("x", 5, "");
        vm.expectRevert(abi.encodeWithSelector(Parameters.UnknownParameter.selector, bytes32("x")));
        parameters.get("x");
        vm.expectRevert(abi.encodeWithSelector(Parameters.UnknownParameter.selector, bytes32("x")));
        parameters.describe("x");
        vm.expectRevert(abi.encodeWithSelector(Parameters.OutOfBounds.selector, bytes32("fee.trade.bps"), 501, 0, 500));
        parameters.setParameter("fee.trade.bps", 501, "");
        parameters.setParameter("fee.trade.bps", 500, "why");
        eq(parameters.formerCount("fee.trade.bps"), 1);
        Parameters.Former memory former = parameters.formerOf("fee.trade.bps", 0);
        require(former.value == 20 && former.since == block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(Parameters.UnknownFormer.selector, bytes32("fee.trade.bps"), 1));
        parameters.formerOf("fee.trade.bps", 1);
        require(keccak256(bytes(parameters.describe("fee.trade.bps").source)) == keccak256("why"));
        eq(parameters.keys().length, 10);
    }

    function test_a_stranger_gets_nowhere() public {
        vm.startPrank(STRANGER);
        bytes memory refused = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, STRANGER);
        vm.expectRevert(refused);
        meter.pause();
        vm.expectRevert(refused);
        money.mint(STRANGER, 1);
        vm.expectRevert(refused);
        energy.mintEnergy(STRANGER, 1, "");
        vm.stopPrank();
    }

    function testFuzz_values_within_bounds_only(uint64 value) public {
        if (value > 500) vm.expectRevert(abi.encodeWithSelector(Parameters.OutOfBounds.selector, bytes32("fee.trade.bps"), value, 0, 500));
        parameters.setParameter("fee.trade.bps", value, "fuzz");
    }
}

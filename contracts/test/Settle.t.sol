// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Genesis} from "../settlement/Genesis.sol";
import {IPoseidon8} from "../settlement/IPoseidon8.sol";
import {ISettlement} from "../settlement/ISettlement.sol";
import {Settlement} from "../settlement/Settlement.sol";
import {SettlementSuite} from "./SettlementSuite.sol";
import {SignalVerifier} from "./SignalVerifier.sol";

/// @dev A hash of eight that is not Poseidon's.
contract OtherHash is IPoseidon8 {
    function hash(uint256[8] calldata) external pure returns (uint256) {
        return 7;
    }
}

/// @dev Rounds of one batch, and the money that goes in and out with them.
contract SettleTest is SettlementSuite {
    function setUp() public override {
        super.setUp();
        settlement = _open(_setup(16, 1));
        _accounts(5);
        for (uint256 i = 0; i < 5; ++i) {
            _money(_member(i), 1e9);
            vm.prank(_member(i));
            money.approve(address(settlement), 1e9);
        }
    }

    function _settle(ISettlement.Batch memory batch, uint256 flows) private {
        settlement.settle(batch, _settlement(batch, flows));
    }

    function _deposit(uint16 index, uint64 amount) private {
        vm.prank(_member(index));
        settlement.deposit(index, amount);
    }

    function _withdraw(uint16 index, uint64 amount) private {
        vm.prank(_member(index));
        settlement.requestWithdrawal(index, amount);
    }

    // ── rounds ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_a_round_moves_root_totals_and_history() public {
        _ready(100);
        ISettlement.Batch memory batch = _batch(100);
        batch.totals = _totals(-70, 30, 450, 300, 0);
        vm.expectEmit();
        emit ISettlement.Settled(100, meter.registryRoot(), ORDERS, GENESIS, batch.newRoot, _terms(batch), batch.totals, 0);
        vm.prank(STRANGER);
        settlement.settle(batch, _settlement(batch, 0));
        eq(settlement.stateRoot(), batch.newRoot);
        eq(settlement.rootAfter(100), batch.newRoot);
        eq(settlement.genesisRoot(), GENESIS);
        require(settlement.gridAccount() == -70 && settlement.defaultAccount() == 30);
        ISettlement.Round memory round = settlement.roundOf(100);
        eq(round.settledAt, block.timestamp);
        eq(round.price, 15_000);
        eq(round.certificateWh, 450);
        eq(round.carriedMembers, 300);
        eq(round.number, 1);
        require(round.traded && !round.certified);
        eq(settlement.domain(), _domain());
    }

    function testFuzz_totals_are_read_as_they_are_packed(int64 grid, int64 byDefault, uint40 certificateWh, uint16 carried) public {
        _ready(100);
        ISettlement.Batch memory batch = _batch(100);
        batch.totals = _totals(grid, byDefault, certificateWh, carried, 0);
        _settle(batch, 0);
        require(settlement.gridAccount() == grid && settlement.defaultAccount() == byDefault);
        eq(settlement.roundOf(100).certificateWh, certificateWh);
        eq(settlement.roundOf(100).carriedMembers, carried);
    }

    function test_the_caller_chooses_only_what_the_proof_fixes() public {
        _ready(100);
        ISettlement.Batch memory batch = _batch(100);
        uint256[8] memory proof = _settlement(batch, 0);
        for (uint256 change = 0; change < 5; ++change) {
            ISettlement.Batch memory bent = _batch(100);
            if (change == 0) bent.price += 1;
            if (change == 1) bent.newRoot += 1;
            if (change == 2) bent.totals += 1;
            if (change == 3) bent.totals += 2 ** 224;
            if (change == 4) (bent.traded, bent.price) = (false, 0);
            _refuses(ISettlement.ProofRefused.selector, 100);
            settlement.settle(bent, proof);
        }
        _privateMeter();
        _refuses(ISettlement.ProofRefused.selector, 100);
        settlement.settle(batch, proof);
        _settle(batch, 0);
    }

    function test_refuses_what_is_no_round() public {
        ISettlement.Batch memory batch = _batch(100);
        uint256[8] memory proof;
        _refuses(ISettlement.OrdersMissing.selector, 100);
        settlement.settle(batch, proof);
        _ready(100);
        batch.newRoot = 0;
        _refuses(ISettlement.EmptyRoot.selector, 100);
        settlement.settle(batch, proof);
        (batch.newRoot, batch.traded) = (1, false);
        _refuses(ISettlement.PriceWithoutTrade.selector, 15_000);
        settlement.settle(batch, proof);
        (batch.traded, batch.totals) = (true, 2 ** 243);
        _refuses(ISettlement.BadTotals.selector, 2 ** 243);
        settlement.settle(batch, proof);
        (batch.totals, batch.flowCount) = (NOTHING, 1);
        _refuses(ISettlement.TooManyFlows.selector, 1, 0);
        settlement.settle(batch, proof);
        _refuses(ISettlement.WrongLayout.selector, 1);
        settlement.settlePart(batch, 0, 1, proof);
        settlement.pause();
        _refuses(Pausable.EnforcedPause.selector);
        settlement.settle(batch, proof);
        settlement.unpause();
        batch = _batch(100);
        proof = _settlement(batch, 0);
        settlement.settle(batch, proof);
        _refuses(ISettlement.IntervalNotOpen.selector, 100, 100);
        settlement.settle(batch, proof);
    }

    function test_a_round_that_was_passed_over_is_never_settled() public {
        _ready(100);
        _ready(101);
        _settle(_batch(101), 0);
        ISettlement.Batch memory batch = _batch(100);
        uint256[8] memory proof = _settlement(batch, 0);
        _refuses(ISettlement.IntervalNotOpen.selector, 100, 101);
        settlement.settle(batch, proof);
        eq(settlement.rootAfter(100), 0);
        eq(settlement.ordersRootOf(100), ORDERS);
    }

    function test_certificates_of_a_round_are_issued_once() public {
        _ready(100);
        ISettlement.Batch memory batch = _batch(100);
        batch.totals = _totals(0, 0, 450, 0, 0);
        _settle(batch, 0);
        uint256 bundleId = settlement.issueCertificates(100);
        require(certificates.getBundle(bundleId).owner == CAROL);
        eq(certificates.getBundle(bundleId).energyWh, 450);
        _refuses(ISettlement.NoCertificates.selector, 100);
        settlement.issueCertificates(100);
        _refuses(ISettlement.NoCertificates.selector, 101);
        settlement.issueCertificates(101);
    }

    function test_tariffs_come_from_the_parameters_and_never_crossed() public {
        settlement.syncTariffs();
        parameters.setParameter("tariff.export.mcPerKWh", uint64(BUY + 1), "test");
        _refuses(ISettlement.TariffsCrossed.selector, BUY, BUY + 1);
        settlement.syncTariffs();
        parameters.setParameter("tariff.import.mcPerKWh", type(uint64).max, "test");
        _refuses(ISettlement.TariffTooLarge.selector, type(uint64).max, type(uint32).max);
        settlement.syncTariffs();
        (, , uint256 buy, uint256 sell, , , , ,) = settlement.head();
        eq(buy, BUY);
        eq(sell, SELL);
    }

    // ── accounts and queue ──────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_a_member_has_one_account_that_only_it_hands_on() public {
        _refuses(ISettlement.UnknownMember.selector, 16, 16);
        settlement.setAccount(16, BOB);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotTheAccount.selector, BOB, _member(0)));
        settlement.setAccount(0, BOB);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotTheAccount.selector, address(0), address(0)));
        settlement.setAccount(5, address(0));
        _refuses(ISettlement.NotRegistered.selector, 5);
        settlement.setAccount(5, BOB);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotTheAccount.selector, BOB, _member(0)));
        settlement.moveAccount(0, BOB);
        vm.prank(_member(0));
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotTheAccount.selector, address(0), _member(0)));
        settlement.moveAccount(0, address(0));
        vm.prank(_member(0));
        settlement.moveAccount(0, BOB);
        require(settlement.accountOf(0) == BOB);
        eq(settlement.accountCount(), 5);
        meter.retireDevice(3);
        require(settlement.accountOf(2) == _member(2)); // the account stays the member's
        vm.prank(_member(0));
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotTheAccount.selector, _member(0), BOB));
        settlement.deposit(0, 1);
    }

    function test_three_entries_are_applied_oldest_first_and_none_waits_longer() public {
        _deposit(0, 50);
        _withdraw(1, 7);
        _deposit(2, 60);
        _withdraw(3, 8);
        vm.prank(_member(3));
        _refuses(ISettlement.FlowPending.selector, 3);
        settlement.deposit(3, 1);
        vm.prank(_member(4));
        _refuses(ISettlement.ZeroAmount.selector, uint256(uint160(_member(4))));
        settlement.deposit(4, 0);
        _ready(100);
        ISettlement.Batch memory batch = _batch(100);
        batch.flowCount = 4;
        _refuses(ISettlement.TooManyFlows.selector, 4, 4);
        settlement.settle(batch, _none());
        batch.flowCount = 3;
        batch.totals = _totals(0, 0, 0, 0, 2);
        _settle(batch, _flow(0, 50, 0, false) + _flow(1, 7, 1, true) + _flow(2, 60, 2, false));
        eq(settlement.claimable(_member(1)), 7);
        (uint256 head, uint256 tail) = settlement.queueBounds();
        eq(head, 3);
        eq(tail, 4);
        _deposit(0, 5); // while the next round is being proven
        _ready(101);
        batch = _batch(101);
        _refuses(ISettlement.FlowOverdue.selector, 3);
        settlement.settle(batch, _none());
        batch.flowCount = 1;
        _settle(batch, _flow(0, 8, 3, true)); // not covered: applied 0
        eq(settlement.claimable(_member(3)), 0);
        _ready(102);
        batch = _batch(102);
        _refuses(ISettlement.FlowOverdue.selector, 4);
        settlement.settle(batch, _none());
        batch.flowCount = 1;
        _settle(batch, _flow(0, 5, 0, false));
    }

    function test_payouts_are_pulled_by_whom_they_were_granted_to() public {
        _deposit(0, 50);
        _withdraw(1, 20);
        _ready(100);
        ISettlement.Batch memory batch = _batch(100);
        (batch.flowCount, batch.totals) = (2, _totals(0, 0, 0, 0, 2));
        _settle(batch, _flow(0, 50, 0, false) + _flow(1, 20, 1, true));
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NothingToClaim.selector, BOB));
        settlement.claim();
        vm.prank(_member(1));
        settlement.claim();
        eq(money.balanceOf(_member(1)), 1e9 + 20);
        vm.prank(_member(1));
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NothingToClaim.selector, _member(1)));
        settlement.claim();
    }

    function test_a_claim_above_what_is_held_is_paid_in_part_and_the_rest_is_kept() public {
        _deposit(0, 50);
        vm.prank(_member(1));
        settlement.requestWithdrawal(1, 70); // sold energy for it; the grid's supplier owes 20
        _ready(100);
        ISettlement.Batch memory batch = _batch(100);
        (batch.flowCount, batch.totals) = (2, _totals(-20, 0, 0, 0, 2));
        _settle(batch, _flow(0, 50, 0, false) + _flow(1, 70, 1, true));
        vm.expectEmit();
        emit ISettlement.Claimed(_member(1), 50);
        vm.prank(_member(1));
        settlement.claim();
        eq(settlement.claimable(_member(1)), 20);
        eq(money.balanceOf(_member(1)), 1e9 + 50);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NothingHeld.selector, _member(1), 20));
        vm.prank(_member(1));
        settlement.claim();
        vm.prank(_member(0));
        settlement.depositGrid(20);
        vm.prank(_member(1));
        settlement.claim();
        eq(settlement.claimable(_member(1)), 0);
        eq(money.balanceOf(_member(1)), 1e9 + 70);
    }

    function test_the_grid_account_gives_only_what_is_its_own() public {
        _ready(100);
        ISettlement.Batch memory batch = _batch(100);
        batch.totals = _totals(100, -40, 0, 0, 0);
        _deposit(0, 90);
        batch.flowCount = 1;
        _settle(batch, _flow(0, 90, 0, false));
        _refuses(ISettlement.ZeroAmount.selector, uint256(uint160(address(this))));
        settlement.withdrawGrid(BOB, 0);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.GridAccountShort.selector, 61, int256(60)));
        settlement.withdrawGrid(BOB, 61);
        settlement.withdrawGrid(BOB, 60);
        eq(money.balanceOf(BOB), 60);
        _refuses(ISettlement.ZeroAmount.selector, uint256(uint160(address(this))));
        settlement.depositGrid(0);
        vm.prank(_member(1));
        settlement.depositGrid(11);
        require(settlement.gridAccount() == 51);
        _refuses(ISettlement.AmountTooLarge.selector, 2 ** 127, 2 ** 127 - 1);
        settlement.depositGrid(2 ** 127);
    }

    function test_nothing_is_queued_in_a_pause_or_in_escape_but_owed_money_is_paid() public {
        _deposit(0, 50);
        _withdraw(1, 20);
        _ready(100);
        ISettlement.Batch memory batch = _batch(100);
        (batch.flowCount, batch.totals) = (2, _totals(0, 0, 0, 0, 2));
        _settle(batch, _flow(0, 50, 0, false) + _flow(1, 20, 1, true));
        settlement.pause();
        vm.prank(_member(0));
        _refuses(Pausable.EnforcedPause.selector);
        settlement.deposit(0, 1);
        vm.warp(block.timestamp + ESCAPE_AFTER_S);
        settlement.escape();
        settlement.unpause();
        vm.prank(_member(0));
        _refuses(ISettlement.InEscape.selector);
        settlement.requestWithdrawal(0, 1);
        vm.prank(_member(1));
        settlement.claim();
        _refuses(ISettlement.InEscape.selector);
        settlement.settle(batch, _none());
    }

    // ── deployment ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_refuses_layouts_keys_and_times_that_do_not_fit() public {
        uint256[2][9] memory layouts = [
            [uint256(1), 1], [uint256(3), 1], [uint256(2048), 1], [uint256(64), 32], [uint256(16), 0], [uint256(16), 3], [uint256(128), 16],
            [uint256(0), 1], [type(uint256).max, 1]
        ];
        for (uint256 i = 0; i < 9; ++i) {
            Settlement.Setup memory setup = _setup(16, 1);
            (setup.batchMembers, setup.parts) = (layouts[i][0], layouts[i][1]);
            _refuses(ISettlement.BadLayout.selector, layouts[i][0], layouts[i][1]);
            new Settlement(setup);
        }
        Settlement.Setup memory setup = _setup(64, 16);
        setup.verifier = new SignalVerifier(8);
        _refuses(ISettlement.WrongVerifier.selector, 8, 10);
        new Settlement(setup);
        setup = _setup(16, 1);
        setup.admitVerifier = new SignalVerifier(8);
        _refuses(ISettlement.WrongVerifier.selector, 8, 6);
        new Settlement(setup);
        setup = _setup(16, 1);
        setup.challengeWindowS = ESCAPE_AFTER_S;
        _refuses(ISettlement.BadChallengeWindow.selector, ESCAPE_AFTER_S, ESCAPE_AFTER_S);
        new Settlement(setup);
        setup.challengeWindowS = 0;
        _refuses(ISettlement.BadChallengeWindow.selector, 0, ESCAPE_AFTER_S);
        new Settlement(setup);
        setup = _setup(16, 1);
        setup.tokenUnitsPerMicroCent = 0;
        _refuses(ISettlement.BadTokenUnits.selector, 0);
        new Settlement(setup);
        setup = _setup(16, 1);
        setup.leafHash = IPoseidon8(address(new OtherHash()));
        _refuses(ISettlement.WrongLeafHash.selector, 7, Genesis.EMPTY_LEAF);
        new Settlement(setup);
        eq(new Settlement(_setup(64, 16)).capacity(), 1024);
    }

    function _none() private pure returns (uint256[8] memory) {}
}

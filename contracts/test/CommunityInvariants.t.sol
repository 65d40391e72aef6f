// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommunityActs} from "./CommunityActs.sol";

/// @dev After every act the books must balance: certificates, RECs, records, the order book, groups and demand response.
contract CommunityInvariantsTest {
    CommunityActs private _acts;

    error NeverReached(bytes4[] acts);

    function setUp() public {
        _acts = new CommunityActs();
        _acts.setUp();
    }

    /// @dev The fuzzer takes refusals as they come; this shows that every act can also succeed, so that it does not fuzz thin air.
    function test_every_act_can_succeed() public {
        for (uint256 i = 0; i < 3; ++i) _acts.produce(i, 50_000);
        _acts.certify(0, 999);
        _acts.certifyRecord(0);
        _transferRoundTrips();
        _recs();
        _response();
        _group();
        _orders();
        _acts.takeMoney(0);
        _acts.retire(0, 10);
        _acts.expire(0);
        _acts.checkAll();
        bytes4[] memory all = _acts.acts();
        uint256 count = 0;
        for (uint256 k = 0; k < all.length; ++k) if (_acts.reached(all[k]) == 0) all[count++] = all[k];
        assembly ("memory-safe") {
            mstore(all, count)
        }
        if (count > 0) revert NeverReached(all);
    }

    function _transferRoundTrips() private {
        _acts.settle(0, 1);
        _acts.splitBundle(1, 1000);
        _acts.transferBundle(0, 3);
        _acts.reserveFor(0, 1, 30 days);
        _acts.release(0);
        _acts.reserve(0);
        _acts.lock(0);
        _acts.unlock(0);
        _acts.cancel(0, 1);
        _acts.claim(0, 1);
        _acts.withdrawBundle(0);
        _acts.settle(1, 1);
        _acts.listBundle(0, 100);
        _acts.delistBundle(0);
        _acts.listBundle(0, 100);
        _acts.buyBundle(2, 0);
        _acts.checkAll();
    }

    /// @dev One handed on and retired while its bundle is locked, one taken apart.
    function _recs() private {
        _acts.openRec(0);
        _acts.settle(0, 0);
        _acts.fillRec(0);
        _acts.sealRec(0);
        _acts.handOnRec(0, 1);
        // The bundle it was filled with is the latest one that fits, so lock whatever is active from there on.
        for (uint256 b = 1; b < 12; b += 2) try _acts.lock(b) {} catch {}
        _acts.retireRec(0, 2);
        _acts.settleRec(0, 2);
        for (uint256 b = 0; b < 12; ++b) try _acts.unlock(b) {} catch {}
        _acts.recoverBundle();
        _acts.openRec(1);
        _acts.settle(1, 0);
        _acts.fillRec(1);
        _acts.sealRec(1);
        _acts.redeemRec(1, 1);
        _acts.checkAll();
    }

    function _response() private {
        _acts.requestResponse(1000, 1800, 1e6);
        _acts.enrol(0, 400, 32_001);
        _acts.enrol(1, 100, 32_001);
        _acts.decline(1);
        _acts.confirm(0, 0, 5000);
        _acts.record(0, 4700);
        _acts.checkAll();
        _acts.wait((uint256(1 days + 1 hours) << 8) | 9);
        _acts.closeRequest(0);
        _acts.checkAll();
    }

    function _group() private {
        _acts.sell(0, 1000, 10);
        _acts.openGroup(0, 500);
        _acts.joinGroup(1, 0, 201);
        _acts.leaveGroup(1, 0);
        _acts.joinGroup(1, 0, 201);
        _acts.joinGroup(2, 0, 2);
        _acts.checkAll();
        _acts.executeGroup(0);
        _acts.claimGroup(1, 0);
        _acts.checkAll();
        _acts.closeOffer(0, 0);
    }

    function _orders() private {
        _acts.swap(0, 1, 100, 9);
        _acts.place(0, 2, 10, 5);
        _acts.place(1, 0, 4, 5);
        _acts.holdOrder(0, 0);
        _acts.prune(0);
        _acts.checkAll();
        _acts.holdOrder(0, 1);
        _acts.recover();
        _acts.place(0, 3, 100, 5);
        _acts.close(0);
        _acts.checkAll();
    }

    /// @dev Longer than the fuzzer's runs.
    function test_on_a_long_walk_the_books_balance() public {
        bytes4[] memory all = _acts.acts();
        uint256 succeeded = 0;
        for (uint256 k = 0; k < 400; ++k) {
            uint256 r = uint256(keccak256(abi.encode("walk", k)));
            (bool done,) = address(_acts).call(abi.encodePacked(all[r % all.length], _word(r, 1), _word(r, 2), _word(r, 3), _word(r, 4)));
            if (!done) continue;
            if (++succeeded % 25 == 0) _acts.checkAll();
        }
        _acts.checkAll();
        require(succeeded > 100);
    }

    function _word(uint256 r, uint256 at) private pure returns (bytes32) {
        return keccak256(abi.encode(r, at));
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_acts);
    }

    function invariant_certificates_are_conserved() public view {
        _acts.check_certificates_are_conserved();
    }

    function invariant_a_promised_bundle_stays_where_it_is() public view {
        _acts.check_a_promised_bundle_stays_where_it_is();
    }

    function invariant_no_bundle_is_stuck() public view {
        _acts.check_no_bundle_is_stuck();
    }

    function invariant_records_never_certify_more_than_was_verified() public view {
        _acts.check_records_never_certify_more_than_was_verified();
    }

    function invariant_demand_response_is_solvent() public view {
        _acts.check_demand_response_is_solvent();
    }

    function invariant_money_in_trade_and_market_is_what_they_owe() public view {
        _acts.check_money_in_trade_and_market_is_what_they_owe();
    }

    function invariant_money_is_neither_made_nor_lost() public view {
        _acts.check_money_is_neither_made_nor_lost();
    }

    function invariant_tokens_are_conserved() public view {
        _acts.check_tokens_are_conserved();
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISettlement} from "./ISettlement.sol";

/// @title SettlementWords: how public signals are packed
/// @notice The same layouts are in `src/domain/settlement/words.ts` and in `circuits/settle.circom`; `docs/settlement.md` is the text.
/// @custom:source this project, docs/settlement.md
library SettlementWords {
    /// @notice Order of the proofs' field: every public signal is below it.
    uint256 internal constant FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    /// @dev Signed money totals are shifted by 2^91 into 92 bits.
    int256 private constant MONEY_OFFSET = 1 << 91;
    uint256 private constant MONEY_MASK = (1 << 92) - 1;
    uint256 private constant FLOW_STRIDE = 81;
    /// @dev Bits in use: 2·92 money, 40 certificate energy, 16 carried members, 3 withdrawals.
    uint256 private constant TOTALS_BITS = 243;
    /// @dev Where the part stands in `terms`.
    uint256 private constant PART_SHIFT = 137;

    /// @notice The totals of a part before the last: all zero, money shifted.
    uint256 internal constant NO_TOTALS = (1 << 91) | (1 << 183);

    struct Totals {
        int128 gridMoney; // micro-cents the grid account gains
        int128 defaultMoney; // micro-cents the default account gets back
        uint40 certificateWh;
        uint16 carriedMembers;
        uint8 withdrawalsApplied; // bit k: withdrawal k was covered
    }

    /// @notice price 0..31, grid tariff 32..63, feed-in tariff 64..95, interval 96..135, traded 136; the part is added by {withPart}.
    function packTerms(uint256 price, uint256 buyTariff, uint256 sellTariff, uint256 interval, bool traded) internal pure returns (uint256) {
        return price | (buyTariff << 32) | (sellTariff << 64) | (interval << 96) | (traded ? 1 << 136 : 0);
    }

    /// @notice Terms of part `part`, in 137..144.
    function withPart(uint256 terms, uint256 part) internal pure returns (uint256) {
        return terms | (part << PART_SHIFT);
    }

    /// @notice The admission's word: interval 0..39, part 40..47, idle 48.
    function packScope(uint256 interval, uint256 part, bool idle) internal pure returns (uint256) {
        return interval | (part << 40) | (idle ? 1 << 48 : 0);
    }

    function unpackTotals(uint256 word) internal pure returns (Totals memory totals) {
        if (word >> TOTALS_BITS != 0) revert ISettlement.BadTotals(word);
        // Casts cannot lose anything: each value is masked to fewer bits than its type has.
        totals.gridMoney = int128(int256(word & MONEY_MASK) - MONEY_OFFSET);
        totals.defaultMoney = int128(int256((word >> 92) & MONEY_MASK) - MONEY_OFFSET);
        totals.certificateWh = uint40(word >> 184);
        totals.carriedMembers = uint16(word >> 224);
        totals.withdrawalsApplied = uint8((word >> 240) & 7);
    }

    /// @notice Entry k: amount in 64 bits, index in 16, withdrawal in 1, shifted by 81·k.
    function packFlow(uint256 position, uint256 amount, uint256 index, bool withdrawal) internal pure returns (uint256) {
        return (amount | (index << 64) | (withdrawal ? 1 << 80 : 0)) << (FLOW_STRIDE * position);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title SettlementWords: how public signals are packed
/// @notice The same layouts are in `src/domain/settlement/words.ts` and in `circuits/settle.circom`; `docs/settlement.md` is the text.
library SettlementWords {
    /// @dev Signed money totals are shifted by 2^91 into 92 bits.
    int256 private constant MONEY_OFFSET = 1 << 91;
    uint256 private constant MONEY_MASK = (1 << 92) - 1;
    uint256 private constant FLOW_STRIDE = 73;
    /// @dev Bits in use: 2·92 money, 40 certificate energy, 8 carried members, 3 withdrawals.
    uint256 private constant TOTALS_BITS = 235;

    struct Totals {
        int128 gridMoney; // micro-cents the grid account gains
        int128 defaultMoney; // micro-cents the default account gets back
        uint40 certificateWh;
        uint8 carriedMembers;
        uint8 withdrawalsApplied; // bit k: withdrawal k was covered
    }

    /// @notice `totals` has bits above its layout.
    error BadTotals(uint256 totals);

    /// @notice price 0..31, grid tariff 32..63, feed-in tariff 64..95, interval 96..135, traded 136.
    function packTerms(uint256 price, uint256 buyTariff, uint256 sellTariff, uint256 interval, bool traded) internal pure returns (uint256) {
        return price | (buyTariff << 32) | (sellTariff << 64) | (interval << 96) | (traded ? 1 << 136 : 0);
    }

    function unpackTotals(uint256 word) internal pure returns (Totals memory totals) {
        if (word >> TOTALS_BITS != 0) revert BadTotals(word);
        // Casts cannot lose anything: each value is masked to fewer bits than its type has.
        totals.gridMoney = int128(int256(word & MONEY_MASK) - MONEY_OFFSET);
        totals.defaultMoney = int128(int256((word >> 92) & MONEY_MASK) - MONEY_OFFSET);
        totals.certificateWh = uint40(word >> 184);
        totals.carriedMembers = uint8(word >> 224);
        totals.withdrawalsApplied = uint8((word >> 232) & 7);
    }

    /// @notice Entry k: amount in 64 bits, index in 8, withdrawal in 1, shifted by 73·k.
    function packFlow(uint256 position, uint256 amount, uint256 index, bool withdrawal) internal pure returns (uint256) {
        return (amount | (index << 64) | (withdrawal ? 1 << 72 : 0)) << (FLOW_STRIDE * position);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title VintageLots: a holder's lots, sorted by vintage
/// @notice Kept in storage two to a slot, the first beside the hold flag: a holder of one vintage, the usual case, costs one slot.
///         All work is done on a copy in memory, which never holds more than 33 lots; storing writes only slots that changed.
/// @custom:source this project, docs/decisions/0002-ledger-contracts.md, point 4
library VintageLots {
    struct Lot {
        uint32 vintage;
        uint96 amount;
    }

    struct Holding {
        bool held; // compliance hold
        uint8 count;
        uint32 vintage; // of the first lot
        uint96 amount;
        mapping(uint256 pair => uint256) rest; // lots 1, 2 in pair 0; 3, 4 in pair 1; …
    }

    function load(Holding storage holding) internal view returns (Lot[] memory lots) {
        uint256 count = holding.count;
        lots = new Lot[](count);
        if (count == 0) return lots;
        lots[0] = Lot(holding.vintage, holding.amount);
        uint256 word;
        for (uint256 i = 1; i < count; ++i) {
            word = i & 1 == 1 ? holding.rest[i >> 1] : word >> 128;
            lots[i] = Lot(uint32(word >> 96), uint96(word));
        }
    }

    /// @dev `before` is the number of lots in storage, so that slots no longer needed are cleared.
    function store(Holding storage holding, Lot[] memory lots, uint256 before) internal {
        uint256 count = lots.length;
        holding.count = uint8(count);
        (holding.vintage, holding.amount) = count == 0 ? (0, 0) : (lots[0].vintage, lots[0].amount);
        uint256 pairs = (count > before ? count : before) >> 1;
        for (uint256 pair = 0; pair < pairs; ++pair) {
            uint256 first = 2 * pair + 1;
            uint256 word = first < count ? _pack(lots[first]) : 0;
            if (first + 1 < count) word |= _pack(lots[first + 1]) << 128;
            if (holding.rest[pair] != word) holding.rest[pair] = word;
        }
    }

    /// @dev Adds to the lot of `vintage`, or puts a new lot in its place in the order.
    function add(Lot[] memory lots, uint32 vintage, uint96 amount) internal pure returns (Lot[] memory more) {
        if (amount == 0) return lots;
        uint256 place = lots.length;
        while (place > 0 && lots[place - 1].vintage >= vintage) {
            --place;
            if (lots[place].vintage == vintage) {
                lots[place].amount += amount;
                return lots;
            }
        }
        more = new Lot[](lots.length + 1);
        for (uint256 i = 0; i < place; ++i) more[i] = lots[i];
        more[place] = Lot(vintage, amount);
        for (uint256 i = place; i < lots.length; ++i) more[i + 1] = lots[i];
    }

    /// @dev Takes `amount` from the front. `available` says how much there was when it is less than `amount`.
    function take(Lot[] memory lots, uint256 amount) internal pure returns (Lot[] memory left, Lot[] memory moved, uint256 available) {
        uint256 whole = 0;
        while (whole < lots.length && available + lots[whole].amount <= amount) available += lots[whole++].amount;
        uint256 part = amount - available;
        bool cut = part > 0 && whole < lots.length;
        moved = new Lot[](whole + (cut ? 1 : 0));
        for (uint256 i = 0; i < whole; ++i) moved[i] = lots[i];
        left = dropFront(lots, whole);
        if (cut) {
            moved[whole] = Lot(lots[whole].vintage, uint96(part));
            left[0] = Lot(lots[whole].vintage, lots[whole].amount - uint96(part));
            available = amount;
        }
    }

    function dropFront(Lot[] memory lots, uint256 count) internal pure returns (Lot[] memory left) {
        if (count == 0) return lots;
        left = new Lot[](lots.length - count);
        for (uint256 i = 0; i < left.length; ++i) left[i] = lots[i + count];
    }

    function _pack(Lot memory lot) private pure returns (uint256) {
        return (uint256(lot.vintage) << 96) | lot.amount;
    }
}

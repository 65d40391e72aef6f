// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ITrade: what spot trades and deals have in common
/// @notice Energy in Wh; money in micro-cents, price in milli-cents per kWh; credits in mg, price in g per kWh. In both cases amount times
///         price is the cost exactly: nothing is ever rounded but the fee, which is rounded down.
/// @custom:source this project, docs/decisions/0002-ledger-contracts.md, point 6
interface ITrade {
    /// @notice How an account has kept its word here.
    struct Standing {
        uint32 completed;
        uint32 defaulted;
        uint32 disputesLost;
        uint64 volumeWh;
    }

    /// @notice `amountWh` (Wh), `price` (milli-cents per kWh, or g CO2e per kWh) or `durationS` (s) is 0 or beyond its measure; the longest time is
    ///         366 days.
    /// @param amountWh Wh
    /// @param price milli-cents per kWh, or g CO2e per kWh
    /// @param durationS s
    error BadTerms(uint256 amountWh, uint256 price, uint256 durationS);
    /// @notice `caller` is not `needed`, whose act this is.
    /// @param needed whose act it is
    /// @param caller who called
    error NotParty(address needed, address caller);
    /// @notice This is possible from `from` until before `until`; it is `time`.
    /// @param from unix time from which it is possible, s
    /// @param until unix time before which it is possible, s
    /// @param time unix time now, s
    error WrongTime(uint256 from, uint256 until, uint256 time);

    /// @notice Record of an account.
    /// @param account whose record it is
    /// @return number of trades and deliveries completed, of defaults and of disputes lost, and Wh traded
    function standingOf(address account) external view returns (Standing memory);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ISmartMeter} from "../meter/ISmartMeter.sol";

/// @title IVintageToken: an ERC-20 whose units expire
/// @notice Every unit belongs to a vintage: the technology it comes from and the period it was made in. Units are spent oldest first.
///         `balanceOf` and `totalSupply` leave expired vintages out; a sweep, which anyone may call, emits their Transfer to zero.
/// @dev A vintage is `period * 8 + technology`. A unit lives for the rest of its period and three more, so at any time there are at most
///      4 × 8 = 32 live vintages: that bounds every loop over a holder's lots, and nobody can fill a wallet with dust to block it.
interface IVintageToken is IERC20 {
    /// @notice An amount of one vintage.
    struct Lot {
        uint32 vintage;
        uint96 amount;
    }

    event VintageMinted(uint256 indexed vintage, address indexed to, uint256 amount);
    event VintageMoved(uint256 indexed vintage, address indexed from, address indexed to, uint256 amount);
    event VintageExpired(uint256 indexed vintage, address indexed holder, uint256 amount);
    event HoldPlaced(address indexed account, bytes32 indexed reason, address indexed by);
    event HoldReleased(address indexed account, bytes32 indexed reason, address indexed by);

    /// @notice `holder` has `available` live units of the `needed`; `expired` more have expired, the oldest at `expiredAt`.
    error VintageHasExpired(address holder, uint256 available, uint256 needed, uint256 expired, uint256 expiredAt);
    /// @notice `account` is under a compliance hold and cannot spend.
    error AccountOnHold(address account);
    /// @notice `account` is not under a hold.
    error NotOnHold(address account);
    /// @notice Lists of different lengths, or more than `max` entries.
    error BadBatch(uint256 recipients, uint256 amounts, uint256 max);
    /// @notice `amount` does not fit into a lot.
    error AmountTooLarge(uint256 amount);
    /// @notice A period lasts 1 hour to 366 days, not `periodS` (s).
    error BadPeriod(uint256 periodS);
    /// @notice No unit of vintage `vintage` was ever made.
    error UnknownVintage(uint256 vintage);

    /// @notice Sends to several accounts in one call, at most 64.
    /// @return ok always true; refusals revert
    function batchTransfer(address[] calldata recipients, uint256[] calldata amounts) external returns (bool ok);

    /// @notice Removes the expired lots of `holder`: emits VintageExpired and Transfer(holder, 0). Anyone.
    /// @return expired units removed
    function sweep(address holder) external returns (uint256 expired);

    /// @notice Moves `amount` of `from` into the caller's escrow account number `id`, oldest first. Needs allowance for the caller.
    /// @return oldest the oldest vintage it moved. Anyone may send units to an escrow account, so what lies there does not tell it.
    function escrowIn(address from, uint256 id, uint256 amount) external returns (uint256 oldest);

    /// @notice Moves `amount` out of the caller's escrow account number `id`, oldest first.
    function escrowOut(uint256 id, address to, uint256 amount) external;

    /// @notice The escrow account number `id` of `operator`: an address nobody has a key for, kept apart so that lots never mix.
    function escrowAccount(address operator, uint256 id) external pure returns (address);

    /// @notice Stops an account from spending; it may still receive. Role: COMPLIANCE.
    function hold(address account, bytes32 reason) external;

    /// @notice Lifts a hold. Role: COMPLIANCE.
    function releaseHold(address account, bytes32 reason) external;

    /// @notice True while `account` is under a hold.
    function isOnHold(address account) external view returns (bool);

    /// @notice Lots of `holder`, expired ones that were not swept included, oldest first.
    function lotsOf(address holder) external view returns (Lot[] memory);

    /// @notice Live units `holder` has of one vintage.
    function vintageBalanceOf(address holder, uint256 vintage) external view returns (uint256);

    /// @notice When units of `vintage` expire, s.
    function expiryOf(uint256 vintage) external view returns (uint256);

    /// @notice The vintage a unit of `technology` made now would have.
    function currentVintage(ISmartMeter.Technology technology) external view returns (uint256);

    /// @notice Units ever minted, burnt and expired by sweep. `minted − burnt − expired` is held, expired lots not yet swept included.
    function flows() external view returns (uint256 minted, uint256 burnt, uint256 expired);
}

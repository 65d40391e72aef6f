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
    /// @notice `holder` has `available` units that live until `until` (s) of the `needed`; the others expire before.
    error LivesTooShort(address holder, uint256 available, uint256 needed, uint256 until);
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

    /// @notice Moves units of `from` into the caller's escrow account number `id`: of those that live long enough the oldest first, so that no
    ///         dust in `from`'s wallet can spoil it. Needs allowance for the caller.
    /// @param from who pays
    /// @param id of the caller's escrow account
    /// @param amount smallest units
    /// @param until what is moved must not expire before this, s; 0: whatever lives now
    function escrowIn(address from, uint256 id, uint256 amount, uint256 until) external;

    /// @notice Moves units out of the caller's escrow account number `id`, oldest first.
    /// @param id of the caller's escrow account
    /// @param to who gets them, as his own
    /// @param amount smallest units
    function escrowOut(uint256 id, address to, uint256 amount) external;

    /// @notice Moves units from one of the caller's escrow accounts to another, oldest first.
    /// @param fromId of the caller's escrow account that pays
    /// @param toId of the caller's escrow account that gets
    /// @param amount smallest units
    function escrowOver(uint256 fromId, uint256 toId, uint256 amount) external;

    /// @notice The name under which events and balances show what lies in `operator`'s escrow number `id`: an address nobody has a key for.
    ///         What lies in escrow is kept apart from what addresses own: units that anyone sends to this address stay there and belong to
    ///         nobody. `balanceOf`, `lotsOf` and `vintageBalanceOf` show both, `inEscrow` what is in escrow.
    /// @param operator the contract whose escrow it is
    /// @param id number the operator gives it
    /// @return account its address
    function escrowAccount(address operator, uint256 id) external pure returns (address account);

    /// @notice Live units in `operator`'s escrow account number `id`, without what others have sent to its address.
    /// @param operator the contract whose escrow it is
    /// @param id number the operator gave it
    /// @param until only units that do not expire before this are counted, s; 0: all that live now
    /// @return amount smallest units
    function inEscrow(address operator, uint256 id, uint256 until) external view returns (uint256 amount);

    /// @notice Stops an account from spending; it may still receive. Role: COMPLIANCE.
    function hold(address account, bytes32 reason) external;

    /// @notice Lifts a hold. Role: COMPLIANCE.
    function releaseHold(address account, bytes32 reason) external;

    /// @notice True while `account` is under a hold.
    function isOnHold(address account) external view returns (bool);

    /// @notice True while nothing can leave `account`: it is under a hold, or the token is paused.
    /// @param account any, escrow accounts included
    /// @return blocked whether a transfer from it would be refused
    function isBlocked(address account) external view returns (bool blocked);

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

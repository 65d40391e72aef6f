// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ISmartMeter} from "../meter/ISmartMeter.sol";

/// @title IVintageToken: an ERC-20 whose units expire
/// @notice Every unit belongs to a vintage: the technology it comes from and the period it was made in. Units are spent oldest first.
///         `balanceOf` and `totalSupply` leave expired vintages out; a sweep, which anyone may call, emits their Transfer to zero.
/// @dev A vintage is `period * 8 + technology`. A unit lives for the rest of its period and three more, so at any time there are at most
///      4 × 8 = 32 live vintages: that bounds every loop over a holder's lots, and nobody can fill a wallet with dust to block it.
/// @custom:source ERC-20; lots, expiry and escrow: this project, docs/decisions/0002-ledger-contracts.md, points 4 and 5
interface IVintageToken is IERC20 {
    /// @notice An amount of one vintage.
    struct Lot {
        uint32 vintage;
        uint96 amount;
    }

    /// @notice Units of a vintage were made; the ERC-20 Transfer from zero comes beside it.
    /// @param vintage number of the vintage, period · 8 + technology
    /// @param to who receives them
    /// @param amount smallest units of the token
    event VintageMinted(uint256 indexed vintage, address indexed to, uint256 amount);
    /// @notice Units of a vintage moved; the sum of a transfer's vintages is its ERC-20 Transfer.
    /// @param vintage number of the vintage, period · 8 + technology
    /// @param from whose they were
    /// @param to who receives them; zero: burnt
    /// @param amount smallest units of the token
    event VintageMoved(uint256 indexed vintage, address indexed from, address indexed to, uint256 amount);
    /// @notice Expired units were removed; the ERC-20 Transfer to zero comes beside it.
    /// @param vintage number of the vintage, period · 8 + technology
    /// @param holder whose they are
    /// @param amount smallest units of the token
    event VintageExpired(uint256 indexed vintage, address indexed holder, uint256 amount);
    /// @notice The VintageMoved events that follow, up to this amount, put units into escrow; what is moved to the account otherwise lies beside it.
    /// @param account escrow account, see `escrowAccount`
    /// @param amount smallest units of the token
    event EscrowedIn(address indexed account, uint256 amount);
    /// @notice The VintageMoved events that follow, up to this amount, take units out of escrow.
    /// @param account escrow account, see `escrowAccount`
    /// @param amount smallest units of the token
    event EscrowedOut(address indexed account, uint256 amount);
    /// @notice An account cannot spend.
    /// @param account the account it is about
    /// @param reason hash or short name of the reason
    /// @param by who placed or lifted it
    event HoldPlaced(address indexed account, bytes32 indexed reason, address indexed by);
    /// @notice An account can spend again.
    /// @param account the account it is about
    /// @param reason hash or short name of the reason
    /// @param by who placed or lifted it
    event HoldReleased(address indexed account, bytes32 indexed reason, address indexed by);

    /// @notice `holder` has `available` live units of the `needed`; `expired` more have expired, the oldest at `expiredAt`.
    /// @param holder whose they are
    /// @param available live units there are
    /// @param needed units it takes
    /// @param expired units that have expired
    /// @param expiredAt unix time at which the oldest expired, s
    error VintageHasExpired(address holder, uint256 available, uint256 needed, uint256 expired, uint256 expiredAt);
    /// @notice `account` is under a compliance hold and cannot spend.
    /// @param account the account it is about
    error AccountOnHold(address account);
    /// @notice `holder` has `available` units that live until `until` of the `needed`; the others expire before.
    /// @param holder whose they are
    /// @param available units that live long enough
    /// @param needed units it takes
    /// @param until unix time before which none may expire, s
    error LivesTooShort(address holder, uint256 available, uint256 needed, uint256 until);
    /// @notice `account` is not under a hold.
    /// @param account the account it is about
    error NotOnHold(address account);
    /// @notice Lists of different lengths, or more than `max` entries.
    /// @param recipients number of recipients given
    /// @param amounts number of amounts given
    /// @param max number of entries a batch may have
    error BadBatch(uint256 recipients, uint256 amounts, uint256 max);
    /// @notice `amount` does not fit into a lot.
    /// @param amount smallest units of the token
    error AmountTooLarge(uint256 amount);
    /// @notice A period lasts 1 hour to 366 days, not `periodS` (s).
    /// @param periodS s
    error BadPeriod(uint256 periodS);
    /// @notice No unit of vintage `vintage` was ever made.
    /// @param vintage number of the vintage, period · 8 + technology
    error UnknownVintage(uint256 vintage);

    /// @notice Sends to several accounts in one call, at most 64.
    /// @param recipients who receives, at most 64
    /// @param amounts for each, smallest units of the token
    /// @return ok always true; refusals revert
    /// @custom:source ERC-20 `transfer`, several times
    function batchTransfer(address[] calldata recipients, uint256[] calldata amounts) external returns (bool ok);

    /// @notice Removes the expired lots of `holder`: emits VintageExpired and Transfer(holder, 0). Anyone.
    /// @param holder whose they are
    /// @return expired units removed
    function sweep(address holder) external returns (uint256 expired);

    /// @notice Moves units of `from` into the caller's escrow account number `id`: of those that live long enough the oldest first, so that no
    ///         dust in `from`'s wallet can spoil it. Needs allowance for the caller.
    /// @param from whose they are
    /// @param id number of the escrow account, chosen by its operator
    /// @param amount smallest units of the token
    /// @param until unix time before which none of them may expire, s; 0: whatever lives now
    function escrowIn(address from, uint256 id, uint256 amount, uint256 until) external;

    /// @notice Moves units out of the caller's escrow account number `id`, oldest first.
    /// @param id number of the escrow account, chosen by its operator
    /// @param to who receives them, as his own
    /// @param amount smallest units of the token
    function escrowOut(uint256 id, address to, uint256 amount) external;

    /// @notice Moves units from one of the caller's escrow accounts to another, oldest first.
    /// @param fromId number of the escrow account that pays
    /// @param toId number of the escrow account that receives
    /// @param amount smallest units of the token
    function escrowOver(uint256 fromId, uint256 toId, uint256 amount) external;

    /// @notice The name under which events and balances show what lies in `operator`'s escrow number `id`: an address nobody has a key for.
    ///         What lies in escrow is kept apart from what addresses own: units that anyone sends to this address stay there and belong to
    ///         nobody. `balanceOf`, `lotsOf` and `vintageBalanceOf` show both, `inEscrow` what is in escrow.
    /// @param operator contract the escrow account belongs to
    /// @param id number of the escrow account, chosen by its operator
    /// @return account its address
    function escrowAccount(address operator, uint256 id) external pure returns (address account);

    /// @notice Live units in `operator`'s escrow account number `id`, without what others have sent to its address.
    /// @param operator contract the escrow account belongs to
    /// @param id number of the escrow account, chosen by its operator
    /// @param until unix time; only units that do not expire before it are counted, s; 0: all that live now
    /// @return amount smallest units of the token
    function inEscrow(address operator, uint256 id, uint256 until) external view returns (uint256 amount);

    /// @notice Stops an account from spending; it may still receive. Role: COMPLIANCE.
    /// @param account the account it is about
    /// @param reason hash or short name of the reason
    function hold(address account, bytes32 reason) external;

    /// @notice Lifts a hold. Role: COMPLIANCE.
    /// @param account the account it is about
    /// @param reason hash or short name of the reason
    function releaseHold(address account, bytes32 reason) external;

    /// @notice True while `account` is under a hold.
    /// @param account the account it is about
    /// @return true: it cannot spend
    function isOnHold(address account) external view returns (bool);

    /// @notice True while nothing can leave `account`: it is under a hold, or the token is paused.
    /// @param account any, escrow accounts included
    /// @return blocked whether a transfer from it would be refused
    function isBlocked(address account) external view returns (bool blocked);

    /// @notice Lots of `holder`, expired ones that were not swept included, oldest first.
    /// @param holder whose they are
    /// @return vintages with their amounts in smallest units
    function lotsOf(address holder) external view returns (Lot[] memory);

    /// @notice Live units `holder` has of one vintage.
    /// @param holder whose they are
    /// @param vintage number of the vintage, period · 8 + technology
    /// @return smallest units
    function vintageBalanceOf(address holder, uint256 vintage) external view returns (uint256);

    /// @notice When units of `vintage` expire, s.
    /// @param vintage number of the vintage, period · 8 + technology
    /// @return unix time, s
    /// @custom:source this project, docs/decisions/0002-ledger-contracts.md, point 4
    function expiryOf(uint256 vintage) external view returns (uint256);

    /// @notice The vintage a unit of `technology` made now would have.
    /// @param technology energy source
    /// @return number of the vintage
    function currentVintage(ISmartMeter.Technology technology) external view returns (uint256);

    /// @notice Units ever minted, burnt and expired by sweep. `minted − burnt − expired` is held, expired lots not yet swept included.
    /// @return minted smallest units
    /// @return burnt smallest units
    /// @return expired smallest units
    function flows() external view returns (uint256 minted, uint256 burnt, uint256 expired);
}

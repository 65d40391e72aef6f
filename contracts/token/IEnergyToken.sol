// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISmartMeter} from "../meter/ISmartMeter.sol";

/// @title IEnergyToken: verified energy as a token
/// @notice 1 token = 1 kWh, 3 decimals: the smallest unit is 1 Wh. `tokenId` is the vintage (see {IVintageToken}).
/// @custom:source ERC-20; vintages: this project, docs/decisions/0002-ledger-contracts.md, point 4
interface IEnergyToken {
    /// @notice What stands behind a vintage.
    struct SourceData {
        ISmartMeter.Technology technology;
        bool renewable;
        uint40 from; // generated in [from, until), s
        uint40 until;
        uint40 expiresAt; // s
        uint256 mintedWh;
        uint256 meters; // how many meters have contributed
    }

    /// @notice Tokens were made for verified export.
    /// @param generator who receives the tokens
    /// @param meterId number of the meter
    /// @param tokenId number of the vintage
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @param amountWh Wh
    event EnergyMinted(address indexed generator, uint256 indexed meterId, uint256 indexed tokenId, uint256 readingId, uint256 amountWh);
    /// @notice Tokens were burnt: their energy is consumed.
    /// @param consumer whose tokens they were
    /// @param amountWh Wh
    event EnergyBurnt(address indexed consumer, uint256 amountWh);

    /// @notice Meter `meterId` is private: its energy is sold by settlement and may not be sold again as tokens.
    /// @param meterId number of the meter
    error PrivateMeter(uint256 meterId);
    /// @notice `generator` is not `owner`, who owned meter `meterId` when the reading was posted.
    /// @param meterId number of the meter
    /// @param owner who owned the meter when the reading was posted
    /// @param generator who was to receive the tokens
    error NotGenerator(uint256 meterId, address owner, address generator);
    /// @notice Up to reading `readingId` meter `meterId` has `verifiedWh` exported, `mintedWh` are minted already; `amountWh` more is too much.
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @param verifiedWh export the reading adds, Wh
    /// @param mintedWh minted of it before, Wh
    /// @param amountWh Wh
    error NotBacked(uint256 meterId, uint256 readingId, uint256 verifiedWh, uint256 mintedWh, uint256 amountWh);
    /// @notice 0 Wh cannot be minted to or burnt by `account`.
    /// @param account who asked, or was to receive
    error ZeroAmount(address account);
    /// @notice Meter `meterId` measures a storage: what it gives back was counted, and could be minted, where it was generated.
    /// @param meterId number of the meter
    error StorageGeneratesNothing(uint256 meterId);

    /// @notice Mints for verified generation of a public meter. Role: ISSUER.
    /// @param generator owner of the meter in the reading's epoch; receives the tokens
    /// @param amount Wh; at most what reading `readingId` adds and was not minted before
    /// @param sourceData `abi.encode(uint256 meterId, uint256 readingId)`; the reading must be validated and its time sets the vintage
    /// @custom:source this project, docs/decisions/0002-ledger-contracts.md, points 2 and 4
    function mintEnergy(address generator, uint256 amount, bytes calldata sourceData) external;

    /// @notice Burns the caller's own tokens, oldest first: the energy is consumed.
    /// @param amount Wh
    /// @custom:source this project, docs/decisions/0002-ledger-contracts.md
    function burnEnergy(uint256 amount) external;

    /// @notice Transfers, oldest vintage first.
    /// @param to who receives them
    /// @param amount Wh
    /// @return ok always true; refusals revert and say why
    /// @custom:source ERC-20 `transfer`
    function transferEnergy(address to, uint256 amount) external returns (bool ok);

    /// @notice Source and type of a vintage.
    /// @param tokenId number of the vintage
    /// @return technology, period and expiry (unix time, s), Wh minted so far and number of meters
    function getEnergySource(uint256 tokenId) external view returns (SourceData memory);

    /// @notice Wh of one reading minted so far, here and by the tokens this one replaces.
    /// @param meterId number of the meter
    /// @param readingId number of the reading of that meter, from 0 (its installation)
    /// @return mintedWh Wh
    function mintedOf(uint256 meterId, uint256 readingId) external view returns (uint256 mintedWh);

    /// @notice The token this one replaces; zero: none. What it has minted is not minted again here.
    /// @return the contract this one replaces
    function predecessor() external view returns (IEnergyToken);
}

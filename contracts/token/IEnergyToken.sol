// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISmartMeter} from "../meter/ISmartMeter.sol";

/// @title IEnergyToken: verified energy as a token
/// @notice 1 token = 1 kWh, 3 decimals: the smallest unit is 1 Wh. `tokenId` is the vintage (see {IVintageToken}).
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

    event EnergyMinted(address indexed generator, uint256 indexed meterId, uint256 indexed tokenId, uint256 readingId, uint256 amountWh);
    event EnergyBurnt(address indexed consumer, uint256 amountWh);

    /// @notice Meter `meterId` is private: its energy is sold by settlement and may not be sold again as tokens.
    error PrivateMeter(uint256 meterId);
    /// @notice `generator` is not `owner`, who owned meter `meterId` when the reading was posted.
    error NotGenerator(uint256 meterId, address owner, address generator);
    /// @notice Up to reading `readingId` meter `meterId` has `verifiedWh` exported, `mintedWh` are minted already; `amountWh` more is too much.
    error NotBacked(uint256 meterId, uint256 readingId, uint256 verifiedWh, uint256 mintedWh, uint256 amountWh);
    /// @notice 0 Wh cannot be minted to or burnt by `account`.
    error ZeroAmount(address account);
    /// @notice Meter `meterId` measures a storage: what it gives back was counted, and could be minted, where it was generated.
    error StorageGeneratesNothing(uint256 meterId);

    /// @notice Mints for verified generation of a public meter. Role: ISSUER.
    /// @param generator owner of the meter in the reading's epoch; receives the tokens
    /// @param amount Wh; at most what reading `readingId` adds and was not minted before
    /// @param sourceData `abi.encode(uint256 meterId, uint256 readingId)`; the reading must be validated and its time sets the vintage
    function mintEnergy(address generator, uint256 amount, bytes calldata sourceData) external;

    /// @notice Burns the caller's own tokens, oldest first: the energy is consumed.
    /// @param amount Wh
    function burnEnergy(uint256 amount) external;

    /// @notice Transfers, oldest vintage first.
    /// @param amount Wh
    /// @return ok always true; refusals revert and say why
    function transferEnergy(address to, uint256 amount) external returns (bool ok);

    /// @notice Source and type of a vintage.
    function getEnergySource(uint256 tokenId) external view returns (SourceData memory);

    /// @notice Wh of one reading minted so far, here and by the tokens this one replaces.
    function mintedOf(uint256 meterId, uint256 readingId) external view returns (uint256 mintedWh);

    /// @notice The token this one replaces; zero: none. What it has minted is not minted again here.
    function predecessor() external view returns (IEnergyToken);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Governed} from "../access/Governed.sol";
import {ISmartMeter} from "../meter/ISmartMeter.sol";
import {IEnergyToken} from "./IEnergyToken.sol";
import {VintageToken} from "./VintageToken.sol";

/// @title EnergyToken
/// @notice See {IEnergyToken} and {IVintageToken}.
/// @custom:source ERC-20; vintages: this project, docs/decisions/0002-ledger-contracts.md, point 4
contract EnergyToken is IEnergyToken, VintageToken {
    struct VintageFacts {
        uint128 mintedWh;
        uint128 meters;
    }

    /// @notice Owner of devices and readings.
    ISmartMeter public immutable smartMeter;

    /// @inheritdoc IEnergyToken
    IEnergyToken public immutable predecessor;

    /// @dev Wh minted here, without those of a predecessor.
    mapping(uint256 meterId => mapping(uint256 readingId => uint256)) private _minted;
    mapping(uint256 vintage => VintageFacts) private _facts;
    mapping(uint256 vintage => mapping(uint256 meterId => bool)) private _contributed;

    /// @param authority_ the Access contract
    /// @param smartMeter_ owner of readings
    /// @param periodS_ length of a vintage's period, s
    /// @param predecessor_ the token this one replaces, for readings of the same meters; zero: none
    constructor(address authority_, ISmartMeter smartMeter_, uint256 periodS_, IEnergyToken predecessor_)
        ERC20("Busbar Energy", "kWh") Governed(authority_) VintageToken(periodS_)
    {
        smartMeter = smartMeter_;
        predecessor = predecessor_;
    }

    /// @notice 3: the smallest unit is 1 Wh.
    function decimals() public pure override returns (uint8) {
        return 3;
    }

    /// @inheritdoc IEnergyToken
    function mintEnergy(address generator, uint256 amount, bytes calldata sourceData) external restricted whenNotPaused {
        (uint256 meterId, uint256 readingId) = abi.decode(sourceData, (uint256, uint256));
        ISmartMeter.Source memory device = smartMeter.sourceOfReading(meterId, readingId);
        if (device.deviceClass != ISmartMeter.DeviceClass.Public) revert PrivateMeter(meterId);
        if (device.owner != generator) revert NotGenerator(meterId, device.owner, generator);
        if (device.technology == ISmartMeter.Technology.Storage) revert StorageGeneratesNothing(meterId);
        if (amount == 0) revert ZeroAmount(generator);
        (, uint256 exportWh,,) = smartMeter.growthOf(meterId, readingId);
        uint256 minted = mintedOf(meterId, readingId);
        if (amount > exportWh - minted) revert NotBacked(meterId, readingId, exportWh, minted, amount);
        _minted[meterId][readingId] += amount;

        uint256 tokenId = vintageAt(smartMeter.getDeviceHistoryPage(meterId, readingId, 1)[0].postedAt, device.technology);
        VintageFacts storage facts = _facts[tokenId];
        facts.mintedWh += uint128(amount);
        if (!_contributed[tokenId][meterId]) {
            _contributed[tokenId][meterId] = true;
            ++facts.meters;
        }
        _mintVintage(generator, tokenId, amount);
        emit EnergyMinted(generator, meterId, tokenId, readingId, amount);
    }

    /// @inheritdoc IEnergyToken
    function burnEnergy(uint256 amount) external {
        if (amount == 0) revert ZeroAmount(msg.sender);
        _burn(msg.sender, amount);
        emit EnergyBurnt(msg.sender, amount);
    }

    /// @inheritdoc IEnergyToken
    function transferEnergy(address to, uint256 amount) external returns (bool) {
        return transfer(to, amount);
    }

    /// @inheritdoc IEnergyToken
    function mintedOf(uint256 meterId, uint256 readingId) public view returns (uint256 mintedWh) {
        mintedWh = _minted[meterId][readingId];
        if (address(predecessor) != address(0)) mintedWh += predecessor.mintedOf(meterId, readingId);
    }

    /// @inheritdoc IEnergyToken
    function getEnergySource(uint256 tokenId) external view returns (SourceData memory) {
        VintageFacts memory facts = _facts[tokenId];
        if (facts.mintedWh == 0) revert UnknownVintage(tokenId);
        uint256 period = tokenId / 8;
        ISmartMeter.Technology technology = ISmartMeter.Technology(tokenId % 8);
        bool renewable = technology >= ISmartMeter.Technology.Solar && technology <= ISmartMeter.Technology.Biomass;
        return SourceData({
            technology: technology, renewable: renewable, from: uint40(period * periodS), until: uint40((period + 1) * periodS),
            expiresAt: uint40(expiryOf(tokenId)), mintedWh: facts.mintedWh, meters: facts.meters
        });
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title CommunityMoney: the test money of a development chain
/// @notice A plain ERC-20. One unit is one micro-cent (10^-8 of the currency), so energy in Wh times a price in milli-cents per kWh is
///         an exact amount. On a production chain the suite is deployed against a real ERC-20 instead and this contract is not used.
/// @custom:source ERC-20, ERC-2612
contract CommunityMoney is ERC20, ERC20Permit, AccessManaged {
    /// @notice Largest supply a development chain may create, micro-cents.
    uint256 public constant MAX_SUPPLY = 1e9 * 1e8;

    /// @notice Minting `amount` would exceed the cap of which `available` is left.
    /// @param amount micro-cents
    /// @param available micro-cents that may still be created
    error SupplyCapReached(uint256 amount, uint256 available);

    constructor(address authority_) ERC20("Community Money (test)", "CM") ERC20Permit("Community Money (test)") AccessManaged(authority_) {}

    /// @notice 8 decimals: 1.00000000 is one currency unit, the smallest unit is one micro-cent.
    function decimals() public pure override returns (uint8) {
        return 8;
    }

    /// @notice Creates test money. Role: MONEY_ISSUER.
    /// @param to the account credited
    /// @param amount micro-cents
    function mint(address to, uint256 amount) external restricted {
        uint256 available = MAX_SUPPLY - totalSupply();
        if (amount > available) revert SupplyCapReached(amount, available);
        _mint(to, amount);
    }
}

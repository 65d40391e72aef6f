// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Parameters} from "../access/Parameters.sol";
import {FeeTill} from "../token/FeeTill.sol";
import {IVintageToken} from "../token/IVintageToken.sol";
import {ITrade} from "./ITrade.sol";

/// @title TradeBase: energy escrow and standing
/// @custom:source this project, docs/decisions/0002-ledger-contracts.md, points 5 and 6
abstract contract TradeBase is ITrade, FeeTill {
    uint256 internal constant MAX_DURATION_S = 366 days;

    /// @notice The energy token.
    IVintageToken public immutable energy;

    mapping(address account => Standing) private _standings;

    constructor(IVintageToken energy_, IERC20 money_, Parameters parameters_) FeeTill(money_, parameters_) {
        energy = energy_;
    }

    /// @inheritdoc ITrade
    function standingOf(address account) external view returns (Standing memory) {
        return _standings[account];
    }

    /// @dev Returns what is live; expired lots stay behind and are swept.
    function _returnLots(IVintageToken token, uint256 id, address to) internal {
        uint256 live = token.balanceOf(token.escrowAccount(address(this), id));
        if (live > 0) token.escrowOut(id, to, live);
    }

    function _kept(address account, uint256 volumeWh) internal {
        Standing storage standing = _standings[account];
        ++standing.completed;
        standing.volumeWh += uint64(volumeWh);
    }

    function _broke(address account) internal {
        ++_standings[account].defaulted;
    }

    function _lost(address account) internal {
        ++_standings[account].disputesLost;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FeeTill} from "./FeeTill.sol";
import {IVintageToken} from "./IVintageToken.sol";

/// @title EscrowTill: a till that also keeps units of vintage tokens in escrow
/// @notice What is over gives its lots back. Lots that cannot leave, because of a compliance hold or a pause of their token, are noted and
///         recovered later, so that they never keep anybody from his money.
/// @custom:source this project, docs/decisions/0002-ledger-contracts.md, points 5 and 6
abstract contract EscrowTill is FeeTill {
    struct Stranded {
        address to;
        IVintageToken token;
    }

    /// @dev The least time that what is handed to a standing order still lives, s.
    bytes32 private constant LEAST_LIFE = "life.least.s";

    /// @notice Owner and token of what a hold or a pause kept in escrow account `id` when all else was over; zero: nothing.
    mapping(uint256 id => Stranded) public strandedOf;

    /// @notice What lies in an escrow account belongs to `to` and could not leave.
    /// @param id number of the escrow account: of the offer, order or deal
    /// @param token energy or credits
    /// @param to who gets it once it can leave
    event EscrowStranded(uint256 indexed id, IVintageToken indexed token, address indexed to);
    /// @notice What could not leave an escrow account went home, less what had expired.
    /// @param id number of the escrow account: of the offer, order or deal
    /// @param token energy or credits
    /// @param to who got it
    /// @param amount smallest units of the token
    event EscrowRecovered(uint256 indexed id, IVintageToken indexed token, address indexed to, uint256 amount);

    /// @notice Nothing was kept back in escrow account `id`.
    /// @param id number of the escrow account: of the offer, order or deal
    error NothingStranded(uint256 id);

    /// @notice Returns what a hold or a pause had kept in escrow, once it can leave. Anyone.
    /// @param id number of the escrow account: of the offer, order or deal
    /// @return amount smallest units of the token
    function recover(uint256 id) external nonReentrant returns (uint256 amount) {
        Stranded memory stranded = strandedOf[id];
        if (stranded.to == address(0)) revert NothingStranded(id);
        delete strandedOf[id];
        amount = _livesIn(stranded.token, id);
        emit EscrowRecovered(id, stranded.token, stranded.to, amount);
        if (amount > 0) stranded.token.escrowOut(id, stranded.to, amount);
    }

    /// @dev Returns what is live, now or once it can leave; expired lots stay behind and are swept.
    function _giveBack(IVintageToken token, uint256 id, address to) internal {
        uint256 live = _livesIn(token, id);
        if (live == 0) return;
        if (_isBlocked(token, id)) {
            strandedOf[id] = Stranded(to, token);
            emit EscrowStranded(id, token, to);
        } else {
            token.escrowOut(id, to, live);
        }
    }

    function _livesIn(IVintageToken token, uint256 id) internal view returns (uint256) {
        return token.inEscrow(address(this), id, 0);
    }

    function _isBlocked(IVintageToken token, uint256 id) internal view returns (bool) {
        return token.isBlocked(token.escrowAccount(address(this), id));
    }

    /// @dev The least life now in force, s.
    function _leastLifeS() internal view returns (uint256) {
        return parameters.get(LEAST_LIFE);
    }
}

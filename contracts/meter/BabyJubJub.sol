// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title BabyJubJub: is this a public key a settlement proof may rest on?
/// @notice Twisted Edwards curve a·x² + y² = 1 + d·x²·y² over the scalar field of BN254 (EIP-2494). Its group has order 8·L with L prime.
/// @dev A point P lies in the subgroup of order L exactly when P = 8·W for some point W of the curve. The registrant hands over
///      W = (8⁻¹ mod L)·P and the contract doubles it three times: about 4,000 gas instead of a scalar multiplication by L (over 100,000).
///      No W exists for a point outside the subgroup, so a wrong hint can only be refused.
/// @custom:source EIP-2494; doubling: Bernstein, Birkner, Joye, Lange, Peters, Twisted Edwards Curves (2008), section 6
library BabyJubJub {
    uint256 internal constant P = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    uint256 private constant A = 168700;
    uint256 private constant D = 168696;

    /// @notice A coordinate is not a field element, or (`x`, `y`) is not on the curve.
    /// @param x coordinate x
    /// @param y coordinate y
    error NotOnCurve(uint256 x, uint256 y);
    /// @notice (`x`, `y`) is the neutral element: anyone could sign for it.
    /// @param x coordinate x
    /// @param y coordinate y
    error LowOrderKey(uint256 x, uint256 y);
    /// @notice Eight times the witness is not (`x`, `y`): the key is outside the prime subgroup, or the witness is wrong.
    /// @param x coordinate x
    /// @param y coordinate y
    error NotInPrimeSubgroup(uint256 x, uint256 y);

    /// @dev Reverts unless (x, y) is a point of order L, as shown by the witness (wx, wy).
    function requirePrimeOrder(uint256 x, uint256 y, uint256 wx, uint256 wy) internal pure {
        if (!isOnCurve(x, y)) revert NotOnCurve(x, y);
        if (!isOnCurve(wx, wy)) revert NotOnCurve(wx, wy);
        if (x == 0 && y == 1) revert LowOrderKey(x, y);
        (uint256 ex, uint256 ey, uint256 ez) = (wx, wy, 1);
        for (uint256 i = 0; i < 3; ++i) (ex, ey, ez) = _double(ex, ey, ez);
        // ez is never 0 here: a is a square and d is not, so the curve has no point at infinity and the formulas are complete.
        if (ex != mulmod(x, ez, P) || ey != mulmod(y, ez, P)) revert NotInPrimeSubgroup(x, y);
    }

    function isOnCurve(uint256 x, uint256 y) internal pure returns (bool) {
        if (x >= P || y >= P) return false;
        uint256 x2 = mulmod(x, x, P);
        uint256 y2 = mulmod(y, y, P);
        return addmod(mulmod(A, x2, P), y2, P) == addmod(1, mulmod(D, mulmod(x2, y2, P), P), P);
    }

    /// @dev dbl-2008-bbjlp (Bernstein, Birkner, Joye, Lange, Peters: Twisted Edwards Curves, 2008, section 6), projective coordinates.
    function _double(uint256 x, uint256 y, uint256 z) private pure returns (uint256, uint256, uint256) {
        uint256 b = addmod(x, y, P);
        b = mulmod(b, b, P);
        uint256 c = mulmod(x, x, P);
        uint256 d = mulmod(y, y, P);
        uint256 e = mulmod(A, c, P);
        uint256 f = addmod(e, d, P);
        uint256 j = addmod(f, P - mulmod(2, mulmod(z, z, P), P), P);
        return (mulmod(addmod(b, P - addmod(c, d, P), P), j, P), mulmod(f, addmod(e, P - d, P), P), mulmod(f, j, P));
    }
}

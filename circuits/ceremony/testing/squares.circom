// SPDX-License-Identifier: GPL-3.0-only
pragma circom 2.1.6;

// For tests of the ceremony: n constraints, one secret, one public result.
template Squares(n) {
    signal input secret;
    signal input result;
    signal at[n + 1];
    at[0] <== secret;
    for (var k = 0; k < n; k++) at[k + 1] <== at[k] * at[k] + k;
    result === at[n];
}

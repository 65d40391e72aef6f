pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/comparators.circom";

// 0 <= in < 2^n. Every comparison of this statement is one of these on a difference whose bounds are written beside it.
template InRange(n) {
    signal input in;
    component bits = Num2Bits(n);
    bits.in <== in;
}

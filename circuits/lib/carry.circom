pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";

// What one part of a round leaves for the next: claims about the whole round, which stay, and sums so far. Hidden by a salt: the chain learns
// only that the next part takes what this one left. R = 18 sums.
template Carry(C, R) {
    signal input claims[C];
    signal input before[R];
    signal input after[R];
    signal input beforeSalt;
    signal input afterSalt;
    signal output in;
    signal output out;

    component said = Poseidon(C);
    for (var k = 0; k < C; k++) { said.inputs[k] <== claims[k]; }
    component sums[2];
    component bound[2];
    for (var side = 0; side < 2; side++) {
        sums[side] = Poseidon(16);
        for (var k = 0; k < 16; k++) { sums[side].inputs[k] <== side == 0 ? before[k] : after[k]; }
        bound[side] = Poseidon(R - 16 + 3);
        bound[side].inputs[0] <== said.out;
        bound[side].inputs[1] <== sums[side].out;
        for (var k = 16; k < R; k++) { bound[side].inputs[k - 14] <== side == 0 ? before[k] : after[k]; }
        bound[side].inputs[R - 14] <== side == 0 ? beforeSalt : afterSalt;
    }
    in <== bound[0].out;
    out <== bound[1].out;
}

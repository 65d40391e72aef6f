pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";

// Root of a dense binary tree of 2^levels leaves, Poseidon(left, right).
template DenseRoot(levels) {
    var N = 1 << levels;
    signal input leaf[N];
    signal output root;

    component node[N - 1];
    // node[k] has children 2k+1 and 2k+2; the leaves follow the N-1 inner nodes.
    for (var k = N - 2; k >= 0; k--) {
        node[k] = Poseidon(2);
        for (var side = 0; side < 2; side++) {
            var child = 2 * k + 1 + side;
            if (child >= N - 1) {
                node[k].inputs[side] <== leaf[child - (N - 1)];
            } else {
                node[k].inputs[side] <== node[child].out;
            }
        }
    }
    root <== node[0].out;
}

// Root of a tree of which `node` is the root of a subtree; `bits` of the subtree's place, lowest first, and the siblings on its way up.
template PathRoot(levels) {
    signal input node;
    signal input bits[levels];
    signal input siblings[levels];
    signal output root;

    component hash[levels];
    signal left[levels];
    var up = node;
    for (var k = 0; k < levels; k++) {
        left[k] <== up + bits[k] * (siblings[k] - up);
        hash[k] = Poseidon(2);
        hash[k].inputs[0] <== left[k];
        hash[k].inputs[1] <== up + siblings[k] - left[k];
        up = hash[k].out;
    }
    root <== up;
}

pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";
include "lib/range.circom";
include "lib/tree.circom";
include "lib/order.circom";

// Admission of a round's orders: nobody is traded for who did not sign. Each of N = 2^levels leaves under ordersRoot is what its member signed for
// this interval, or else the member's standing order, which holds until the member replaces it. Public signals, in this order:
//   registryRoot ordersRoot oldBook newBook domain scope
// A round of N·2^D members is admitted in 2^D parts: each proves its subtree of every tree. The statement in words: docs/settlement.md.
template Admit(N, levels, D) {
    signal input registryRoot;
    signal input ordersRoot;
    signal input oldBook;
    signal input newBook;
    signal input domain;
    signal input scope;

    signal input interval;
    signal input idle;              // 1: a round that only measures, all leaves empty
    // registry
    signal input present[N];
    signal input meterId[N];
    signal input Ax[N];
    signal input Ay[N];
    signal input flags[N];
    // the book before: one standing order a member
    signal input heldKnown[N];
    signal input heldEpoch[N];      // registry leaf under whose key it was signed
    signal input heldSide[N];
    signal input heldQuantityWh[N];
    signal input heldLimit[N];
    signal input heldSequence[N];
    // newly signed orders
    signal input signedNow[N];
    signal input signedForInterval[N];
    signal input signedSide[N];
    signal input signedQuantityWh[N];
    signal input signedLimit[N];
    signal input signedSequence[N];
    signal input R8x[N];
    signal input R8y[N];
    signal input S[N];
    // leaves
    signal input empty[N];
    signal input salt[N];
    // the way from this part's subtrees to the roots
    signal input registrySiblings[D];
    signal input ordersSiblings[D];
    signal input bookSiblings[D];

    // Chain and contract: bound by being squared, so that no optimiser drops the signal.
    signal domainSquared;
    domainSquared <== domain * domain;

    signal part;
    signal partBits[D];
    if (D == 0) {
        part <== 0;
    } else {
        signal input partIndex;
        component place = Num2Bits(D);
        place.in <== partIndex;
        for (var k = 0; k < D; k++) { partBits[k] <== place.out[k]; }
        part <== partIndex;
    }
    //@group admit-interval-range
    component intervalRange = InRange(40);
    intervalRange.in <== interval;
    //@end
    //@group admit-idle-boolean
    idle * (idle - 1) === 0;
    //@end
    //@group admit-scope-is-public
    scope === interval + part * (1 << 40) + idle * (1 << 48);
    //@end

    component meter[N];
    component admitted[N];
    component tree[4];
    for (var t = 0; t < 4; t++) { tree[t] = DenseRoot(levels); }
    for (var i = 0; i < N; i++) {
        meter[i] = Poseidon(4);
        meter[i].inputs[0] <== meterId[i];
        meter[i].inputs[1] <== Ax[i];
        meter[i].inputs[2] <== Ay[i];
        meter[i].inputs[3] <== flags[i];

        admitted[i] = AdmittedOrder();
        admitted[i].interval <== interval;
        admitted[i].idle <== idle;
        admitted[i].present <== present[i];
        admitted[i].registryLeaf <== present[i] * meter[i].out;
        admitted[i].meterId <== meterId[i];
        admitted[i].Ax <== Ax[i];
        admitted[i].Ay <== Ay[i];
        admitted[i].heldKnown <== heldKnown[i];
        admitted[i].heldEpoch <== heldEpoch[i];
        admitted[i].heldSide <== heldSide[i];
        admitted[i].heldQuantityWh <== heldQuantityWh[i];
        admitted[i].heldLimit <== heldLimit[i];
        admitted[i].heldSequence <== heldSequence[i];
        admitted[i].signedNow <== signedNow[i];
        admitted[i].signedForInterval <== signedForInterval[i];
        admitted[i].signedSide <== signedSide[i];
        admitted[i].signedQuantityWh <== signedQuantityWh[i];
        admitted[i].signedLimit <== signedLimit[i];
        admitted[i].signedSequence <== signedSequence[i];
        admitted[i].R8x <== R8x[i];
        admitted[i].R8y <== R8y[i];
        admitted[i].S <== S[i];
        admitted[i].empty <== empty[i];
        admitted[i].salt <== salt[i];

        tree[0].leaf[i] <== admitted[i].registryLeaf;
        tree[1].leaf[i] <== admitted[i].orderLeaf;
        tree[2].leaf[i] <== admitted[i].heldLeaf;
        tree[3].leaf[i] <== admitted[i].bookLeaf;
    }
    //@group admit-present-boolean
    for (var i = 0; i < N; i++) { present[i] * (present[i] - 1) === 0; }
    //@end

    component top[4];
    for (var t = 0; t < 4; t++) {
        top[t] = PathRoot(D);
        top[t].node <== tree[t].root;
        for (var k = 0; k < D; k++) {
            top[t].bits[k] <== partBits[k];
            // The other parts' standing orders stay: old and new book have the same siblings.
            top[t].siblings[k] <== t == 0 ? registrySiblings[k] : (t == 1 ? ordersSiblings[k] : bookSiblings[k]);
        }
    }
    //@group admit-registry-root
    top[0].root === registryRoot;
    //@end
    //@group admit-orders-root
    top[1].root === ordersRoot;
    //@end
    //@group admit-old-book
    top[2].root === oldBook;
    //@end
    //@group admit-new-book
    top[3].root === newBook;
    //@end
}

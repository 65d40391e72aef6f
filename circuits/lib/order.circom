pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";
include "circomlib/circuits/babyjub.circom";
include "circomlib/circuits/eddsaposeidon.circom";
include "range.circom";

// EdDSA-Poseidon over Poseidon(meterId, scope, side, quantityWh, limit, sequence, "order"). Checked only while `enabled` is 1.
// NOTE: that (Ax, Ay) lies on the curve and in the subgroup is the registry's duty; the key is bound by the registry leaf.
template SignedOrder() {
    signal input enabled;
    signal input meterId;
    signal input scope;
    signal input side;
    signal input quantityWh;
    signal input limit;
    signal input sequence;
    signal input Ax;
    signal input Ay;
    signal input R8x;
    signal input R8y;
    signal input S;

    component message = Poseidon(7);
    message.inputs[0] <== meterId;
    message.inputs[1] <== scope;
    message.inputs[2] <== side;
    message.inputs[3] <== quantityWh;
    message.inputs[4] <== limit;
    message.inputs[5] <== sequence;
    message.inputs[6] <== 0x6f72646572;

    // circomlib's verifier leaves R8 unchecked
    component onCurve = BabyCheck();
    onCurve.x <== R8x;
    onCurve.y <== R8y;

    component verifier = EdDSAPoseidonVerifier();
    verifier.enabled <== enabled;
    verifier.Ax <== Ax;
    verifier.Ay <== Ay;
    verifier.R8x <== R8x;
    verifier.R8y <== R8y;
    verifier.S <== S;
    verifier.M <== message.out;
}

// One member's order of a round and the standing order it leaves in the book.
//   signed now, for this interval → that; the standing order stays
//   signed now, standing          → that, and it replaces the standing order; its sequence must have grown
//   nothing signed now            → the standing order, if its key still is the member's
// A leaf is empty exactly when there is no quantity, or the round only measures.
template AdmittedOrder() {
    signal input interval;
    signal input idle;
    signal input present;
    signal input registryLeaf;
    signal input meterId;
    signal input Ax;
    signal input Ay;
    signal input heldKnown;
    signal input heldEpoch;
    signal input heldSide;
    signal input heldQuantityWh;
    signal input heldLimit;
    signal input heldSequence;
    signal input signedNow;
    signal input signedForInterval;
    signal input signedSide;
    signal input signedQuantityWh;
    signal input signedLimit;
    signal input signedSequence;
    signal input R8x;
    signal input R8y;
    signal input S;
    signal input empty;
    signal input salt;
    signal output heldLeaf;
    signal output bookLeaf;
    signal output orderLeaf;

    //@group held-boolean
    heldKnown * (heldKnown - 1) === 0;
    //@end
    //@group signed-boolean
    signedNow * (signedNow - 1) === 0;
    //@end
    //@group signed-scope-boolean
    signedForInterval * (signedForInterval - 1) === 0;
    //@end
    //@group signed-needs-meter
    signedNow * (1 - present) === 0;
    //@end
    signal signedScope;
    signedScope <== signedForInterval * interval;
    //@group order-signature
    component signature = SignedOrder();
    signature.enabled <== signedNow;
    signature.meterId <== meterId;
    signature.scope <== signedScope;
    signature.side <== signedSide;
    signature.quantityWh <== signedQuantityWh;
    signature.limit <== signedLimit;
    signature.sequence <== signedSequence;
    signature.Ax <== Ax;
    signature.Ay <== Ay;
    signature.R8x <== R8x;
    signature.R8y <== R8y;
    signature.S <== S;
    //@end

    component held = Poseidon(5);
    held.inputs[0] <== heldEpoch;
    held.inputs[1] <== heldSide;
    held.inputs[2] <== heldQuantityWh;
    held.inputs[3] <== heldLimit;
    held.inputs[4] <== heldSequence;
    heldLeaf <== heldKnown * held.out;

    // A key that has changed voids what was signed under it.
    component sameKey = IsEqual();
    sameKey.in[0] <== heldEpoch;
    sameKey.in[1] <== registryLeaf;
    signal holds;
    holds <== heldKnown * sameKey.out;
    signal replaces;
    replaces <== signedNow * (1 - signedForInterval);
    signal sequenceStep;
    sequenceStep <== replaces * (signedSequence - heldSequence - 1);
    signal checkedStep;
    checkedStep <== holds * sequenceStep;
    //@group standing-sequence-grows
    component sequenceGrows = InRange(32);
    sequenceGrows.in <== checkedStep;
    //@end
    // Growth alone would let a first sequence start just below the field's end and wrap later.
    signal firstSequence;
    firstSequence <== replaces * signedSequence;
    //@group standing-sequence-range
    component sequenceRange = InRange(48);
    sequenceRange.in <== firstSequence;
    //@end

    signal stays;
    stays <== (1 - replaces) * holds;
    component book = Poseidon(5);
    book.inputs[0] <== registryLeaf;
    book.inputs[1] <== heldSide + replaces * (signedSide - heldSide);
    book.inputs[2] <== heldQuantityWh + replaces * (signedQuantityWh - heldQuantityWh);
    book.inputs[3] <== heldLimit + replaces * (signedLimit - heldLimit);
    book.inputs[4] <== heldSequence + replaces * (signedSequence - heldSequence);
    bookLeaf <== (replaces + stays) * book.out;

    // What counts this time.
    signal standing;
    standing <== (1 - signedNow) * holds;
    signal quantityWh;
    quantityWh <== signedNow * signedQuantityWh;
    signal standingWh;
    standingWh <== standing * heldQuantityWh;
    //@group empty-boolean
    empty * (empty - 1) === 0;
    //@end
    signal due;
    due <== (quantityWh + standingWh) * (1 - idle);
    // Nobody's order is left out …
    //@group order-not-left-out
    empty * due === 0;
    //@end
    // … and a round that only measures has none.
    //@group idle-is-empty
    idle * (1 - empty) === 0;
    //@end
    signal full;
    full <== 1 - empty;
    signal filled[5];
    signal standingSide;
    standingSide <== standing * heldSide;
    signal standingLimit;
    standingLimit <== standing * heldLimit;
    signal standingSequence;
    standingSequence <== standing * heldSequence;
    signal nowScope;
    nowScope <== signedNow * signedScope;
    signal nowSide;
    nowSide <== signedNow * signedSide;
    signal nowLimit;
    nowLimit <== signedNow * signedLimit;
    signal nowSequence;
    nowSequence <== signedNow * signedSequence;
    filled[0] <== full * nowScope;
    filled[1] <== full * (nowSide + standingSide);
    filled[2] <== full * (quantityWh + standingWh);
    filled[3] <== full * (nowLimit + standingLimit);
    filled[4] <== full * (nowSequence + standingSequence);
    component leaf = Poseidon(7);
    leaf.inputs[0] <== meterId;
    for (var k = 0; k < 5; k++) { leaf.inputs[1 + k] <== filled[k]; }
    leaf.inputs[6] <== salt;
    orderLeaf <== leaf.out;
}

pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";
include "circomlib/circuits/babyjub.circom";
include "circomlib/circuits/eddsaposeidon.circom";

// EdDSA-Poseidon over Poseidon(meterId, interval, importWh, exportWh, sequence). Checked only while `enabled` is 1.
// NOTE: that (Ax, Ay) lies on the curve and in the subgroup is the registry's duty; the key is bound by the registry leaf.
template SignedReading() {
    signal input enabled;
    signal input meterId;
    signal input interval;
    signal input importWh;
    signal input exportWh;
    signal input sequence;
    signal input Ax;
    signal input Ay;
    signal input R8x;
    signal input R8y;
    signal input S;

    component message = Poseidon(5);
    message.inputs[0] <== meterId;
    message.inputs[1] <== interval;
    message.inputs[2] <== importWh;
    message.inputs[3] <== exportWh;
    message.inputs[4] <== sequence;

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

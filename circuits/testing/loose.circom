// Loose twins of circomlib's templates, for the tests that loosen values: the same outputs, without a constraint, unless the forger says otherwise.
// NOTE: never part of a circuit that proves. `groups.ts` puts this text behind lib/range.circom and fills in LIES and OUT, the code of the output.

// What the forger says of the value `code`, or what it honestly is.
function told(code, honest, lieAt, lieTo) {
    var value = honest;
    for (var k = 0; k < LIES; k++) { if (lieAt[k] == code) { value = lieTo[k]; } }
    return value;
}

template LooseNum2Bits(n) {
    signal input in;
    signal input where;
    signal input lieAt[LIES];
    signal input lieTo[LIES];
    signal output out[n];
    for (var k = 0; k < n; k++) { out[k] <-- told(OUT + k * 256, (in >> k) & 1, lieAt, lieTo); }
}

template LooseIsZero() {
    signal input in;
    signal input where;
    signal input lieAt[LIES];
    signal input lieTo[LIES];
    signal output out;
    out <-- told(OUT, in == 0 ? 1 : 0, lieAt, lieTo);
}

template LooseIsEqual() {
    signal input in[2];
    signal input where;
    signal input lieAt[LIES];
    signal input lieTo[LIES];
    signal output out;
    out <-- told(OUT, in[0] == in[1] ? 1 : 0, lieAt, lieTo);
}

// As circomlib's: the sign of a difference of n bits, whatever the inputs are.
template LooseLessThan(n) {
    signal input in[2];
    signal input where;
    signal input lieAt[LIES];
    signal input lieTo[LIES];
    signal output out;
    out <-- told(OUT, 1 - (((in[0] + (1 << n) - in[1]) >> n) & 1), lieAt, lieTo);
}

template LooseLessEqThan(n) {
    signal input in[2];
    signal input where;
    signal input lieAt[LIES];
    signal input lieTo[LIES];
    signal output out;
    out <-- told(OUT, 1 - (((in[0] + (1 << n) - in[1] - 1) >> n) & 1), lieAt, lieTo);
}

template LoosePoseidon(n) {
    signal input inputs[n];
    signal input where;
    signal input lieAt[LIES];
    signal input lieTo[LIES];
    signal output out;
    component honest = Poseidon(n);
    for (var k = 0; k < n; k++) { honest.inputs[k] <== inputs[k]; }
    out <-- told(OUT, honest.out, lieAt, lieTo);
}

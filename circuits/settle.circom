pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";
include "lib/range.circom";
include "lib/tree.circom";
include "lib/reading.circom";
include "lib/market.circom";
include "lib/account.circom";

// One settlement batch of N = 2^levels members, from signed readings to balances. The statement in words, with every width and every
// assumption, is docs/settlement.md. Public signals, in this order:
//   registryRoot ordersRoot oldRoot newRoot domain terms totals flows
template Settle(N, levels, F) {
    signal input registryRoot;
    signal input ordersRoot;
    signal input oldRoot;
    signal input newRoot;
    signal input domain;
    signal input terms;
    signal input totals;
    signal input flows;

    // terms
    signal input price;
    signal input buyTariff;
    signal input sellTariff;
    signal input interval;
    signal input traded;
    // registry
    signal input present[N];
    signal input meterId[N];
    signal input Ax[N];
    signal input Ay[N];
    signal input flags[N];
    // old state
    signal input oldEpoch[N];
    signal input oldBalance[N];
    signal input oldDebt[N];
    signal input oldImportWh[N];
    signal input oldExportWh[N];
    signal input oldSequence[N];
    signal input oldCarried[N];
    signal input oldSalt[N];
    // committed orders
    signal input orderForInterval[N];
    signal input orderSide[N];
    signal input orderQuantityWh[N];
    signal input orderLimit[N];
    signal input orderSequence[N];
    signal input orderSalt[N];
    // clearing
    signal input low;
    signal input high;
    signal input parity;
    signal input rationedSide;
    signal input share[N];
    signal input rest[N];
    // readings
    signal input hasReading[N];
    signal input importWh[N];
    signal input exportWh[N];
    signal input sequence[N];
    signal input R8x[N];
    signal input R8y[N];
    signal input S[N];
    // result
    signal input shortWh[N];
    signal input surplusWh[N];
    signal input settledBalance[N];
    signal input newDebt[N];
    signal input newSalt[N];
    // deposits and withdrawals
    signal input flowAmount[F];
    signal input flowIndex[F];
    signal input flowWithdrawal[F];

    // Chain and contract: bound by being squared, so that no optimiser drops the signal.
    signal domainSquared;
    domainSquared <== domain * domain;

    // ---- terms
    //@group terms-range
    component priceRange = InRange(32);
    priceRange.in <== price;
    component buyTariffRange = InRange(32);
    buyTariffRange.in <== buyTariff;
    component sellTariffRange = InRange(32);
    sellTariffRange.in <== sellTariff;
    //@end
    component intervalBits = Num2Bits(40);
    intervalBits.in <== interval;
    //@group terms-are-public
    terms === price + buyTariff * (1 << 32) + sellTariff * (1 << 64) + interval * (1 << 96) + traded * (1 << 136);
    //@end

    // ---- registry: every leaf of the subtree appears; an empty one is 0
    component meter[N];
    component flagBits[N];
    component registry = DenseRoot(levels);
    signal registryLeaf[N];
    for (var i = 0; i < N; i++) {
        meter[i] = Poseidon(4);
        meter[i].inputs[0] <== meterId[i];
        meter[i].inputs[1] <== Ax[i];
        meter[i].inputs[2] <== Ay[i];
        meter[i].inputs[3] <== flags[i];
        registryLeaf[i] <== present[i] * meter[i].out;
        registry.leaf[i] <== registryLeaf[i];
        flagBits[i] = Num2Bits(8);
        flagBits[i].in <== flags[i];
    }
    //@group present-boolean
    for (var i = 0; i < N; i++) { present[i] * (present[i] - 1) === 0; }
    //@end
    //@group registry-root
    registry.root === registryRoot;
    //@end

    // ---- orders: those committed before the gate
    component order[N];
    component orders = DenseRoot(levels);
    signal scope[N];
    for (var i = 0; i < N; i++) {
        scope[i] <== orderForInterval[i] * interval;
        order[i] = Poseidon(7);
        order[i].inputs[0] <== meterId[i];
        order[i].inputs[1] <== scope[i];
        order[i].inputs[2] <== orderSide[i];
        order[i].inputs[3] <== orderQuantityWh[i];
        order[i].inputs[4] <== orderLimit[i];
        order[i].inputs[5] <== orderSequence[i];
        order[i].inputs[6] <== orderSalt[i];
        orders.leaf[i] <== order[i].out;
    }
    //@group order-scope-boolean
    for (var i = 0; i < N; i++) { orderForInterval[i] * (orderForInterval[i] - 1) === 0; }
    //@end
    //@group orders-root
    orders.root === ordersRoot;
    //@end
    //@group order-needs-meter
    for (var i = 0; i < N; i++) { orderQuantityWh[i] * (1 - present[i]) === 0; }
    //@end

    component market = Market(N, levels);
    market.low <== low;
    market.high <== high;
    market.parity <== parity;
    market.rationedSide <== rationedSide;
    market.traded <== traded;
    market.price <== price;
    for (var b = 0; b < levels; b++) { market.intervalBits[b] <== intervalBits.out[b]; }
    for (var i = 0; i < N; i++) {
        market.quantityWh[i] <== orderQuantityWh[i];
        market.side[i] <== orderSide[i];
        market.limit[i] <== orderLimit[i];
        market.share[i] <== share[i];
        market.rest[i] <== rest[i];
    }

    // ---- old state
    component oldLeaf[N];
    component oldState = DenseRoot(levels);
    for (var i = 0; i < N; i++) {
        oldLeaf[i] = Poseidon(8);
        oldLeaf[i].inputs[0] <== oldEpoch[i];
        oldLeaf[i].inputs[1] <== oldBalance[i];
        oldLeaf[i].inputs[2] <== oldDebt[i];
        oldLeaf[i].inputs[3] <== oldImportWh[i];
        oldLeaf[i].inputs[4] <== oldExportWh[i];
        oldLeaf[i].inputs[5] <== oldSequence[i];
        oldLeaf[i].inputs[6] <== oldCarried[i];
        oldLeaf[i].inputs[7] <== oldSalt[i];
        oldState.leaf[i] <== oldLeaf[i].out;
    }
    //@group old-root
    oldState.root === oldRoot;
    //@end

    // ---- readings and delivery
    //@group reading-boolean
    for (var i = 0; i < N; i++) { hasReading[i] * (hasReading[i] - 1) === 0; }
    //@end
    //@group reading-needs-meter
    for (var i = 0; i < N; i++) { hasReading[i] * (1 - present[i]) === 0; }
    //@end
    //@group reading-signature
    component reading[N];
    for (var i = 0; i < N; i++) {
        reading[i] = SignedReading();
        reading[i].enabled <== hasReading[i];
        reading[i].meterId <== meterId[i];
        reading[i].interval <== interval;
        reading[i].importWh <== importWh[i];
        reading[i].exportWh <== exportWh[i];
        reading[i].sequence <== sequence[i];
        reading[i].Ax <== Ax[i];
        reading[i].Ay <== Ay[i];
        reading[i].R8x <== R8x[i];
        reading[i].R8y <== R8y[i];
        reading[i].S <== S[i];
    }
    //@end
    component sameEpoch[N];
    component delivery[N];
    component payment[N];
    signal positionWh[N];
    signal newEpoch[N];
    signal certifiedWh[N];
    var moneySum = 0;
    var certificateSum = 0;
    var readingSum = 0;
    var presentSum = 0;
    for (var i = 0; i < N; i++) {
        // A member whose registry leaf differs from the one its registers belong to has a new meter: its first reading is the baseline.
        sameEpoch[i] = IsEqual();
        sameEpoch[i].in[0] <== oldEpoch[i];
        sameEpoch[i].in[1] <== registryLeaf[i];
        newEpoch[i] <== oldEpoch[i] + hasReading[i] * (registryLeaf[i] - oldEpoch[i]);
        positionWh[i] <== market.fillWh[i] * (1 - 2 * orderSide[i]);

        delivery[i] = Delivery();
        delivery[i].hasReading <== hasReading[i];
        delivery[i].sameEpoch <== sameEpoch[i].out;
        delivery[i].importWh <== importWh[i];
        delivery[i].exportWh <== exportWh[i];
        delivery[i].sequence <== sequence[i];
        delivery[i].oldImportWh <== oldImportWh[i];
        delivery[i].oldExportWh <== oldExportWh[i];
        delivery[i].oldSequence <== oldSequence[i];
        delivery[i].oldCarried <== oldCarried[i];
        delivery[i].positionWh <== positionWh[i];
        delivery[i].shortWh <== shortWh[i];
        delivery[i].surplusWh <== surplusWh[i];

        payment[i] = Payment();
        payment[i].positionWh <== positionWh[i];
        payment[i].shortWh <== shortWh[i];
        payment[i].surplusWh <== surplusWh[i];
        payment[i].price <== price;
        payment[i].buyTariff <== buyTariff;
        payment[i].sellTariff <== sellTariff;
        moneySum += payment[i].money;

        certifiedWh[i] <== flagBits[i].out[0] * delivery[i].exportedWh;
        certificateSum += certifiedWh[i];
        readingSum += hasReading[i];
        presentSum += present[i];
    }

    // ---- money
    component flow = Flows(N, F);
    flow.packed <== flows;
    for (var k = 0; k < F; k++) {
        flow.amount[k] <== flowAmount[k];
        flow.index[k] <== flowIndex[k];
        flow.withdrawal[k] <== flowWithdrawal[k];
    }
    component account[N];
    var debtSum = 0;
    for (var i = 0; i < N; i++) { flow.settledBalance[i] <== settledBalance[i]; }
    for (var i = 0; i < N; i++) {
        account[i] = Account();
        account[i].balance <== oldBalance[i];
        account[i].debt <== oldDebt[i];
        account[i].deposit <== flow.deposit[i];
        account[i].money <== payment[i].money;
        account[i].settledBalance <== settledBalance[i];
        account[i].newDebt <== newDebt[i];
        debtSum += oldDebt[i] - newDebt[i];
    }

    // ---- new state
    component newLeaf[N];
    component newState = DenseRoot(levels);
    for (var i = 0; i < N; i++) {
        newLeaf[i] = Poseidon(8);
        newLeaf[i].inputs[0] <== newEpoch[i];
        newLeaf[i].inputs[1] <== flow.newBalance[i];
        newLeaf[i].inputs[2] <== newDebt[i];
        newLeaf[i].inputs[3] <== delivery[i].newImportWh;
        newLeaf[i].inputs[4] <== delivery[i].newExportWh;
        newLeaf[i].inputs[5] <== delivery[i].newSequence;
        newLeaf[i].inputs[6] <== delivery[i].newCarried;
        newLeaf[i].inputs[7] <== newSalt[i];
        newState.leaf[i] <== newLeaf[i].out;
    }
    //@group new-root
    newState.root === newRoot;
    //@end

    // ---- totals: grid account, default account, certificates, members carried, withdrawals applied
    signal gridTotal;
    gridTotal <== moneySum + (1 << 91);
    signal defaultTotal;
    defaultTotal <== debtSum + (1 << 91);
    signal certificateTotal;
    certificateTotal <== certificateSum;
    //@group totals-range
    component gridRange = InRange(92);
    gridRange.in <== gridTotal;
    component defaultRange = InRange(92);
    defaultRange.in <== defaultTotal;
    component certificateRange = InRange(40);
    certificateRange.in <== certificateTotal;
    //@end
    var appliedWord = 0;
    for (var k = 0; k < F; k++) { appliedWord += flow.applied[k] * (1 << k); }
    //@group totals-are-public
    totals === gridTotal + defaultTotal * (1 << 92) + certificateTotal * (1 << 184) + (presentSum - readingSum) * (1 << 224) + appliedWord * (1 << 232);
    //@end
}

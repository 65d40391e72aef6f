pragma circom 2.1.6;

include "circomlib/circuits/poseidon.circom";
include "lib/range.circom";
include "lib/tree.circom";
include "lib/reading.circom";
include "lib/market.circom";
include "lib/account.circom";
include "lib/carry.circom";

// One settlement batch of N = 2^levels members, from signed readings to balances. The statement in words, with every width and every
// assumption, is docs/settlement.md. Public signals, in this order:
//   registryRoot ordersRoot oldRoot newRoot domain terms totals flows
// A round of N·2^D members is settled in 2^D such batches, its parts: each proves its subtree of every tree, and what it leaves for the next
// one is bound by two more public signals: carryIn carryOut.
template Settle(N, levels, F, D) {
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
    // claims about the whole round
    signal input toShare;
    signal input divisor;
    signal input countedTotal;
    signal input countedBeforeStart;
    signal input leftover;
    // the way from this part's subtrees to the roots; the other parts' accounts stay: old and new root have the same siblings
    signal input registrySiblings[D];
    signal input ordersSiblings[D];
    signal input stateSiblings[D];
    // deposits and withdrawals
    signal input flowAmount[F];
    signal input flowIndex[F];
    signal input flowWithdrawal[F];

    // Chain and contract: bound by being squared, so that no optimiser drops the signal.
    signal domainSquared;
    domainSquared <== domain * domain;

    // ---- the part's place
    var RUN = 18;   // 13 sums of the market, money, debts, certificates, members carried, withdrawals applied
    signal part;
    signal last;
    signal partBits[D];
    signal running[RUN];
    signal ran[RUN];
    if (D == 0) {
        part <== 0;
        last <== 1;
        for (var k = 0; k < RUN; k++) { running[k] <== 0; }
    } else {
        signal input partIndex;
        signal input runningIn[RUN];
        component place = Num2Bits(D);
        place.in <== partIndex;
        for (var k = 0; k < D; k++) { partBits[k] <== place.out[k]; }
        part <== partIndex;
        component isLast = IsEqual();
        isLast.in[0] <== partIndex;
        isLast.in[1] <== (1 << D) - 1;
        last <== isLast.out;
        for (var k = 0; k < RUN; k++) { running[k] <== runningIn[k]; }
    }
    signal firstIndex;
    firstIndex <== part * N;

    // ---- terms
    // With a trade the price rule allows half a unit, in the field; the range does not.
    //@group price-range
    component priceRange = InRange(32);
    priceRange.in <== price;
    //@end
    //@group terms-range
    component buyTariffRange = InRange(32);
    buyTariffRange.in <== buyTariff;
    component sellTariffRange = InRange(32);
    sellTariffRange.in <== sellTariff;
    //@end
    component intervalBits = Num2Bits(40);
    intervalBits.in <== interval;
    //@group terms-are-public
    terms === price + buyTariff * (1 << 32) + sellTariff * (1 << 64) + interval * (1 << 96) + traded * (1 << 136) + part * (1 << 137);
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
    component registryTop = PathRoot(D);
    registryTop.node <== registry.root;
    for (var k = 0; k < D; k++) {
        registryTop.bits[k] <== partBits[k];
        registryTop.siblings[k] <== registrySiblings[k];
    }
    //@group registry-root
    registryTop.root === registryRoot;
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
    component ordersTop = PathRoot(D);
    ordersTop.node <== orders.root;
    for (var k = 0; k < D; k++) {
        ordersTop.bits[k] <== partBits[k];
        ordersTop.siblings[k] <== ordersSiblings[k];
    }
    //@group orders-root
    ordersTop.root === ordersRoot;
    //@end
    //@group order-needs-meter
    for (var i = 0; i < N; i++) { orderQuantityWh[i] * (1 - present[i]) === 0; }
    //@end

    component market = Market(N, levels, D);
    market.firstIndex <== firstIndex;
    market.last <== last;
    market.toShare <== toShare;
    market.divisor <== divisor;
    market.countedTotal <== countedTotal;
    market.countedBeforeStart <== countedBeforeStart;
    market.leftover <== leftover;
    for (var k = 0; k < 13; k++) { market.running[k] <== running[k]; }
    market.low <== low;
    market.high <== high;
    market.parity <== parity;
    market.rationedSide <== rationedSide;
    market.traded <== traded;
    market.price <== price;
    for (var b = 0; b < levels + D; b++) { market.intervalBits[b] <== intervalBits.out[b]; }
    for (var i = 0; i < N; i++) {
        market.quantityWh[i] <== orderQuantityWh[i];
        market.side[i] <== orderSide[i];
        market.limit[i] <== orderLimit[i];
        market.share[i] <== share[i];
        market.rest[i] <== rest[i];
    }
    for (var k = 0; k < 13; k++) { ran[k] <== market.ran[k]; }

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
    component oldTop = PathRoot(D);
    oldTop.node <== oldState.root;
    for (var k = 0; k < D; k++) {
        oldTop.bits[k] <== partBits[k];
        oldTop.siblings[k] <== stateSiblings[k];
    }
    //@group old-root
    oldTop.root === oldRoot;
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
    flow.firstIndex <== firstIndex;
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
    component newTop = PathRoot(D);
    newTop.node <== newState.root;
    for (var k = 0; k < D; k++) {
        newTop.bits[k] <== partBits[k];
        newTop.siblings[k] <== stateSiblings[k];
    }
    //@group new-root
    newTop.root === newRoot;
    //@end

    // ---- totals: grid account, default account, certificates, members carried, withdrawals applied; told by the last part for all
    var appliedWord = 0;
    for (var k = 0; k < F; k++) { appliedWord += flow.applied[k] * (1 << k); }
    ran[13] <== running[13] + moneySum;
    ran[14] <== running[14] + debtSum;
    ran[15] <== running[15] + certificateSum;
    ran[16] <== running[16] + presentSum - readingSum;
    ran[17] <== running[17] + appliedWord;
    signal told[5];
    for (var k = 0; k < 5; k++) { told[k] <== last * ran[13 + k]; }
    signal gridTotal;
    gridTotal <== told[0] + (1 << 91);
    signal defaultTotal;
    defaultTotal <== told[1] + (1 << 91);
    // The widths of grid and certificates can only be passed by more than 256 members.
    //@group totals-range
    component gridRange = InRange(92);
    gridRange.in <== gridTotal;
    component defaultRange = InRange(92);
    defaultRange.in <== defaultTotal;
    component certificateRange = InRange(40);
    certificateRange.in <== told[2];
    //@end
    //@group totals-are-public
    totals === gridTotal + defaultTotal * (1 << 92) + told[2] * (1 << 184) + told[3] * (1 << 224) + told[4] * (1 << 240);
    //@end

    // ---- what runs on to the next part
    if (D > 0) {
        signal input carryIn;
        signal input carryOut;
        signal input carryInSalt;
        signal input carryOutSalt;
        component first = IsZero();
        first.in <== part;
        // In the last part the volume says whether there was a trade; the others could otherwise make anything of it.
        //@group traded-boolean
        traded * (traded - 1) === 0;
        //@end
        //@group first-part-starts-empty
        for (var k = 0; k < RUN; k++) { first.out * running[k] === 0; }
        //@end
        component carry = Carry(8, RUN);
        carry.claims[0] <== low;
        carry.claims[1] <== high;
        carry.claims[2] <== rationedSide;
        carry.claims[3] <== toShare;
        carry.claims[4] <== divisor;
        carry.claims[5] <== countedTotal;
        carry.claims[6] <== countedBeforeStart;
        carry.claims[7] <== leftover;
        for (var k = 0; k < RUN; k++) {
            carry.before[k] <== running[k];
            carry.after[k] <== ran[k];
        }
        carry.beforeSalt <== carryInSalt;
        carry.afterSalt <== carryOutSalt;
        //@group carry-in
        carryIn === (1 - first.out) * carry.in;
        //@end
        //@group carry-out
        carryOut === (1 - last) * carry.out;
        //@end
    }
}

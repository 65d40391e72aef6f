pragma circom 2.1.6;

include "range.circom";

// One member's delivery and money. Position and difference: + bought, - sold. Money: + the member pays.
// A member without a reading keeps its registers and carries its position; its trade is paid all the same. A first reading measures nothing, so what
// is due then counts as not delivered: nobody is paid for energy that no meter has shown.
template Delivery() {
    signal input hasReading;
    signal input sameEpoch;
    signal input importWh;
    signal input exportWh;
    signal input sequence;
    signal input oldImportWh;
    signal input oldExportWh;
    signal input oldSequence;
    signal input oldCarried;      // position + 2^48
    signal input positionWh;
    signal input shortWh;         // consumed beyond the position: bought from the grid
    signal input surplusWh;       // consumed less: sold to the grid
    signal output newImportWh;
    signal output newExportWh;
    signal output newSequence;
    signal output newCarried;
    signal output exportedWh;

    signal measured;
    measured <== hasReading * sameEpoch;
    signal importedWh;
    importedWh <== measured * (importWh - oldImportWh);
    exportedWh <== measured * (exportWh - oldExportWh);
    signal sequenceStep;
    sequenceStep <== measured * (sequence - oldSequence - 1);
    //@group import-register-grows
    component importGrows = InRange(32);
    importGrows.in <== importedWh;
    //@end
    //@group export-register-grows
    component exportGrows = InRange(32);
    exportGrows.in <== exportedWh;
    //@end
    //@group sequence-grows
    component sequenceGrows = InRange(32);
    sequenceGrows.in <== sequenceStep;
    //@end

    newImportWh <== oldImportWh + hasReading * (importWh - oldImportWh);
    newExportWh <== oldExportWh + hasReading * (exportWh - oldExportWh);
    newSequence <== oldSequence + hasReading * (sequence - oldSequence);
    // Growth alone would let a first reading start just below the field's end and wrap later.
    //@group register-range
    component newImportRange = InRange(48);
    newImportRange.in <== newImportWh;
    component newExportRange = InRange(48);
    newExportRange.in <== newExportWh;
    //@end

    signal owedWh;
    owedWh <== oldCarried - (1 << 48) + positionWh;
    newCarried <== (1 - hasReading) * owedWh + (1 << 48);
    //@group carried-range
    component carriedRange = InRange(49);
    carriedRange.in <== newCarried;
    //@end

    signal dueWh;
    dueWh <== hasReading * owedWh;
    //@group delivery-difference
    shortWh - surplusWh === importedWh - exportedWh - dueWh;
    //@end
    //@group one-sided-difference
    shortWh * surplusWh === 0;
    //@end
    //@group short-range
    component shortRange = InRange(50);
    shortRange.in <== shortWh;
    //@end
    //@group surplus-range
    component surplusRange = InRange(50);
    surplusRange.in <== surplusWh;
    //@end
}

template Payment() {
    signal input positionWh;
    signal input shortWh;
    signal input surplusWh;
    signal input price;
    signal input buyTariff;
    signal input sellTariff;
    signal output money;

    signal trade;
    trade <== price * positionWh;
    signal bought;
    bought <== buyTariff * shortWh;
    signal sold;
    sold <== sellTariff * surplusWh;
    money <== trade + bought - sold;
}

// balance - debt after deposit and payment; what is missing becomes debt to the default account, so that no balance is below zero.
template Account() {
    signal input balance;
    signal input debt;
    signal input deposit;
    signal input money;
    signal input settledBalance;
    signal input newDebt;

    //@group balance-equation
    settledBalance - newDebt === balance + deposit - debt - money;
    //@end
    //@group balance-or-debt
    settledBalance * newDebt === 0;
    //@end
    //@group balance-range
    component balanceRange = InRange(96);
    balanceRange.in <== settledBalance;
    //@end
    //@group debt-range
    component debtRange = InRange(96);
    debtRange.in <== newDebt;
    //@end
}

// F queued deposits and withdrawals, in queue order. A deposit counts before the round is paid, a withdrawal after;
// a withdrawal is applied exactly when the balance covers it.
template Flows(N, F) {
    signal input packed;
    signal input firstIndex;      // of this part's members: entries of others pass by
    signal input amount[F];
    signal input index[F];
    signal input withdrawal[F];
    signal input settledBalance[N];
    signal output deposit[N];
    signal output newBalance[N];
    signal output applied[F];

    //@group flow-amount-range
    component amountRange[F];
    for (var k = 0; k < F; k++) { amountRange[k] = InRange(64); amountRange[k].in <== amount[k]; }
    //@end
    //@group flow-index-range
    component indexRange[F];
    for (var k = 0; k < F; k++) { indexRange[k] = InRange(16); indexRange[k].in <== index[k]; }
    //@end
    //@group flow-kind-boolean
    for (var k = 0; k < F; k++) { withdrawal[k] * (withdrawal[k] - 1) === 0; }
    //@end
    var word = 0;
    for (var k = 0; k < F; k++) {
        word += (amount[k] + index[k] * (1 << 64) + withdrawal[k] * (1 << 80)) * (1 << (81 * k));
    }
    //@group flows-are-the-queue
    packed === word;
    //@end

    component hit[F][N];
    signal depositPart[F][N];
    signal balance[F + 1][N];
    signal selected[F][N];
    signal taken[F][N];
    signal depositAmount[F];
    signal takenAmount[F];
    component covered[F];
    for (var i = 0; i < N; i++) { balance[0][i] <== settledBalance[i]; }
    for (var k = 0; k < F; k++) {
        depositAmount[k] <== amount[k] * (1 - withdrawal[k]);
        var found = 0;
        for (var i = 0; i < N; i++) {
            hit[k][i] = IsEqual();
            hit[k][i].in[0] <== index[k];
            hit[k][i].in[1] <== firstIndex + i;
            depositPart[k][i] <== hit[k][i].out * depositAmount[k];
            selected[k][i] <== hit[k][i].out * balance[k][i];
            found += selected[k][i];
        }
        covered[k] = LessEqThan(96);
        covered[k].in[0] <== amount[k];
        covered[k].in[1] <== found;
        applied[k] <== withdrawal[k] * covered[k].out;
        takenAmount[k] <== applied[k] * amount[k];
        for (var i = 0; i < N; i++) {
            taken[k][i] <== hit[k][i].out * takenAmount[k];
            balance[k + 1][i] <== balance[k][i] - taken[k][i];
        }
    }
    for (var i = 0; i < N; i++) {
        var sum = 0;
        for (var k = 0; k < F; k++) { sum += depositPart[k][i]; }
        deposit[i] <== sum;
        newBalance[i] <== balance[F][i];
    }
}

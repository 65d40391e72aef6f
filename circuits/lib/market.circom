pragma circom 2.1.6;

include "range.circom";

// Where one limit price stands against a price X: above = [limit > X], equal = [limit = X]. Both below 2^33.
template AgainstPrice() {
    signal input limit;
    signal input x;
    signal output above;
    signal output equal;

    component less = LessThan(33);
    less.in[0] <== x;
    less.in[1] <== limit;
    above <== less.out;
    component same = IsEqual();
    same.in[0] <== x;
    same.in[1] <== limit;
    equal <== same.out;
}

// Demand and supply at a price X: bought strictly above and at or above it, sold at or below and strictly below it. Wh.
template Curves(N) {
    signal input x;
    signal input buyWh[N];
    signal input sellWh[N];
    signal input limit[N];
    signal output above[N];
    signal output equal[N];
    signal output buyAbove;
    signal output buyAt;
    signal output sellUpTo;
    signal output sellAt;

    component against[N];
    signal buyAbovePart[N];
    signal buyAtPart[N];
    signal sellAbovePart[N];
    signal sellAtPart[N];
    var ba = 0;
    var be = 0;
    var su = 0;
    var se = 0;
    for (var i = 0; i < N; i++) {
        against[i] = AgainstPrice();
        against[i].limit <== limit[i];
        against[i].x <== x;
        above[i] <== against[i].above;
        equal[i] <== against[i].equal;
        buyAbovePart[i] <== buyWh[i] * above[i];
        buyAtPart[i] <== buyWh[i] * equal[i];
        sellAbovePart[i] <== sellWh[i] * above[i];
        sellAtPart[i] <== sellWh[i] * equal[i];
        ba += buyAbovePart[i];
        be += buyAtPart[i];
        su += sellWh[i] - sellAbovePart[i];
        se += sellAtPart[i];
    }
    buyAbove <== ba;
    buyAt <== be;
    sellUpTo <== su;
    sellAt <== se;
}

// The uniform-price double auction over N committed orders, checked rather than solved.
//
// A price X clears when buys strictly above it find sellers (B>(X) <= S<=(X)) and sales strictly below it find buyers (S<(X) <= B>=(X)).
// Demand falls and supply rises with X, so the clearing prices are an interval; `low` and `high` are its ends exactly when each clears and
// its outer neighbour does not. No order with a quantity has its limit strictly between them, so an order stands against the midpoint as it stands
// against `low`; orders can be marginal only if the midpoint is `low` itself.
//
// A round of more members than N is cleared in 2^D parts. What is said of the whole round (the claims) is the same in all parts; sums run on from
// part to part; the last part checks the claims against the sums. With D = 0 there is one part, which is the last, and nothing ran before it.
//   running: 0..3 bought above / at, sold up to / at `low`; 4..7 the same at `high`; 8 rationed Wh; 9 rationed orders; 10 of them before the start;
//            11 whether the start was passed; 12 shares given
template Market(N, levels, D) {
    signal input quantityWh[N];   // < 2^32
    signal input side[N];         // 0 buy, 1 sell
    signal input limit[N];        // < 2^32
    signal input low;
    signal input high;
    signal input parity;
    signal input rationedSide;    // the side whose marginal orders share what is left
    signal input share[N];        // floor of the pro rata share of a marginal order
    signal input rest[N];         // and its remainder
    signal input traded;
    signal input price;           // < 2^32
    signal input intervalBits[levels + D];
    signal input firstIndex;      // of this part's members
    signal input last;            // 1 in the last part
    signal input running[13];
    // claims about the whole round
    signal input toShare;         // Wh that the marginal orders of the longer side share
    signal input divisor;         // Wh they offer, at least 1
    signal input countedTotal;    // how many they are
    signal input countedBeforeStart;
    signal input leftover;        // Wh left over by rounding
    signal output fillWh[N];
    signal output ran[13];

    var SUM = 34 + levels + D;    // bits of a sum of all quantities, with room

    //@group quantity-range
    component quantityRange[N];
    for (var i = 0; i < N; i++) { quantityRange[i] = InRange(32); quantityRange[i].in <== quantityWh[i]; }
    //@end
    //@group limit-range
    component limitRange[N];
    for (var i = 0; i < N; i++) { limitRange[i] = InRange(32); limitRange[i].in <== limit[i]; }
    //@end
    //@group side-boolean
    for (var i = 0; i < N; i++) { side[i] * (side[i] - 1) === 0; }
    //@end
    //@group price-bounds-range
    component lowRange = InRange(33);
    lowRange.in <== low;
    component highRange = InRange(33);
    highRange.in <== high;
    //@end

    signal buyWh[N];
    signal sellWh[N];
    for (var i = 0; i < N; i++) {
        sellWh[i] <== quantityWh[i] * side[i];
        buyWh[i] <== quantityWh[i] - sellWh[i];
    }
    component atLow = Curves(N);
    component atHigh = Curves(N);
    atLow.x <== low;
    atHigh.x <== high;
    for (var i = 0; i < N; i++) {
        atLow.buyWh[i] <== buyWh[i];
        atLow.sellWh[i] <== sellWh[i];
        atLow.limit[i] <== limit[i];
        atHigh.buyWh[i] <== buyWh[i];
        atHigh.sellWh[i] <== sellWh[i];
        atHigh.limit[i] <== limit[i];
    }

    var atLowSums[4] = [atLow.buyAbove, atLow.buyAt, atLow.sellUpTo, atLow.sellAt];
    var atHighSums[4] = [atHigh.buyAbove, atHigh.buyAt, atHigh.sellUpTo, atHigh.sellAt];
    for (var k = 0; k < 4; k++) {
        ran[k] <== running[k] + atLowSums[k];
        ran[4 + k] <== running[4 + k] + atHighSums[k];
    }

    // The rule over the whole round, in the last part.
    signal judged;
    judged <== traded * last;
    signal lowClears;
    lowClears <== judged * (ran[2] - ran[0]);
    signal belowLowFails;
    belowLowFails <== judged * (ran[0] + ran[1] - (ran[2] - ran[3]) - 1);
    signal highClears;
    highClears <== judged * (ran[4] + ran[5] - (ran[6] - ran[7]));
    signal aboveHighFails;
    aboveHighFails <== judged * (ran[6] - ran[4] - 1);
    //@group low-clears
    component lowClearsRange = InRange(SUM);
    lowClearsRange.in <== lowClears;
    //@end
    //@group low-is-lowest
    component belowLowRange = InRange(SUM);
    belowLowRange.in <== belowLowFails;
    //@end
    //@group high-clears
    component highClearsRange = InRange(SUM);
    highClearsRange.in <== highClears;
    //@end
    //@group high-is-highest
    component aboveHighRange = InRange(SUM);
    aboveHighRange.in <== aboveHighFails;
    //@end

    // Without a trade, `low` separates all buyers (below it) from all sellers (at or above it).
    signal judgedIdle;
    judgedIdle <== last - judged;
    //@group no-trade-is-true
    judgedIdle * (ran[0] + ran[1] + ran[2] - ran[3]) === 0;
    //@end

    // Price rule: the midpoint, rounded down; 0 without a trade.
    //@group parity-boolean
    parity * (parity - 1) === 0;
    //@end
    //@group price-rule
    traded * (low + high) === 2 * price + parity;
    //@end
    signal tradedLow;
    tradedLow <== traded * low;
    component priceIsLow = IsEqual();
    priceIsLow.in[0] <== price;
    priceIsLow.in[1] <== tradedLow;

    // What each side offers at the price.
    signal buyMarginal;
    buyMarginal <== priceIsLow.out * ran[1];
    signal sellMarginal;
    sellMarginal <== priceIsLow.out * ran[3];
    signal buyTotal;
    buyTotal <== ran[0] + buyMarginal;
    signal sellTotal;
    sellTotal <== ran[2];

    //@group rationed-side-boolean
    rationedSide * (rationedSide - 1) === 0;
    //@end
    signal surplus;
    surplus <== (sellTotal - buyTotal) * (2 * rationedSide - 1);
    signal judgedSurplus;
    judgedSurplus <== surplus * last;
    //@group rationed-side-is-longer
    component surplusRange = InRange(SUM);
    surplusRange.in <== judgedSurplus;
    //@end
    signal volume;
    volume <== sellTotal + rationedSide * (buyTotal - sellTotal);
    component noVolume = IsZero();
    noVolume.in <== volume;
    //@group traded-means-volume
    last * (traded - 1 + noVolume.out) === 0;
    //@end
    signal strictOnRationed;
    strictOnRationed <== ran[0] + rationedSide * (sellTotal - sellMarginal - ran[0]);
    //@group claim-to-share
    last * (toShare - volume + strictOnRationed) === 0;
    //@end

    // Allocation: in the money in full, out of it nothing, at the margin in full on the shorter side and pro rata on the longer one.
    signal marginal[N];
    signal inMoney[N];
    signal inMoneyWh[N];
    signal marginalWh[N];
    signal sideAndRationed[N];
    signal rationed[N];
    signal rationedWh[N];
    signal counted[N];
    component empty[N];
    var rationedSum = 0;
    for (var i = 0; i < N; i++) {
        marginal[i] <== atLow.equal[i] * priceIsLow.out;
        inMoney[i] <== atLow.above[i] + side[i] * (1 - 2 * atLow.above[i] - marginal[i]);
        inMoneyWh[i] <== quantityWh[i] * inMoney[i];
        marginalWh[i] <== quantityWh[i] * marginal[i];
        sideAndRationed[i] <== side[i] * rationedSide;
        rationed[i] <== marginal[i] * (1 - side[i] - rationedSide + 2 * sideAndRationed[i]);
        rationedWh[i] <== quantityWh[i] * rationed[i];
        rationedSum += rationedWh[i];
        empty[i] = IsZero();
        empty[i].in <== quantityWh[i];
        counted[i] <== rationed[i] * (1 - empty[i].out);
    }
    ran[8] <== running[8] + rationedSum;
    component nothingRationed = IsZero();
    nothingRationed.in <== ran[8];
    //@group claim-divisor
    last * (divisor - ran[8] - nothingRationed.out) === 0;
    //@end

    // A share needs no range of its own: with it every fill is due or carried as delivery, both of a bounded number of Wh, and only one whole number
    // near zero leaves a remainder below the divisor.
    signal entitled[N];
    component restRange[N];
    component restBelow[N];
    var shareSum = 0;
    for (var i = 0; i < N; i++) {
        entitled[i] <== rationedWh[i] * toShare;
        shareSum += share[i];
    }
    //@group pro-rata-division
    for (var i = 0; i < N; i++) { share[i] * divisor === entitled[i] - rest[i]; }
    //@end
    //@group remainder-range
    for (var i = 0; i < N; i++) { restRange[i] = InRange(SUM); restRange[i].in <== rest[i]; }
    //@end
    //@group remainder-below-divisor
    for (var i = 0; i < N; i++) { restBelow[i] = InRange(SUM); restBelow[i].in <== divisor - 1 - rest[i]; }
    //@end

    // The Wh left over go one each to the rationed orders in committed order, which starts at (interval mod all members) and wraps.
    component startsAt[N];
    var startIndex = 0;
    for (var b = 0; b < levels + D; b++) { startIndex += intervalBits[b] * (1 << b); }
    signal before[N];
    signal beforeStart[N];
    var counting = running[9];
    var countingAtStart = running[10];
    var started = running[11];
    var startedUpTo[N];
    for (var i = 0; i < N; i++) {
        startsAt[i] = IsEqual();
        startsAt[i].in[0] <== startIndex;
        startsAt[i].in[1] <== firstIndex + i;
        before[i] <== counting;
        beforeStart[i] <== startsAt[i].out * before[i];
        countingAtStart += beforeStart[i];
        counting += counted[i];
        started += startsAt[i].out;
        startedUpTo[i] = started;
    }
    ran[9] <== counting;
    ran[10] <== countingAtStart;
    ran[11] <== started;
    ran[12] <== running[12] + shareSum;
    //@group claim-counted
    last * (countedTotal - ran[9]) === 0;
    //@end
    //@group claim-start
    last * (countedBeforeStart - ran[10]) === 0;
    //@end
    //@group claim-leftover
    last * (leftover - toShare + ran[12]) === 0;
    //@end
    signal wrapped[N];
    component ahead[N];
    signal extra[N];
    for (var i = 0; i < N; i++) {
        wrapped[i] <== countedTotal * (1 - startedUpTo[i]);
        ahead[i] = LessThan(levels + D + 2);
        ahead[i].in[0] <== before[i] - countedBeforeStart + wrapped[i];
        ahead[i].in[1] <== leftover;
        extra[i] <== counted[i] * ahead[i].out;
        fillWh[i] <== inMoneyWh[i] + marginalWh[i] - rationedWh[i] + share[i] + extra[i];
    }
}

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
template Market(N, levels) {
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
    signal input intervalBits[levels];
    signal output fillWh[N];

    var SUM = 34 + levels;        // bits of a sum of N quantities, with room

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

    signal lowClears;
    lowClears <== traded * (atLow.sellUpTo - atLow.buyAbove);
    signal belowLowFails;
    belowLowFails <== traded * (atLow.buyAbove + atLow.buyAt - (atLow.sellUpTo - atLow.sellAt) - 1);
    signal highClears;
    highClears <== traded * (atHigh.buyAbove + atHigh.buyAt - (atHigh.sellUpTo - atHigh.sellAt));
    signal aboveHighFails;
    aboveHighFails <== traded * (atHigh.sellUpTo - atHigh.buyAbove - 1);
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
    //@group no-trade-is-true
    (1 - traded) * (atLow.buyAbove + atLow.buyAt + atLow.sellUpTo - atLow.sellAt) === 0;
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
    buyMarginal <== priceIsLow.out * atLow.buyAt;
    signal sellMarginal;
    sellMarginal <== priceIsLow.out * atLow.sellAt;
    signal buyTotal;
    buyTotal <== atLow.buyAbove + buyMarginal;
    signal sellTotal;
    sellTotal <== atLow.sellUpTo;

    //@group rationed-side-boolean
    rationedSide * (rationedSide - 1) === 0;
    //@end
    signal surplus;
    surplus <== (sellTotal - buyTotal) * (2 * rationedSide - 1);
    //@group rationed-side-is-longer
    component surplusRange = InRange(SUM);
    surplusRange.in <== surplus;
    //@end
    signal volume;
    volume <== sellTotal + rationedSide * (buyTotal - sellTotal);
    component noVolume = IsZero();
    noVolume.in <== volume;
    //@group traded-means-volume
    traded === 1 - noVolume.out;
    //@end
    signal strictOnRationed;
    strictOnRationed <== atLow.buyAbove + rationedSide * (sellTotal - sellMarginal - atLow.buyAbove);
    signal toShare;
    toShare <== volume - strictOnRationed;

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
    signal rationedTotal;
    rationedTotal <== rationedSum;
    component nothingRationed = IsZero();
    nothingRationed.in <== rationedTotal;
    signal divisor;
    divisor <== rationedTotal + nothingRationed.out;

    signal entitled[N];
    component shareRange[N];
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
    //@group share-range
    for (var i = 0; i < N; i++) { shareRange[i] = InRange(32); shareRange[i].in <== share[i]; }
    //@end
    //@group remainder-range
    for (var i = 0; i < N; i++) { restRange[i] = InRange(SUM); restRange[i].in <== rest[i]; }
    //@end
    //@group remainder-below-divisor
    for (var i = 0; i < N; i++) { restBelow[i] = InRange(SUM); restBelow[i].in <== divisor - 1 - rest[i]; }
    //@end

    // The Wh left over go one each to the rationed orders in committed order, which starts at (interval mod N) and wraps.
    component startsAt[N];
    var startIndex = 0;
    for (var b = 0; b < levels; b++) { startIndex += intervalBits[b] * (1 << b); }
    signal before[N];
    signal beforeStart[N];
    var running = 0;
    var runningAtStart = 0;
    for (var i = 0; i < N; i++) {
        startsAt[i] = IsEqual();
        startsAt[i].in[0] <== startIndex;
        startsAt[i].in[1] <== i;
        before[i] <== running;
        beforeStart[i] <== startsAt[i].out * before[i];
        runningAtStart += beforeStart[i];
        running += counted[i];
    }
    signal countedTotal;
    countedTotal <== running;
    signal leftover;
    leftover <== toShare - shareSum;
    signal wrapped[N];
    component ahead[N];
    signal extra[N];
    var started = 0;
    for (var i = 0; i < N; i++) {
        started += startsAt[i].out;
        wrapped[i] <== countedTotal * (1 - started);
        ahead[i] = LessThan(levels + 2);
        ahead[i].in[0] <== before[i] - runningAtStart + wrapped[i];
        ahead[i].in[1] <== leftover;
        extra[i] <== counted[i] * ahead[i].out;
        fillWh[i] <== inMoneyWh[i] + marginalWh[i] - rationedWh[i] + share[i] + extra[i];
    }
}

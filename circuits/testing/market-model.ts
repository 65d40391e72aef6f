// SPDX-License-Identifier: GPL-3.0-only
/** circuits/lib/market.circom without its checks. */
import { FIELD, mod } from '../../src/domain/settlement/field.ts';
import type { Lies } from './lies.ts';

export interface MarketInput {
  readonly quantityWh: readonly bigint[];
  readonly side: readonly bigint[];
  readonly limit: readonly bigint[];
  readonly share: readonly bigint[];
  readonly low: bigint;
  readonly high: bigint;
  readonly price: bigint;
  readonly traded: bigint;
  readonly rationedSide: bigint;
  readonly startIndex: bigint;
  readonly firstIndex: bigint;
  readonly last: bigint;
  readonly running: readonly bigint[];
}
export const CLAIMS = ['toShare', 'divisor', 'countedTotal', 'countedBeforeStart', 'leftover'] as const;
export type Claims = Record<(typeof CLAIMS)[number], bigint>;

/** Values may stand for negative ones. */
const signed = (x: bigint): bigint => (x > FIELD / 2n ? x - FIELD : x);
const bit = (yes: boolean): bigint => (yes ? 1n : 0n);

/** Fills and sums; `claim` takes what the sums make of a claim and gives the claim. */
export function market(v: MarketInput, lies: Lies, claim: (name: keyof Claims, due: bigint) => bigint): { fills: bigint[]; ran: bigint[] } {
  const say = (path: string, honest: bigint) => lies.say(`market.${path}`, honest);
  const places = v.quantityWh.map((_, i) => i);
  const q = (i: number) => v.quantityWh[i] as bigint;
  const side = (i: number) => v.side[i] as bigint;
  const running = (k: number) => v.running[k] as bigint;
  const sell = places.map((i) => say(`sellWh[${i}]`, q(i) * side(i)));
  const buy = places.map((i) => say(`buyWh[${i}]`, q(i) - (sell[i] as bigint)));
  const curves = (name: string, x: bigint) => {
    const sums: [bigint, bigint, bigint, bigint] = [0n, 0n, 0n, 0n];
    const against = places.map((i) => {
      const limit = v.limit[i] as bigint;
      const above = say(`${name}.against[${i}].less.out`, bit(signed(x) < signed(limit)));
      const equal = say(`${name}.against[${i}].same.out`, bit(x === limit));
      const [b, s] = [buy[i] as bigint, sell[i] as bigint];
      sums[0] += say(`${name}.buyAbovePart[${i}]`, b * above);
      sums[1] += say(`${name}.buyAtPart[${i}]`, b * equal);
      sums[2] += s - say(`${name}.sellAbovePart[${i}]`, s * above);
      sums[3] += say(`${name}.sellAtPart[${i}]`, s * equal);
      return { above, equal };
    });
    return { sums, against };
  };
  const [atLow, atHigh] = [curves('atLow', v.low), curves('atHigh', v.high)];
  const ran = [...atLow.sums, ...atHigh.sums].map((sum, k) => say(`ran[${k}]`, running(k) + sum));
  const [bought, boughtAt, sold, soldAt, boughtHigh, boughtAtHigh, soldHigh, soldAtHigh] = ran as [
    ...[bigint, bigint, bigint, bigint],
    ...[bigint, bigint, bigint, bigint],
  ];
  const judged = say('judged', v.traded * v.last);
  say('lowClears', judged * (sold - bought));
  say('belowLowFails', judged * (bought + boughtAt - (sold - soldAt) - 1n));
  say('highClears', judged * (boughtHigh + boughtAtHigh - (soldHigh - soldAtHigh)));
  say('aboveHighFails', judged * (soldHigh - boughtHigh - 1n));
  say('judgedIdle', v.last - judged);
  const tradedLow = say('tradedLow', v.traded * v.low);
  const priceIsLow = say('priceIsLow.out', bit(v.price === tradedLow));
  const buyMarginal = say('buyMarginal', priceIsLow * boughtAt);
  const sellMarginal = say('sellMarginal', priceIsLow * soldAt);
  const buyTotal = say('buyTotal', bought + buyMarginal);
  const z = v.rationedSide;
  say('judgedSurplus', say('surplus', (sold - buyTotal) * (2n * z - 1n)) * v.last);
  const volume = say('volume', sold + z * (buyTotal - sold));
  say('noVolume.out', bit(volume === 0n));
  const toShare = claim('toShare', volume - say('strictOnRationed', bought + z * (sold - sellMarginal - bought)));

  const lines = places.map((i) => {
    const { above, equal } = atLow.against[i] as { above: bigint; equal: bigint };
    const marginal = say(`marginal[${i}]`, equal * priceIsLow);
    const inMoney = say(`inMoney[${i}]`, above + side(i) * (1n - 2n * above - marginal));
    const inMoneyWh = say(`inMoneyWh[${i}]`, q(i) * inMoney);
    const marginalWh = say(`marginalWh[${i}]`, q(i) * marginal);
    const both = say(`sideAndRationed[${i}]`, side(i) * z);
    const rationed = say(`rationed[${i}]`, marginal * (1n - side(i) - z + 2n * both));
    const rationedWh = say(`rationedWh[${i}]`, q(i) * rationed);
    const counted = say(`counted[${i}]`, rationed * (1n - say(`empty[${i}].out`, bit(q(i) === 0n))));
    return { due: inMoneyWh + marginalWh - rationedWh, rationedWh, counted };
  });
  const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
  ran.push(say('ran[8]', running(8) + sum(lines.map((line) => line.rationedWh))));
  claim('divisor', (ran[8] as bigint) + say('nothingRationed.out', bit(ran[8] === 0n)));
  lines.forEach(({ rationedWh }, i) => {
    say(`entitled[${i}]`, rationedWh * toShare);
  });

  let [counting, atStart, started] = [running(9), running(10), running(11)];
  const queue = lines.map(({ counted }, i) => {
    const starts = say(`startsAt[${i}].out`, bit(v.startIndex === v.firstIndex + BigInt(i)));
    const before = counting;
    atStart += say(`beforeStart[${i}]`, starts * before);
    counting += counted;
    started += starts;
    return { before, started };
  });
  ran.push(mod(counting), mod(atStart), mod(started), say('ran[12]', running(12) + sum(v.share)));
  const countedTotal = claim('countedTotal', counting);
  const countedBeforeStart = claim('countedBeforeStart', atStart);
  const leftover = claim('leftover', toShare - (ran[12] as bigint));
  const fills = lines.map(({ due, counted }, i) => {
    const place = queue[i] as { before: bigint; started: bigint };
    const wrapped = say(`wrapped[${i}]`, countedTotal * (1n - place.started));
    const ahead = say(`ahead[${i}].out`, bit(signed(mod(place.before - countedBeforeStart + wrapped)) < signed(leftover)));
    const extra = say(`extra[${i}]`, counted * ahead);
    return say(`fillWh[${i}]`, due + (v.share[i] as bigint) + extra);
  });
  return { fills, ran };
}

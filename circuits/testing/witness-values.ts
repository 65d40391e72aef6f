// SPDX-License-Identifier: GPL-3.0-only
/**
 * What a forger does: take the inputs of an honest round, change some, and work out everything that follows, so that nothing gives the change
 * away but the constraint that forbids it. This is a model of the circuit's equations without its checks, over the field.
 */

import { poseidon4 } from 'poseidon-lite/poseidon4';
import { poseidon7 } from 'poseidon-lite/poseidon7';
import { poseidon8 } from 'poseidon-lite/poseidon8';
import { FIELD, inverse, mod } from '../../src/domain/settlement/field.ts';
import { merkleRoot } from '../../src/domain/settlement/merkle.ts';
import type { WitnessInput } from '../../src/domain/settlement/witness.ts';

export type Values = Record<string, bigint | bigint[]>;

export class Forged {
  readonly values: Values;
  /** Names that keep what they have instead of following from the others. */
  readonly fixed = new Set<string>();

  constructor(input: WitnessInput) {
    this.values = Object.fromEntries(
      Object.entries(input).map(([name, value]) => [name, Array.isArray(value) ? value.map(BigInt) : BigInt(value)]),
    );
  }

  one(name: string): bigint {
    return this.values[name] as bigint;
  }
  many(name: string): bigint[] {
    return this.values[name] as bigint[];
  }
  at(name: string, index: number): bigint {
    return this.many(name)[index] as bigint;
  }
  /** Sets a value and keeps it. */
  set(name: string, value: bigint): this {
    this.values[name] = mod(value);
    this.fixed.add(name);
    return this;
  }
  setAt(name: string, index: number, value: bigint): this {
    this.many(name)[index] = mod(value);
    this.fixed.add(`${name}.${index}`);
    return this;
  }
  get members(): number {
    return this.many('meterId').length;
  }

  input(): WitnessInput {
    return Object.fromEntries(
      Object.entries(this.values).map(([name, value]) => [name, Array.isArray(value) ? value.map(String) : value.toString()]),
    );
  }

  #follow(name: string, value: bigint): void {
    if (!this.fixed.has(name)) this.values[name] = mod(value);
  }
  #followAt(name: string, index: number, value: bigint): void {
    if (!this.fixed.has(`${name}.${index}`)) this.many(name)[index] = mod(value);
  }

  registryLeaves(): bigint[] {
    return this.many('present').map((present, i) =>
      mod(present * poseidon4([this.at('meterId', i), this.at('Ax', i), this.at('Ay', i), this.at('flags', i)])),
    );
  }

  /** Wh filled per member, as the circuit's equations give them; claims about the round follow unless they are kept. */
  fills(): bigint[] {
    const n = this.members;
    const low = this.one('low');
    const priceIsLow = this.one('price') === mod(this.one('traded') * low) ? 1n : 0n;
    const z = this.one('rationedSide');
    const of = (i: number) => {
      const q = this.at('orderQuantityWh', i);
      const side = this.at('orderSide', i);
      // circom's LessThan on values that may stand for negative ones
      const signed = (x: bigint) => (x > FIELD / 2n ? x - FIELD : x);
      const above = signed(this.at('orderLimit', i)) > signed(low) ? 1n : 0n;
      const equal = this.at('orderLimit', i) === low ? 1n : 0n;
      return { q, side, above, equal, marginal: equal * priceIsLow, sell: mod(q * side), buy: mod(q - q * side) };
    };
    const all = Array.from({ length: n }, (_, i) => of(i));
    const sum = (f: (o: ReturnType<typeof of>) => bigint) => mod(all.reduce((total, o) => total + f(o), 0n));
    const buyAbove = sum((o) => o.buy * o.above);
    const buyTotal = buyAbove + priceIsLow * sum((o) => o.buy * o.equal);
    const sellTotal = sum((o) => o.sell * (1n - o.above));
    const sellMarginal = priceIsLow * sum((o) => o.sell * o.equal);
    const volume = mod(sellTotal + z * (buyTotal - sellTotal));
    const toShare = mod(volume - (buyAbove + z * (sellTotal - sellMarginal - buyAbove)));
    const rationed = all.map((o) => mod(o.marginal * (1n - o.side - z + 2n * o.side * z)));
    const counted = all.map((o, i) => (o.q === 0n ? 0n : (rationed[i] as bigint)));
    const offered = mod(all.reduce((total, o, i) => total + o.q * (rationed[i] as bigint), 0n));
    const start = Number(this.one('interval') % BigInt(n));
    const prefix = counted.map((_, i) => counted.slice(0, i).reduce((a, b) => a + b, 0n));
    this.#follow('toShare', toShare);
    this.#follow('divisor', offered === 0n ? 1n : offered);
    this.#follow(
      'countedTotal',
      counted.reduce((a, b) => a + b, 0n),
    );
    this.#follow('countedBeforeStart', prefix[start] as bigint);
    const shares = this.many('share');
    this.#follow('leftover', this.one('toShare') - shares.reduce((total, s) => total + s, 0n));
    const countedTotal = this.one('countedTotal');
    const leftover = this.one('leftover');
    const signedLeftover = leftover > FIELD / 2n ? leftover - FIELD : leftover;
    return all.map((o, i) => {
      const rank = (prefix[i] as bigint) - this.one('countedBeforeStart') + (i >= start ? 0n : countedTotal);
      const extra = (counted[i] as bigint) * (rank < signedLeftover ? 1n : 0n);
      const inMoney = o.above + o.side * (1n - 2n * o.above - o.marginal);
      return mod(o.q * inMoney + o.q * o.marginal - o.q * (rationed[i] as bigint) + (shares[i] as bigint) + extra);
    });
  }

  /** Divisor and amount of the pro rata rule, for forgeries of shares. */
  rationing(): { divisor: bigint; members: number[] } {
    const members = this.many('orderLimit').flatMap((limit, i) =>
      limit === this.one('low') && this.at('orderSide', i) === this.one('rationedSide') && this.at('orderQuantityWh', i) > 0n ? [i] : [],
    );
    return { members, divisor: members.reduce((sum, i) => sum + this.at('orderQuantityWh', i), 0n) };
  }

  /** Works out all that follows. `recommit` also recomputes the committed orders, `restate` the old root, `reregister` the registry. */
  derive(options: { recommit?: boolean; restate?: boolean; reregister?: boolean } = {}): this {
    const n = this.members;
    const leaves = this.registryLeaves();
    if (options.reregister) this.#follow('registryRoot', merkleRoot(leaves));
    if (options.recommit) this.#follow('ordersRoot', this.#ordersRoot());
    if (options.restate) this.#follow('oldRoot', this.#oldRoot());
    const fills = this.fills();
    const flows = this.#deposits();
    let [grid, debts, certificates] = [0n, 0n, 0n];
    const rest: { import: bigint; export: bigint; sequence: bigint; carried: bigint; epoch: bigint }[] = [];
    for (let i = 0; i < n; i++) {
      const has = this.at('hasReading', i);
      const measured = this.at('oldEpoch', i) === leaves[i] ? has : 0n;
      const grown = (name: string, old: string) => mod(measured * (this.at(name, i) - this.at(old, i)));
      const moved = (name: string, old: string) => mod(this.at(old, i) + has * (this.at(name, i) - this.at(old, i)));
      const position = mod((fills[i] as bigint) * (1n - 2n * this.at('orderSide', i)));
      const owed = mod(this.at('oldCarried', i) - (1n << 48n) + position);
      const exported = grown('exportWh', 'oldExportWh');
      const delta = mod(grown('importWh', 'oldImportWh') - exported - has * owed);
      const short = delta <= FIELD / 2n ? delta : 0n;
      this.#followAt('shortWh', i, short);
      this.#followAt('surplusWh', i, short === 0n ? -delta : 0n);
      const money = mod(
        this.one('price') * position + this.one('buyTariff') * this.at('shortWh', i) - this.one('sellTariff') * this.at('surplusWh', i),
      );
      const worth = mod(this.at('oldBalance', i) + (flows[i] as bigint) - this.at('oldDebt', i) - money);
      this.#followAt('settledBalance', i, worth <= FIELD / 2n ? worth : 0n);
      this.#followAt('newDebt', i, worth <= FIELD / 2n ? 0n : -worth);
      grid += money;
      debts += this.at('oldDebt', i) - this.at('newDebt', i);
      certificates += (this.at('flags', i) & 1n) * exported;
      rest.push({
        import: moved('importWh', 'oldImportWh'),
        export: moved('exportWh', 'oldExportWh'),
        sequence: moved('sequence', 'oldSequence'),
        carried: mod((1n - has) * owed + (1n << 48n)),
        epoch: mod(this.at('oldEpoch', i) + has * ((leaves[i] as bigint) - this.at('oldEpoch', i))),
      });
    }
    const { balances, applied } = this.#withdrawals();
    this.#follow(
      'newRoot',
      merkleRoot(
        rest.map((r, i) =>
          poseidon8([
            r.epoch,
            balances[i] as bigint,
            this.at('newDebt', i),
            r.import,
            r.export,
            r.sequence,
            r.carried,
            this.at('newSalt', i),
          ]),
        ),
      ),
    );
    const word = (name: string) => this.one(name);
    this.#follow(
      'terms',
      word('price') + (word('buyTariff') << 32n) + (word('sellTariff') << 64n) + (word('interval') << 96n) + (word('traded') << 136n),
    );
    const sum = (name: string) => this.many(name).reduce((total, value) => total + value, 0n);
    const carriedMembers = sum('present') - sum('hasReading');
    const total =
      mod(grid + (1n << 91n)) +
      (mod(debts + (1n << 91n)) << 92n) +
      (mod(certificates) << 184n) +
      (carriedMembers << 224n) +
      (applied << 240n);
    this.#follow('totals', total);
    return this;
  }

  /** Repacks the queue's word from its entries. */
  requeue(): this {
    const word = this.many('flowAmount').reduce(
      (sum, amount, k) => sum + ((amount + (this.at('flowIndex', k) << 64n) + (this.at('flowWithdrawal', k) << 80n)) << (81n * BigInt(k))),
      0n,
    );
    this.values.flows = mod(word);
    return this;
  }

  #deposits(): bigint[] {
    return this.many('meterId').map((_, i) =>
      this.many('flowAmount').reduce(
        (sum, amount, k) => (this.at('flowIndex', k) === BigInt(i) ? mod(sum + amount * (1n - this.at('flowWithdrawal', k))) : sum),
        0n,
      ),
    );
  }

  #withdrawals(): { balances: bigint[]; applied: bigint } {
    const balances = [...this.many('settledBalance')];
    let applied = 0n;
    this.many('flowAmount').forEach((amount, k) => {
      const index = Number(this.at('flowIndex', k));
      const found = balances[index] ?? 0n;
      const take = amount <= found ? this.at('flowWithdrawal', k) : 0n;
      applied += take << BigInt(k);
      if (index < balances.length) balances[index] = mod(found - take * amount);
    });
    return { balances, applied };
  }

  #ordersRoot(): bigint {
    return merkleRoot(
      this.many('meterId').map((meter, i) =>
        poseidon7([
          meter,
          mod(this.at('orderForInterval', i) * this.one('interval')),
          this.at('orderSide', i),
          this.at('orderQuantityWh', i),
          this.at('orderLimit', i),
          this.at('orderSequence', i),
          this.at('orderSalt', i),
        ]),
      ),
    );
  }

  #oldRoot(): bigint {
    return merkleRoot(
      this.many('meterId').map((_, i) =>
        poseidon8(
          ['oldEpoch', 'oldBalance', 'oldDebt', 'oldImportWh', 'oldExportWh', 'oldSequence', 'oldCarried', 'oldSalt'].map((name) =>
            this.at(name, i),
          ),
        ),
      ),
    );
  }
}

/** a / b in the field. */
export const divide = (a: bigint, b: bigint): bigint => mod(a * inverse(b));

// SPDX-License-Identifier: GPL-3.0-only
/**
 * What a forger does: take the inputs of an honest round, change some, and work out everything that follows, so that nothing gives the change
 * away but the constraint that forbids it. This is a model of the circuit's equations without its checks, over the field.
 */

import { poseidon4 } from 'poseidon-lite/poseidon4';
import { poseidon5 } from 'poseidon-lite/poseidon5';
import { poseidon7 } from 'poseidon-lite/poseidon7';
import { poseidon8 } from 'poseidon-lite/poseidon8';
import { poseidon16 } from 'poseidon-lite/poseidon16';
import { FIELD, mod } from '../../src/domain/settlement/field.ts';
import { Forger } from './lies.ts';
import { market } from './market-model.ts';

/** Sums that run on from part to part. */
const SUMS = 18;
const OLD_STATE = ['oldEpoch', 'oldBalance', 'oldDebt', 'oldImportWh', 'oldExportWh', 'oldSequence', 'oldCarried', 'oldSalt'] as const;
const CLAIMED = ['low', 'high', 'rationedSide', 'toShare', 'divisor', 'countedTotal', 'countedBeforeStart', 'leftover'] as const;

/** Where a part stands in its round. */
interface Place {
  readonly depth: number;
  readonly part: bigint;
  readonly bits: readonly bigint[];
  readonly last: bigint;
  readonly running: readonly bigint[];
  readonly firstIndex: bigint;
  siblings(tree: string): readonly bigint[];
}

export class Forged extends Forger {
  /** Names that keep what they have instead of following from the others. */
  readonly fixed = new Set<string>();

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

  #follow(name: string, value: bigint): void {
    if (!this.fixed.has(name)) this.values[name] = mod(value);
  }
  #followAt(name: string, index: number, value: bigint): void {
    if (!this.fixed.has(`${name}.${index}`)) this.many(name)[index] = mod(value);
  }

  registryLeaves(): bigint[] {
    return this.many('present').map((present, i) =>
      this.lies.say(`registryLeaf[${i}]`, present * this.#hash('meter', i, poseidon4, ['meterId', 'Ax', 'Ay', 'flags'])),
    );
  }

  #hash(component: string, i: number, poseidon: (inputs: bigint[]) => bigint, names: readonly string[]): bigint {
    return this.lies.say(`${component}[${i}].out`, poseidon(names.map((name) => this.at(name, i))));
  }

  /** Shares and remainders as they follow from what is claimed and said. */
  reshare(): this {
    this.derive();
    const divisor = this.one('divisor');
    for (let i = 0; i < this.members; i++) {
      const entitled = this.lies.said(`market.entitled[${i}]`);
      this.setAt('share', i, entitled / divisor).setAt('rest', i, entitled % divisor);
    }
    return this.derive();
  }

  /** Divisor and amount of the pro rata rule, for forgeries of shares. */
  rationing(): { divisor: bigint; members: number[] } {
    const members = this.many('orderLimit').flatMap((limit, i) =>
      limit === this.one('low') && this.at('orderSide', i) === this.one('rationedSide') && this.at('orderQuantityWh', i) > 0n ? [i] : [],
    );
    return { members, divisor: members.reduce((sum, i) => sum + this.at('orderQuantityWh', i), 0n) };
  }

  /** The part's place: nothing of it stands in circuits of one part. */
  #place(): Place {
    const siblings = (name: string) => (this.values[`${name}Siblings`] as bigint[] | undefined) ?? [];
    const depth = siblings('state').length;
    const part = depth === 0 ? 0n : this.one('partIndex');
    return {
      depth,
      part,
      siblings,
      bits: Array.from({ length: depth }, (_, k) => this.lies.say(`place.out[${k}]`, (part >> BigInt(k)) & 1n)),
      last: depth === 0 ? 1n : this.lies.say('isLast.out', part === (1n << BigInt(depth)) - 1n ? 1n : 0n),
      running: depth === 0 ? new Array<bigint>(SUMS).fill(0n) : this.many('runningIn'),
      firstIndex: this.lies.say('firstIndex', part * BigInt(this.members)),
    };
  }

  #market(place: Place) {
    const width = BigInt(Math.log2(this.members) + place.depth);
    let startIndex = 0n;
    for (let b = 0n; b < width; b++) startIndex += this.lies.say(`intervalBits.out[${b}]`, (this.one('interval') >> b) & 1n) << b;
    const [low, high, price, traded, rationedSide] = ['low', 'high', 'price', 'traded', 'rationedSide'].map((name) => this.one(name)) as [
      ...[bigint, bigint, bigint, bigint, bigint],
    ];
    const orders = {
      quantityWh: this.many('orderQuantityWh'),
      side: this.many('orderSide'),
      limit: this.many('orderLimit'),
      share: this.many('share'),
    };
    return market({ ...orders, ...place, low, high, price, traded, rationedSide, startIndex }, this.lies, (name, due) => {
      // In one part of several, a claim speaks of more than is known here.
      if (place.depth === 0) this.#follow(name, due);
      return this.one(name);
    });
  }

  /** Works out all that follows. `recommit` also recomputes the committed orders, `restate` the old root, `reregister` the registry. */
  derive(options: { recommit?: boolean; restate?: boolean; reregister?: boolean } = {}): this {
    const say = (path: string, honest: bigint) => this.lies.say(path, honest);
    const n = this.members;
    const place = this.#place();
    const rootOf = (tree: string, top: string, siblings: string, leaves: bigint[]) =>
      this.lies.pathRoot(top, this.lies.denseRoot(tree, leaves), place.bits, place.siblings(siblings));
    const leaves = this.registryLeaves();
    const registryRoot = rootOf('registry', 'registryTop', 'registry', leaves);
    if (options.reregister) this.#follow('registryRoot', registryRoot);
    const ordersRoot = rootOf('orders', 'ordersTop', 'orders', this.#orderLeaves());
    if (options.recommit) this.#follow('ordersRoot', ordersRoot);
    const oldRoot = rootOf(
      ...(['oldState', 'oldTop', 'state'] as const),
      Array.from({ length: n }, (_, i) => this.#hash('oldLeaf', i, poseidon8, OLD_STATE)),
    );
    if (options.restate) this.#follow('oldRoot', oldRoot);
    const { fills, ran } = this.#market(place);
    const flows = this.#deposits(place.firstIndex);
    let [grid, debts, certificates] = [0n, 0n, 0n];
    const rest: { import: bigint; export: bigint; sequence: bigint; carried: bigint; epoch: bigint }[] = [];
    for (let i = 0; i < n; i++) {
      const has = this.at('hasReading', i);
      const leaf = leaves[i] as bigint;
      const sameEpoch = say(`sameEpoch[${i}].out`, this.at('oldEpoch', i) === leaf ? 1n : 0n);
      const epoch = say(`newEpoch[${i}]`, this.at('oldEpoch', i) + has * (leaf - this.at('oldEpoch', i)));
      const position = say(`positionWh[${i}]`, (fills[i] as bigint) * (1n - 2n * this.at('orderSide', i)));
      const inDelivery = (name: string, honest: bigint) => say(`delivery[${i}].${name}`, honest);
      const measured = inDelivery('measured', has * sameEpoch);
      const grown = (name: string, less = 0n) => {
        const old = this.at(`old${name[0]?.toUpperCase()}${name.slice(1)}`, i);
        return measured * (this.at(name, i) - old - less);
      };
      const moved = (name: string) => {
        const after = name[0]?.toUpperCase() + name.slice(1);
        const old = this.at(`old${after}`, i);
        return inDelivery(`new${after}`, old + has * (this.at(name, i) - old));
      };
      const imported = inDelivery('importedWh', grown('importWh'));
      const exported = inDelivery('exportedWh', grown('exportWh'));
      inDelivery('sequenceStep', grown('sequence', 1n));
      const owed = inDelivery('owedWh', this.at('oldCarried', i) - (1n << 48n) + position);
      const carried = inDelivery('newCarried', (1n - has) * owed + (1n << 48n));
      const delta = mod(imported - exported - inDelivery('dueWh', has * owed));
      const short = delta <= FIELD / 2n ? delta : 0n;
      this.#followAt('shortWh', i, short);
      this.#followAt('surplusWh', i, short === 0n ? -delta : 0n);
      const trade = say(`payment[${i}].trade`, this.one('price') * position);
      const bought = say(`payment[${i}].bought`, this.one('buyTariff') * this.at('shortWh', i));
      const sold = say(`payment[${i}].sold`, this.one('sellTariff') * this.at('surplusWh', i));
      const money = say(`payment[${i}].money`, trade + bought - sold);
      const worth = mod(this.at('oldBalance', i) + (flows[i] as bigint) - this.at('oldDebt', i) - money);
      this.#followAt('settledBalance', i, worth <= FIELD / 2n ? worth : 0n);
      this.#followAt('newDebt', i, worth <= FIELD / 2n ? 0n : -worth);
      grid += money;
      debts += this.at('oldDebt', i) - this.at('newDebt', i);
      certificates += say(`certifiedWh[${i}]`, say(`flagBits[${i}].out[0]`, this.at('flags', i) & 1n) * exported);
      rest.push({ import: moved('importWh'), export: moved('exportWh'), sequence: moved('sequence'), carried, epoch });
    }
    const { balances, applied } = this.#withdrawals(place.firstIndex);
    const newLeaves = rest.map((r, i) => {
      const accounts = [balances[i] as bigint, this.at('newDebt', i), r.import, r.export, r.sequence, r.carried, this.at('newSalt', i)];
      return say(`newLeaf[${i}].out`, poseidon8([r.epoch, ...accounts]));
    });
    this.#follow('newRoot', rootOf('newState', 'newTop', 'state', newLeaves));
    const word = (name: string) => this.one(name);
    const tariffs = word('price') + (word('buyTariff') << 32n) + (word('sellTariff') << 64n);
    this.#follow('terms', tariffs + (word('interval') << 96n) + (word('traded') << 136n) + (place.part << 137n));
    const sum = (name: string) => this.many(name).reduce((total, value) => total + value, 0n);
    const totals = [grid, debts, certificates, sum('present') - sum('hasReading'), applied];
    ran.push(...totals.map((total, k) => say(`ran[${13 + k}]`, (place.running[13 + k] as bigint) + total)));
    const told = totals.map((_, k) => say(`told[${k}]`, place.last * (ran[13 + k] as bigint)));
    const gridTotal = say('gridTotal', (told[0] as bigint) + (1n << 91n));
    const defaultTotal = say('defaultTotal', (told[1] as bigint) + (1n << 91n));
    this.#follow(
      'totals',
      gridTotal + (defaultTotal << 92n) + ((told[2] as bigint) << 184n) + ((told[3] as bigint) << 224n) + ((told[4] as bigint) << 240n),
    );
    if (place.depth > 0) this.#carry(place, ran);
    this.lies.assertAllAsked();
    return this;
  }

  #carry(place: Place, ran: readonly bigint[]): void {
    const say = (path: string, honest: bigint) => this.lies.say(path, honest);
    const first = say('first.out', place.part === 0n ? 1n : 0n);
    const said = say('carry.said.out', poseidon8(CLAIMED.map((name) => this.one(name))));
    const bound = (side: number, sums: readonly bigint[], salt: string) => {
      const most = say(`carry.sums[${side}].out`, poseidon16(sums.slice(0, 16)));
      return say(`carry.bound[${side}].out`, poseidon5([said, most, ...sums.slice(16), this.one(salt)]));
    };
    this.#follow('carryIn', (1n - first) * bound(0, place.running, 'carryInSalt'));
    this.#follow('carryOut', (1n - place.last) * bound(1, ran, 'carryOutSalt'));
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

  #hit(k: number, i: number, firstIndex: bigint): bigint {
    return this.lies.say(`flow.hit[${k}][${i}].out`, this.at('flowIndex', k) === firstIndex + BigInt(i) ? 1n : 0n);
  }

  #deposits(firstIndex: bigint): bigint[] {
    const amounts = this.many('flowAmount').map((amount, k) =>
      this.lies.say(`flow.depositAmount[${k}]`, amount * (1n - this.at('flowWithdrawal', k))),
    );
    return this.many('meterId').map((_, i) =>
      amounts.reduce((sum, amount, k) => sum + this.lies.say(`flow.depositPart[${k}][${i}]`, this.#hit(k, i, firstIndex) * amount), 0n),
    );
  }

  #withdrawals(firstIndex: bigint): { balances: bigint[]; applied: bigint } {
    const say = (path: string, honest: bigint) => this.lies.say(`flow.${path}`, honest);
    let balances = [...this.many('settledBalance')];
    let applied = 0n;
    this.many('flowAmount').forEach((amount, k) => {
      const hits = balances.map((_, i) => this.#hit(k, i, firstIndex));
      const found = mod(balances.reduce((sum, balance, i) => sum + say(`selected[${k}][${i}]`, (hits[i] as bigint) * balance), 0n));
      const covered = say(`covered[${k}].out`, amount <= found ? 1n : 0n);
      const take = say(`applied[${k}]`, this.at('flowWithdrawal', k) * covered);
      const takenAmount = say(`takenAmount[${k}]`, take * amount);
      applied += take << BigInt(k);
      balances = balances.map((balance, i) =>
        say(`balance[${k + 1}][${i}]`, balance - say(`taken[${k}][${i}]`, (hits[i] as bigint) * takenAmount)),
      );
    });
    return { balances, applied };
  }

  #orderLeaves(): bigint[] {
    return this.many('meterId').map((meter, i) => {
      const scope = this.lies.say(`scope[${i}]`, this.at('orderForInterval', i) * this.one('interval'));
      const terms = ['orderSide', 'orderQuantityWh', 'orderLimit', 'orderSequence', 'orderSalt'].map((name) => this.at(name, i));
      return this.lies.say(`order[${i}].out`, poseidon7([meter, scope, ...terms]));
    });
  }
}

// SPDX-License-Identifier: GPL-3.0-only
import { beforeAll, describe, expect, it } from 'vitest';
import { type BatchLayout, capacityOf } from '../src/domain/settlement/limits.ts';
import type { OrderBook, SignedOrder } from '../src/domain/settlement/order-book.ts';
import { layoutOf, seeded, testMeter } from '../src/domain/settlement/testing/community.ts';
import { admitCircuit } from './spec.ts';
import * as admissions from './testing/admissions.ts';
import { ADMIT_FORGERIES, admitInput, modelled, OTHER_ADMIT_FORGERIES } from './testing/admit-forgeries.ts';
import { ADMIT_PART_FORGERIES, ADMIT_VALUE_FORGERIES } from './testing/admit-value-forgeries.ts';
import { refusal, witnessCircuit } from './testing/witness-check.ts';
import vectors from './vectors/settlement.json' with { type: 'json' };

const PARTS: BatchLayout = { batchMembers: 2, parts: 2 };
let wasm: string;
let parts: string;
beforeAll(async () => {
  [wasm, parts] = await Promise.all([witnessCircuit(admitCircuit(layoutOf(2))), witnessCircuit(admitCircuit(PARTS))]);
}, 120_000);

const { holding, standing, replacing, withdrawn, nothingWanted, idle, quiet, rekeyed, withGap } = admissions;
const HONEST = { holding: () => holding(), standing, replacing, withdrawn, nothingWanted, idle, quiet, rekeyed, withGap };
const names = Object.keys(HONEST) as (keyof typeof HONEST)[];

describe('the Admit circuit', () => {
  it.each(names)('accepts the honest admission "%s"', async (name) => {
    expect(await refusal(wasm, admitInput(HONEST[name]()))).toBeNull();
  });

  it('accepts an admission whose places are numbered when a meter has left since the gate: the committed root is the same', async () => {
    const book = admissions.bookOfOne();
    const stayed = admissions.admitted({ numbered: true, book, orders: [null, null] });
    const left = admissions.admitted({ numbered: true, book, orders: [null, null], meters: [testMeter(0), null] });
    expect(left.ordersRoot).toBe(stayed.ordersRoot);
    expect(await refusal(wasm, admitInput(left))).toBeNull();
  });

  it.each(names)('agrees with the model that forgeries are worked out with, on "%s"', (name) => {
    expect(modelled(HONEST[name]())).toEqual(admitInput(HONEST[name]()));
  });

  it('accepts what the engine admits in eight random rounds one after the other, in two parts', async () => {
    const random = seeded(4_242);
    const whole = (limit: number) => Math.floor(random() * limit);
    let book: OrderBook = admissions.bookOfOne(PARTS);
    for (let k = 0; k < 8; k++) {
      const interval = 200n + BigInt(k);
      const orders = Array.from({ length: capacityOf(PARTS) }, (_, i): SignedOrder | null => {
        const scope = [0n, interval][whole(3)];
        return scope === undefined
          ? null
          : admissions.signed(i, { scope, quantityWh: BigInt(whole(900)), sequence: BigInt(100 * (k + 1) + whole(50)) });
      });
      const admission = admissions.admitted({ size: PARTS, interval, book, orders });
      for (const [part, batch] of admission.batches.entries())
        expect(await refusal(parts, batch.witnessInput), `round ${k}, part ${part}`).toBeNull();
      expect(admission.batches[1]?.words.oldBook).toBe(admission.batches[0]?.words.newBook);
      expect(admission.batches[1]?.words.newBook).toBe(admission.bookRoot);
      book = admission.book;
    }
  }, 120_000);

  it('refuses a part in the place of another', async () => {
    const [first] = holding(PARTS).batches;
    expect(await refusal(parts, { ...(first?.witnessInput ?? {}), partIndex: '1' })).not.toBeNull();
  });
});

describe('the shared vectors', () => {
  it('hold an admission that satisfies the circuit', async () => {
    expect(await refusal(wasm, vectors.admission2.witnessInput)).toBeNull();
    expect(admissions.holding().batches[0]?.publicSignals).toEqual(vectors.admission2.publicSignals);
  });
});

describe('who would trade for others', () => {
  it('has many ways to try, each with its own name', () => {
    const all = [...ADMIT_FORGERIES, ...ADMIT_VALUE_FORGERIES, ...ADMIT_PART_FORGERIES, ...OTHER_ADMIT_FORGERIES];
    expect(new Set(all.map((forgery) => forgery.name)).size).toBe(all.length);
    expect(all.length).toBeGreaterThanOrEqual(60);
  });

  it.each([...ADMIT_FORGERIES, ...ADMIT_VALUE_FORGERIES, ...OTHER_ADMIT_FORGERIES].map((forgery) => [forgery.name, forgery] as const))(
    'is refused: %s',
    async (_name, forgery) => {
      expect(await refusal(wasm, forgery.forge().input())).not.toBeNull();
    },
  );

  it.each(ADMIT_PART_FORGERIES.map((forgery) => [forgery.name, forgery] as const))('is refused in parts: %s', async (_name, forgery) => {
    expect(await refusal(parts, forgery.forge().input())).not.toBeNull();
  });
});

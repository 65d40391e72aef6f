import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NewEntry } from '../ledger/outbox-store.ts';
import type { MeterKey } from '../metering/meter-keys.ts';
import { stepClock } from '../settlement/testing/step-clock.ts';
import { type TestKernel, testKernel } from '../settlement/testing/test-kernel.ts';
import { testMeter, testPlant } from '../settlement/testing/test-plant.ts';
import { communityOf } from './community.ts';
import { createGates } from './gates.ts';
import type { HeldOrder } from './held-orders.ts';
import { gateOf, ordersCloseAt } from './market-times.ts';
import { createMarketView } from './market-view.ts';
import { createOrderChecks } from './order-checks.ts';
import { insertOrder, lastSequence, orderById } from './order-store.ts';
import { committedOrders, roundAt, roundOrders, setRoundState } from './round-store.ts';
import { keyOf, place, settlerHere, storedOrder } from './testing.ts';

const plant = testPlant();
const community = communityOf(plant);
const [acre, two, four] = ['long-acre', 'church-2', 'church-4'].map((id) => testMeter(plant, id)) as [
  ReturnType<typeof testMeter>,
  ReturnType<typeof testMeter>,
  ReturnType<typeof testMeter>,
];
const NEXT = 1_001;
const closed = ordersCloseAt(NEXT, plant.market);
const buy = { side: 'buy', quantityWh: 300, limitPrice: 20_000 } as const;

let dataDir: string;
let kernel: TestKernel;
let keys: MeterKey[];
let queued: NewEntry[];
let held: Map<number, HeldOrder>;
let settler: ReturnType<typeof settlerHere>;
let checks: ReturnType<typeof createOrderChecks>;

/** What one console does when orders have closed; it has forgotten what another one checked. */
const freeze = async (nowPlantMs = closed): Promise<void> => {
  const gates = gatesHere();
  gates.turn(nowPlantMs);
  await new Promise((resolve) => setTimeout(resolve, 0));
  for (let i = 0; i < 200 && !roundAt(kernel.store.read, NEXT); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  await gates.close();
};
const gatesHere = () =>
  createGates(kernel, {
    community,
    inService: () => new Set(keys.filter((k) => k.registration !== null).map((k) => k.meterId)),
    ledger: { enqueue: (entry) => void queued.push(entry), kick: () => {} },
    settler,
    checks,
    heldOrders: () => held,
    mayOpenRounds: () => true,
    onClosed: () => {},
    late: { bookFrozen: () => {} },
  });
let bound: boolean;
const view = (nowPlantMs: number) =>
  createMarketView(kernel, { community, marketClock: { plantNowMs: () => nowPlantMs }, whyNoRound: () => null, isBound: () => bound })();
const missed = () =>
  (kernel.store.read.prepare("SELECT title FROM journal WHERE kind = 'fault' AND who = 'market'").all() as { title: string }[]).map(
    (r) => r.title,
  );
const forgetRound = () =>
  kernel.store.write((db) => {
    for (const table of ['round_order', 'round']) db.prepare(`DELETE FROM ${table} WHERE interval = ?`).run(NEXT);
  });
const committed = () => committedOrders(kernel.store.read, NEXT).map((o) => o.id);

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-gates-'));
  kernel = testKernel({ dataDir, plant, clock: stepClock() });
  keys = [acre, two, four].map((m) => keyOf(m));
  queued = [];
  bound = false;
  held = new Map();
  settler = settlerHere();
  checks = createOrderChecks(kernel, { settler, keyOf: (id) => keys.find((k) => k.meterId === id), community });
  // The running interval has its round already.
  kernel.store.write((db) =>
    db.prepare("INSERT INTO round (interval, kind, state, committed_ms) VALUES (?, 'measure', 'settled', 1)").run(NEXT - 1),
  );
});
afterEach(() => {
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('a book that is frozen', () => {
  it('opens no round of an interval that runs where the chain keeps the gate; the first one only measures', async () => {
    kernel.store.write((db) => db.prepare('DELETE FROM round').run());
    kernel = { ...kernel, simulated: false };
    place(kernel.store, acre, { ...buy, sequence: 1 });
    await freeze();
    expect(roundAt(kernel.store.read, NEXT - 1)).toBeUndefined();
    expect(roundAt(kernel.store.read, NEXT)).toMatchObject({ kind: 'measure' });
    expect(committed()).toEqual([]);
  });

  it('keeps measuring where the chain keeps the gate until a round has been settled', async () => {
    kernel = { ...kernel, simulated: false };
    place(kernel.store, acre, { ...buy, sequence: 1 });
    const roundBefore = (state: string) =>
      kernel.store.write((db) => db.prepare('UPDATE round SET state = ? WHERE interval = ?').run(state, NEXT - 1));
    for (const state of ['failed', 'committed', 'cleared']) {
      roundBefore(state);
      await freeze();
      expect(roundAt(kernel.store.read, NEXT)).toMatchObject({ kind: 'measure', message: expect.stringMatching(/only measures/) });
      expect(committed()).toEqual([]);
      forgetRound();
    }
    roundBefore('metered');
    await freeze();
    expect(roundAt(kernel.store.read, NEXT)).toMatchObject({ kind: 'market' });
  });

  it('takes each member’s order for the interval, else its standing one, and binds their root once', async () => {
    place(kernel.store, acre, { ...buy, sequence: 1 });
    place(kernel.store, acre, { ...buy, quantityWh: 500, sequence: 2, interval: NEXT });
    // An older order for the interval counts beside a newer standing one.
    place(kernel.store, acre, { ...buy, quantityWh: 700, sequence: 3 });
    place(kernel.store, two, { ...buy, sequence: 1 });
    place(kernel.store, two, { ...buy, quantityWh: 0, sequence: 2, interval: NEXT });
    place(kernel.store, four, { ...buy, sequence: 1 }, { plantMs: closed });
    await freeze();
    expect(new Set(committed())).toEqual(new Set(['long-acre:2', 'church-2:2']));
    // The withdrawn one is committed, but does not trade.
    expect(roundOrders(kernel.store.read, NEXT).map((o) => o.id)).toEqual(['long-acre:2']);
    const round = roundAt(kernel.store.read, NEXT);
    expect(queued.map((e) => [e.id, e.body.args[1]])).toEqual([[`commit:${NEXT}`, round?.ordersRoot]]);
    expect(round).toMatchObject({ kind: 'market', state: 'committed' });
    expect(queued[0]?.body.beginBeforePlantMs).toBe(gateOf(NEXT, plant.market));
  });

  it('says once in the journal, and as the market’s reason, that it was not frozen in time', async () => {
    const shown = (nowPlantMs: number) => view(nowPlantMs).blocked;
    const gate = gateOf(NEXT, plant.market);
    expect(shown(gate - 1)).toBeNull();
    const run = async (...times: number[]) => {
      const gates = gatesHere();
      for (const at of times) {
        gates.turn(at);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await gates.close();
    };
    await run(gate, gate + 1);
    await run(gate + 2);
    expect(missed()).toEqual([`No market in interval ${NEXT}`]);
    expect(shown(gate)).toMatch(new RegExp(`^The book of interval ${NEXT} was not frozen in time`));
    await freeze();
    expect(shown(gate)).toBeNull();
    // Where the chain keeps the gate, a console that was off all the while says it when it is back.
    kernel = { ...kernel, simulated: false };
    await run((NEXT + 2) * plant.market.intervalMs);
    expect(missed().at(-1)).toBe(`No market in interval ${NEXT + 2}`);
  });

  it('is shown as open, frozen and bound in turn, and why it failed', async () => {
    expect(view(closed).bookState).toBe('open');
    await freeze();
    expect(view(closed).bookState).toBe('frozen');
    bound = true;
    expect(view(closed).bookState).toBe('bound');
    kernel.store.write((db) => setRoundState(db, NEXT, 'failed', 1, 'Its orders cannot be admitted.'));
    expect(view(closed).blocked).toBe(`The round of interval ${NEXT} failed. Its orders cannot be admitted.`);
  });

  it('is frozen no more when the gate has closed; the interval is measured when it runs', async () => {
    place(kernel.store, acre, { ...buy, sequence: 1 });
    await freeze(gateOf(NEXT, plant.market));
    expect(roundAt(kernel.store.read, NEXT)).toBeUndefined();
    expect(missed()).toEqual([`No market in interval ${NEXT}`]);
    await freeze((NEXT + 0.01) * plant.market.intervalMs);
    expect(roundAt(kernel.store.read, NEXT)).toMatchObject({
      kind: 'measure',
      message: expect.stringMatching(/before this interval’s gate/),
    });
    // It has no orders, and no gate: the chain takes it whenever it can.
    expect(queued[0]?.body.beginBeforePlantMs).toBeUndefined();
  });

  it('leaves out an order that somebody wrote into the database, says so, and takes the member’s own', async () => {
    place(kernel.store, acre, { ...buy, sequence: 1 });
    kernel.store.write((db) => insertOrder(db, { ...storedOrder(acre, { ...buy, sequence: 9 }), side: 'sell', quantityWh: 90_000 }));
    kernel.store.write((db) => insertOrder(db, { ...storedOrder(two, { ...buy, sequence: 1 }), quantityWh: -5 }));
    await freeze();
    expect(committed()).toEqual(['long-acre:1']);
    expect(orderById(kernel.store.read, 'long-acre:9')?.refusal).toMatch(/signature does not belong/);
    expect(orderById(kernel.store.read, 'church-2:1')?.refusal).toMatch(/-5 Wh is out of range/);
    expect([...kernel.raised].sort()).toEqual(['market.orderNotTheMembers@church-2', 'market.orderNotTheMembers@long-acre']);
    expect(kernel.store.read.prepare("SELECT source FROM quarantine WHERE reason = 'not-admissible' ORDER BY source").all()).toEqual([
      { source: 'church-2' },
      { source: 'long-acre' },
    ]);
    // The invented row uses up none of the member's numbers.
    expect(lastSequence(kernel.store.read, acre.meterId)).toBe(1);
    const own = place(kernel.store, acre, { ...buy, sequence: 9 });
    expect(orderById(kernel.store.read, 'long-acre:9')).toMatchObject({ quantityWh: own.quantityWh, refusal: null });
  });

  it('leaves out a member whose meter the chain does not know yet', async () => {
    keys = [keyOf(acre), { ...keyOf(two), registration: null }];
    place(kernel.store, acre, { ...buy, sequence: 1 });
    place(kernel.store, two, { ...buy, sequence: 1 });
    await freeze();
    expect(committed()).toEqual(['long-acre:1']);
    expect(orderById(kernel.store.read, 'church-2:1')?.refusal).toBeNull();
  });

  it('checks no signature twice that the intake has checked', async () => {
    const known = place(kernel.store, acre, { ...buy, sequence: 1 });
    place(kernel.store, two, { ...buy, sequence: 5 });
    checks.passed(known, acre.key.publicKey);
    await freeze();
    expect(settler.verified).toEqual([5]);
    expect(committed()).toHaveLength(2);
  });

  it('takes nothing for granted that was changed since the intake checked it', async () => {
    const known = place(kernel.store, acre, { ...buy, sequence: 1 });
    checks.passed(known, acre.key.publicKey);
    kernel.store.write((db) => db.prepare("UPDATE member_order SET limit_price = 30000 WHERE id = 'long-acre:1'").run());
    await freeze();
    expect(committed()).toEqual([]);
  });

  it('lets an order lapse with the key it was signed with, without an alarm', async () => {
    place(kernel.store, acre, { ...buy, sequence: 1 }, { ms: 10 });
    const swapped = testMeter(plant, 'long-acre', 8);
    keys = [keyOf(swapped, 20), keyOf(two)];
    await freeze();
    expect(committed()).toEqual([]);
    expect(orderById(kernel.store.read, 'long-acre:1')?.refusal).toMatch(/key that its meter no longer has/);
    expect([...kernel.raised]).toEqual([]);
  });

  it('puts right from the book what was changed or lost in the table of orders', async () => {
    place(kernel.store, acre, { ...buy, sequence: 3 });
    held.set(acre.meterId, { ...buy, sequence: 3 });
    held.set(two.meterId, { ...buy, quantityWh: 400, sequence: 7 });
    kernel.store.write((db) => db.prepare("UPDATE member_order SET quantity_wh = 9 WHERE id = 'long-acre:3'").run());
    await freeze();
    expect(
      committedOrders(kernel.store.read, NEXT)
        .map((o) => [o.memberId, o.sequence, o.quantityWh])
        .sort(),
    ).toEqual([
      ['church-2', 7, 400],
      ['long-acre', 3, 300],
    ]);
    expect(kernel.raised.size).toBe(2);
  });

  it('puts right an order whose row says that it came after orders closed, or that it is another meter’s', async () => {
    place(kernel.store, acre, { ...buy, sequence: 3 }, { plantMs: closed + 1 });
    place(kernel.store, two, { ...buy, sequence: 7 });
    held.set(acre.meterId, { ...buy, sequence: 3 });
    held.set(two.meterId, { ...buy, sequence: 7 });
    kernel.store.write((db) => db.prepare("UPDATE member_order SET meter_id = 99 WHERE id = 'church-2:7'").run());
    await freeze();
    expect(committed().sort()).toEqual(['church-2:7', 'long-acre:3']);
  });

  it('takes of a member that left the plant file what the book holds, and nothing else, until its meter is retired', async () => {
    place(kernel.store, acre, { ...buy, sequence: 1 });
    place(kernel.store, two, { ...buy, sequence: 1 });
    place(kernel.store, two, { ...buy, quantityWh: 900, sequence: 2 });
    place(kernel.store, two, { ...buy, quantityWh: 800, sequence: 3, interval: NEXT });
    held = new Map([[two.meterId, { ...buy, sequence: 1 }]]);
    const left = { ...community, byMeter: (id: number) => (id === two.meterId ? undefined : community.byMeter(id)) };
    checks = createOrderChecks(kernel, { settler, keyOf: (id) => keys.find((k) => k.meterId === id), community: left });
    await freeze();
    expect(new Set(committed())).toEqual(new Set(['long-acre:1', 'church-2:1']));
    expect(orderById(kernel.store.read, 'church-2:3')?.refusal).toMatch(/no longer names/);
    expect([...kernel.raised]).toEqual([`market.memberGone@meter-${two.meterId}`]);
    // Its row is lost, too: the book stands for it.
    forgetRound();
    kernel.store.write((db) => db.prepare('DELETE FROM member_order WHERE meter_id = ?').run(two.meterId));
    await freeze();
    expect(new Set(committed())).toEqual(new Set(['long-acre:1', `meter-${two.meterId}:1`]));
    held = new Map();
    forgetRound();
    keys = keys.filter((k) => k.meterId !== two.meterId);
    await freeze();
    expect(committed()).toEqual(['long-acre:1']);
    expect([...kernel.raised]).toEqual([]);
  });

  it('lets the console go on when the stored orders cannot be put right', async () => {
    let looks = 0;
    checks = { ...checks, allPass: async () => ++looks > 5_000 };
    await freeze();
    expect(roundAt(kernel.store.read, NEXT)).toBeUndefined();
    expect(looks).toBe(1_000);
  });

  it('refuses a standing order that the proof could not compare with the one it replaces', async () => {
    place(kernel.store, acre, { ...buy, sequence: 3 });
    place(kernel.store, acre, { ...buy, sequence: 3 + 2 ** 32 + 1 });
    held.set(acre.meterId, { ...buy, sequence: 3 });
    await freeze();
    expect(committed()).toEqual(['long-acre:3']);
    expect([...kernel.raised]).toEqual([]);
  });
});

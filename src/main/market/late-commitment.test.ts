import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Wallet } from 'ethers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noticeTypes, receiptTypes, signingDomain } from '../../../drivers/mqtt/late-commitment-messages.ts';
import type { InboundHandler } from '../broker/broker-service.ts';
import type { Clock } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import * as outbox from '../ledger/outbox-store.ts';
import { forgottenCommitments } from '../settlement/forgotten-commitments.ts';
import { stepClock } from '../settlement/testing/step-clock.ts';
import { type TestKernel, testKernel } from '../settlement/testing/test-kernel.ts';
import { testPlant } from '../settlement/testing/test-plant.ts';
import { insertAccount } from '../wallet/transaction-store.ts';
import { communityOf } from './community.ts';
import { createLateCommitments, type LateCommitments } from './late-commitment.ts';
import { decide, decidedRounds, lateAt, receiptsOf, reopen } from './late-store.ts';
import { gateOf, halfTimeOf, ordersCloseAt } from './market-times.ts';
import { insertRound, openRounds, setRoundState } from './round-store.ts';

const base = testPlant();
const plant = { ...base, members: base.members.map((m) => ({ ...m, operatorOwned: m.id === 'long-acre' })) };
const community = communityOf(plant, { batchMembers: 16, parts: 1 });
const settlement = `0x${'5e'.repeat(20)}`;
const domain = signingDomain(31337, settlement);
const operator = new Wallet(`0x${'11'.repeat(32)}`);
const own = community.members.filter((m) => !m.operatorOwned);
const wallets = new Map(own.map((m) => [m.memberId, new Wallet(`0x${String(m.meterId).repeat(64)}`)]));
const { intervalMs } = plant.market;
const INTERVAL = 100;
const ROOT = '777';
const frozen = ordersCloseAt(INTERVAL, plant.market);
const half = halfTimeOf(INTERVAL, plant.market);
const gate = gateOf(INTERVAL, plant.market);
let dataDir: string;
let kernel: TestKernel;
let late: LateCommitments;
let away: boolean;
let shown: { topic: string; payload: string }[];
let ended: { interval: number; message: string }[];
let receive: InboundHandler;
/** The end of a round cannot be written. */
let failing = false;

const open = (simulated = true, clock?: Clock) => {
  kernel = { ...testKernel({ dataDir, plant, ...(clock ? { clock } : {}) }), simulated };
  shown = [];
  late = createLateCommitments(kernel, {
    community,
    broker: {
      onPublish: (_pattern, handler) => {
        receive = handler;
        return () => {};
      },
      publish: async (topic, payload) => void shown.push({ topic, payload: String(payload) }),
    },
    ledger: {
      deployed: () =>
        ({ chainId: 31337, contracts: { has: () => true, address: () => settlement } }) as unknown as ReturnType<LedgerService['deployed']>,
      endpoint: () => (away ? null : { url: 'http://x', own: true, confirmations: 1 }),
      entry: (id) => outbox.byId(kernel.store.read, id),
      kick() {},
      operatorAddress: operator.address,
      signForSettlement: (types, value) => operator.signTypedData(domain, types, value),
    },
    endRound: (interval, message) => {
      if (failing) throw new Error('killed');
      ended.push({ interval, message });
      kernel.store.write((db) => setRoundState(db, interval, 'failed', 1, message));
    },
  });
};
const freeze = (interval = INTERVAL) =>
  kernel.store.write((db) => {
    insertRound(db, { interval, kind: 'market', ordersRoot: ROOT, message: null, nowMs: 1 }, []);
    const body = { contract: 'Settlement', method: 'commitOrders', args: [interval, ROOT] };
    outbox.enqueue(db, { id: `commit:${interval}`, kind: 'commit-orders', title: 't', body }, 1);
    late.bookFrozen(db, interval, ROOT);
  });
const nameAccounts = () =>
  kernel.store.write((db) => {
    for (const [k, member] of own.entries()) {
      const { address } = wallets.get(member.memberId) as Wallet;
      insertAccount(db, member.memberId, address, 'ab', 1);
      db.prepare(
        "INSERT INTO chain_event (block, log_index, contract, name, arguments, transaction_hash) VALUES (1, ?, 'Settlement', 'AccountSet', ?, '0x1')",
      ).run(k, JSON.stringify({ index: String(member.meterId - 1), account: address }));
    }
  });
const answer = async (memberId: string, signer = wallets.get(memberId) as Wallet, change: object = {}) =>
  receive({
    topic: `busbar/members/${memberId}/orders-receipt`,
    payload: Buffer.from(
      JSON.stringify({
        schema: 'orders-receipt/1',
        interval: INTERVAL,
        ordersRoot: ROOT,
        result: 'signed',
        signature: await signer.signTypedData(domain, receiptTypes, { interval: INTERVAL, ordersRoot: ROOT, operator: operator.address }),
        ...change,
      }),
    ),
    duplicate: false,
  });
const turn = async (plantMs: number) => {
  late.turn(plantMs);
  await new Promise((resolve) => setTimeout(resolve, 30));
};
const entry = () => outbox.byId(kernel.store.read, `commit:${INTERVAL}`);
/** Its settlement was mined, and the round is settled. */
const settle = (state: string) =>
  kernel.store.write((db) => {
    const body = { contract: 'Settlement', method: 'settle', args: [INTERVAL] };
    outbox.enqueue(db, { id: `settle:${INTERVAL}`, kind: 'settle', title: 't', body }, 1);
    db.prepare("UPDATE outbox SET state = ?, block = 9, block_hash = '0x9' WHERE id = ?").run(state, `settle:${INTERVAL}`);
    decide(db, INTERVAL, 'in-time');
    setRoundState(db, INTERVAL, 'settled', 1);
  });
const outcome = () => lateAt(kernel.store.read, INTERVAL)?.outcome;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-late-'));
  away = true;
  ended = [];
  open();
  nameAccounts();
});
afterEach(() => {
  late.close();
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('a book that is frozen while the chain is away', () => {
  it('shows each member the orders’ root with the operator’s signature, and nothing is built on the round yet', async () => {
    freeze();
    expect(decidedRounds(kernel.store.read, openRounds(kernel.store.read))).toEqual([]);
    await turn(frozen);
    expect(shown.map((s) => s.topic)).toEqual(own.map((m) => `busbar/members/${m.memberId}/orders-notice`));
    expect(JSON.parse(shown[0]?.payload ?? '')).toMatchObject({
      interval: INTERVAL,
      ordersRoot: ROOT,
      operator: operator.address,
      signature: await operator.signTypedData(domain, noticeTypes, { interval: INTERVAL, ordersRoot: ROOT }),
    });
    await turn(frozen + 1);
    expect(shown).toHaveLength(3);
  });

  it('commits late with the receipts in the order of the members’ places when more than half came', async () => {
    freeze();
    await turn(frozen);
    for (const id of ['church-6', 'church-2']) expect(await answer(id)).toEqual({ kind: 'accept' });
    await turn(gate - 1);
    expect(outcome()).toBeNull();
    await turn(gate);
    expect(outcome()).toBe('late');
    expect(entry()?.body).toMatchObject({
      method: 'commitOrdersLate',
      args: [
        INTERVAL,
        ROOT,
        [
          [1, expect.stringMatching(/^0x/)],
          [3, expect.stringMatching(/^0x/)],
        ],
      ],
    });
    expect(ended).toEqual([]);
    expect(decidedRounds(kernel.store.read, openRounds(kernel.store.read))).toHaveLength(1);
  });

  it('sends no more receipts than the contract asks for, counting accounts that are named before', async () => {
    freeze();
    await turn(frozen);
    for (const member of own) await answer(member.memberId);
    await turn(gate);
    expect(entry()?.body.args[2]).toHaveLength(2);
    expect(lateAt(kernel.store.read, INTERVAL)).toMatchObject({ given: 3, needed: 2 });
    freeze(INTERVAL + 1);
    const naming = { contract: 'Settlement', method: 'setAccount', args: [9] };
    kernel.store.write((db) => outbox.enqueue(db, { id: 'account:new', kind: 'name-account', title: 't', body: naming }, 1));
    await turn(frozen + intervalMs);
    for (const member of own)
      await answer(member.memberId, undefined, {
        interval: INTERVAL + 1,
        signature: await (wallets.get(member.memberId) as Wallet).signTypedData(domain, receiptTypes, {
          interval: INTERVAL + 1,
          ordersRoot: ROOT,
          operator: operator.address,
        }),
      });
    await turn(gate + intervalMs);
    expect(outbox.byId(kernel.store.read, `commit:${INTERVAL + 1}`)?.body.args[2]).toHaveLength(3);
  });

  it('ends the round when half of the members or fewer gave their receipt, with the numbers', async () => {
    freeze();
    await turn(frozen);
    await answer('church-2');
    await turn(gate);
    expect(outcome()).toBe('failed');
    expect(ended).toEqual([{ interval: INTERVAL, message: expect.stringMatching(/1 of the 2 receipts needed/) }]);
    await answer('church-4');
    await turn(gate + 1);
    expect(ended).toHaveLength(1);
  });

  it('takes no receipt that the member’s account did not sign, or for other orders', async () => {
    freeze();
    await turn(frozen);
    expect(await answer('church-2', wallets.get('church-4'))).toMatchObject({
      kind: 'discard',
      reason: expect.stringMatching(/not signed/),
    });
    expect(await answer('church-2', undefined, { ordersRoot: '778' })).toMatchObject({ kind: 'discard' });
    expect(await answer('church-2', undefined, { signature: `0x${'00'.repeat(65)}` })).toMatchObject({ kind: 'discard' });
    expect(await answer('church-2', undefined, { result: 'refused', signature: undefined, reason: 'too late' })).toEqual({
      kind: 'accept',
    });
    expect(await answer('long-acre', operator)).toMatchObject({ kind: 'discard' });
    expect(receiptsOf(kernel.store.read, INTERVAL)).toEqual([]);
  });

  it('stays an ordinary commitment when the chain comes back and takes it before the gate closes', async () => {
    freeze();
    await turn(frozen);
    away = false;
    await turn(gate - 1);
    expect(outcome()).toBeNull();
    expect(entry()?.body.method).toBe('commitOrders');
    kernel.store.write((db) => db.prepare("UPDATE outbox SET state = 'final' WHERE id = ?").run(`commit:${INTERVAL}`));
    await turn(gate);
    expect(outcome()).toBe('in-time');
    expect(ended).toEqual([]);
  });

  it('is late, or over, when the chain comes back before the gate but has begun nothing of it when that closes', async () => {
    freeze();
    await turn(frozen);
    for (const id of ['church-6', 'church-2']) await answer(id);
    away = false;
    await turn(gate);
    expect(outcome()).toBe('late');
    expect(entry()?.body.method).toBe('commitOrdersLate');
  });

  it('waits for what a signed transaction will come to', async () => {
    freeze();
    await turn(frozen);
    kernel.store.write((db) => db.prepare("UPDATE outbox SET state = 'sending', nonce = 4 WHERE id = ?").run(`commit:${INTERVAL}`));
    await turn(gate);
    expect(outcome()).toBeNull();
    expect(ended).toEqual([]);
  });

  it('is decided the same after a restart, and shows the members the same notice again', async () => {
    freeze();
    await turn(frozen);
    const { payload } = shown[0] as { payload: string };
    for (const id of ['church-6', 'church-2']) await answer(id);
    late.close();
    kernel.store.close();
    open();
    await turn(frozen + 1);
    expect(shown[0]?.payload).toBe(payload);
    await turn(gate);
    expect(outcome()).toBe('late');
  });

  it('asks once more after a restart past the gate, and decides when the gateways have had time to answer', async () => {
    freeze();
    await turn(frozen);
    await answer('church-2');
    late.close();
    kernel.store.close();
    const clock = stepClock();
    open(true, clock);
    await turn(gate + 1);
    expect(shown).toHaveLength(3);
    await answer('church-6');
    clock.advance(9_999);
    await turn(gate + 2);
    expect(outcome()).toBeNull();
    clock.advance(1);
    await turn(gate + 3);
    expect(outcome()).toBe('late');
    expect(shown).toHaveLength(3);
  });

  it('is asked for receipts, and late, while an older entry that the chain refuses holds the outbox up', async () => {
    away = false;
    const older = { contract: 'Settlement', method: 'settle', args: [] };
    kernel.store.write((db) => {
      outbox.enqueue(db, { id: 'settle:1', kind: 'settle', title: 't', body: older }, 1);
      db.prepare("UPDATE outbox SET state = 'failed', last_error = 'refused' WHERE id = 'settle:1'").run();
    });
    freeze();
    await turn(frozen);
    expect(shown).toHaveLength(3);
    for (const id of ['church-6', 'church-2']) await answer(id);
    await turn(gate);
    expect(outcome()).toBe('late');
    expect(entry()?.body.method).toBe('commitOrdersLate');
  });

  it.each([true, false])(
    'is asked for receipts when half of the time to bind it is over, and is ordinary if it still gets there (simulated: %s)',
    async (simulated) => {
      late.close();
      kernel.store.close();
      open(simulated);
      away = false;
      freeze();
      await turn(half - 1);
      expect(shown).toEqual([]);
      await turn(half);
      expect(shown).toHaveLength(3);
      kernel.store.write((db) => db.prepare("UPDATE outbox SET state = 'final' WHERE id = ?").run(`commit:${INTERVAL}`));
      await turn(gate);
      expect(outcome()).toBe('in-time');
      expect(ended).toEqual([]);
    },
  );

  it('asks the members, too, when its transaction is signed but in no block when half of the time is over', async () => {
    away = false;
    freeze();
    kernel.store.write((db) => db.prepare("UPDATE outbox SET state = 'sending', nonce = 4 WHERE id = ?").run(`commit:${INTERVAL}`));
    await turn(half);
    expect(shown).toHaveLength(3);
  });

  it('asks nobody for what is in a block', async () => {
    away = false;
    freeze();
    kernel.store.write((db) => db.prepare("UPDATE outbox SET state = 'sent', nonce = 4 WHERE id = ?").run(`commit:${INTERVAL}`));
    await turn(half);
    expect(shown).toEqual([]);
  });

  it('is over at the gate while the contract knows no member’s account, because nobody could receipt it', async () => {
    kernel.store.write((db) => db.prepare('DELETE FROM chain_event').run());
    freeze();
    await turn(frozen);
    await turn(gate - 1);
    expect(ended).toEqual([]);
    await turn(gate);
    expect(shown).toEqual([]);
    expect(ended).toEqual([{ interval: INTERVAL, message: expect.stringMatching(/none could be asked/) }]);
  });

  it('is over when the console was away from the freezing to the gate, and was not decided before', async () => {
    away = false;
    freeze();
    await turn(gate + 1);
    expect(ended).toEqual([{ interval: INTERVAL, message: expect.stringMatching(/never bound/) }]);
    await turn(gate + 2);
    expect(ended).toHaveLength(1);
  });

  it('ends the round all the same when the console was killed between the decision and the end', async () => {
    freeze();
    await turn(frozen);
    kernel.store.write((db) => decide(db, INTERVAL, 'failed', { given: 0, needed: 2 }));
    await turn(gate + 1);
    expect(ended).toHaveLength(1);
  });

  it.each([false, true])(
    'leaves nothing in the outbox at the gate when its round ended otherwise (its orders admitted: %s)',
    async (admitted) => {
      freeze();
      await turn(frozen);
      kernel.store.write((db) => {
        setRoundState(db, INTERVAL, 'failed', 1, 'A proof of it cannot be made.');
        db.prepare("UPDATE outbox SET body = json_set(body, '$.beginBeforePlantMs', ?) WHERE id = ?").run(gate, `commit:${INTERVAL}`);
        const body = { contract: 'Settlement', method: 'admitOrders', args: [INTERVAL] };
        if (admitted) outbox.enqueue(db, { id: `admit:${INTERVAL}`, kind: 'admit-orders', title: 't', body }, 1);
      });
      await turn(gate - 1);
      expect(entry()?.state).toBe('waiting');
      await turn(gate);
      expect(entry()).toMatchObject({ state: 'final', lastError: 'withdrawn: the round failed', body: { mayFail: true } });
      expect(outcome()).toBe('failed');
      // What was built on its admission is taken back.
      expect(ended).toEqual(admitted ? [{ interval: INTERVAL, message: 'A proof of it cannot be made.' }] : []);
    },
  );

  it('gives up a commitment past its time of which there is no round', async () => {
    const body = { contract: 'Settlement', method: 'commitOrders', args: [INTERVAL, ROOT], beginBeforePlantMs: gate };
    kernel.store.write((db) => outbox.enqueue(db, { id: `commit:${INTERVAL}`, kind: 'commit-orders', title: 't', body }, 1));
    await turn(gate - 1);
    expect(entry()?.state).toBe('waiting');
    await turn(gate);
    expect(entry()?.state).toBe('final');
  });

  it('takes a commitment for done that the chain refuses because its round is settled, and says so of no other', async () => {
    freeze();
    settle('sent');
    kernel.store.write((db) =>
      db.prepare("UPDATE outbox SET state = 'failed', last_error = 'GateClosed(100, 5)' WHERE id = ?").run(`commit:${INTERVAL}`),
    );
    await turn(gate);
    expect(entry()?.state).toBe('failed');
    settle('final');
    await turn(gate);
    expect(entry()).toMatchObject({ state: 'final', lastError: null, transactionHash: null, block: 9, blockHash: '0x9' });
    expect(ended).toEqual([]);
  });

  it.each([true, false])('is over when the chain has settled a later interval (members asked: %s)', async (asked) => {
    away = asked;
    freeze();
    await turn(frozen);
    const refuse = (last: number) =>
      kernel.store.write((db) =>
        db
          .prepare("UPDATE outbox SET state = 'failed', last_error = ? WHERE id = ?")
          .run(`the contract refused it: IntervalNotOpen(${INTERVAL}, ${last})`, `commit:${INTERVAL}`),
      );
    // Other orders of the same interval are there: no later interval.
    refuse(INTERVAL - 1);
    await turn(frozen + 1);
    expect(ended).toEqual([]);
    refuse(INTERVAL + 1);
    await turn(frozen + 2);
    expect(ended).toEqual([{ interval: INTERVAL, message: expect.stringMatching(/settled interval 101/) }]);
    await turn(gate);
    expect(ended).toHaveLength(1);
  });

  it.each([true, false])(
    'is over past its gate however far it has come, unless the chain had it once (simulated: %s)',
    async (simulated) => {
      late.close();
      kernel.store.close();
      open(simulated);
      away = false;
      for (const interval of [INTERVAL, INTERVAL + 1]) {
        freeze(interval);
        kernel.store.write((db) => setRoundState(db, interval, 'cleared', 1));
      }
      kernel.store.write((db) => db.prepare("UPDATE outbox SET gas_used = 60000 WHERE id = 'commit:101'").run());
      await turn(gate + intervalMs);
      expect(ended).toEqual([{ interval: INTERVAL, message: expect.stringMatching(/never bound/) }]);
    },
  );

  it('does not concern a round that only measures an interval that runs already', async () => {
    kernel.store.write((db) => {
      insertRound(db, { interval: INTERVAL, kind: 'measure', ordersRoot: ROOT, message: 'm', nowMs: 1 }, []);
      const body = { contract: 'Settlement', method: 'commitOrders', args: [INTERVAL, ROOT] };
      outbox.enqueue(db, { id: `commit:${INTERVAL}`, kind: 'commit-orders', title: 't', body }, 1);
    });
    await turn(INTERVAL * intervalMs + 1);
    expect(shown).toEqual([]);
    expect(ended).toEqual([]);
  });

  it('is late by receipts, or over, when the contract keeps the gate and the chain came back too late', async () => {
    freeze();
    await turn(frozen);
    for (const id of ['church-6', 'church-2']) await answer(id);
    away = false;
    const refuse = (interval: number) =>
      kernel.store.write((db) =>
        db
          .prepare("UPDATE outbox SET state = 'failed', last_error = 'the contract refused it: GateClosed(100, 5)' WHERE id = ?")
          .run(`commit:${interval}`),
      );
    refuse(INTERVAL);
    await turn(gate);
    expect(entry()).toMatchObject({ state: 'waiting', lastError: null, body: { method: 'commitOrdersLate' } });
    freeze(INTERVAL + 1);
    refuse(INTERVAL + 1);
    await turn(gate + intervalMs);
    expect(ended).toEqual([{ interval: INTERVAL + 1, message: expect.stringMatching(/before the gate closed/) }]);
  });

  it.each(['no late row', 'undecided'] as const)('is not ended by one refusal when the chain had it once: %s', async (row) => {
    away = row === 'undecided';
    freeze();
    await turn(frozen);
    for (const id of ['church-6', 'church-2']) await answer(id);
    away = false;
    const refused = 'the contract refused it: GateClosed(100, 5)';
    kernel.store.write((db) =>
      db.prepare("UPDATE outbox SET state = 'failed', gas_used = 60000, last_error = ? WHERE id = ?").run(refused, `commit:${INTERVAL}`),
    );
    await turn(gate);
    await turn(gate + 1);
    expect([ended, entry()?.body.method]).toEqual([[], 'commitOrders']);
    expect(outcome()).toBe(row === 'undecided' ? 'in-time' : undefined);
    expect(forgottenCommitments(kernel.store.read, 1)).toHaveLength(row === 'undecided' ? 0 : 1);
  });

  it('is not ended by one refusal that names a later interval when the chain had it once', async () => {
    away = false;
    freeze();
    const refused = `the contract refused it: IntervalNotOpen(${INTERVAL}, ${INTERVAL + 1})`;
    kernel.store.write((db) =>
      db.prepare("UPDATE outbox SET state = 'failed', gas_used = 60000, last_error = ? WHERE id = ?").run(refused, `commit:${INTERVAL}`),
    );
    await turn(gate);
    expect(ended).toEqual([]);
    expect(forgottenCommitments(kernel.store.read, 1)).toHaveLength(1);
  });

  it('is not half ended when the console is killed while it ends', async () => {
    freeze();
    await turn(frozen);
    failing = true;
    expect(() => late.turn(gate)).toThrow();
    expect([outcome(), openRounds(kernel.store.read).length]).toEqual([null, 1]);
    failing = false;
    await turn(gate + 1);
    expect([outcome(), ended.length]).toEqual(['failed', 1]);
  });

  it('counts the receipts of members who left the plant file, as the contract does', async () => {
    freeze();
    await turn(frozen);
    for (const id of ['church-6', 'church-2']) await answer(id);
    // Of an account that the contract has at another place now.
    kernel.store.write((db) => {
      db.prepare("UPDATE late_receipt SET member_id = 'left' WHERE member_id = 'church-6'").run();
      db.prepare("UPDATE chain_event SET arguments = json_set(arguments, '$.index', '7') WHERE arguments LIKE ?").run(
        `%${wallets.get('church-6')?.address}%`,
      );
    });
    await turn(gate);
    expect(entry()?.body.args[2]).toMatchObject([
      [1, expect.any(String)],
      [7, expect.any(String)],
    ]);
  });

  describe('whose late commitment the contract refuses', () => {
    const refuse = (why: string) =>
      kernel.store.write((db) =>
        db
          .prepare("UPDATE outbox SET state = 'failed', last_error = ? WHERE id = ?")
          .run(`the contract refused it: ${why}`, `commit:${INTERVAL}`),
      );
    /** What ends once the chain has not shown it for a while. */
    const over = () => forgottenCommitments(kernel.store.read, 1);
    const sentIndexes = () => ((entry()?.body.args[2] ?? []) as [number, string][]).map(([index]) => index);
    const decideLate = async (...members: string[]) => {
      freeze();
      await turn(frozen);
      for (const id of members) await answer(id);
      away = false;
      refuse('GateClosed(100, 5)');
      await turn(gate);
      expect(outcome()).toBe('late');
    };

    it('goes on with the other receipts when a member has handed its account on, though the copy of the events is behind', async () => {
      await decideLate('church-2', 'church-4', 'church-6');
      expect(sentIndexes()).toEqual([1, 2]);
      refuse('BadReceipt(1)');
      await turn(gate + 1);
      expect(sentIndexes()).toEqual([2, 3]);
      expect(entry()).toMatchObject({ state: 'waiting', lastError: null, body: { method: 'commitOrdersLate' } });
      // The refusal of the call before, noted late, says nothing of this one.
      refuse('BadReceipt(1)');
      await turn(gate + 2);
      expect(sentIndexes()).toEqual([2, 3]);
      expect(ended).toEqual([]);
    });

    it.each(['cleared', 'settled'] as const)(
      'is made anew from the receipts for a round that was bound and forgotten: %s',
      async (state) => {
        freeze();
        await turn(frozen);
        await answer('church-2');
        kernel.store.write((db) => {
          decide(db, INTERVAL, 'in-time');
          setRoundState(db, INTERVAL, state, 1);
        });
        refuse('GateClosed(100, 5)');
        await turn(gate + 1);
        expect(entry()?.body.method).toBe('commitOrders');
        for (const id of ['church-4', 'church-6']) await answer(id);
        await turn(gate + 2);
        // One refusal may come from a branch that loses.
        expect([outcome(), entry()?.body.method]).toEqual(['in-time', 'commitOrders']);
        kernel.store.write((db) => reopen(db, INTERVAL));
        await turn(gate + 2);
        expect(outcome()).toBe('late');
        expect(sentIndexes()).toEqual([1, 2]);
        refuse('BadReceipt(1)');
        await turn(gate + 3);
        expect(sentIndexes()).toEqual([2, 3]);
        refuse('BadReceipt(2)');
        await turn(gate + 4);
        expect(over()).toEqual([{ interval: INTERVAL, message: expect.stringMatching(/1 of the 2 receipts needed are good/) }]);
        expect(ended).toEqual([]);
      },
    );

    it('is no more for a turn of the market to end, with the numbers, when too few receipts are left', async () => {
      await decideLate('church-2', 'church-4');
      refuse('BadReceipt(2)');
      await turn(gate + 1);
      expect(over()).toEqual([{ interval: INTERVAL, message: expect.stringMatching(/1 of the 2 receipts needed are good/) }]);
      expect([ended, outcome()]).toEqual([[], 'late']);
    });

    it('sends as many receipts as the contract says when accounts were named since, or is over', async () => {
      await decideLate('church-2', 'church-4', 'church-6');
      refuse('TooFewReceipts(2, 3)');
      await turn(gate + 1);
      expect(sentIndexes()).toEqual([1, 2, 3]);
      refuse('TooFewReceipts(3, 4)');
      await turn(gate + 2);
      expect(over()).toEqual([{ interval: INTERVAL, message: expect.stringMatching(/3 of the 4 receipts needed/) }]);
      expect(ended).toEqual([]);
    });
  });

  const voided = () =>
    kernel.store.write((db) =>
      db
        .prepare(
          "INSERT INTO chain_event (block, log_index, contract, name, arguments, transaction_hash) VALUES (2, 0, 'Settlement', 'CommitmentVoided', ?, '0x2')",
        )
        .run(JSON.stringify({ interval: String(INTERVAL), ordersRoot: ROOT, otherRoot: '123456789012345', by: '0xabc' })),
    );

  it('ends a settled round whose commitment was voided when the chain has forgotten its settlement, and no other', async () => {
    freeze();
    settle('final');
    voided();
    await turn(gate);
    expect(ended).toEqual([]);
    kernel.store.write((db) => db.prepare("UPDATE outbox SET state = 'sending' WHERE id = ?").run(`settle:${INTERVAL}`));
    await turn(gate);
    expect(ended).toEqual([{ interval: INTERVAL, message: expect.stringMatching(/challenged/) }]);
  });

  it('ends a round whose commitment was voided, once', async () => {
    freeze();
    voided();
    await turn(frozen);
    await turn(frozen + 1);
    expect(ended).toEqual([{ interval: INTERVAL, message: expect.stringMatching(/challenged.*123456789012….*0xabc/) }]);
  });
});

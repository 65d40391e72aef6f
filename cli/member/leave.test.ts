import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Wallet } from 'ethers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lineOfRound } from '../../plant/metering/testing-line.ts';
import { settlementDomain } from '../../src/domain/settlement/words.ts';
import { RoundLine } from '../../src/shared/round-line.ts';
import { leave } from './leave.ts';
import type { Chain } from './settlement.ts';
import { leafOpening, readMemberStore, signalOf } from './store.ts';

const settlement = `0x${'5e'.repeat(20)}`;
const { lineAt } = lineOfRound(settlementDomain(31337, settlement));
const wallet = new Wallet(`0x${'05'.repeat(32)}`);
const opening = (line: Record<string, unknown>) => ({
  schema: 'opening/1',
  chain: { chainId: 31337, settlement, transaction: `0x${'ab'.repeat(32)}`, block: 9 },
  line,
});
let folder: string;
let exits: unknown[][];
const write = (name: string, document: unknown) => writeFileSync(join(folder, name), JSON.stringify(document));

/** The contract of a community whose last round is of this line, with exits open. */
const chainAt = (line: RoundLine, more: Record<string, (...args: unknown[]) => unknown> = {}): Chain => {
  const sent = (...args: unknown[]) => {
    exits.push(args);
    return { hash: '0x1', wait: async () => ({ hash: '0x1' }) };
  };
  const answers: Record<string, (...args: unknown[]) => unknown> = {
    stateRoot: () => signalOf(line, 'newRoot'),
    accountOf: () => wallet.address,
    exited: () => false,
    head: () => ({ lastInterval: line.round, escaped: true, queueHead: 0n, queueTail: 0n }),
    claimable: () => 0n,
    exit: sent,
    ...more,
  };
  return {
    provider: { getBalance: async () => 1n },
    settlement: {
      getFunction:
        (name: string) =>
        async (...args: unknown[]) =>
          answers[name]?.(...args),
    },
    wallet,
    close() {},
  } as unknown as Chain;
};
const store = () => {
  const read = readMemberStore(folder);
  if (read.kind !== 'ok') throw new Error(read.problem);
  return read.store;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'busbar-leave-'));
  exits = [];
  const { privateKey } = wallet;
  write('account.json', { schema: 'member-account-file/1', member: 'm0', meter: 1, privateKey, ledger: null, signed: {} });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a member that leaves', () => {
  it('takes the opening that leads to the last root, though another line was slipped in after it', async () => {
    write('opening.json', opening(lineAt(9)));
    write('earlier-openings.json', { schema: 'openings-file/1', openings: [opening(lineAt(5)), opening(lineAt(7))] });
    const line = RoundLine.parse(lineAt(7));
    expect((await leave(store(), chainAt(line))).problems).toEqual([]);
    expect(exits).toEqual([[line.index, leafOpening(line), line.nextPath]]);
  });

  it('is paid what the contract holds, and told what it can claim later', async () => {
    write('opening.json', opening(lineAt(9)));
    let granted = 70n;
    const claim = () => {
      granted = 20n;
      return { hash: '0x2', wait: async () => ({ hash: '0x2' }) };
    };
    const left = await leave(store(), chainAt(RoundLine.parse(lineAt(9)), { claimable: () => granted, claim }));
    expect(left.claimedMicroCents).toBe('50');
    expect(left.steps.at(-1)).toMatchObject({ step: 'claim', state: 'done', transaction: '0x2' });
    expect(left.problems).toEqual([expect.stringMatching(/^50 of 70 micro-cents were paid.* other 20 stay/)]);
  });

  it('sends nothing when no opening here leads to the last root, or the one that says so was changed', async () => {
    write('opening.json', opening(lineAt(9)));
    const changed = lineAt(7);
    changed.next = { ...(changed.next as object), balance: '1' };
    write('earlier-openings.json', { schema: 'openings-file/1', openings: [opening(changed)] });
    for (const at of [7, 8])
      expect((await leave(store(), chainAt(RoundLine.parse(lineAt(at))))).problems.join()).toMatch(/accounts have moved on to interval/);
    expect(exits).toEqual([]);
  });
});

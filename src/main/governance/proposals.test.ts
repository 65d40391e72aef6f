import Database from 'better-sqlite3';
import { Interface } from 'ethers';
import { beforeEach, describe, expect, it } from 'vitest';
import { migrations } from '../historian/migrations/index.ts';
import { keyBytes } from './parameters.ts';
import { proposalText } from './proposal-text.ts';
import { councilOf, LAPSE_S, stateOf, vetoesNeeded } from './proposals.ts';

const [a, b, c] = ['a', 'b', 'c'].map((x) => `0x${x.repeat(40)}`) as [string, string, string];
let db: Database.Database;
let block = 0;
const tell = (name: string, args: Record<string, unknown>): void => {
  const text = JSON.stringify(
    Object.fromEntries(Object.entries(args).map(([k, v]) => [k, Array.isArray(v) ? JSON.stringify(v) : String(v)])),
  );
  db.prepare("INSERT INTO chain_event VALUES (?, 0, 'Council', ?, ?, '0x1', ?)").run(++block, name, text, block);
};
beforeEach(() => {
  db = new Database(':memory:');
  for (const step of migrations) step.up(db);
  tell('MembersSet', { members: [a, b, c], threshold: 2, delayS: 60 });
  tell('Proposed', { actId: 0, proposer: a, target: c, data: '0x12345678' });
  tell('Approved', { actId: 0, member: a, approvals: 1 });
});
const state = (nowS = 0) => stateOf(councilOf(db).proposals[0] as never, nowS);

describe('a proposal of the council', () => {
  it('waits for approvals, then for its delay, then is due until it lapses', () => {
    expect(state()).toBe('proposed');
    tell('Approved', { actId: 0, member: b, approvals: 2 });
    tell('Ready', { actId: 0, readyAt: 1000 });
    expect([state(999), state(1000), state(1000 + LAPSE_S), state(1001 + LAPSE_S)]).toEqual(['waiting', 'ready', 'ready', 'lapsed']);
    expect(councilOf(db).proposals[0]?.approvals.map((x) => x.member)).toEqual([a, b]);
  });
  it('lapses when nobody approves it in time', () => {
    const proposedS = councilOf(db).proposals[0]?.event.timeS ?? 0;
    expect([state(proposedS + LAPSE_S), state(proposedS + LAPSE_S + 1)]).toEqual(['proposed', 'lapsed']);
  });
  it('goes on after one veto of two, and ends with the second', () => {
    tell('VetoSigned', { actId: 0, member: b, vetoes: 1, needed: 2 });
    expect(state()).toBe('proposed');
    expect(councilOf(db).proposals[0]?.vetoes.map((x) => x.member)).toEqual([b]);
    expect(vetoesNeeded(councilOf(db))).toBe(2);
  });
  it('ends executed or vetoed, whatever the time', () => {
    tell('Vetoed', { actId: 0, member: c });
    expect(state(9e9)).toBe('vetoed');
  });
  it('is void under other members, but an executed one stays executed', () => {
    tell('Proposed', { actId: 1, proposer: a, target: c, data: '0x' });
    tell('Executed', { actId: 0, member: a });
    tell('MembersSet', { members: [a], threshold: 1, delayS: 0 });
    const { proposals, members, threshold } = councilOf(db);
    expect(proposals.map((p) => stateOf(p, 0))).toEqual(['executed', 'void']);
    expect({ members, threshold }).toEqual({ members: [a], threshold: 1 });
  });
});

describe('the words for a proposed call', () => {
  const encode = (signature: string, args: unknown[]): string =>
    new Interface([`function ${signature}`]).encodeFunctionData(signature.split('(')[0] ?? '', args);
  const words = (data: string) =>
    proposalText('GridManagement', data, (x) => (x === b.toLowerCase() || x.toLowerCase() === b ? 'Mill' : x));
  it('say what it would do', () => {
    expect(words(encode('setParameter(bytes32,uint64,string)', [keyBytes('fee.trade.bps'), 25, 'Assembly']))).toBe(
      'Set Fee: trade (fee.trade.bps) to 25 hundredths of a per cent. Source: Assembly',
    );
    expect(words(encode('unpause()', []))).toBe('Let GridManagement run again');
    expect(words(encode('grantRole(uint64,address,uint32)', [5, b, 0]))).toBe('Give the role Guardian to Mill');
  });
  it('show a call nobody has words for as what it is', () => {
    expect(words('0x1234567800ff')).toBe('Call 0x12345678 of GridManagement with 2 bytes');
    expect(words('0x')).toMatch(/^Call 0x of GridManagement/);
  });
});

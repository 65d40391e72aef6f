import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aboutOpening, type Opening, sealingKeyHash } from '../../drivers/mqtt/opening-messages.ts';
import { seal } from '../../drivers/mqtt/sealing.ts';
import { unpackSignature, verifySignature } from '../../src/domain/settlement/babyjubjub.ts';
import { FIELD } from '../../src/domain/settlement/field.ts';
import { PUBLIC_SIGNALS, settlementDomain } from '../../src/domain/settlement/words.ts';
import { memberFolder } from './member-folder.ts';
import { type OpeningKeeper, openOpeningKeeper } from './openings.ts';
import { lineOfRound } from './testing-line.ts';

const settlement = `0x${'5e'.repeat(20)}`;
const ledger = { schema: 'ledger-contracts/1', chainId: 31337, genesisHash: '0xaa', contracts: { Settlement: settlement } } as const;
const { holder, other, lineAt } = lineOfRound(settlementDomain(31337, settlement));
let dir: string;
let known: typeof ledger | null;
let keeper: OpeningKeeper;
let root: Parameters<typeof openOpeningKeeper>[0]['rootOnChain'];
let now: { plantTimeMs: number; intervalMs: number } | null;
const open = (monotonicMs?: () => number) =>
  openOpeningKeeper({
    ...{ dir, holders: [holder, other], ledger: () => known, clock: () => now },
    ...(root && { rootOnChain: root }),
    ...(monotonicMs && { monotonicMs }),
  });
const sealedFor = (
  line: Record<string, unknown>,
  change: Partial<{ member: string; interval: number; settlement: string; key: string }> = {},
) => {
  const envelope = {
    schema: 'sealed-opening/1',
    member: change.member ?? holder.memberId,
    interval: change.interval ?? Number(line.round),
    chainId: 31337,
    settlement: change.settlement ?? settlement,
  } as const;
  const chain: Opening['chain'] = { chainId: 31337, settlement, transaction: `0x${'ab'.repeat(32)}`, block: 9 };
  const key = change.key ?? keeper.announcement(holder.memberId).key;
  return JSON.stringify({ ...envelope, ...seal(JSON.stringify({ schema: 'opening/1', chain, line }), key, aboutOpening(envelope)) });
};
const earlierLines = () =>
  (
    JSON.parse(readFileSync(join(memberFolder(dir, holder.memberId), 'earlier-openings.json'), 'utf8')) as { openings: Opening[] }
  ).openings.map(({ line }) => line);
const earlier = () => earlierLines().map(({ round }) => round);
const rootOf = (line: Record<string, unknown>) => BigInt((line.publicSignals as string[])[PUBLIC_SIGNALS.indexOf('newRoot')] as string);
const kept = () => JSON.parse(readFileSync(join(memberFolder(dir, holder.memberId), 'opening.json'), 'utf8')) as Opening;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'busbar-openings-'));
  known = ledger;
  root = undefined;
  now = { plantTimeMs: 20_500, intervalMs: 1_000 };
  keeper = await open();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('a gateway’s sealing key', () => {
  it('is kept for its owner only, is the same after a restart, and is named with the meter’s signature', async () => {
    const announced = keeper.announcement(holder.memberId);
    expect(statSync(join(memberFolder(dir, holder.memberId), 'sealing-key.json')).mode & 0o777).toBe(0o600);
    keeper = await open();
    expect(keeper.announcement(holder.memberId)).toEqual(announced);
    const signature = unpackSignature(Buffer.from(announced.signature, 'hex'));
    if (!signature) throw new Error('no signature');
    expect(verifySignature(sealingKeyHash(holder.meterId, announced.key), signature, holder.key.publicKey)).toBe(true);
    expect(verifySignature(sealingKeyHash(holder.meterId + 1, announced.key), signature, holder.key.publicKey)).toBe(false);
  });
});

describe('a member’s opening', () => {
  it('is on disk, whole, before the gateway says that it has it', async () => {
    const line = lineAt(7);
    expect(await keeper.take(holder.memberId, sealedFor(line))).toEqual({ schema: 'opening-receipt/1', interval: 7, result: 'kept' });
    expect(kept().line).toEqual(line);
    expect(statSync(join(memberFolder(dir, holder.memberId), 'opening.json')).mode & 0o777).toBe(0o600);
  });

  it('is answered the same when it comes again, and a newer one takes its place', async () => {
    const first = sealedFor(lineAt(7));
    await keeper.take(holder.memberId, first);
    keeper = await open();
    expect(await keeper.take(holder.memberId, first)).toMatchObject({ result: 'kept' });
    expect(await keeper.take(holder.memberId, sealedFor(lineAt(9)))).toMatchObject({ interval: 9, result: 'kept' });
    expect(kept().line.round).toBe(9);
  });

  it('takes no good one’s place: those of the last intervals stay, also after a restart and however late one comes', async () => {
    for (const at of [3, 9, 7]) expect(await keeper.take(holder.memberId, sealedFor(lineAt(at)))).toMatchObject({ result: 'kept' });
    expect([...earlier(), kept().line.round]).toEqual([3, 7, 9]);
    keeper = await open();
    for (const at of [10, 11, 12, 13, 14, 15]) await keeper.take(holder.memberId, sealedFor(lineAt(at)));
    expect([...earlier(), kept().line.round]).toEqual([3, 7, 9, 10, 11, 12, 13, 14, 15]);
    expect(statSync(join(memberFolder(dir, holder.memberId), 'earlier-openings.json')).mode & 0o777).toBe(0o600);
    expect(await keeper.take(holder.memberId, sealedFor(lineAt(6)))).toMatchObject({ result: 'kept' });
    expect([...earlier(), kept().line.round]).toEqual([3, 6, 7, 9, 10, 11, 12, 13, 14, 15]);
  });

  it('is kept when false ones of newer intervals came before it, for a clock that was set far ahead', async () => {
    now = { plantTimeMs: 4_102_444_800_000, intervalMs: 1_000 };
    for (let at = 4_000_000_000; at < 4_000_000_008; at++) await keeper.take(holder.memberId, sealedFor(lineAt(at)));
    keeper = await open();
    for (const at of [7, 8]) expect(await keeper.take(holder.memberId, sealedFor(lineAt(at)))).toMatchObject({ result: 'kept' });
    keeper = await open();
    expect(earlier().slice(0, 2)).toEqual([7, 8]);
    for (let at = 4_000_000_100; at < 4_000_000_106; at++) await keeper.take(holder.memberId, sealedFor(lineAt(at)));
    expect(earlierLines()).toContainEqual(lineAt(8));
    // What the gateway cannot tell from rounds does it in the end: that is why a member names a node.
    for (let at = 4_000_000_106; at < 4_000_000_108; at++) await keeper.take(holder.memberId, sealedFor(lineAt(at)));
    expect(earlierLines()).not.toContainEqual(lineAt(8));
  });

  it('that the chain confirms stays until the chain confirms eight newer ones, whatever else comes, also after a restart and without an answer', {
    timeout: 60_000,
  }, async () => {
    const settled = new Map([7, 8, 9].map((at) => [at, rootOf(lineAt(at))]));
    root = async (_, interval) => settled.get(interval) ?? 0n;
    now = { plantTimeMs: 4_102_444_800_000, intervalMs: 1_000 };
    keeper = await open();
    const flood = async (from: number) => {
      for (let at = from; at < from + 9; at++) await keeper.take(holder.memberId, sealedFor(lineAt(at)));
    };
    await flood(4_000_000_000);
    for (const at of [7, 8, 9]) await keeper.take(holder.memberId, sealedFor(lineAt(at)));
    expect(kept().line).toEqual(lineAt(9));
    await flood(4_000_000_100);
    await flood(4_000_000_200);
    root = async () => null;
    keeper = await open();
    await flood(4_000_000_300);
    await flood(4_000_000_400);
    expect(kept().line).toEqual(lineAt(9));
    expect(earlierLines()).toEqual(expect.arrayContaining([lineAt(7), lineAt(8)]));
    for (let at = 10; at < 18; at++) settled.set(at, rootOf(lineAt(at)));
    root = async (_, interval) => settled.get(interval) ?? 0n;
    keeper = await open();
    for (let at = 10; at < 18; at++) await keeper.take(holder.memberId, sealedFor(lineAt(at)));
    expect(kept().line).toEqual(lineAt(17));
    expect(earlierLines()).not.toContainEqual(lineAt(9));
  });

  it('that came while the node was silent is asked about before it is dropped', async () => {
    let answers = false;
    let atMs = 0;
    root = async (_, interval) => (answers ? (interval === 7 ? rootOf(lineAt(7)) : 0n) : null);
    now = { plantTimeMs: 1_000_000, intervalMs: 1_000 };
    keeper = await open(() => atMs);
    await keeper.take(holder.memberId, sealedFor(lineAt(7)));
    answers = true;
    atMs += 60_000;
    for (let at = 100; at < 120; at++) await keeper.take(holder.memberId, sealedFor(lineAt(at)));
    expect(kept().line).toEqual(lineAt(7));
  });

  it('waits for no other member’s: neither for the node’s answer about its line, nor for a heap of false ones', async () => {
    root = () => new Promise(() => {});
    keeper = await open();
    const stuck = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16].map((at) => keeper.take(holder.memberId, sealedFor(lineAt(at))));
    expect(await stuck[1]).toMatchObject({ result: 'refused', reason: '8 that came after it wait for their check already' });
    const { lineAt: others } = lineOfRound(settlementDomain(31337, settlement), 1);
    const broken = { ...others(7), index: 0 };
    const key = keeper.announcement(other.memberId).key;
    expect(await keeper.take(other.memberId, sealedFor(broken, { member: other.memberId, key }))).toMatchObject({ result: 'refused' });
    for (const one of [stuck[0], ...stuck.slice(2)]) expect(await Promise.race([one, Promise.resolve('waits')])).toBe('waits');
  });

  it('makes the gateway ask the node once for all members, and not again soon after it was silent', async () => {
    const asked: number[] = [];
    let atMs = 0;
    root = async (_, interval) => {
      asked.push(interval);
      return interval === 9 ? null : 0n;
    };
    keeper = await open(() => atMs);
    const { lineAt: others } = lineOfRound(settlementDomain(31337, settlement), 1);
    const key = keeper.announcement(other.memberId).key;
    await keeper.take(holder.memberId, sealedFor(lineAt(7)));
    await keeper.take(other.memberId, sealedFor(others(7), { member: other.memberId, key }));
    expect(asked).toEqual([7]);
    for (const at of [9, 10, 11]) await keeper.take(holder.memberId, sealedFor(lineAt(at)));
    expect(asked).toEqual([7, 9]);
    atMs += 31_000;
    await keeper.take(holder.memberId, sealedFor(lineAt(12)));
    expect(asked).toEqual([7, 9, 12]);
  });

  it('is refused when its interval has not begun, so that none is in the way of those to come', async () => {
    await keeper.take(holder.memberId, sealedFor(lineAt(19)));
    expect(await keeper.take(holder.memberId, sealedFor(lineAt(21)))).toMatchObject({
      result: 'refused',
      reason: 'it is of interval 21, which has not begun: interval 20 runs now',
    });
    expect(kept().line.round).toBe(19);
  });

  it('is kept beside the lines of its interval that the chain forgot, and a fifth one is refused while no chain can be asked', async () => {
    for (const more of [5n, 2n, 3n, 0n])
      expect(await keeper.take(holder.memberId, sealedFor(lineAt(7, more)))).toMatchObject({ result: 'kept' });
    expect([...earlier(), kept().line.round]).toEqual([7, 7, 7, 7]);
    expect(kept().line).toEqual(lineAt(7));
    expect(await keeper.take(holder.memberId, sealedFor(lineAt(7, 9n)))).toMatchObject({
      result: 'refused',
      reason: '4 others of interval 7 are here already, and no node of the chain says that it is the one that counts',
    });
  });

  it('is kept beside four others of its interval when the chain confirms it, and never otherwise', async () => {
    root = async () => rootOf(lineAt(7, 9n));
    keeper = await open();
    for (const more of [5n, 2n, 3n, 0n]) await keeper.take(holder.memberId, sealedFor(lineAt(7, more)));
    expect(await keeper.take(holder.memberId, sealedFor(lineAt(7, 8n)))).toMatchObject({
      result: 'refused',
      reason: '4 others of interval 7 are here already, and the chain does not say that it is the one that counts',
    });
    expect(await keeper.take(holder.memberId, sealedFor(lineAt(7, 9n)))).toMatchObject({ result: 'kept' });
    expect(kept().line).toEqual(lineAt(7, 9n));
    expect(earlierLines()).toEqual([5n, 2n, 3n, 0n].map((more) => lineAt(7, more)));
  });

  it('is not pushed out by any number of lines of one other interval', async () => {
    await keeper.take(holder.memberId, sealedFor(lineAt(7)));
    for (const at of [8, 9, 10]) for (const more of [1n, 2n, 3n, 4n, 5n]) await keeper.take(holder.memberId, sealedFor(lineAt(at, more)));
    expect([...earlier(), kept().line.round]).toEqual([7, 8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10]);
    keeper = await open();
    for (const at of [11, 12, 13, 14]) await keeper.take(holder.memberId, sealedFor(lineAt(at)));
    expect(earlier()[0]).toBe(7);
  });

  it('waits until the gateway has heard the time', async () => {
    now = null;
    expect(await keeper.take(holder.memberId, sealedFor(lineAt(7)))).toBeNull();
    now = { plantTimeMs: 20_500, intervalMs: 1_000 };
    expect(await keeper.commissioned()).toMatchObject([{ receipt: { interval: 7, result: 'kept' } }]);
  });

  it('is refused when it is another’s, of another ledger, sealed for another key, or not what its envelope says', async () => {
    const line = lineAt(7);
    const refusal = async (payload: string) => {
      const answer = await keeper.take(holder.memberId, payload);
      expect(answer?.result).toBe('refused');
      return answer?.reason;
    };
    expect(await refusal(sealedFor(line, { member: other.memberId }))).toMatch(/it is for/);
    expect(await refusal(sealedFor(line, { settlement: `0x${'11'.repeat(20)}` }))).toMatch(/another ledger/);
    expect(await refusal(sealedFor(line, { key: keeper.announcement(other.memberId).key }))).toMatch(/sealed for another key/);
    expect(await refusal(sealedFor(line, { interval: 8 }))).toMatch(/not what its envelope says/);
    const relabelled = JSON.stringify({ ...JSON.parse(sealedFor(line)), interval: 8 });
    expect(await refusal(relabelled)).toMatch(/changed on its way/);
    expect(await refusal(sealedFor({ schema: 'round-line/1', round: 7 }))).toMatch(/no opening/);
    const { lineAt: elsewhere } = lineOfRound(settlementDomain(1, settlement));
    expect(await refusal(sealedFor(elsewhere(7)))).toMatch(/settled on another ledger/);
    const { lineAt: others } = lineOfRound(settlementDomain(31337, settlement), 1);
    expect(await refusal(sealedFor(others(7)))).toMatch(/another meter/);
    expect(await keeper.take(holder.memberId, 'garbage')).toBeNull();
    expect(() => kept()).toThrow();
  });

  it('is refused when a number of it is beyond the field, and what is kept stays', async () => {
    const line = lineAt(7) as { next: { salt: string } };
    await keeper.take(holder.memberId, sealedFor(line));
    const salt = (BigInt(line.next.salt) + FIELD).toString();
    expect(await keeper.take(holder.memberId, sealedFor({ ...line, next: { ...line.next, salt } }))).toMatchObject({ result: 'refused' });
    expect(kept().line).toEqual(line);
  });

  it('is refused when its line does not add up, with the check that failed', async () => {
    const line = lineAt(7);
    const next = line.next as { balance: string };
    const richer = { ...line, next: { ...next, balance: (BigInt(next.balance) + 1n).toString() } };
    expect(await keeper.take(holder.memberId, sealedFor(richer))).toMatchObject({
      result: 'refused',
      reason: expect.stringMatching(/^Account after: .*balance/),
    });
  });

  it('waits when it comes before the gateway knows its contracts', async () => {
    known = null;
    expect(await keeper.take(holder.memberId, sealedFor(lineAt(7)))).toBeNull();
    expect(() => kept()).toThrow();
    known = ledger;
    expect(await keeper.commissioned()).toEqual([
      { memberId: holder.memberId, receipt: { schema: 'opening-receipt/1', interval: 7, result: 'kept' } },
    ]);
    expect(kept().line.round).toBe(7);
  });

  it('is not acknowledged when the disk refuses it', async () => {
    const folder = memberFolder(dir, holder.memberId);
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'a file where the folder should be');
    await expect(keeper.take(holder.memberId, sealedFor(lineAt(7)))).rejects.toThrow();
  });
});

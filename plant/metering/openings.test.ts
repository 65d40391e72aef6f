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
const open = () =>
  openOpeningKeeper({ dir, holders: [holder, other], ledger: () => known, clock: () => now, ...(root && { rootOnChain: root }) });
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

  it('takes no good one’s place: the last eight stay, in order, also after a restart and however late one comes', async () => {
    for (const at of [3, 9, 7]) expect(await keeper.take(holder.memberId, sealedFor(lineAt(at)))).toMatchObject({ result: 'kept' });
    expect([...earlier(), kept().line.round]).toEqual([3, 7, 9]);
    keeper = await open();
    for (const at of [10, 11, 12, 13, 14, 15]) await keeper.take(holder.memberId, sealedFor(lineAt(at)));
    expect([...earlier(), kept().line.round]).toEqual([7, 9, 10, 11, 12, 13, 14, 15]);
    expect(statSync(join(memberFolder(dir, holder.memberId), 'earlier-openings.json')).mode & 0o777).toBe(0o600);
    expect(await keeper.take(holder.memberId, sealedFor(lineAt(6)))).toMatchObject({
      result: 'refused',
      reason: 'it is of interval 6; those of 8 newer ones are here already',
    });
    expect(kept().line.round).toBe(15);
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

  it('takes the place of the oldest line of its interval when the chain confirms it, and never otherwise', async () => {
    const asked: number[] = [];
    root = async (_, interval) => {
      asked.push(interval);
      return rootOf(lineAt(7, 9n));
    };
    keeper = await open();
    for (const more of [5n, 2n, 3n, 0n]) await keeper.take(holder.memberId, sealedFor(lineAt(7, more)));
    expect(asked).toEqual([]);
    expect(await keeper.take(holder.memberId, sealedFor(lineAt(7, 8n)))).toMatchObject({
      result: 'refused',
      reason: '4 others of interval 7 are here already, and the chain does not say that it is the one that counts',
    });
    expect(await keeper.take(holder.memberId, sealedFor(lineAt(7, 9n)))).toMatchObject({ result: 'kept' });
    expect(asked).toEqual([7, 7]);
    expect(kept().line).toEqual(lineAt(7, 9n));
    expect(earlierLines()).toEqual([lineAt(7, 2n), lineAt(7, 3n), lineAt(7)]);
  });

  it('is not pushed out by any number of lines of one other interval', async () => {
    await keeper.take(holder.memberId, sealedFor(lineAt(7)));
    for (const at of [8, 9, 10]) for (const more of [1n, 2n, 3n, 4n, 5n]) await keeper.take(holder.memberId, sealedFor(lineAt(at, more)));
    expect([...earlier(), kept().line.round]).toEqual([7, 8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10]);
    keeper = await open();
    for (const at of [11, 12, 13, 14]) await keeper.take(holder.memberId, sealedFor(lineAt(at)));
    expect(earlier()[0]).toBe(7);
    await keeper.take(holder.memberId, sealedFor(lineAt(15)));
    expect(earlier().slice(0, 5)).toEqual([8, 8, 8, 8, 9]);
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

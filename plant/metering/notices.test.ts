import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyTypedData, Wallet } from 'ethers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noticeTypes, receiptTypes, signingDomain } from '../../drivers/mqtt/late-commitment-messages.ts';
import { WALLET_ABI } from '../../src/domain/wallet/abi.ts';
import { type MemberAccounts, openMemberAccounts } from './accounts.ts';
import { memberFolder, readMemberFile } from './member-folder.ts';
import { type NoticeKeeper, openNoticeKeeper } from './notices.ts';
import { signingKey } from './signer.ts';

const settlement = `0x${'5e'.repeat(20)}`;
const operator = new Wallet(`0x${'11'.repeat(32)}`);
const contracts = {
  ...Object.fromEntries(Object.keys(WALLET_ABI).map((name, i) => [name, `0x${String(i + 1).repeat(40)}`])),
  Settlement: settlement,
};
const ledger = { schema: 'ledger-contracts/1', chainId: 31337, genesisHash: '0xaa', operator: operator.address, contracts } as const;
const domain = signingDomain(31337, settlement);
let dir: string;
let accounts: MemberAccounts;
let keeper: NoticeKeeper;
let now: { plantTimeMs: number; intervalMs: number; gateLeadMs: number } | null;
let problems: string[];

const open = async () => {
  accounts = await openMemberAccounts({
    dir,
    holders: [{ memberId: 'm', meterId: 3, ratedW: 1000, key: signingKey(Buffer.alloc(32, 5)) }],
    tariffs: { importMilliCentsPerKwh: 30_000, feedInMilliCentsPerKwh: 8000 },
  });
  keeper = openNoticeKeeper({ dir, accounts, clock: () => now, onProblem: (sentence) => void problems.push(sentence) });
};
const notice = async (interval: number, ordersRoot: string, change: object = {}, signer = operator, of = domain) =>
  JSON.stringify({
    schema: 'orders-notice/1',
    interval,
    ordersRoot,
    operator: operator.address,
    signature: await signer.signTypedData(of, noticeTypes, { interval, ordersRoot }),
    ...change,
  });
const kept = () => readMemberFile(memberFolder(dir, 'm'), 'notices')?.notices ?? [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'busbar-notices-'));
  now = { plantTimeMs: 99.9 * 900_000, intervalMs: 900_000, gateLeadMs: 60_000 };
  problems = [];
  await open();
  await accounts.commission(ledger);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('a gateway that is shown the orders of an interval', () => {
  it('signs a receipt with the member’s account, for this interval, root, operator and contract', async () => {
    const receipt = await keeper.take('m', await notice(100, '777'));
    expect(receipt).toMatchObject({ interval: 100, ordersRoot: '777', result: 'signed' });
    const said = { interval: 100, ordersRoot: '777', operator: operator.address };
    const { address } = accounts.announcement('m');
    expect(verifyTypedData(domain, receiptTypes, said, receipt?.signature ?? '')).toBe(address);
    expect(verifyTypedData(signingDomain(1, settlement), receiptTypes, said, receipt?.signature ?? '')).not.toBe(address);
    expect(kept()).toHaveLength(1);
  });

  it('answers the same when it is shown the same again, also later and after a restart', async () => {
    const shown = await notice(100, '777');
    const first = await keeper.take('m', shown);
    await open();
    now = { plantTimeMs: 140 * 900_000, intervalMs: 900_000, gateLeadMs: 60_000 };
    expect(await keeper.take('m', shown)).toEqual(first);
  });

  it('gives no second receipt for the interval, after a restart neither, and keeps both of the operator’s words', async () => {
    await keeper.take('m', await notice(100, '777'));
    await open();
    expect(await keeper.take('m', await notice(100, '778'))).toMatchObject({
      result: 'refused',
      reason: expect.stringMatching(/another root/),
    });
    expect(kept().map((k) => [k.notice.ordersRoot, k.receipt !== null])).toEqual([
      ['777', true],
      ['778', false],
    ]);
    expect(problems.join()).toMatch(/another root/);
  });

  it('gives one until the gate closes, and until delivery begins where the clock tells of no gate', async () => {
    now = { plantTimeMs: 100 * 900_000 - 60_001, intervalMs: 900_000, gateLeadMs: 60_000 };
    expect(await keeper.take('m', await notice(100, '777'))).toMatchObject({ result: 'signed' });
    now = { plantTimeMs: 101 * 900_000 - 1, intervalMs: 900_000, gateLeadMs: 0 };
    expect(await keeper.take('m', await notice(101, '777'))).toMatchObject({ result: 'signed' });
  });

  it('gives none once the gate has closed, and keeps the operator’s word all the same', async () => {
    now = { plantTimeMs: 100 * 900_000 - 60_000, intervalMs: 900_000, gateLeadMs: 60_000 };
    expect(await keeper.take('m', await notice(100, '777'))).toMatchObject({
      result: 'refused',
      reason: expect.stringMatching(/too late/),
    });
    expect(kept()).toHaveLength(1);
  });

  it('gives none before the orders can be known or its clock was heard, but may later', async () => {
    const shown = await notice(101, '777');
    expect(await keeper.take('m', shown)).toMatchObject({ result: 'refused', reason: expect.stringMatching(/not taken yet/) });
    now = null;
    expect(await keeper.take('m', shown)).toMatchObject({ result: 'refused', reason: expect.stringMatching(/clock/) });
    now = { plantTimeMs: 100.9 * 900_000, intervalMs: 900_000, gateLeadMs: 60_000 };
    expect(await keeper.take('m', shown)).toMatchObject({ result: 'signed' });
  });

  it('does not answer anybody but the operator it was told of', async () => {
    const stranger = new Wallet(`0x${'22'.repeat(32)}`);
    for (const forged of [
      await notice(100, '777', {}, stranger),
      await notice(100, '777', { operator: stranger.address }, stranger),
      await notice(100, '777', { ordersRoot: '778' }),
      await notice(100, '777', { interval: 99 }),
      await notice(100, '777', {}, operator, signingDomain(1, settlement)),
      'garbage',
      JSON.stringify({ schema: 'orders-notice/1' }),
    ])
      expect(await keeper.take('m', forged)).toBeNull();
    expect(problems).toHaveLength(7);
    expect(kept()).toEqual([]);
  });

  it('gives no receipt that is not on its disk', async () => {
    const folder = memberFolder(dir, 'm');
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'a file where the folder should be');
    await expect(keeper.take('m', await notice(100, '777'))).rejects.toThrow();
  });

  it('is told of its operator once: another one is refused with the contracts', async () => {
    const other = { ...ledger, operator: `0x${'33'.repeat(20)}` };
    expect(await accounts.commission(other)).toMatchObject({ kind: 'refused' });
  });
});

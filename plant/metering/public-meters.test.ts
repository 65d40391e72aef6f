import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Interface, Transaction } from 'ethers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PostRequest, packReading } from '../../drivers/mqtt/public-meter-messages.ts';
import { type MeterAccounts, openMeterAccounts } from './public-meters.ts';
import { signingKey, signReading } from './signer.ts';

const key = signingKey(Buffer.alloc(32, 9));
const registry = `0x${'12'.repeat(20)}`;
const ledger = { schema: 'ledger-contracts/1', chainId: 31337, genesisHash: '0xaa', contracts: { SmartMeter: registry } } as const;
const contract = new Interface(['function submitReading(uint256 deviceId, uint256 reading)']);
let dir: string;
let accounts: MeterAccounts;
const open = () => openMeterAccounts({ dir, meters: [{ deviceId: 'm', meterId: 17, key }] });
const reading = (exportWh: number, by = key) =>
  signReading({ schema: 'meter-reading/1', meter: 17, interval: 1000, importWh: 5, exportWh, sequence: 4 }, by);
const request = (over: Partial<PostRequest> & { exportWh?: number } = {}, nonce = 0): PostRequest => {
  const { exportWh = 700, ...rest } = over;
  const signed = reading(exportWh);
  return {
    schema: 'post-request/1',
    requestId: 'r',
    chainId: 31337,
    registered: 17,
    reading: { ...signed },
    transaction: {
      to: registry,
      data: contract.encodeFunctionData('submitReading', [17, packReading(signed)]),
      nonce,
      gasLimit: '100000',
      maxFeePerGas: '2000000000',
      maxPriorityFeePerGas: '1000000000',
    },
    ...rest,
  };
};
const refusal = async (asked: PostRequest) => {
  const answer = await accounts.answer('m', asked);
  expect(answer.result).toBe('refused');
  expect(answer.raw).toBeUndefined();
  return answer.reason;
};

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'busbar-public-'));
  accounts = await open();
  await accounts.commission(ledger);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('a public meter’s account', () => {
  it('is kept for its owner only and is the same after a restart', async () => {
    const announced = accounts.announcements.get('m');
    expect(statSync(join(dir, 'meter-accounts.json')).mode & 0o777).toBe(0o600);
    expect((await open()).announcements.get('m')).toEqual(announced);
  });

  it('signs the post of a reading it made, and that the contract decodes again', async () => {
    const answer = await accounts.answer('m', request());
    const sent = Transaction.from(answer.raw ?? '');
    expect(sent.from).toBe(accounts.announcements.get('m')?.address);
    const [meter, packed] = contract.decodeFunctionData('submitReading', sent.data) as unknown as [bigint, bigint];
    expect([meter, packed & ((1n << 64n) - 1n), (packed >> 64n) & ((1n << 64n) - 1n), packed >> 128n]).toEqual([17n, 700n, 5n, 1000n]);
  });

  it('refuses a reading it did not make, a changed one, and a call that says something else', async () => {
    expect(await refusal(request({ reading: { ...reading(700, signingKey(Buffer.alloc(32, 8))) } }))).toMatch(/did not sign/);
    expect(await refusal(request({ reading: { ...reading(700), exportWh: 7000 } }))).toMatch(/did not sign/);
    expect(await refusal(request({ registered: 18 }))).toMatch(/does not say/);
    expect(await refusal(request({ chainId: 1 }))).toMatch(/chain 1/);
    const base = request();
    expect(await refusal({ ...base, transaction: { ...base.transaction, to: `0x${'13'.repeat(20)}` } })).toMatch(/not the registry/);
    expect(await refusal({ ...base, transaction: { ...base.transaction, maxFeePerGas: '9'.repeat(20) } })).toMatch(/fee/);
  });

  it('never signs two readings with one number, not after a restart either', async () => {
    expect(await accounts.answer('m', request())).toMatchObject({ result: 'signed' });
    accounts = await open();
    expect(await refusal(request({ exportWh: 800 }))).toMatch(/another reading/);
    expect(await accounts.answer('m', request())).toMatchObject({ result: 'signed' });
    expect(await accounts.answer('m', request({ exportWh: 800 }, 1))).toMatchObject({ result: 'signed' });
  });

  it('posts to the first registry it heard of and to no other', async () => {
    expect(await accounts.commission(ledger)).toEqual({ kind: 'known' });
    const other = await accounts.commission({ ...ledger, contracts: { SmartMeter: `0x${'13'.repeat(20)}` } });
    expect(other).toMatchObject({ kind: 'refused' });
  });
});

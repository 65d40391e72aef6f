import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Interface, Transaction } from 'ethers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccountRequest } from '../../drivers/mqtt/account-messages.ts';
import { unpackSignature, verifySignature } from '../../src/domain/settlement/babyjubjub.ts';
import { WALLET_ABI } from '../../src/domain/wallet/abi.ts';
import { accountMessage } from '../../src/domain/wallet/account-message.ts';
import { callsOf, resolveArgs, type WalletAct } from '../../src/domain/wallet/acts.ts';
import { type MemberAccounts, openMemberAccounts } from './accounts.ts';
import { TRAINING_POLICY } from './policy.ts';
import { signingKey } from './signer.ts';

const MOST_MONEY = BigInt(TRAINING_POLICY.mostMoneyAtOnce);

const key = signingKey(Buffer.alloc(32, 5));
const contracts = Object.fromEntries(Object.keys(WALLET_ABI).map((name, i) => [name, `0x${String(i + 1).repeat(40)}`]));
const ledger = { schema: 'ledger-contracts/1', chainId: 31337, genesisHash: '0xaa', contracts } as const;
const someone = `0x${'ab'.repeat(20)}`;
const transfer = { kind: 'transfer', asset: 'money', to: someone, amount: '1000' } as const;
let dir: string;
let accounts: MemberAccounts;
const open = () =>
  openMemberAccounts({
    dir,
    holders: [{ memberId: 'm', meterId: 3, ratedW: 1000, key }],
    tariffs: { importMilliCentsPerKwh: 30_000, feedInMilliCentsPerKwh: 8000 },
  });
const request = (act: WalletAct, nonce = 0): AccountRequest => ({
  schema: 'account-request/1',
  requestId: 'r',
  chainId: 31337,
  act: { ...act },
  transactions: callsOf(act).map((call, i) => ({
    to: contracts[call.contract] as string,
    data: new Interface([...WALLET_ABI[call.contract]]).encodeFunctionData(
      call.method,
      resolveArgs(call, (name) => contracts[name] as string),
    ),
    nonce: nonce + i,
    gasLimit: '100000',
    maxFeePerGas: '2000000000',
    maxPriorityFeePerGas: '1000000000',
  })),
});
const refusal = async (asked: AccountRequest) => {
  const answer = await accounts.answer('m', asked);
  expect(answer).toMatchObject({ result: 'refused' });
  expect(answer.raw).toBeUndefined();
  return answer.reason;
};

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'busbar-accounts-'));
  accounts = await open();
  await accounts.commission(ledger);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('a member’s account', () => {
  it('is kept for its owner only, is the same after a restart, and is named with the meter’s signature', async () => {
    const announced = accounts.announcement('m');
    expect(statSync(join(dir, 'members', 'm', 'account.json')).mode & 0o777).toBe(0o600);
    accounts = await open();
    expect(accounts.announcement('m')).toEqual(announced);
    const signature = unpackSignature(Buffer.from(announced.signature, 'hex'));
    if (!signature) throw new Error('no signature');
    expect(verifySignature(accountMessage(3, announced.address), signature, key.publicKey)).toBe(true);
    expect(verifySignature(accountMessage(3, someone), signature, key.publicKey)).toBe(false);
    expect(verifySignature(accountMessage(4, announced.address), signature, key.publicKey)).toBe(false);
  });

  it('signs exactly the calls an act takes, in order', async () => {
    const answer = await accounts.answer('m', request({ kind: 'bid', auction: 7, energyWh: 500, price: 20_000 }, 4));
    const signed = (answer.raw ?? []).map((raw) => Transaction.from(raw));
    expect(signed.map((t) => [t.from, t.nonce, t.to, t.chainId])).toEqual([
      [accounts.announcement('m').address, 4, contracts.CommunityMoney, 31337n],
      [accounts.announcement('m').address, 5, contracts.EnergyDeals, 31337n],
    ]);
    const approve = new Interface([...WALLET_ABI.CommunityMoney]).decodeFunctionData('approve', signed[0]?.data ?? '');
    // Never more is allowed than the act costs.
    expect([...approve]).toEqual([contracts.EnergyDeals, 10_000_000n]);
  });

  it('refuses bytes that are not what was asked in words', async () => {
    const good = request(transfer);
    const [first] = good.transactions as [AccountRequest['transactions'][number]];
    const other = request({ ...transfer, amount: '1001' }).transactions[0]?.data as string;
    expect(await refusal({ ...good, transactions: [{ ...first, data: other }] })).toMatch(/not what was asked/);
    expect(await refusal({ ...good, transactions: [{ ...first, to: someone }] })).toMatch(/commissioned/);
    expect(await refusal({ ...good, transactions: [first, { ...first, nonce: 1 }] })).toMatch(/takes 1 transactions, not 2/);
    expect(await refusal({ ...good, transactions: [{ ...first, gasLimit: '99999999999' }] })).toMatch(/fee/);
    expect(await refusal({ ...good, chainId: 1 })).toMatch(/chain 1/);
    expect(await refusal({ ...good, act: { kind: 'sell-everything' } })).toMatch(/does not know/);
    expect(await accounts.answer('m', good)).toMatchObject({ result: 'signed' });
  });

  it('refuses what makes no sense for its member', async () => {
    expect(await refusal(request({ ...transfer, amount: String(MOST_MONEY + 1n) }))).toMatch(/at most/);
    expect(await refusal(request({ ...transfer, to: contracts.EnergyTrade as string }))).toMatch(/contract/);
    expect(await refusal(request({ ...transfer, to: `0x${'0'.repeat(40)}` }))).toMatch(/recipient/);
    expect(await refusal(request({ ...transfer, asset: 'energy', amount: '24001' }))).toMatch(/in a day/);
    expect(await refusal(request({ kind: 'place-offer', side: 'buy', energyWh: 10, price: 30_001, durationS: 60 }))).toMatch(
      /grid is cheaper/,
    );
    expect(await refusal(request({ kind: 'create-auction', energyWh: 10, price: 7999, durationS: 60, drawS: 60 }))).toMatch(/pays more/);
  });

  it('pays in and out for its own place only, and nothing for the grid', async () => {
    const money = { amount: '1000' } as const;
    expect(await refusal(request({ kind: 'pay-in', place: 3, ...money }))).toMatch(/another member’s; this one’s is 2/);
    expect(await refusal(request({ kind: 'pay-out', place: 0, ...money }))).toMatch(/another member’s/);
    expect(await refusal(request({ kind: 'pay-in-grid', ...money }))).toMatch(/grid account/);
    const answer = await accounts.answer('m', request({ kind: 'pay-in', place: 2, ...money }));
    expect((answer.raw ?? []).map((raw) => Transaction.from(raw).to)).toEqual([contracts.CommunityMoney, contracts.Settlement]);
    expect(await accounts.answer('m', request({ kind: 'pay-out', place: 2, ...money }, 2))).toMatchObject({ result: 'signed' });
    expect(await accounts.answer('m', request({ kind: 'collect' }, 3))).toMatchObject({ result: 'signed' });
  });

  it('moves no more money on request than its member’s policy allows, over a restart, too', async () => {
    const policy = { ...TRAINING_POLICY, mostMoneyAtOnce: '1000', mostMoneyADay: '1500' };
    writeFileSync(join(dir, 'members', 'm', 'policy.json'), JSON.stringify(policy));
    expect(await refusal(request({ ...transfer, amount: '1001' }))).toMatch(/at once/);
    expect(await accounts.answer('m', request(transfer))).toMatchObject({ result: 'signed' });
    // Energy that is given away counts with its worth at the import tariff.
    expect(await refusal(request({ ...transfer, asset: 'energy', amount: '1' }, 1))).toMatch(/at once/);
    // The same transaction asked for again is the same money.
    expect(await accounts.answer('m', request(transfer))).toMatchObject({ result: 'signed' });
    accounts = await open();
    expect(await refusal(request({ kind: 'pay-out', place: 2, amount: '501' }, 1))).toMatch(/in a day/);
    expect(await accounts.answer('m', request({ kind: 'pay-out', place: 2, amount: '500' }, 1))).toMatchObject({ result: 'signed' });
    writeFileSync(join(dir, 'members', 'm', 'policy.json'), 'x');
    expect(await refusal(request({ kind: 'collect' }, 2))).toMatch(/damaged/);
  });

  it('judges deliveries, groups and conditions as it judges offers', async () => {
    const delivery = {
      kind: 'propose-delivery',
      energyWh: 1000,
      price: 20_000,
      startsAtS: 1_800_000_000,
      windowS: 3600,
      periodS: 7200,
      count: 5,
      bond: '10000000',
    } as const;
    const offer = { kind: 'place-offer', side: 'sell', energyWh: 100, price: 20_000, durationS: 600 } as const;
    // 1 kW moves 2 kWh in two hours.
    expect(await refusal(request({ ...delivery, energyWh: 2001 }))).toMatch(/between two deliveries \(2000 Wh\)/);
    expect(await refusal(request({ ...delivery, price: 7999 }))).toMatch(/pays more/);
    expect(await refusal(request({ ...delivery, bond: String(MOST_MONEY + 1n) }))).toMatch(/at most/);
    expect(await refusal(request({ ...delivery, windowS: 7201 }))).toMatch(/overlap/);
    expect(await refusal(request({ kind: 'deliver', deal: 1, energyWh: 24_001 }))).toMatch(/in a day/);
    expect(await refusal(request({ kind: 'accept-delivery', deal: 1, energyWh: 5000, price: 30_001 }))).toMatch(/grid is cheaper/);
    expect(await refusal(request({ kind: 'accept-delivery', deal: 1, energyWh: 500_001, price: 20_000 }))).toMatch(/at most/);
    expect(await refusal(request({ kind: 'join-group', group: 1, energyWh: 10, price: 30_001 }))).toMatch(/grid is cheaper/);
    expect(await refusal(request({ ...offer, partner: accounts.announcement('m').address }))).toMatch(/partner makes no sense/);
    expect(await refusal(request({ ...offer, partner: contracts.EnergyDeals as string }))).toMatch(/contract/);
    expect(await refusal(request({ ...offer, condition: { metric: 'frequency', atLeast: true, threshold: 66_000 } }))).toMatch(/never met/);
    expect(await refusal(request({ ...offer, condition: { metric: 'demand', atLeast: false, threshold: -1 } }))).toMatch(/never met/);
    expect(await refusal(request({ kind: 'resolve-dispute', deal: 1, sellerBps: 10_000 }))).toMatch(/decides no dispute/);
    const willing: WalletAct[] = [
      delivery,
      { kind: 'deliver', deal: 1, energyWh: 1000 },
      { kind: 'accept-delivery', deal: 1, energyWh: 5000, price: 20_000 },
      { kind: 'join-group', group: 1, energyWh: 10, price: 20_000 },
      { kind: 'claim-group', group: 1 },
      { kind: 'dispute', deal: 1, instalment: 2, reason: 'half arrived' },
      { ...offer, gridBalanced: true, partner: someone, condition: { metric: 'imbalance', atLeast: false, threshold: -500 } },
    ];
    for (const [i, act] of willing.entries())
      expect(await accounts.answer('m', request(act, i * 10)), act.kind).toMatchObject({ result: 'signed' });
  });

  it('never signs two different acts with one number, also after a restart', async () => {
    const first = await accounts.answer('m', request(transfer, 9));
    accounts = await open();
    expect(await refusal(request({ ...transfer, amount: '2' }, 9))).toMatch(/another act/);
    expect((await accounts.answer('m', request(transfer, 9))).raw).toEqual(first.raw);
  });

  it('signs for the contracts it heard first and for no others', async () => {
    const other = { ...ledger, contracts: { ...contracts, CommunityMoney: someone } };
    expect(await accounts.commission(other)).toMatchObject({ kind: 'refused' });
    expect(await accounts.commission({ ...ledger, genesisHash: '0xbb' })).toMatchObject({ kind: 'refused' });
    accounts = await open();
    expect(await accounts.commission(ledger)).toEqual({ kind: 'known' });
    expect(JSON.parse(readFileSync(join(dir, 'members', 'm', 'account.json'), 'utf8')).ledger.contracts.CommunityMoney).toBe(
      contracts.CommunityMoney,
    );
  });

  it('moves from the one file of an older version into the member’s own folder, with what it signed', async () => {
    const old = JSON.parse(readFileSync(join(dir, 'members', 'm', 'account.json'), 'utf8'));
    rmSync(join(dir, 'members'), { recursive: true });
    const file = join(dir, 'member-accounts.json');
    writeFileSync(file, JSON.stringify({ ledger, members: { m: { privateKey: old.privateKey, signed: { 3: 'x:y' } } } }));
    const { address } = accounts.announcement('m');
    accounts = await open();
    expect(accounts.announcement('m').address).toBe(address);
    expect(existsSync(file)).toBe(false);
    expect(await accounts.commission(ledger)).toEqual({ kind: 'known' });
    expect(await refusal(request(transfer, 3))).toMatch(/another act/);
  });

  it('never replaces a damaged key by a new one', async () => {
    writeFileSync(join(dir, 'members', 'm', 'account.json'), '{"schema":');
    await expect(open()).rejects.toThrow(/is damaged.*Restore it/);
  });
});

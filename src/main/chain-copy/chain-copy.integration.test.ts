/**
 * Carbon and Devices against a real development node with the real contracts and a real database: cancellations cut out of a bundle, acts by
 * check and outbox, records and achievements, all read from the copy; the chain away, a restart, and a chain that forgets.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JsonRpcProvider, Network, Wallet as Signer, ZeroHash } from 'ethers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { encodeDeviceData } from '../../../contracts/deploy/device-data.ts';
import { keyFromSeed } from '../../../drivers/mqtt/signing.ts';
import { type CallInput, type CallName, type CallOutput, contract } from '../../shared/contract/contract.ts';
import { type CarbonService, createCarbonService } from '../carbon/carbon-service.ts';
import { insertCertificate } from '../carbon/certificate-store.ts';
import { cacheDir } from '../host/paths.ts';
import { silentLog } from '../kernel/log.ts';
import type { Service } from '../kernel/ports.ts';
import { openKeystore } from '../ledger/keystore.ts';
import { createLedgerService, type LedgerService } from '../ledger/ledger-service.ts';
import { communityOf } from '../market/community.ts';
import { createProver } from '../proof/prover.ts';
import { type TestKernel, testKernel } from '../settlement/testing/test-kernel.ts';
import { testPlant } from '../settlement/testing/test-plant.ts';
import { certificatesView } from './certificates-view.ts';
import { createChainCopy } from './chain-copy-service.ts';
import { metersView, readingSource } from './meters-view.ts';

const INTERVAL = 1001;
const [FIRST_WH, SECOND_WH, THIRD_WH] = [60_000, 120_000, 20_000];
const device = 'meter-carport';
const plant = testPlant();
const lines: string[] = [];
const posting = Signer.createRandom();
let dataDir: string;
let kernel: TestKernel;
let ledger: LedgerService;
let carbon: CarbonService;
let copy: Service;
let provider: JsonRpcProvider;

const start = async (): Promise<void> => {
  kernel = testKernel({ dataDir, plant, log: silentLog(lines) });
  const { store } = kernel;
  ledger = createLedgerService(kernel, {
    prover: createProver({ cacheDir: `${cacheDir}/circuits`, layout: { batchMembers: 16, parts: 1 }, log: kernel.log }),
  });
  const certificates = certificatesView(store);
  // The bundle of this test comes from a public meter's reading; settled rounds have theirs proven.
  const roundSource = (interval: number): string | null => (interval === INTERVAL ? readingSource(17, 1) : null);
  const community = communityOf(plant);
  const keyOf = () => undefined;
  carbon = createCarbonService(kernel, {
    ...{
      community,
      ledger,
      keyOf,
      roundSource,
      chain: certificates,
      image: () => null,
      marketClock: { plantNowMs: () => INTERVAL * 900_000 },
    },
  });
  copy = createChainCopy(kernel, {
    ...{ community, ledger, keyOf, roundSource, certificates, meters: metersView(store), shown: () => undefined, publicNote: () => null },
  });
  await ledger.start();
  await carbon.start();
};
const stop = async (): Promise<void> => {
  provider?.destroy();
  await carbon.stop();
  await ledger.stop();
  kernel.store.close();
};
const until = async (what: string, holds: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> => {
  for (const end = Date.now() + withinMs; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 100)))
    if (Date.now() > end)
      throw new Error(
        `${what} did not happen: ${lines.slice(-5).join(' | ')} ${JSON.stringify(
          kernel.store.read.prepare('SELECT id, state, last_error FROM outbox ORDER BY sequence DESC LIMIT 6').all(),
        )}`,
      );
};
const connected = async (): Promise<void> => {
  await until('the chain', () => ledger.endpoint() !== null, 90_000);
  provider = new JsonRpcProvider(ledger.endpoint()?.url, Network.from(31337), { staticNetwork: true, cacheTimeout: -1 });
};
/** As the gate would: parse the input, run, parse the output. */
const call = async <N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> => {
  const definition = ({ ...contract.queries, ...contract.commands } as Record<string, { input: z.ZodType; output: z.ZodType }>)[name];
  const handlers = { ...carbon.handlers, ...copy.handlers } as Record<string, (input: unknown) => unknown>;
  return definition?.output.parse(await handlers[name]?.(definition.input.parse(input))) as CallOutput<N>;
};
const send = async (name: string, method: string, args: unknown[], signer?: Signer): Promise<void> => {
  const from = signer ?? new Signer(openKeystore({ dataDir, simulated: true }).privateKey, provider);
  const deployed = ledger.deployed();
  if (!deployed) throw new Error('nothing is deployed');
  await (await from.sendTransaction(deployed.contracts.encode({ contract: name, method, args: args as never }))).wait();
};
const view = async (name: string, method: string, args: (string | number)[]): Promise<unknown> =>
  (await ledger.view({ contract: name, method, args }))[0];
const onChainOf = async (id: string) => (await call('carbon.provenance', { certificate: id })).certificate.onChain;
const bundles = async () => (await call('carbon.onChain', {})).bundles;
const caughtUp = () => until('the copy', async () => ledger.indexedHeight() === (await provider.getBlockNumber()));
const rest = async (): Promise<void> => {
  await until('the outbox to drain', () => ledger.state().waiting === 0);
  await caughtUp();
};

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-chain-copy-'));
  await start();
  await connected();
  await provider.send('anvil_setBalance', [posting.address, '0xde0b6b3a7640000']);
  const data = encodeDeviceData({
    ...{ owner: ledger.operatorAddress, deviceClass: 'public', technology: 'solar', renewableOnly: true, backing: 'certificates' },
    ...{ ratedPowerW: 1_000_000, gridNode: 'b4', interval: INTERVAL - 1, publicKey: keyFromSeed(new Uint8Array(32).fill(3)).publicKey },
  });
  await send('SmartMeter', 'registerDevice', [posting.address, data]);
  await send('SmartMeter', 'verifyDevice', [17, ZeroHash]);
  const packed = BigInt(FIRST_WH + SECOND_WH + THIRD_WH) | (BigInt(INTERVAL) << 128n);
  await send('SmartMeter', 'submitReading', [17, packed], posting.connect(provider) as unknown as Signer);
  await send('SmartMeter', 'validateReading', [17, 1]);
  await send('GranularCertificate', 'issueFromReading', [17, 1]);
  kernel.store.write((db) => {
    for (const [i, energyWh] of [FIRST_WH, SECOND_WH, THIRD_WH].entries())
      insertCertificate(db, {
        ...{ id: `gc-${i}`, interval: INTERVAL, meterId: i + 1, deviceId: `d${i}`, technology: 'solar', energyWh, holder: 'h' },
        ...{ issuedMs: 1, expiresPlantMs: 9e15, readingSequence: 1 },
      });
    // The account by which the plant's public meter is known here.
    db.prepare('INSERT INTO meter_account VALUES (17, ?, ?, ?, 1)').run(device, posting.address, 'ab');
  });
  await caughtUp();
}, 150_000);
afterAll(async () => {
  await stop();
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

describe('certificates of the console and of the chain', () => {
  it('agree when the bundle holds what they sum up to', async () => {
    const { certificates } = await call('carbon.certificates', {});
    expect(certificates.map((c) => c.onChain.state)).toEqual(['confirmed', 'confirmed', 'confirmed']);
    expect(await bundles()).toMatchObject([
      { id: 1, energyWh: FIRST_WH + SECOND_WH + THIRD_WH, state: 'active', ours: true, holder: { name: 'Community' }, interval: INTERVAL },
    ]);
  });

  it('are cut out of their bundle, cancelled and claimed when they are cancelled here, with no name on the chain', {
    timeout: 90_000,
  }, async () => {
    await call('carbon.cancelCertificate', { certificate: 'gc-1', beneficiary: 'Mill Lane School' });
    expect((await onChainOf('gc-1')).state).toBe('waiting');
    await until('the claim', async () => (await onChainOf('gc-1')).state === 'confirmed');
    await rest();
    expect(Number(await view('GranularCertificate', 'claimedBy', [ledger.operatorAddress]))).toBe(SECOND_WH);
    const { totals } = await call('carbon.onChain', {});
    expect(totals).toMatchObject({ issuedWh: FIRST_WH + SECOND_WH + THIRD_WH, claimedWh: SECOND_WH, heldWh: FIRST_WH + THIRD_WH });
    const claimed = (await bundles()).filter((b) => b.state === 'claimed');
    expect(claimed.map((b) => b.energyWh)).toEqual([SECOND_WH]);
    expect([(await onChainOf('gc-0')).state, (await onChainOf('gc-2')).state]).toEqual(['confirmed', 'confirmed']);
    const told = kernel.store.read.prepare("SELECT arguments FROM chain_event WHERE name = 'CertificateClaimed'").all();
    expect(JSON.stringify(told)).not.toMatch(/Mill|4d696c6c/i);
  });

  it('are cancelled again, once, on a chain that forgot it', { timeout: 90_000 }, async () => {
    await rest();
    const snapshot = await provider.send('evm_snapshot', []);
    await call('carbon.cancelCertificate', { certificate: 'gc-0', beneficiary: 'The clinic' });
    await until('the claim', async () => (await onChainOf('gc-0')).state === 'confirmed');
    await provider.send('evm_revert', [snapshot]);
    expect(Number(await view('GranularCertificate', 'claimedBy', [ledger.operatorAddress]))).toBe(SECOND_WH);
    await until(
      'the claim again',
      async () => Number(await view('GranularCertificate', 'claimedBy', [ledger.operatorAddress])) === SECOND_WH + FIRST_WH,
      60_000,
    );
    await rest();
    await until('agreement', async () => (await onChainOf('gc-0')).state === 'confirmed');
    expect((await call('carbon.onChain', {})).totals.claimedWh).toBe(SECOND_WH + FIRST_WH);
  });

  it('differ, and say how, when the chain used up what is active here', async () => {
    await rest();
    const [left] = (await bundles()).filter((b) => b.state === 'active');
    expect(left?.energyWh).toBe(THIRD_WH);
    await send('GranularCertificate', 'cancel', [left?.id]);
    await caughtUp();
    expect(await onChainOf('gc-2')).toMatchObject({ state: 'differs', text: expect.stringMatching(/active here.*cancelled on the chain/) });
  });
});

describe('acts on the chain', () => {
  it('are told beforehand when the contracts would refuse them, and nothing is queued', async () => {
    const nothing = { kind: 'clear-tamper', finding: 'seal renewed' } as const;
    const check = await call('devices.checkChainAct', { id: device, act: nothing });
    expect(check).toMatchObject({ possible: false, message: expect.stringMatching(/NoTamper/) });
    await expect(call('devices.chainAct', { id: device, act: nothing })).rejects.toThrow(/NoTamper.*Nothing was signed/);
    await expect(call('devices.chainAct', { id: 'meter-pcc', act: nothing })).rejects.toThrow(/does not know/);
    const dear = { kind: 'retire-credits', amountMg: '5', beneficiary: 'The mill' } as const;
    expect((await call('carbon.checkChainAct', { act: dear })).possible).toBe(false);
    expect((await call('devices.onChain', { id: device })).acts).toEqual([]);
  });

  it('of a technician go through the outbox and show in the meter’s registration', { timeout: 60_000 }, async () => {
    const act = async (wanted: CallInput<'devices.chainAct'>['act']): Promise<void> => {
      expect((await call('devices.checkChainAct', { id: device, act: wanted })).possible).toBe(true);
      const { entries } = await call('devices.chainAct', { id: device, act: wanted });
      expect(entries).toHaveLength(1);
      await rest();
    };
    const imageHash = 'ab'.repeat(32);
    await act({ kind: 'firmware', version: '2.1.0', imageHash });
    await act({ kind: 'report-tamper', sign: 'cover', evidence: 'Photo 12 in the work order' });
    await act({ kind: 'maintenance', on: true, dueMs: Date.UTC(2027, 0, 1), workOrder: 'WO-77' });
    const { meter, acts } = await call('devices.onChain', { id: device });
    expect(meter).toMatchObject({
      state: 'maintenance',
      firmware: { version: '2.1.0', imageHash: `0x${imageHash}` },
      tamper: [{ sign: 'cover' }],
      maintenance: { workOrder: 'WO-77', dueMs: Date.UTC(2027, 0, 1) },
    });
    expect(acts.map((a) => a.state)).toEqual(['final', 'final', 'final']);
    await act({ kind: 'clear-tamper', finding: 'Seal renewed, registers checked' });
    await act({ kind: 'maintenance', on: false, dueMs: null, workOrder: 'WO-77 done' });
    expect((await call('devices.onChain', { id: device })).meter).toMatchObject({
      state: 'active',
      tamper: [],
      maintenance: { dueMs: null },
    });
  });

  it('shows where plant file and chain disagree', async () => {
    const { differences, meter } = await call('devices.onChain', { id: device });
    expect(differences).toEqual([
      'Backs: the chain says certificates, the plant file credits.',
      'Rated power: the chain says 1000000 W, the plant file 12000 W.',
    ]);
    expect(meter).toMatchObject({ deviceClass: 'public', registryPosition: null, verifiedExportWh: FIRST_WH + SECOND_WH + THIRD_WH });
    expect(meter?.readings.map((r) => r.state)).toEqual(['validated', 'installed']);
    expect(meter?.readings[0]?.certificate).toBe(1);
  });

  it('of the community certify a record once, and claim an achievement with its picture', { timeout: 60_000 }, async () => {
    const certify = { kind: 'certify-record', device } as const;
    expect((await call('carbon.checkChainAct', { act: certify })).possible).toBe(true);
    await call('carbon.chainAct', { act: certify });
    await rest();
    const { records, milestones } = await call('carbon.onChain', {});
    expect(records).toMatchObject([{ flow: 'production', category: 'community', energyWh: FIRST_WH + SECOND_WH + THIRD_WH }]);
    await expect(call('carbon.checkChainAct', { act: certify })).rejects.toThrow(/in a record already/);
    const green = milestones.find((m) => m.metric === 'claimed');
    expect(green).toMatchObject({ threshold: '100000', reached: String(FIRST_WH + SECOND_WH), earnedByUs: false });
    await call('carbon.chainAct', { act: { kind: 'claim-achievement', milestone: green?.id ?? 0 } });
    await rest();
    const after = await call('carbon.onChain', {});
    expect(after.achievements).toMatchObject([{ title: green?.title, account: { name: 'Community' }, metric: 'claimed' }]);
    expect(Buffer.from(after.achievements[0]?.image?.split(',')[1] ?? '', 'base64').toString()).toMatch(/^<svg/);
    expect(after.milestones.find((m) => m.id === green?.id)?.earnedByUs).toBe(true);
    const again = await call('carbon.checkChainAct', { act: { kind: 'claim-achievement', milestone: green?.id ?? 0 } });
    expect(again).toMatchObject({ possible: false, message: expect.stringMatching(/AlreadyClaimed/) });
  });
});

describe('the copy', () => {
  it('is read while the chain is away and after a restart, and acts wait for the chain', { timeout: 120_000 }, async () => {
    await rest();
    const ignore = ({ chainInStep: _, achievements, ...kept }: CallOutput<'carbon.onChain'>) => ({
      ...kept,
      achievements: achievements.map(({ image: __, description: ___, ...a }) => a),
    });
    const before = ignore(await call('carbon.onChain', {}));
    const meter = await call('devices.onChain', { id: device });
    await ledger.setDown(true);
    await until('the chain to be away', () => ledger.endpoint() === null);
    expect(ignore(await call('carbon.onChain', {}))).toEqual(before);
    const wanted = { kind: 'reserve', bundle: 1 } as const;
    await expect(call('carbon.chainAct', { act: wanted })).rejects.toThrow(/chain is away/);
    await stop();
    await start();
    expect(ignore(await call('carbon.onChain', {}))).toEqual(before);
    expect((await call('devices.onChain', { id: device })).meter).toEqual(meter.meter);
    await connected();
    await rest();
    expect(ignore(await call('carbon.onChain', {})).totals).toEqual(before.totals);
    const doubled = kernel.store.read
      .prepare(
        "SELECT json_extract(arguments, '$.bundleId') AS b, count(*) AS n FROM chain_event WHERE name = 'CertificateClaimed' GROUP BY b HAVING n > 1",
      )
      .all();
    expect(doubled).toEqual([]);
  });
});

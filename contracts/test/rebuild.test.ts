/** What the events of meters, certificates and credits tell is what their getters say, entry by entry. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  AbiCoder,
  type Contract,
  type InterfaceAbi,
  Result,
  type Signer,
  encodeBytes32String as text,
  toBeHex,
  ZeroAddress,
  ZeroHash,
} from 'ethers';
import { contractAt, type Manifest } from '../deploy/deploy.ts';
import { type DeviceRegistration, deviceKeyWitness, encodeDeviceData } from '../deploy/device-data.ts';
import { aside, eventsOf, rebuildCertificates, rebuildCredits, rebuildMeters } from './rebuild.ts';
import { builtContracts, type Chain, deploySuite, publicKeyOf, startHardhat } from './support.ts';

const CAPACITY = 16n;
const dayS = 86_400;

/** An answer of the chain as plain values. */
const plain = (value: unknown): unknown => {
  if (!(value instanceof Result)) return value;
  const names = namesOf(value);
  if (names.length === 0) return value.toArray().map(plain);
  return Object.fromEntries(names.map((name) => [name, plain(value.getValue(name))]));
};
/** Names of a struct's or answer's values; a list has none, or `_` when it has one entry. */
const namesOf = (value: Result): string[] => {
  try {
    return Object.keys(value.toObject()).filter((name) => name !== '_');
  } catch {
    return [];
  }
};

describe('events', () => {
  let chain: Chain;
  let manifest: Manifest;
  let at: (name: string, signer?: Signer) => Contract;
  let abiOf: (name: string) => InterfaceAbi;
  const get = async (contract: string, name: string, ...args: unknown[]): Promise<unknown> =>
    plain(await at(contract).getFunction(name)(...args));
  const send = async (contract: Contract, name: string, ...args: unknown[]): Promise<void> => {
    await (await contract.getFunction(name)(...args)).wait();
  };
  const signer = (index: number): Promise<Signer> => chain.provider.getSigner(index);
  const later = async (seconds: number): Promise<void> => {
    const now = Number((await chain.provider.getBlock('latest'))?.timestamp);
    await chain.provider.send('evm_setNextBlockTimestamp', [now + seconds]);
  };
  const byCouncil = async (target: string, name: string, ...args: unknown[]): Promise<void> => {
    const council = at('Council');
    const actId = await council.getFunction('actCount')();
    await send(council, 'propose', await at(target).getAddress(), at(target).interface.encodeFunctionData(name, args));
    await send(at('Council', await signer(1)), 'approve', actId);
    await send(council, 'execute', actId);
  };

  let secret = 1n;
  const inEscrowThen = new Map<string, bigint>();
  const dataOf = (owner: string, rest: Partial<DeviceRegistration>): string =>
    encodeDeviceData({
      owner,
      deviceClass: 'public',
      technology: 'solar',
      renewableOnly: true,
      backing: 'credits',
      ratedPowerW: 1_000_000,
      gridNode: 'N1',
      interval: 100,
      publicKey: publicKeyOf(secret++),
      ...rest,
    });
  const post = async (device: Signer, meterId: number, interval: number, importWh: number, exportWh: number): Promise<void> =>
    send(at('SmartMeter', device), 'submitReading', meterId, BigInt(exportWh) | (BigInt(importWh) << 64n) | (BigInt(interval) << 128n));
  const reading = async (device: Signer, meterId: number, interval: number, importWh: number, exportWh: number): Promise<number> => {
    await post(device, meterId, interval, importWh, exportWh);
    const readingId = Number(await at('SmartMeter').getFunction('nextToValidate')(meterId));
    await send(at('SmartMeter'), 'validateReading', meterId, readingId);
    return readingId;
  };

  /** Every kind of act, some of them in an order that an index could get wrong. */
  before(async () => {
    chain = await startHardhat();
    manifest = await deploySuite(chain, {
      council: { members: await Promise.all([0, 1].map(async (i) => (await signer(i)).getAddress())), threshold: 2, delayS: 0 },
    });
    const { artifacts } = await builtContracts();
    at = (name, by = chain.signer) => contractAt(manifest, artifacts, name, by);
    abiOf = (name) => artifacts.get(name).abi;
    const [alice, bob, carol, roof, farm, genset, second, third] = (await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(signer))) as [
      ...[Signer, Signer, Signer, Signer, Signer, Signer, Signer, Signer],
    ];
    const addressOf = (who: Signer): Promise<string> => who.getAddress();
    const [a, b, c] = (await Promise.all([alice, bob, carol].map(addressOf))) as [string, string, string];
    const meter = at('SmartMeter');
    const source = (meterId: number, readingId: number) => AbiCoder.defaultAbiCoder().encode(['uint256', 'uint256'], [meterId, readingId]);

    // Meters 1 and 2 private, 17 to 19 public.
    const home = { deviceClass: 'private', backing: 'certificates', interval: 50 } as const;
    await send(meter, 'registerDevices', [toBeHex(0xd1, 20), await addressOf(third)], [dataOf(a, home), dataOf(b, home)]);
    await send(meter, 'verifyDevices', [1, 2], [ZeroHash, text('seen')]);
    await send(at('SmartMeter', third), 'submitCommitment', 2, 60, text('a'));
    await send(at('SmartMeter', third), 'submitCommitment', 2, 63, text('b'));
    const key = publicKeyOf(secret++);
    await send(meter, 'rotateKey', 1, ...key, ...deviceKeyWitness(key));
    await send(meter, 'verifyDevice', 1, text('again'));
    await send(meter, 'retireDevice', 2);
    await send(meter, 'registerDevice', await addressOf(roof), dataOf(a, {}));
    await send(
      meter,
      'registerDevice',
      await addressOf(farm),
      dataOf(b, { technology: 'wind', backing: 'certificates', importWh: 5n, exportWh: 70n }),
    );
    await send(
      meter,
      'registerDevice',
      await addressOf(genset),
      dataOf(c, { technology: 'diesel', renewableOnly: false, backing: 'none' }),
    );
    await send(meter, 'verifyDevices', [17, 18, 19], [ZeroHash, ZeroHash, ZeroHash]);
    await send(meter, 'setMaintenance', 18, true, 1234, text('WO 1'));
    await send(meter, 'setMaintenance', 18, false, 5678, text('WO 2'));
    await send(meter, 'recordFirmware', 18, text('1.2.3'), text('image'));
    await send(meter, 'reportTamper', 17, text('cover'), ZeroHash);
    await send(meter, 'reportTamper', 17, text('magnet'), ZeroHash);
    await send(meter, 'clearTamper', 17, text('nothing'));

    // Readings: validated, rejected, and waiting when their epoch ends.
    for (const [interval, wh] of [
      [101, 4000],
      [102, 9000],
    ] as const) {
      await reading(roof, 17, interval, 1, wh);
      await reading(farm, 18, interval, 6, wh);
      await reading(genset, 19, interval, 0, wh / 10);
    }
    await reading(roof, 17, 103, 1, 900_000_000); // more than it can
    await post(roof, 17, 104, 2, 9_100);
    await post(roof, 17, 105, 2, 9_200);
    await send(meter, 'validateReading', 17, 4);
    await send(meter, 'reportTamper', 18, text('rollback'), ZeroHash);

    // Credits, the levy at two rates, a hold, bundles, retirement.
    const credits = at('CarbonCredit');
    await send(credits, 'issueCreditsCertificate', a, 1_000_000, source(17, 1));
    await send(credits, 'issueCreditsCertificate', a, 200_000, source(17, 1));
    await send(credits, 'issueCreditsCertificate', a, 1_000_000, source(17, 2));
    await send(at('CarbonCredit', alice), 'transferCredits', c, 120_000);
    const ofAliceInEscrow = at('CarbonCredit', alice);
    await send(ofAliceInEscrow, 'escrowIn', a, 7, 9_000, 0);
    await send(ofAliceInEscrow, 'transfer', await credits.getFunction('escrowAccount')(a, 7), 50); // lies beside it
    await send(ofAliceInEscrow, 'escrowOver', 7, 8, 2_000);
    await send(ofAliceInEscrow, 'escrowOut', 7, b, 4_000);
    for (const id of [7, 8])
      inEscrowThen.set(
        (await credits.getFunction('escrowAccount')(a, id)) as string,
        (await credits.getFunction('inEscrow')(a, id, 0)) as bigint,
      );
    await send(credits, 'collectLevy', 19);
    await byCouncil('Parameters', 'setParameter', text('levy.diesel.mgPerWh'), 300, 'test');
    await reading(genset, 19, 103, 0, 1_000);
    await send(
      at('SmartMeter'),
      'swapDevice',
      19,
      await addressOf(second),
      dataOf(c, { meterId: 19, technology: 'diesel', renewableOnly: false, backing: 'none', exportWh: 3n, interval: 104 }),
    );
    await send(meter, 'verifyDevice', 19, ZeroHash);
    await reading(second, 19, 105, 0, 13);
    await send(credits, 'assessLevy', 19, 2);
    await send(credits, 'assessLevy', 19, 1); // an older epoch after a newer one
    await send(at('CarbonCredit', alice), 'transferCredits', b, 50_000);
    await send(at('CarbonCredit', alice), 'bundle', 10_000, text('spring'));
    await send(at('CarbonCredit', alice), 'bundle', 20_000, text('summer'));
    await send(at('CarbonCredit', alice), 'bundle', 5_000, text('autumn'));
    await send(at('CarbonCredit', alice), 'transferBundle', 2, b);
    await send(at('CarbonCredit', bob), 'unbundle', 2);
    await send(at('CarbonCredit', bob), 'retireCreditsFor', c, 7_000, text('flight'));
    await send(at('CarbonCredit', bob), 'retireCredits', 3_000);
    await send(at('CarbonCredit', alice), 'approve', b, 77);
    await send(credits, 'enterShare', 17, 2);
    await send(credits, 'enterShare', 18, 1);
    await send(credits, 'hold', c, text('inquiry'));
    await send(credits, 'hold', b, text('inquiry'));
    await send(credits, 'releaseHold', b, text('done'));

    // Certificates in every state.
    await byCouncil('Access', 'grantRole', 6, await chain.signer.getAddress(), 0);
    const certificates = at('GranularCertificate');
    await send(certificates, 'issueFromReading', 18, 1);
    await send(certificates, 'issueFromReading', 18, 2);
    for (let i = 0; i < 5; i += 1) await send(certificates, 'issueFromSettlement', a, 200 + i, 1_000 + i, text(`batch ${i}`));
    const ofAlice = at('GranularCertificate', alice);
    await send(at('GranularCertificate', bob), 'split', 1, 1_000);
    await send(at('GranularCertificate', bob), 'transfer', 8, a);
    await send(ofAlice, 'cancel', 8);
    await send(ofAlice, 'claim', 8, c, text('heat'));
    await send(ofAlice, 'cancel', 3);
    const until = Number((await chain.provider.getBlock('latest'))?.timestamp) + 5 * dayS;
    await send(ofAlice, 'reserveFor', 4, b, until);
    await send(certificates, 'lock', 4);
    await send(ofAlice, 'reserve', 5);
    await send(certificates, 'lock', 5);
    await send(certificates, 'unlock', 5);
    await send(certificates, 'withdraw', 6);
    await send(ofAlice, 'reserveFor', 7, b, until);
    await send(at('GranularCertificate', bob), 'release', 7);
    await send(ofAlice, 'setOperator', b, true);
    await send(ofAlice, 'setOperator', c, true);
    await send(ofAlice, 'setOperator', c, false);
    await send(at('GranularCertificate', bob), 'setPullOnly', true);

    // A year later: the pool is shared out, credits expire, a number and an account serve again.
    await later(92 * dayS);
    await send(credits, 'payShare', 17, ((until - 5 * dayS) / (91 * dayS)) | 0);
    await send(meter, 'retireDevice', 17);
    await send(meter, 'registerDevice', await addressOf(roof), dataOf(b, { meterId: 17, importWh: 2n, exportWh: 9_500n, interval: 300 }));
    await later(400 * dayS);
    await send(credits, 'sweep', a);
    await send(credits, 'sweep', b);
  });
  after(() => chain.close());

  it('of SmartMeter tell of every meter what it says', async () => {
    const picture = rebuildMeters(await eventsOf(chain.provider, await at('SmartMeter').getAddress(), abiOf('SmartMeter')));
    const say = (name: string, ...args: unknown[]) => get('SmartMeter', name, ...args);
    assert.deepEqual([...picture.meters.keys()], ['1', '2', '17', '18', '19']);
    assert.equal(await say('registryRoot'), picture.root);
    assert.equal(await say('registryVersion'), picture.version);
    for (const [id, meter] of picture.meters) {
      const meterId = BigInt(id);
      assert.deepEqual(await say('getDevice', meterId), meter.device, `device of ${id}`);
      assert.deepEqual(await say('getDeviceHistory', meterId), meter.readings, `readings of ${id}`);
      assert.equal(await say('readingCount', meterId), BigInt(meter.readings.length));
      assert.equal(await say('nextToValidate', meterId), meter.next, `next of ${id}`);
      assert.deepEqual(await say('epochStartOf', meterId), meter.readings[Number(meter.installed)]);
      assert.deepEqual(await say('sourceOf', meterId), meter.sources.at(-1));
      for (const [index, source] of meter.sources.entries()) {
        assert.deepEqual(await say('sourceOfEpoch', meterId, index + 1), source);
        assert.deepEqual(await say('verifiedOfEpoch', meterId, index + 1), meter.verified[index], `epoch ${index + 1} of ${id}`);
      }
      const sum = (of: 'importWh' | 'exportWh') => meter.verified.reduce((all, each) => all + each[of], 0n);
      assert.deepEqual(await say('verifiedOf', meterId), { importWh: sum('importWh'), exportWh: sum('exportWh') });
      if (meterId <= CAPACITY) assert.equal(await say('registryLeaf', meterId), meter.leaf);
      for (const [interval, commitment] of meter.commitments) assert.equal(await say('commitmentOf', meterId, interval), commitment);
      assert.deepEqual(await say('firmwareOf', meterId), meter.firmware ?? { version: ZeroHash, imageHash: ZeroHash, since: 0n });
      assert.deepEqual(await say('maintenanceOf', meterId), meter.maintenance ?? { dueAt: 0n, workOrder: ZeroHash });
    }
    assert.ok(picture.served.size >= 6);
    for (const [device, served] of picture.served) {
      assert.deepEqual(await say('servedOf', device), served, device);
      assert.equal(await say('meterOf', device), picture.meterOf.get(device) ?? 0n);
    }
  });

  it('of GranularCertificate tell of every bundle what it says', async () => {
    const picture = rebuildCertificates(
      await eventsOf(chain.provider, await at('GranularCertificate').getAddress(), abiOf('GranularCertificate')),
    );
    const say = (name: string, ...args: unknown[]) => get('GranularCertificate', name, ...args);
    assert.equal(await say('bundleCount'), BigInt(picture.bundles.length));
    const seen = new Set<bigint>();
    for (const [index, bundle] of picture.bundles.entries()) {
      assert.deepEqual(await say('getBundle', index + 1), bundle, `bundle ${index + 1}`);
      seen.add(bundle.state);
      const reservation = picture.reservations.get(String(index + 1)) ?? { party: ZeroAddress, until: 0n };
      assert.deepEqual(await say('reservationOf', index + 1), reservation, `reservation of ${index + 1}`);
    }
    assert.deepEqual([...seen].sort(), [1n, 2n, 3n, 4n, 5n, 7n, 8n]); // all but expired
    for (const [source, issuance] of picture.issuances) assert.deepEqual(await say('getIssuance', source), issuance);
    assert.deepEqual(await say('totals'), picture.totals);
    for (const [beneficiary, wh] of picture.claimedBy) assert.equal(await say('claimedBy', beneficiary), wh);
    for (const [pair, allowed] of picture.operators) assert.equal(await say('isOperator', ...pair.split(' ')), allowed);
    assert.ok(picture.pullOnly.size >= 2);
    for (const [account, only] of picture.pullOnly) assert.equal(await say('isPullOnly', account), only);
  });

  it('of CarbonCredit tell of every issue, lot, levy and report what it says', async () => {
    const credits = at('CarbonCredit');
    const periodS: bigint = await credits.getFunction('periodS')();
    const picture = rebuildCredits(await eventsOf(chain.provider, await credits.getAddress(), abiOf('CarbonCredit')), periodS);
    const say = (name: string, ...args: unknown[]) => get('CarbonCredit', name, ...args);
    assert.equal(await say('certificateCount'), 3n);
    for (const [index, data] of picture.certificates.entries())
      assert.deepEqual(await say('getEmissionReductions', index + 1), plain(data), `issue ${index + 1}`);
    for (const [index, bundle] of picture.bundles.entries()) assert.deepEqual(await say('getBundle', index + 1), bundle);
    assert.ok(picture.lots.size > 5);
    for (const [holder, lots] of picture.lots) {
      const left = [...lots].filter(([, amount]) => amount > 0n).map(([vintage, amount]) => ({ vintage: BigInt(vintage), amount }));
      assert.deepEqual(
        await say('lotsOf', holder),
        left.sort((x, y) => Number(x.vintage - y.vintage)),
        holder,
      );
    }
    // Before it expired.
    assert.deepEqual(picture.escrowed, inEscrowThen);
    for (const [of, mg] of picture.issued) assert.equal(await say('issuedOf', ...of.split(' ')), mg);
    assert.equal(picture.assessed.size, 2);
    for (const [of, wh] of picture.assessed) assert.equal(await say('assessedOf', ...of.split(' ')), wh, of);
    for (const [owner, mg] of picture.owed) assert.equal(await say('owedBy', owner), mg);
    for (const [beneficiary, mg] of picture.retired) assert.equal(await say('retiredFor', beneficiary), mg);
    for (const of of picture.entered) assert.equal(await say('isEntered', ...of.split(' ')), true);
    for (const [period, report] of picture.reports) assert.deepEqual(await say('reportOf', period), report);
    for (const [account, held] of picture.held) assert.equal(await say('isOnHold', account), held);
    for (const [pair, amount] of picture.allowances) assert.equal(await say('allowance', ...pair.split(' ')), amount);
    assert.ok(picture.flows.expired > 0n);
    assert.deepEqual(await say('flows'), picture.flows);
  });

  it('of every kind came in the story', async () => {
    for (const name of ['SmartMeter', 'GranularCertificate', 'CarbonCredit']) {
      const came = new Set((await eventsOf(chain.provider, await at(name).getAddress(), abiOf(name))).map((event) => event.name));
      const missing: string[] = [];
      at(name).interface.forEachEvent((event) => {
        if (!came.has(event.name) && !aside.has(event.name)) missing.push(event.name);
      });
      assert.deepEqual(missing, [], name);
    }
  });
});

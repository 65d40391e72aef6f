import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrations } from '../historian/migrations/index.ts';
import { type OpenStore, openStore } from '../historian/store.ts';
import { bundlesOver, certificatesView } from './certificates-view.ts';
import { createChainFold, fieldsOf, shortText } from './chain-fold.ts';
import { metersView } from './meters-view.ts';

let dir: string;
let store: OpenStore;
/** A block of the copy, as the index writes it. */
const block = (height: number, hash: string, events: [contract: string, name: string, args: Record<string, string>][] = []) =>
  store.write((db) => {
    for (const [i, [contract, name, args]] of events.entries())
      db.prepare('INSERT INTO chain_event VALUES (?, ?, ?, ?, ?, ?, ?)').run(
        ...[height, i, contract, name, JSON.stringify(args), `0x${height}${i}`, height * 10],
      );
    db.prepare('INSERT INTO chain_block VALUES (?, ?)').run(height, hash);
  });
/** The chain changed its past: the copy goes back to this height. */
const back = (height: number) =>
  store.write((db) => {
    db.prepare('DELETE FROM chain_event WHERE block > ?').run(height);
    db.prepare('DELETE FROM chain_block WHERE height > ?').run(height);
  });

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'busbar-fold-'));
  store = openStore(join(dir, 'console.sqlite'), migrations);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('a picture of the chain', () => {
  const count = (applied: string[] = []) =>
    createChainFold<string[]>(store, {
      contracts: ['A'],
      empty: () => [],
      apply: (seen, event) => {
        seen.push(`${event.block}:${event.name}`);
        applied.push(event.name);
      },
    });

  it('goes forward with the copy, each event once, and reads the contracts it is about', () => {
    const applied: string[] = [];
    const fold = count(applied);
    expect(fold.now()).toEqual([]);
    block(1, 'a', [
      ['A', 'one', {}],
      ['B', 'other', {}],
    ]);
    expect(fold.now()).toEqual(['1:one']);
    block(5, 'b', [['A', 'two', {}]]);
    fold.now();
    expect(fold.now()).toEqual(['1:one', '5:two']);
    expect(applied).toEqual(['one', 'two']);
  });

  it('is made anew when the chain changed its past, also at the same height', () => {
    const fold = count();
    block(1, 'a', [['A', 'one', {}]]);
    block(2, 'b', [['A', 'two', {}]]);
    expect(fold.now()).toEqual(['1:one', '2:two']);
    back(1);
    block(2, 'c', [['A', 'instead', {}]]);
    expect(fold.now()).toEqual(['1:one', '2:instead']);
    back(0);
    expect(fold.now()).toEqual([]);
  });

  it('is the same after a restart as before', () => {
    const fold = count();
    block(1, 'a', [['A', 'one', {}]]);
    fold.now();
    block(2, 'b', [['A', 'two', {}]]);
    expect(count().now()).toEqual(fold.now());
  });

  it('reads structs and short texts as the index keeps them', () => {
    expect(fieldsOf('["17","true"]')).toEqual(['17', 'true']);
    expect(fieldsOf(undefined)).toEqual([]);
    expect(shortText(`0x${Buffer.from('cover').toString('hex').padEnd(64, '0')}`)).toBe('cover');
    expect(shortText(`0x${'0'.repeat(64)}`)).toBe('');
    const hash = `0x${'01'.repeat(32)}`;
    expect(shortText(hash)).toBe(hash);
  });
});

describe('bundles on the chain', () => {
  const issue = (bundleId: number, energyWh: number, firstSerial: number): [string, string, Record<string, string>] => [
    'GranularCertificate',
    'CertificateIssued',
    {
      ...{ bundleId: String(bundleId), owner: '0xA', interval: '7', energyWh: String(energyWh), firstSerial: String(firstSerial) },
      ...{ technology: '7', source: `0x${bundleId}`, expiresAt: '99', issuanceId: String(bundleId) },
    },
  ];
  const change = (bundleId: number, state: number): [string, string, Record<string, string>] => [
    'GranularCertificate',
    'CertificateStateChanged',
    { bundleId: String(bundleId), before: '1', state: String(state), by: '0xA' },
  ];

  it('keep their serials through splits, and tell which parts hold them now', () => {
    const view = certificatesView(store);
    block(1, 'a', [issue(1, 900, 100), issue(2, 50, 1000)]);
    block(2, 'b', [
      ['GranularCertificate', 'CertificateSplit', { bundleId: '1', firstId: '3', secondId: '4', firstWh: '300' }],
      change(4, 4),
      change(4, 5),
      ['GranularCertificate', 'CertificateClaimed', { bundleId: '4', beneficiary: '0xB', purpose: '0x1', energyWh: '600' }],
      ['GranularCertificate', 'CertificateTransferred', { bundleId: '3', from: '0xA', to: '0xC', energyWh: '300' }],
    ]);
    const { bundles } = view.now();
    expect(bundles.get(1)?.state).toBe('split');
    expect(bundles.get(3)).toMatchObject({ energyWh: 300, firstSerial: 100, state: 'active', holder: '0xC' });
    expect(bundles.get(4)).toMatchObject({ energyWh: 600, firstSerial: 400, state: 'claimed', claimedFor: '0xB' });
    const over = (from: number, wh: number) => bundlesOver(view.now(), 1, from, wh).map((b) => b.id);
    expect([over(100, 300), over(350, 100), over(400, 600), over(1000, 10)]).toEqual([[3], [3, 4], [4], []]);
  });
});

describe('meters on the chain', () => {
  const data = ['0', '0xOwner', '1', '1', 'true', '2', '12000', '0x62340000', '5', '900', '1000', '11', '12', '0', '0'];
  const registered: [string, string, Record<string, string>] = [
    'SmartMeter',
    'DeviceRegistered',
    { meterId: '17', device: '0xD', owner: '0xOwner', epoch: '1', data: JSON.stringify(data) },
  ];
  const meter = (name: string, args: Record<string, string>): [string, string, Record<string, string>] => [
    'SmartMeter',
    name,
    { meterId: '17', ...args },
  ];

  it('carry registration, care and readings, and what was made of each', () => {
    const view = metersView(store);
    block(1, 'a', [registered, meter('DeviceVerified', { epoch: '1', testRecord: '0x1', technician: '0xT' })]);
    block(2, 'b', [
      meter('ReadingPosted', { readingId: '1', interval: '1001', importWh: '5', exportWh: '1500' }),
      meter('ReadingValidated', { readingId: '1', importGrowthWh: '0', exportGrowthWh: '600' }),
      ['EnergyToken', 'EnergyMinted', { meterId: '17', readingId: '1', amountWh: '600' }],
      [
        'CarbonCredit',
        'CreditsIssued',
        {
          certificateId: '1',
          to: '0xOwner',
          meterId: '17',
          data: JSON.stringify(['17', '1', '0xOwner', '0', '0', '600', '303', '181800']),
        },
      ],
      meter('TamperReported', { kind: '0x', evidence: '0x', open: '1' }),
    ]);
    const at = () => view.now().meters.get(17);
    expect(at()).toMatchObject({
      ...{ deviceClass: 'public', technology: 'solar', backing: 'credits', ratedW: 12_000, gridNode: 'b4', state: 'active', epoch: 1 },
      ...{ publicKey: ['11', '12'], base: 1 },
      tamper: [{}],
      readings: [
        { id: 0, state: 'installed', exportWh: 900 },
        { id: 1, state: 'validated', growthWh: 600, fromInterval: 1000, mintedWh: 600, creditsMg: '181800' },
      ],
    });
    block(3, 'c', [
      meter('TamperCleared', { finding: '0x' }),
      meter('MaintenanceSet', { inMaintenance: 'true', dueAt: '0', workOrder: '0x' }),
    ]);
    expect(at()).toMatchObject({ tamper: [], state: 'maintenance' });
    // What came after the block both agree on is forgotten with it.
    back(1);
    expect(at()?.readings).toHaveLength(1);
    expect(at()).toMatchObject({ state: 'active', tamper: [] });
  });

  it('open another epoch with another device, whose readings grow from its own registers', () => {
    const view = metersView(store);
    block(1, 'a', [registered, meter('EpochClosed', { epoch: '1', device: '0xD' })]);
    const second = data.with(9, '20');
    block(2, 'b', [
      ['SmartMeter', 'DeviceRegistered', { meterId: '17', device: '0xE', owner: '0xOwner', epoch: '2', data: JSON.stringify(second) }],
    ]);
    expect([...view.now().byDevice]).toEqual([['0xe', 17]]);
    expect(view.now().meters.get(17)).toMatchObject({ epoch: 2, base: 1, readings: [{ exportWh: 900 }, { exportWh: 20 }] });
  });
});

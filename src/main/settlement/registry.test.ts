import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { registryRoot } from '../../domain/settlement/settle-round.ts';
import { Fault } from '../../shared/errors.ts';
import { metersView } from '../chain-copy/meters-view.ts';
import { silentLog } from '../kernel/log.ts';
import { createRegistry, type Registry } from './registry.ts';
import { type TestKernel, testKernel } from './testing/test-kernel.ts';
import { testMeter, testPlant } from './testing/test-plant.ts';

const plant = testPlant();
const meter = testMeter(plant, 'long-acre');
const next = testMeter(plant, 'long-acre', 8);
const SOLAR = 1 | (1 << 1);
const at = meter.meterId - 1;
let dataDir: string;
let kernel: TestKernel;
let registry: Registry;
let root: string | null;
let block: number;

const event = (name: string, args: Record<string, string>): void =>
  kernel.store.write((db) => {
    block++;
    db.prepare('INSERT INTO chain_event VALUES (?, 0, ?, ?, ?, ?, 10)').run(block, 'SmartMeter', name, JSON.stringify(args), '0x');
    db.prepare('INSERT INTO chain_block VALUES (?, ?)').run(block, `hash ${block}`);
  });
const meterId = String(meter.meterId);
const rootOf = (key: typeof meter.key | null): string => {
  const meters = Array.from({ length: 16 }, (_, i) =>
    i === at && key ? { meterId: BigInt(meterId), publicKey: key.publicKey, flags: SOLAR } : null,
  );
  return registryRoot(16, meters).toString();
};
const registered = (): void => {
  const [x, y] = meter.key.publicKey.map(String) as [string, string];
  const data = ['2', '0xA', '0', '1', 'true', '1', '5000', '0x', '0', '0', '5', x, y, '1', '2'];
  event('DeviceRegistered', { meterId, device: '0xD', owner: '0xA', epoch: '1', data: JSON.stringify(data) });
};
const inService = (key: typeof meter.key): void => {
  event('DeviceVerified', { meterId, epoch: '1', testRecord: '0x', technician: '0xT' });
  event('RegistryRootChanged', { version: '1', root: rootOf(key), meterId, leaf: '77' });
};

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-registry-'));
  kernel = testKernel({ dataDir, plant });
  block = 0;
  root = null;
  registry = createRegistry({
    layout: { batchMembers: 16, parts: 1 },
    chain: metersView(kernel.store),
    log: silentLog(),
    ledger: {
      view: async () => {
        if (root === null) throw new Fault('chain.away', 'The chain is away.');
        return [BigInt(root)];
      },
    },
  });
});
afterEach(() => {
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

it('has at its place whoever is in service on the chain, with the key and flags the chain has', () => {
  registered();
  expect(registry.places()[at]).toBeNull();
  expect(registry.waitsForVerification(meter.meterId)).toBe(true);
  inService(meter.key);
  expect(registry.places()[at]).toEqual({ meterId: BigInt(meterId), publicKey: meter.key.publicKey, flags: SOLAR });
  expect(registry.places()).toBe(registry.places());
});

it('leaves out a meter with a new key until it is verified, and one that was retired', () => {
  registered();
  inService(meter.key);
  const [keyX, keyY] = next.key.publicKey.map(String) as [string, string];
  event('KeyRotated', { meterId, epoch: '1', keyX, keyY });
  event('RegistryRootChanged', { version: '2', root: rootOf(null), meterId, leaf: '0' });
  expect(registry.places()[at]).toBeNull();
  inService(next.key);
  expect(registry.places()[at]?.publicKey).toEqual(next.key.publicKey);
  event('RegistryRootChanged', { version: '4', root: rootOf(null), meterId, leaf: '0' });
  event('DeviceRetired', { meterId, device: '0xD' });
  expect(registry.places()[at]).toBeNull();
  expect(registry.waitsForVerification(meter.meterId)).toBe(false);
});

it('waits while the copy lags behind the contract’s root, and takes the copy while the chain is away', async () => {
  registered();
  inService(meter.key);
  expect((await registry.inStep())?.[at]).not.toBeNull();
  root = rootOf(null);
  expect(await registry.inStep()).toBeNull();
  event('RegistryRootChanged', { version: '2', root, meterId, leaf: '0' });
  expect((await registry.inStep())?.[at]).toBeNull();
});

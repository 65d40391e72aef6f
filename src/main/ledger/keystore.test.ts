import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Wallet } from 'ethers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openKeystore } from './keystore.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-keys-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));
const file = () => join(dataDir, 'keys', 'operator.json');

describe('the operator’s keystore', () => {
  it('makes a development key on a simulated plant, finds it again, and keeps it from others', () => {
    const first = openKeystore({ dataDir, simulated: true });
    expect(first.development).toBe(true);
    expect(new Wallet(first.privateKey).address).toBe(first.address);
    expect(openKeystore({ dataDir, simulated: true })).toEqual(first);
    expect(statSync(file()).mode & 0o077).toBe(0);
    expect(statSync(join(dataDir, 'keys', 'development-passphrase')).mode & 0o077).toBe(0);
    expect(readFileSync(file(), 'utf8')).not.toContain(first.privateKey.slice(2));
  });
  it('asks for a passphrase on a real plant and keeps it nowhere', () => {
    expect(() => openKeystore({ dataDir, simulated: false })).toThrow(/Choose a passphrase.*BUSBAR_KEYSTORE_PASSPHRASE/);
    expect(() => openKeystore({ dataDir, simulated: false, passphrase: 'short' })).toThrow(/too short/);
    const key = openKeystore({ dataDir, simulated: false, passphrase: 'correct horse' });
    expect(key.development).toBe(false);
    expect(() => openKeystore({ dataDir, simulated: false })).toThrow(/is locked.*BUSBAR_KEYSTORE_PASSPHRASE/);
    expect(openKeystore({ dataDir, simulated: false, passphrase: 'correct horse' }).address).toBe(key.address);
    expect(() => openKeystore({ dataDir, simulated: false, passphrase: 'wrong' })).toThrow(/does not open/);
  });
  it('refuses a keystore whose address was changed', () => {
    openKeystore({ dataDir, simulated: true });
    writeFileSync(file(), readFileSync(file(), 'utf8').replace(/"address": "0x.."?/, '"address": "0x00'));
    expect(() => openKeystore({ dataDir, simulated: true })).toThrow();
  });
});

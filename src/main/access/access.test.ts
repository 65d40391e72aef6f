import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrations } from '../historian/migrations/index.ts';
import { type OpenStore, openStore } from '../historian/store.ts';
import type { Clock } from '../kernel/ports.ts';
import { systemClock } from '../kernel/system-clock.ts';
import { createAccess } from './access.ts';

let dir: string;
let store: OpenStore;
let nowMs: number;
const clock: Clock = { ...systemClock, nowMs: () => nowMs };
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'busbar-access-'));
  store = openStore(join(dir, 'console.sqlite'), migrations);
  nowMs = 1_700_000_000_000;
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});
const real = () => createAccess({ store, clock, simulated: false });

describe('people at the console', () => {
  it('signs a demo operator in on the simulated plant, and nobody on a real one', () => {
    expect(createAccess({ store, clock, simulated: true }).openSession()).toMatchObject({ demo: true, person: { name: 'Demo operator' } });
    expect(real().openSession()).toMatchObject({ demo: false, person: null });
  });

  it('lets the demo operator come back after signing out, on the simulated plant only', () => {
    const access = createAccess({ store, clock, simulated: true });
    const session = access.openSession();
    expect(() => access.signInDemo(session)).toThrow(/signed in here/);
    access.signOut(session);
    access.signInDemo(session);
    expect(session).toMatchObject({ demo: true, person: { name: 'Demo operator' } });
    const plant = real();
    expect(() => plant.signInDemo(plant.openSession())).toThrow(/Only the simulated plant/);
  });

  it('has on duty who signed in last and still has a window open, and else nobody', async () => {
    const access = real();
    await access.create('Ada', 'operator', 'a long password');
    await access.create('Bob', 'operator', 'a long password');
    const [first, second] = [access.openSession(), access.openSession()];
    await access.signIn(second, 'Bob', 'a long password');
    expect(access.onDuty()).toBeNull();
    const bobLeaves = access.present(second);
    expect(access.onDuty()).toBe('Bob');
    const adaLeaves = access.present(first);
    await access.signIn(first, 'Ada', 'a long password');
    expect(access.onDuty()).toBe('Ada');
    adaLeaves();
    adaLeaves();
    expect(access.onDuty()).toBe('Bob');
    bobLeaves();
    expect(access.onDuty()).toBeNull();
  });

  it('makes one first supervisor when two windows try at once', async () => {
    const access = real();
    const tries = await Promise.allSettled(
      ['Ada', 'Eve'].map((name) => access.createFirstSupervisor(access.openSession(), name, 'a long password')),
    );
    expect(tries.filter((t) => t.status === 'fulfilled')).toHaveLength(1);
    expect(access.list()).toHaveLength(1);
  });

  it('asks for the first supervisor once, and only once', async () => {
    const access = real();
    const session = access.openSession();
    expect(access.needsFirstSupervisor()).toBe(true);
    await access.createFirstSupervisor(session, 'Ada', 'a long password');
    expect(session.person).toMatchObject({ name: 'Ada', role: 'supervisor' });
    expect(access.needsFirstSupervisor()).toBe(false);
    await expect(access.createFirstSupervisor(access.openSession(), 'Eve', 'a long password')).rejects.toThrow(/supervisor already/);
  });

  it('keeps only a memory-hard hash of the password', async () => {
    const access = real();
    await access.create('Ada', 'operator', 'a long password');
    const row = store.read.prepare('SELECT password FROM person').get() as { password: string };
    expect(row.password).toMatch(/^scrypt\$65536\$8\$1\$/);
    expect(row.password).not.toContain('long');
  });

  it('lets in by the right name and password and by nothing else', async () => {
    const access = real();
    await access.create('Ada', 'operator', 'a long password');
    const session = access.openSession();
    await expect(access.signIn(session, 'Ada', 'a wrong password')).rejects.toThrow(/not right/);
    await expect(access.signIn(session, 'Bob', 'a long password')).rejects.toThrow(/not right/);
    expect(session.person).toBeNull();
    await access.signIn(session, ' ada ', 'a long password');
    expect(session.person?.name).toBe('Ada');
  });

  it('makes a name wait after five failed tries, and lets it in again later', async () => {
    const access = real();
    await access.create('Ada', 'operator', 'a long password');
    const session = access.openSession();
    for (let i = 0; i < 5; i++) await expect(access.signIn(session, 'Ada', 'no')).rejects.toThrow(/not right/);
    await expect(access.signIn(session, 'Ada', 'a long password')).rejects.toThrow(/Too many tries/);
    nowMs += 2000;
    await access.signIn(session, 'Ada', 'a long password');
    expect(session.person?.name).toBe('Ada');
  });

  it('ends the other sessions of a person whose password was set anew', async () => {
    const access = real();
    const bob = await access.create('Bob', 'operator', 'a long password');
    const old = access.openSession();
    await access.signIn(old, 'Bob', 'a long password');
    const own = access.openSession();
    await access.signIn(own, 'Bob', 'a long password');
    await access.setPassword(bob.id, 'another long password', own.id);
    expect(old.person).toBeNull();
    expect(own.person?.name).toBe('Bob');
  });

  it('throws a disabled person out at once and never disables the last supervisor', async () => {
    const access = real();
    const chief = access.openSession();
    await access.createFirstSupervisor(chief, 'Ada', 'a long password');
    const bob = await access.create('Bob', 'operator', 'a long password');
    const session = access.openSession();
    await access.signIn(session, 'Bob', 'a long password');
    access.setDisabled(bob.id, true, chief.person?.id ?? '');
    expect(session.person).toBeNull();
    expect(() => access.setDisabled(chief.person?.id ?? '', true, 'somebody')).toThrow(/last supervisor/);
  });
});

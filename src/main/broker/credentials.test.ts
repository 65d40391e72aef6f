import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mayPublish, maySubscribe, openCredentials } from './credentials.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-broker-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

describe('the broker’s accounts', () => {
  it('are random per data folder, the same after a restart, and for their owner’s eyes only', () => {
    const first = openCredentials(dataDir);
    const again = openCredentials(dataDir);
    expect(again.passwordOf('plant')).toBe(first.passwordOf('plant'));
    expect(first.passwordOf('meter-a')).not.toBe(first.passwordOf('meter-b'));
    expect(statSync(join(dataDir, 'broker', 'secret')).mode & 0o077).toBe(0);
    expect(first.check('plant', first.passwordOf('plant'))).toBe(true);
    expect(first.check('plant', first.passwordOf('meter-a'))).toBe(false);
    expect(first.check(undefined, undefined)).toBe(false);
  });
  it('let a meter write its own readings only, and nobody the clock', () => {
    expect(mayPublish('meter-a', 'busbar/meters/a/reading', false)).toBe(true);
    expect(mayPublish('meter-a', 'busbar/meters/b/reading', false)).toBe(false);
    expect(mayPublish('member-x', 'busbar/members/x/order', false)).toBe(true);
    expect(mayPublish('member-x', 'busbar/members/y/order', false)).toBe(false);
    expect(mayPublish('plant', 'busbar/meters/a/reading', true)).toBe(true);
    expect(mayPublish('plant', 'busbar/meters/a/reading', false)).toBe(false);
    for (const topic of ['sealing-key', 'opening-receipt', 'orders-receipt']) {
      expect(mayPublish('member-x', `busbar/members/x/${topic}`, false)).toBe(true);
      expect(mayPublish('member-x', `busbar/members/y/${topic}`, false)).toBe(false);
    }
    // What the operator alone says.
    for (const topic of ['opening', 'orders-notice']) expect(mayPublish('plant', `busbar/members/x/${topic}`, true)).toBe(false);
    for (const topic of ['busbar/clock', 'busbar/members/x/request', 'other']) expect(mayPublish('plant', topic, true)).toBe(false);
  });
  it('let a public meter name its account and hear what is asked of it, and no other’s', () => {
    for (const topic of ['account', 'signed']) {
      expect(mayPublish('meter-a', `busbar/meters/a/${topic}`, false)).toBe(true);
      expect(mayPublish('meter-b', `busbar/meters/a/${topic}`, false)).toBe(false);
    }
    expect(mayPublish('meter-a', 'busbar/meters/a/request', false)).toBe(false);
    expect(maySubscribe('meter-a', 'busbar/meters/a/request', false)).toBe(true);
    expect(maySubscribe('meter-b', 'busbar/meters/a/request', false)).toBe(false);
    expect(maySubscribe('plant', 'busbar/meters/a/request', true)).toBe(true);
    expect(maySubscribe('plant', 'busbar/meters/a/request', false)).toBe(false);
  });
  it('let nobody read another’s readings, orders or requests', () => {
    expect(maySubscribe('member-x', 'busbar/clock', false)).toBe(true);
    expect(maySubscribe('member-x', 'busbar/members/x/request', false)).toBe(true);
    for (const topic of ['opening', 'orders-notice']) expect(maySubscribe('member-x', `busbar/members/x/${topic}`, false)).toBe(true);
    for (const filter of [
      'busbar/members/y/opening',
      'busbar/members/+/opening',
      'busbar/members/y/orders-notice',
      'busbar/members/x/sealing-key',
      'busbar/members/y/request',
      'busbar/members/+/request',
      'busbar/#',
      '#',
      'busbar/members/x/order',
      'busbar/meters/a/reading',
    ])
      expect(maySubscribe('member-x', filter, false)).toBe(false);
  });
});

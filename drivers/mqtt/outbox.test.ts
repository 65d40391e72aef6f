import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileOutbox, memoryOutbox, type Outbox } from './outbox.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'busbar-outbox-'));
  path = join(folder, 'outbox');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What every outbox promises, whatever it is made of. */
describe.each<[string, () => Outbox]>([
  ['in memory', () => memoryOutbox()],
  ['on disk', () => fileOutbox(path)],
])('an outbox %s', (_name, open) => {
  it('gives messages back in order until they are removed, and never the same id twice', () => {
    const outbox = open();
    const [a, b, c] = ['one', 'two', 'three'].map((payload) => outbox.put('t', payload));
    expect(new Set([a?.id, b?.id, c?.id]).size).toBe(3);
    outbox.remove(b?.id ?? -1);
    outbox.remove(b?.id ?? -1);
    outbox.remove(12_345);
    expect(outbox.entries().map(({ payload }) => payload)).toEqual(['one', 'three']);
    expect(outbox.size()).toBe(2);
    const d = outbox.put('t', 'four');
    expect(d.id).toBeGreaterThan(c?.id ?? 0);
    outbox.close();
  });
});

describe('an outbox on disk', () => {
  it('has everything after a restart, and goes on counting', () => {
    const first = fileOutbox(path);
    const one = first.put('t', 'one');
    const two = first.put('t', 'two "quoted"\n');
    first.remove(one.id);
    first.close();
    const second = fileOutbox(path);
    expect(second.entries()).toEqual([two]);
    second.remove(two.id);
    second.close();
    const third = fileOutbox(path);
    expect(third.size()).toBe(0);
    expect(third.put('t', 'three').id).toBeGreaterThan(two.id);
    third.close();
  });

  it('drops a line a crash has cut, and what was written before stays', () => {
    const first = fileOutbox(path);
    first.put('t', 'one');
    first.close();
    appendFileSync(path, '{"id":2,"topic":"t","payl');
    const second = fileOutbox(path);
    expect(second.entries().map(({ payload }) => payload)).toEqual(['one']);
    second.put('t', 'two');
    second.close();
    expect(
      fileOutbox(path)
        .entries()
        .map(({ payload }) => payload),
    ).toEqual(['one', 'two']);
  });

  it('does not grow with the number of messages that passed through it', () => {
    const outbox = fileOutbox(path);
    for (let i = 0; i < 2500; i++) outbox.remove(outbox.put('t', 'x'.repeat(100)).id);
    expect(statSync(path).size).toBeLessThan(200_000);
    expect(readFileSync(path, 'utf8').split('\n').length).toBeLessThan(1200);
    outbox.close();
  });
});

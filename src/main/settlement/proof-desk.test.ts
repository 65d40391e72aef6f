import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../shared/errors.ts';
import type { ProveOptions } from '../proof/prover.ts';
import type { Proven, Statement } from '../proof/types.ts';
import { createProofDesk, type ProofDesk, type ProofTask } from './proof-desk.ts';
import { stepClock } from './testing/step-clock.ts';

interface Asked {
  readonly name: string;
  prove(signals?: string[]): void;
  refuse(fault: Fault): void;
}
const clock = stepClock();
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const proven = (publicSignals: string[]): Proven => ({
  proof: { pi_a: [], pi_b: [], pi_c: [] },
  publicSignals,
  proveMs: 1,
  peakMemoryMb: 1,
  calldata: {
    a: ['0', '0'],
    b: [
      ['0', '0'],
      ['0', '0'],
    ],
    c: ['0', '0'],
    flat: [],
  },
});

let desk: ProofDesk;
const opened = async (): Promise<{ asked: Asked[]; done: string[] }> => {
  const asked: Asked[] = [];
  desk = createProofDesk({
    clock,
    log: { warn: () => {} },
    onChange: () => {},
    prover: {
      prepare: async () => {},
      prove: (statement, input, options: ProveOptions = {}) =>
        new Promise((resolve, reject) => {
          options.signal?.addEventListener('abort', () => reject(new Fault('proof.failed', 'cancelled', { retry: 'now' })));
          asked.push({
            name: `${statement} ${String(input.name)}`,
            prove: (signals = ['1']) => resolve(proven(signals)),
            refuse: reject,
          });
        }),
      close: async () => {},
    },
  });
  desk.start();
  await settle();
  return { asked, done: [] };
};
const task = (statement: Statement, interval: number, part: number, done: string[]): ProofTask => ({
  statement,
  interval,
  part,
  begin: () => ({ witness: { name: `${interval}:${part}` }, publicSignals: ['1'] }),
  keep: () => void done.push(`${statement} ${interval}:${part}`),
  failed: (fault) => void done.push(`failed ${interval}:${part} ${fault.retry}`),
});
afterEach(() => desk.stop());

describe('the proof desk', () => {
  it('makes one proof at a time, of the oldest interval first and of settlement before admission', async () => {
    const { asked, done } = await opened();
    desk.offer([task('admit', 8, 0, done), task('settle', 7, 1, done), task('admit', 7, 0, done), null]);
    desk.offer([task('admit', 8, 0, done)]);
    expect(asked.map((a) => a.name)).toEqual(['settle 7:1']);
    expect(desk.underWay()).toMatchObject({ statement: 'settle', interval: 7, part: 1 });
    asked[0]?.prove();
    await settle();
    expect(done).toEqual(['settle 7:1']);
    desk.offer([task('admit', 8, 0, done), task('admit', 7, 0, done)]);
    expect(asked.at(-1)?.name).toBe('admit 7:0');
  });

  it('waits a while after a proof that could not be made, and tells its reason', async () => {
    const { asked, done } = await opened();
    desk.offer([task('settle', 7, 0, done)]);
    asked[0]?.refuse(new Fault('proof.failed', 'no memory', { retry: 'later' }));
    await settle();
    expect(done).toEqual(['failed 7:0 later']);
    expect(desk.problem()).toBe('no memory');
    desk.offer([task('settle', 7, 0, done)]);
    expect(asked).toHaveLength(1);
    clock.advance(20_000);
    desk.offer([task('settle', 7, 0, done)]);
    asked[1]?.prove();
    await settle();
    expect(desk.problem()).toBeNull();
    expect(done).toEqual(['failed 7:0 later', 'settle 7:0']);
  });

  it('hands out no proof of anything else than was asked', async () => {
    const { asked, done } = await opened();
    desk.offer([task('settle', 7, 0, done)]);
    asked[0]?.prove(['2']);
    await settle();
    expect(done).toEqual(['failed 7:0 never']);
  });

  it('forgets a proof that is no longer wanted, without blame', async () => {
    const { asked, done } = await opened();
    desk.offer([task('admit', 9, 0, done)]);
    desk.drop((underWay) => underWay.interval >= 10);
    expect(desk.underWay()).not.toBeNull();
    desk.drop((underWay) => underWay.interval >= 9);
    await settle();
    expect([done, desk.underWay(), desk.problem()]).toEqual([[], null, null]);
    desk.offer([task('admit', 9, 0, done)]);
    expect(asked).toHaveLength(2);
  });
});

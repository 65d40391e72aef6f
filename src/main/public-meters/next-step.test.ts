import { describe, expect, it } from 'vitest';
import type { MeterOnChain, PostedReading } from '../chain-copy/meters-view.ts';
import { nextStep, nextToPost } from './next-step.ts';

const reading = (id: number, over: Partial<PostedReading> = {}): PostedReading => ({
  id,
  epoch: 1,
  interval: 1000 + id,
  importWh: 10,
  exportWh: 500 * id,
  state: 'posted',
  growthWh: 0,
  fromInterval: 999 + id,
  mintedWh: 0,
  creditsMg: '0',
  certificate: null,
  block: id,
  transaction: '0x',
  timeS: null,
  ...over,
});
const installed = reading(0, { state: 'installed', exportWh: 0 });
const done = reading(1, { state: 'validated', growthWh: 500, mintedWh: 500, creditsMg: '160000' });
const signed = (interval: number) => ({ importWh: 10, exportWh: 500 * (interval - 1000) });
const step = (
  readings: PostedReading[],
  over: Partial<Pick<MeterOnChain, 'backing' | 'tamper' | 'base' | 'technology'>> = {},
  leftOut = false,
  held: typeof signed | (() => undefined) = signed,
) => {
  const base = readings.findLastIndex((r) => r.state === 'validated' || r.state === 'installed');
  return nextStep({ readings, technology: 'solar', backing: 'credits', tamper: [], base, ...over }, held, () => leftOut);
};

describe('the next step of a public meter', () => {
  it('goes on past a reading that came too late for its vintage, instead of standing still for good', () => {
    const late = reading(1, { state: 'validated', growthWh: 500 });
    expect(step([installed, late, reading(2)], {}, true)).toMatchObject({ kind: 'validate', reading: { id: 2 } });
    const certified = nextStep(
      { readings: [installed, late, reading(2)], technology: 'solar', backing: 'certificates', tamper: [], base: 1 },
      signed,
      (kind) => kind === 'mint',
    );
    expect(certified).toMatchObject({ kind: 'certificates', reading: { id: 1 } });
  });

  it('judges the oldest posted reading first, then makes tokens of it, then what its device backs', () => {
    expect(step([installed, done, reading(2), reading(3)])).toMatchObject({ kind: 'validate', reading: { id: 2 } });
    const validated = { state: 'validated', growthWh: 500 } as const;
    expect(step([installed, done, reading(2, validated), reading(3)])).toMatchObject({ kind: 'mint', reading: { id: 2 } });
    const minted = { ...validated, mintedWh: 500 };
    expect(step([installed, done, reading(2, minted)])).toMatchObject({ kind: 'credits', reading: { id: 2 } });
    expect(step([installed, reading(1, minted)], { backing: 'certificates' })).toMatchObject({ kind: 'certificates' });
    expect(step([installed, reading(1, minted)], { backing: 'none' })).toEqual({ kind: 'none' });
    // What a storage gives back was counted before: it is judged, and makes nothing.
    expect(step([installed, reading(1, { ...validated, mintedWh: 0 })], { technology: 'storage', backing: 'none' })).toEqual({
      kind: 'none',
    });
  });

  it('makes nothing twice and nothing of an interval without export', () => {
    expect(step([installed, done])).toEqual({ kind: 'none' });
    expect(step([installed, done, reading(2, { state: 'validated', growthWh: 0 })])).toEqual({ kind: 'none' });
    expect(step([installed, reading(1, { state: 'validated', growthWh: 500, mintedWh: 500 })], {}, true)).toEqual({ kind: 'none' });
  });

  it('validates nothing while a tamper report is open, but makes tokens of what was validated before', () => {
    const tamper = [{ kind: 'cover', evidence: '0x', timeS: null }];
    expect(step([installed, done, reading(2)], { tamper })).toMatchObject({ kind: 'hold', why: 'tamper' });
    expect(step([installed, reading(1, { state: 'validated', growthWh: 500 }), reading(2)], { tamper })).toMatchObject({ kind: 'mint' });
  });

  it('validates no reading that differs from the signed one held here, nor one that was never held', () => {
    const other = step([installed, reading(1, { exportWh: 501 })]);
    expect(other).toMatchObject({ kind: 'hold', why: 'differs', text: expect.stringMatching(/501 Wh out.*500 Wh out/) });
    expect(step([installed, reading(1)], {}, false, () => undefined)).toMatchObject({ kind: 'hold', text: expect.stringMatching(/none/) });
  });

  it('leaves readings of an epoch that is over alone', () => {
    expect(step([installed, reading(1), reading(2, { state: 'installed' })])).toEqual({ kind: 'none' });
  });
});

describe('the next reading to post', () => {
  const waiting = (...intervals: number[]) => intervals.map((interval) => ({ interval }));
  it('is the oldest, one per interval', () => {
    expect(nextToPost(waiting())).toBeUndefined();
    expect(nextToPost(waiting(7))).toEqual({ interval: 7 });
    expect(nextToPost(waiting(7, 8, 9, 10))).toEqual({ interval: 7 });
  });
  it('is an hour at a time after an outage, and never more, also where readings are missing', () => {
    expect(nextToPost(waiting(7, 8, 9, 10, 11, 12))).toEqual({ interval: 10 });
    expect(nextToPost(waiting(7, 20, 21, 22, 23))).toEqual({ interval: 7 });
  });
});

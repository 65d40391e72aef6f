import { describe, expect, it } from 'vitest';
import type { Bundle } from '../chain-copy/certificates-view.ts';
import { agreementOf, type Cover, cancelStep } from './chain-cover.ts';

const bundle = (id: number, firstSerial: number, energyWh: number, state: Bundle['state'] = 'active', holder = '0xOp'): Bundle => ({
  ...{ id, firstSerial, energyWh, state, holder, interval: 7, technology: 'mixed', source: '0x', issuanceId: 1, expiresS: 9 },
  ...{ claimedFor: null, purpose: null, block: 1, transaction: '0x', timeS: null },
});
const covered = (...pieces: Bundle[]): Extract<Cover, { kind: 'covered' }> => ({
  kind: 'covered',
  issuanceId: 1,
  firstSerial: 100,
  pieces,
});
const step = (...pieces: Bundle[]) => cancelStep(covered(...pieces), 50, '0xop');

describe('a cancellation on its way to the chain', () => {
  it('cuts the certificate out of its bundle, before and behind, then cancels and claims exactly it', () => {
    expect(step(bundle(1, 0, 900))).toEqual({ kind: 'split', bundle: 1, energyWh: 100 });
    expect(step(bundle(3, 100, 800))).toEqual({ kind: 'split', bundle: 3, energyWh: 50 });
    expect(step(bundle(4, 100, 50))).toEqual({ kind: 'cancel', bundle: 4 });
    expect(step(bundle(4, 100, 50, 'cancelled'))).toEqual({ kind: 'claim', bundle: 4 });
    expect(step(bundle(4, 100, 50, 'claimed'))).toEqual({ kind: 'done' });
  });
  it('takes a certificate that was split piece by piece', () => {
    expect(step(bundle(5, 100, 20, 'claimed'), bundle(6, 120, 100))).toEqual({ kind: 'split', bundle: 6, energyWh: 30 });
    expect(step(bundle(5, 100, 20, 'claimed'), bundle(7, 120, 30))).toEqual({ kind: 'cancel', bundle: 7 });
  });
  it('stops with the reason where it is not the community’s, reserved, locked or gone', () => {
    expect(step(bundle(1, 0, 900, 'active', '0xOther'))).toMatchObject({
      kind: 'stuck',
      text: expect.stringMatching(/another account, 0xOther/),
    });
    expect(step(bundle(1, 0, 900, 'reserved'))).toMatchObject({ kind: 'stuck', text: expect.stringMatching(/release it first/) });
    expect(step(bundle(1, 100, 50, 'reserved'))).toEqual({ kind: 'cancel', bundle: 1 });
    for (const state of ['locked', 'expired', 'withdrawn'] as const) expect(step(bundle(1, 100, 50, state)).kind).toBe('stuck');
  });
});

describe('what the chain says of a certificate', () => {
  const agree = (state: 'active' | 'cancelled' | 'expired', cover: Cover) => agreementOf({ state, energyWh: 50 }, cover);
  it('waits until the bundle is in the copy, and differs when it holds another amount', () => {
    expect(agree('active', { kind: 'none' }).state).toBe('waiting');
    const other = agree('active', { kind: 'differs', bundle: bundle(1, 0, 900), hereWh: 880 });
    expect(other).toMatchObject({ state: 'differs', text: expect.stringMatching(/900 Wh.*880 Wh/) });
  });
  it('agrees while both are active, and while both are cancelled', () => {
    expect(agree('active', covered(bundle(1, 0, 900)))).toMatchObject({ state: 'confirmed', bundle: null });
    expect(agree('active', covered(bundle(1, 100, 50)))).toMatchObject({ state: 'confirmed', bundle: 1 });
    expect(agree('cancelled', covered(bundle(1, 100, 50, 'claimed')))).toMatchObject({ state: 'confirmed' });
    expect(agree('cancelled', covered(bundle(1, 0, 900)))).toMatchObject({ state: 'waiting' });
    expect(agree('cancelled', covered(bundle(1, 100, 50, 'cancelled')))).toMatchObject({ state: 'waiting' });
  });
  it('differs when the chain used up what is active here, or lost what was cancelled here', () => {
    expect(agree('active', covered(bundle(1, 100, 50, 'claimed')))).toMatchObject({ state: 'differs' });
    expect(agree('cancelled', covered(bundle(1, 100, 50, 'withdrawn')))).toMatchObject({ state: 'differs' });
    expect(agree('expired', covered(bundle(1, 100, 50, 'expired')))).toMatchObject({ state: 'confirmed' });
  });
});

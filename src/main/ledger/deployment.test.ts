import { describe, expect, it } from 'vitest';
import type { PlantFile } from '../../shared/plant-file.ts';
import { testPlant } from '../settlement/testing/test-plant.ts';
import { compareGate, gateFor } from './deployment.ts';

const DEVELOPMENT = 31337;
const CHAIN = 100;
const base = testPlant();
const { simulation: _, ...without } = base;
const real = (change: Partial<PlantFile['market']> = {}): PlantFile => ({ ...without, market: { ...base.market, ...change } });
const simulated: PlantFile = { ...base, simulation: {} };

describe('the gate a contract is deployed with', () => {
  it('is the plant file’s on a real plant: length of an interval, and gate closure before delivery', () => {
    expect(gateFor(real(), CHAIN)).toEqual({ intervalS: 900, leadS: 60 });
  });
  it('is none where the plant’s time is not the chain’s', () => {
    expect(gateFor(simulated, CHAIN)).toEqual({ intervalS: 0, leadS: 0 });
    expect(gateFor(real(), DEVELOPMENT)).toEqual({ intervalS: 0, leadS: 0 });
  });
  it('counts whole seconds', () => {
    expect(() => gateFor(real({ gateClosesBeforeEndMs: 60_500 }), CHAIN)).toThrow(/gate closure before delivery of 60500 ms is not one/);
    expect(() => gateFor(real({ intervalMs: 900_500 }), CHAIN)).toThrow(/interval of 900500 ms is not one/);
  });
});

describe('the gate of a contract that was deployed before', () => {
  it('is the plant file’s, or there is none where there need not be one', () => {
    expect(compareGate(real(), CHAIN, { intervalS: 900, leadS: 60 })).toEqual({ kind: 'same' });
    expect(compareGate(simulated, CHAIN, { intervalS: 0, leadS: 0 })).toEqual({ kind: 'same' });
    expect(compareGate(real(), DEVELOPMENT, { intervalS: 0, leadS: 0 })).toEqual({ kind: 'same' });
  });
  it('is looser: the console keeps to its own, and says so', () => {
    expect(compareGate(real(), CHAIN, { intervalS: 900, leadS: 0 })).toMatchObject({
      kind: 'looser',
      text: expect.stringMatching(/closes 0 s before delivery, the plant file's 60 s; the console keeps to the earlier one/),
    });
    expect(compareGate(real(), CHAIN, { intervalS: 0, leadS: 0 })).toMatchObject({
      kind: 'looser',
      text: expect.stringMatching(/without a gate/),
    });
  });
  it('is earlier than the plant file’s, or another plant’s: it is not used, and the message says what to do', () => {
    expect(compareGate(real(), CHAIN, { intervalS: 900, leadS: 120 })).toMatchObject({
      kind: 'refused',
      text: expect.stringMatching(/Set gateClosesBeforeEndMs to 120000/),
    });
    expect(compareGate(real(), CHAIN, { intervalS: 300, leadS: 60 })).toMatchObject({
      kind: 'refused',
      text: expect.stringMatching(/300 s/),
    });
    expect(compareGate(simulated, CHAIN, { intervalS: 900, leadS: 60 })).toMatchObject({
      kind: 'refused',
      text: expect.stringMatching(/this plant is simulated/),
    });
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type FeederCase, parseFeederCase } from './feeder-case.ts';
import { type FeederSolution, solveFeederCase } from './feeder-solution.ts';

const fixtures = new URL('./fixtures/', import.meta.url);
const cases = readdirSync(fixtures)
  .filter((name) => name.endsWith('.solution.json'))
  .map((name) => name.replace('.solution.json', ''));
const read = (name: string) => JSON.parse(readFileSync(new URL(name, fixtures), 'utf8'));

const parse = (json: unknown): FeederCase => {
  const parsed = parseFeederCase(json);
  if (parsed.kind === 'refused') throw new Error(parsed.problems.join('; '));
  return parsed.feederCase;
};

const solve = (feeder: FeederCase): FeederSolution => {
  const solution = solveFeederCase(feeder);
  if (!solution.converged) throw new Error(`${feeder.id} did not converge: ${solution.reason}`);
  return solution;
};

/** Largest deviation from the reference: voltages in pu, angles in degrees, kW, kvar and A relative to the larger of 1 and the value. */
const deviation = (found: FeederSolution, reference: FeederSolution) => {
  const worst = { vmPu: 0, vaDeg: 0, branch: 0, totals: 0 };
  const buses = new Map(found.buses.map((b) => [b.id, b]));
  for (const bus of reference.buses) {
    const ours = buses.get(bus.id);
    if (ours === undefined || !('vmPu' in ours) || !('vmPu' in bus)) throw new Error(`no voltage at ${bus.id}`);
    worst.vmPu = Math.max(worst.vmPu, Math.abs(ours.vmPu - bus.vmPu));
    worst.vaDeg = Math.max(worst.vaDeg, Math.abs(ours.vaDeg - bus.vaDeg));
  }
  const relative = (a: number, b: number): number => Math.abs(a - b) / Math.max(1, Math.abs(b));
  const branches = new Map(found.branches.map((b) => [b.id, b]));
  for (const branch of reference.branches) {
    const ours = branches.get(branch.id) as unknown as Record<string, number>;
    for (const [key, value] of Object.entries(branch)) {
      if (typeof value === 'number') worst.branch = Math.max(worst.branch, relative(ours[key] as number, value));
    }
  }
  for (const [key, value] of Object.entries(reference.totals)) {
    const ours = (found.totals as unknown as Record<string, unknown>)[key];
    if (typeof value === 'number') worst.totals = Math.max(worst.totals, relative(ours as number, value));
    else expect(ours).toBe(value);
  }
  return worst;
};

describe('the power flow of a published feeder', () => {
  it('has cases to compare with', () => {
    expect(cases.length).toBeGreaterThanOrEqual(15);
  });

  it.each(cases)('agrees with the reference within 1e-6: %s', (id) => {
    const worst = deviation(solve(parse(read(`${id}.json`))), read(`${id}.solution.json`));
    expect(worst.vmPu).toBeLessThan(1e-6);
    expect(worst.vaDeg).toBeLessThan(1e-6);
    expect(worst.branch).toBeLessThan(1e-6);
    expect(worst.totals).toBeLessThan(1e-6);
  });

  // case18 and case533mt_hi have transformers that only the per-unit list tells.
  it.each(cases.filter((id) => id !== 'case18' && id !== 'case533mt_hi'))(
    'is the same from lines and transformers in SI units: %s',
    (id) => {
      const { branchesPu: _, ...si } = read(`${id}.json`);
      const worst = deviation(solve(parse(si)), read(`${id}.solution.json`));
      expect(worst.vmPu).toBeLessThan(1e-6);
      expect(worst.branch).toBeLessThan(1e-6);
    },
  );

  it('finds the loss and lowest voltage the literature gives for the 33-bus feeder', () => {
    const { totals } = solve(parse(read('case33bw.json')));
    expect(totals.lossKw).toBeCloseTo(202.67, 1);
    expect(totals.vminPu).toBeCloseTo(0.9131, 4);
    expect(totals.vminBus).toBe('18');
  });

  it('says which buses are dead when a line in the middle opens, and gives them no voltage', () => {
    const feeder = read('case33bw.json');
    // Line 6-7 feeds buses 7 to 18; every tie is open.
    for (const list of [feeder.lines, feeder.branchesPu]) for (const b of list) if (b.from === '6' && b.to === '7') b.closed = false;
    const { buses, totals, branches } = solve(parse(feeder));
    const dead = buses.filter((b) => 'energised' in b).map((b) => b.id);
    expect(dead).toEqual(['7', '8', '9', '10', '11', '12', '13', '14', '15', '16', '17', '18']);
    expect(JSON.stringify(buses.find((b) => b.id === '7'))).toBe('{"id":"7","energised":false}');
    expect(totals.deadBuses).toBe(12);
    expect(totals.slackKw).toBeCloseTo(totals.netLoadKw + totals.lossKw, 6);
    expect(branches.find((b) => b.id === '8')?.pFromKw).toBe(0);
  });

  it('stays fed round the loop when a tie is closed as well', () => {
    const feeder = read('case33bw.json');
    for (const list of [feeder.lines, feeder.branchesPu]) for (const b of list) if (b.closed === false) b.closed = true;
    const { totals } = solve(parse(feeder));
    expect(totals.deadBuses).toBe(0);
    // The literature's figure for this network with all five ties closed.
    expect(totals.lossKw).toBeCloseTo(123.29, 2);
    expect(totals.vminPu).toBeCloseTo(0.9533, 4);
  });

  it('feeds two islands from two sources, each at its own voltage', () => {
    const feeder = read('case33bw.json');
    for (const list of [feeder.lines, feeder.branchesPu]) for (const b of list) if (b.from === '6' && b.to === '7') b.closed = false;
    feeder.slack.push({ bus: '18', vmPu: 1.02, vaDeg: 10 });
    const { buses, totals } = solve(parse(feeder));
    expect(totals.deadBuses).toBe(0);
    expect(buses.find((b) => b.id === '18')).toEqual({ id: '18', vmPu: 1.02, vaDeg: 10 });
    expect(totals.slackKw).toBeCloseTo(totals.netLoadKw + totals.lossKw, 6);
  });

  it('says that a feeder loaded beyond collapse has no operating point, and gives no voltages', () => {
    const feeder = read('case33bw.json');
    for (const bus of feeder.buses) bus.pKw *= 10;
    const solution = solveFeederCase(parse(feeder));
    expect(solution.converged).toBe(false);
    expect(JSON.stringify(solution)).not.toMatch(/vmPu|buses|NaN/);
  });

  it('still solves just short of collapse', () => {
    const feeder = read('case33bw.json');
    // Scaled at constant power factor, this feeder holds to a factor of about 3.6.
    for (const bus of feeder.buses) {
      bus.pKw *= 3.6;
      bus.qKvar *= 3.6;
    }
    expect(solve(parse(feeder)).totals.vminPu).toBeCloseTo(0.4668, 3);
  });
});

/** Control functions as scripted cycles: each step is one second of the plant, in words an electrician can check. */
import { describe, expect, it } from 'vitest';
import { dispatchBattery, initialDispatch, shavePeak } from './battery-dispatch.ts';
import { curtail, initialCurtailment } from './curtailment.ts';
import { initialFrequency, restoreFrequency } from './frequency-restoration.ts';
import { initialGenset, runGenset } from './genset-start.ts';
import { initialShedding, type SheddableLoad, shed } from './load-shedding.ts';
import { type BatteryReading, type GensetReading, NEITHER } from './types.ts';

const battery = (over: Partial<BatteryReading> = {}): BatteryReading => ({
  id: 'battery',
  name: 'Battery',
  ratedW: 80_000,
  powerW: 0,
  socPercent: 50,
  socMinPercent: 15,
  socMaxPercent: 95,
  controllable: true,
  ...over,
});
const genset = (over: Partial<GensetReading> = {}): GensetReading => ({
  id: 'genset',
  name: 'Genset',
  ratedW: 80_000,
  powerW: 0,
  running: false,
  controllable: true,
  ...over,
});

describe('frequency restoration', () => {
  const island = { islanded: true, connected: false, targetHz: 50, nominalHz: 50, genset: null, dtS: 1 };

  it('brings the frequency of an island back to nominal after a load step', () => {
    // The battery answers by droop: f = 50 − 1.5 % · 50 Hz · (discharge − set-point discharge) / rating.
    const loadW = 30_000;
    let state = initialFrequency;
    let frequencyHz = 50;
    for (let second = 0; second < 30; second += 1) {
      frequencyHz = 50 - (0.015 * 50 * (loadW + state.batterySetW)) / 80_000;
      state = restoreFrequency(state, { ...island, frequencyHz, battery: battery({ powerW: -loadW }) }).state;
    }
    expect(frequencyHz).toBeCloseTo(50, 2);
    expect(Math.abs(state.batterySetW + loadW)).toBeLessThan(1000);
  });

  it('stays stable when the frequency it sees is two seconds old', () => {
    const loadW = 60_000;
    const seen = [50, 50];
    let state = initialFrequency;
    let lowest = 50;
    for (let second = 0; second < 60; second += 1) {
      const frequencyHz = 50 - (0.75 * (loadW + state.batterySetW)) / 80_000;
      lowest = Math.min(lowest, frequencyHz);
      seen.push(frequencyHz);
      state = restoreFrequency(state, { ...island, frequencyHz: seen[second] as number, battery: battery({ powerW: -loadW }) }).state;
    }
    expect(seen.slice(-10).every((f) => Math.abs(f - 50) < 0.02)).toBe(true);
    expect(lowest).toBeGreaterThan(49.4);
  });

  it('holds the last set-point when the frequency goes silent, and lets the devices revert after half a minute', () => {
    const first = restoreFrequency({ ...initialFrequency, batterySetW: -20_000 }, { ...island, frequencyHz: 50, battery: battery() });
    let step = first;
    for (let second = 1; second <= 30; second += 1) {
      step = restoreFrequency(step.state, { ...island, frequencyHz: null, battery: battery() });
      expect(step.status).toBe('blind');
      expect(step.batterySetW).toBe(-20_000);
    }
    step = restoreFrequency(step.state, { ...island, frequencyHz: null, battery: battery() });
    expect(step.batterySetW).toBeNull();
  });

  it('does not discharge an empty battery, and does not wind up meanwhile', () => {
    let state = initialFrequency;
    for (let second = 0; second < 60; second += 1) {
      const step = restoreFrequency(state, { ...island, frequencyHz: 49.6, battery: battery({ socPercent: 15, powerW: -5000 }) });
      expect(step.batterySetW).toBe(0);
      expect(step.status).toBe('limited');
      state = step.state;
    }
    const turned = restoreFrequency(state, { ...island, frequencyHz: 50.2, battery: battery({ socPercent: 15 }) });
    expect(turned.batterySetW).toBeGreaterThan(0);
  });

  it('shifts the load to a running genset until the battery recharges', () => {
    let state = initialFrequency;
    const loadW = 40_000;
    let batteryW = -loadW;
    for (let second = 0; second < 60; second += 1) {
      const step = restoreFrequency(state, {
        ...island,
        frequencyHz: 50,
        battery: battery({ socPercent: 20, powerW: batteryW }),
        genset: genset({ running: true }),
      });
      state = step.state;
      batteryW = -(loadW + state.gensetSetW);
    }
    expect(state.gensetSetW).toBeLessThan(-55_000);
    expect(batteryW).toBeGreaterThan(15_000);
  });

  it('leaves the frequency to the main grid when connected', () => {
    const step = restoreFrequency(initialFrequency, { ...island, islanded: false, connected: true, frequencyHz: 49.9, battery: battery() });
    expect(step).toMatchObject({ status: 'idle', batterySetW: null, gensetSetW: null });
  });

  it('credits neither main grid nor island with the frequency when nobody can tell which it is', () => {
    const unknown = { connected: false, islanded: false };
    const frequency = restoreFrequency(initialFrequency, { ...island, ...unknown, frequencyHz: null, battery: battery() });
    const dispatch = dispatchBattery(initialDispatch, { ...unknown, plannedW: null, dtS: 1, exchangeW: null, battery: battery() });
    const peak = shavePeak({ ...unknown, exchangeW: null, peakImportW: 40_000, battery: battery() });
    for (const verdict of [frequency, dispatch, peak]) expect(verdict.why).toBe(NEITHER);
    expect(frequency.batterySetW).toBeNull();
    expect(dispatch.batterySetW).toBeNull();
  });

  it('never commands a tagged battery', () => {
    const step = restoreFrequency(initialFrequency, { ...island, frequencyHz: 49.5, battery: battery({ controllable: false }) });
    expect(step).toMatchObject({ status: 'limited', batterySetW: null });
  });
});

describe('battery', () => {
  const onGrid = { connected: true, islanded: false, plannedW: null, dtS: 1 };

  it('takes in the surplus until the exchange is near zero', () => {
    let state = initialDispatch;
    let exchangeW = -30_000;
    for (let second = 0; second < 30; second += 1) {
      exchangeW = -30_000 + state.setW;
      state = dispatchBattery(state, { ...onGrid, exchangeW, battery: battery({ powerW: state.setW }) }).state;
    }
    expect(Math.abs(exchangeW)).toBeLessThan(600);
  });

  it('does not swing when meter and battery are seen two seconds late', () => {
    const set = [0, 0, 0];
    let state = initialDispatch;
    const exchanges: number[] = [];
    for (let second = 0; second < 60; second += 1) {
      const now = set.at(-3) as number;
      const exchangeW = -30_000 + now;
      exchanges.push(exchangeW);
      state = dispatchBattery(state, { ...onGrid, exchangeW, battery: battery({ powerW: now }) }).state;
      set.push(state.setW);
    }
    expect(Math.max(...exchanges)).toBeLessThan(500);
    expect(Math.abs(exchanges.at(-1) as number)).toBeLessThan(600);
  });

  it('stops charging at the upper edge of the band and says so', () => {
    const step = dispatchBattery(
      { setW: 20_000, blindS: 0 },
      { ...onGrid, exchangeW: -30_000, battery: battery({ socPercent: 95, powerW: 20_000 }) },
    );
    expect(step.batterySetW).toBe(0);
    expect(step.status).toBe('limited');
    expect(step.why).toContain('95 %');
  });

  it('holds the last set-point when the exchange meter goes silent', () => {
    const step = dispatchBattery({ setW: 12_000, blindS: 3 }, { ...onGrid, exchangeW: null, battery: battery() });
    expect(step).toMatchObject({ status: 'blind', batterySetW: 12_000 });
  });

  it('follows the plan of the market, not faster than its ramp', () => {
    const step = dispatchBattery(initialDispatch, { ...onGrid, plannedW: -40_000, exchangeW: 0, battery: battery() });
    expect(step.batterySetW).toBe(-8000);
  });
});

describe('peak shaving', () => {
  it('has the battery cover what exceeds the peak', () => {
    const step = shavePeak({ connected: true, islanded: false, exchangeW: 55_000, peakImportW: 40_000, battery: battery({ powerW: 0 }) });
    expect(step.batteryCapW).toBe(-15_000);
    expect(step.status).toBe('acting');
  });
  it('keeps the battery from charging the import over the peak', () => {
    const step = shavePeak({
      connected: true,
      islanded: false,
      exchangeW: 38_000,
      peakImportW: 40_000,
      battery: battery({ powerW: 10_000 }),
    });
    expect(step.batteryCapW).toBe(12_000);
  });
  it('says that it cannot when the battery is empty', () => {
    const step = shavePeak({
      connected: true,
      islanded: false,
      exchangeW: 55_000,
      peakImportW: 40_000,
      battery: battery({ socPercent: 15 }),
    });
    expect(step.status).toBe('limited');
  });
  it('is blind without the meter and asks nothing', () => {
    expect(shavePeak({ connected: true, islanded: false, exchangeW: null, peakImportW: 40_000, battery: battery() })).toMatchObject({
      status: 'blind',
      batteryCapW: null,
    });
  });
});

describe('curtailment', () => {
  const pv = (powerW: number | null, over = {}) => ({ id: 'pv', name: 'PV', ratedW: 100_000, powerW, controllable: true, ...over });
  const base = {
    connected: true,
    islanded: false,
    exchangeW: 0,
    exportMaxW: 50_000,
    frequencyHz: 50,
    nominalHz: 50,
    highestVoltagePu: 1.0,
    voltageMaxPu: 1.1,
    battery: battery(),
    dtS: 1,
  };

  it('brings the export under its limit in one cycle', () => {
    const step = curtail(initialCurtailment, { ...base, exchangeW: -70_000, sources: [pv(-90_000)] });
    const limited = (step.limitPercent.get('pv') as number) * 1000;
    expect(90_000 - limited).toBeGreaterThanOrEqual(20_000);
    expect(step.status).toBe('acting');
  });

  it('lifts the limit slowly when there is room, and only then', () => {
    let state = { levelPercent: 40 as number | null, blindS: 0 };
    for (let second = 0; second < 10; second += 1) state = curtail(state, { ...base, exchangeW: -10_000, sources: [pv(-40_000)] }).state;
    expect(state.levelPercent).toBeCloseTo(50);
    const kept = curtail(state, { ...base, exchangeW: -48_000, sources: [pv(-50_000)] });
    expect(kept.state.levelPercent).toBeCloseTo(50);
  });

  it('holds the last limit when the meter goes silent', () => {
    let step = curtail({ levelPercent: 30, blindS: 0 }, { ...base, exchangeW: null, sources: [pv(-30_000)] });
    for (let second = 0; second < 600; second += 1) step = curtail(step.state, { ...base, exchangeW: null, sources: [pv(-30_000)] });
    expect(step.status).toBe('blind');
    expect(step.limitPercent.get('pv')).toBeCloseTo(30);
  });

  it('curtails an island whose battery is full', () => {
    const step = curtail(initialCurtailment, {
      ...base,
      connected: false,
      islanded: true,
      battery: battery({ socPercent: 96, powerW: 15_000 }),
      sources: [pv(-30_000)],
    });
    expect(step.state.levelPercent).toBeCloseTo(14, 3);
  });

  it('cuts who gives most of his rating and leaves the others alone', () => {
    const sources = [
      { id: 'hydro', name: 'Hydro', ratedW: 10_000, powerW: -9000, controllable: true },
      { id: 'pv', name: 'PV', ratedW: 100_000, powerW: -10_000, controllable: true },
    ];
    const step = curtail(initialCurtailment, { ...base, exportMaxW: 10_000, exchangeW: -12_700, sources });
    const level = step.state.levelPercent as number;
    expect(level).toBeCloseTo(60, 1);
    expect((level / 100) * 100_000).toBeGreaterThan(10_000);
  });

  it('does not command a source in manual mode', () => {
    const step = curtail(initialCurtailment, { ...base, exchangeW: -90_000, sources: [pv(-50_000, { controllable: false })] });
    expect(step.limitPercent.size).toBe(0);
  });
});

describe('genset', () => {
  const island = { islanded: true, connected: false, dtS: 1 };
  it('starts before the battery is empty and runs at least two minutes', () => {
    let state = initialGenset;
    const commands: (boolean | null)[] = [];
    for (let second = 0; second < 10; second += 1) {
      const step = runGenset(state, { ...island, battery: battery({ socPercent: 19, powerW: -10_000 }), genset: genset() });
      state = step.state;
      commands.push(step.run);
    }
    expect(commands.slice(0, 2)).toEqual([null, null]);
    expect(commands.at(-1)).toBe(true);
    let stoppedAfter: number | null = null;
    for (let second = 10; second < 200 && stoppedAfter === null; second += 1) {
      const step = runGenset(state, {
        ...island,
        battery: battery({ socPercent: 60, powerW: 5000 }),
        genset: genset({ running: true, powerW: -20_000 }),
      });
      state = step.state;
      if (step.run === false) stoppedAfter = second;
    }
    expect(stoppedAfter).toBeGreaterThanOrEqual(120);
  });
  it('does not start while the sun recharges a low battery', () => {
    let state = initialGenset;
    for (let second = 0; second < 30; second += 1) {
      const step = runGenset(state, { ...island, battery: battery({ socPercent: 17, powerW: 9000 }), genset: genset() });
      expect(step.run).toBeNull();
      state = step.state;
    }
  });
  it('says when the genset does not come up', () => {
    let state = initialGenset;
    let failed = false;
    for (let second = 0; second < 60; second += 1) {
      const step = runGenset(state, {
        ...island,
        battery: battery({ socPercent: 16, powerW: -10_000 }),
        genset: genset({ running: false }),
      });
      state = step.state;
      failed = step.failedToStart;
    }
    expect(failed).toBe(true);
  });
  it('does not start because the battery’s readings are missing', () => {
    const step = runGenset(initialGenset, { ...island, battery: battery({ socPercent: null }), genset: genset() });
    expect(step).toMatchObject({ run: null, status: 'blind' });
  });
});

describe('load shedding', () => {
  const loads = (positions: ('open' | 'closed')[]): SheddableLoad[] =>
    positions.map((position, i) => ({
      switchId: `q${i + 1}`,
      name: `Load ${i + 1}`,
      powerW: position === 'closed' ? 5000 : 0,
      position,
      controllable: true,
    }));
  const base = {
    connected: false,
    islanded: true,
    frequencyHz: 50 as number | null,
    nominalHz: 50,
    frequencyMinHz: 49.5,
    energyShort: false,
    reserveUpW: 40_000,
    dtS: 1,
  };

  it('sheds in order, one every two seconds, while the frequency is low, and restores in reverse order', () => {
    const positions: ('open' | 'closed')[] = ['closed', 'closed', 'closed'];
    const story: string[] = [];
    let state = initialShedding;
    for (let second = 0; second < 90; second += 1) {
      const frequencyHz = second < 5 ? 49.3 : 50;
      const step = shed(state, { ...base, frequencyHz, loads: loads(positions) });
      state = step.state;
      if (step.open) {
        story.push(`-${step.open}`);
        positions[Number(step.open.slice(1)) - 1] = 'open';
      }
      if (step.close) {
        story.push(`+${step.close}`);
        positions[Number(step.close.slice(1)) - 1] = 'closed';
      }
    }
    expect(story).toEqual(['-q1', '-q2', '-q3', '+q3', '+q2', '+q1']);
  });

  it('goes on with the next load when a relay is stuck closed', () => {
    const story: string[] = [];
    let state = initialShedding;
    for (let second = 0; second < 10; second += 1) {
      const step = shed(state, { ...base, frequencyHz: 49.2, loads: loads(['closed', 'closed', 'closed']) });
      state = step.state;
      if (step.open) story.push(step.open);
    }
    expect(story.slice(0, 3)).toEqual(['q1', 'q2', 'q3']);
  });

  it('restores only what it shed itself', () => {
    let state = initialShedding;
    for (let second = 0; second < 200; second += 1) {
      const step = shed(state, { ...base, loads: loads(['open', 'closed']) });
      state = step.state;
      expect(step.close).toBeNull();
    }
  });

  it('waits for reserve before it restores', () => {
    let state = { ...initialShedding, shed: [{ switchId: 'q1', powerW: 5000 }] };
    let step = shed(state, { ...base, reserveUpW: 2000, loads: loads(['open']) });
    for (let second = 0; second < 90; second += 1) {
      step = shed(state, { ...base, reserveUpW: 2000, loads: loads(['open']) });
      state = { ...step.state, shed: [...step.state.shed] };
    }
    expect(step).toMatchObject({ close: null, status: 'limited' });
  });

  it('holds when the frequency is unknown', () => {
    const step = shed(
      { ...initialShedding, shed: [{ switchId: 'q1', powerW: 5000 }] },
      { ...base, frequencyHz: null, loads: loads(['open', 'closed']) },
    );
    expect(step).toMatchObject({ open: null, close: null, status: 'blind' });
  });

  it('never sheds a tagged load', () => {
    const tagged = loads(['closed', 'closed']).map((l, i) => ({ ...l, controllable: i !== 0 }));
    const step = shed(initialShedding, { ...base, frequencyHz: 49, loads: tagged });
    expect(step.open).toBe('q2');
  });
});

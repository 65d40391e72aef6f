import { describe, expect, it } from 'vitest';
import { socPercent } from './battery.ts';
import { renew } from './revert-timer.ts';
import { bench } from './testing.ts';

describe('on the main grid', () => {
  it('balances power in every step: units plus losses equal the import', () => {
    const plant = bench();
    plant.run(60, () => {
      const units = plant.state.units.reduce((sum, u) => sum + u.activePowerW, 0);
      expect(Math.abs(units + plant.state.lossesW - plant.state.pccPowerW)).toBeLessThan(1);
    });
  });

  it('conserves energy over a day: import + generation + discharge = load + losses + charge + export', () => {
    const plant = bench({ at: '2025-06-17T00:00:00Z', speed: 3600 });
    const battery = plant.state.battery?.machine;
    if (!battery) throw new Error('no battery');
    battery.setpointEnabled = true;
    battery.requestedW = -9000;
    battery.revert.periodS = 0;
    plant.run(12);
    battery.requestedW = 12_000;
    plant.run(12);
    const e = plant.state.energy;
    const put = e.pccImportWh + e.generationWh + e.storageOutWh;
    const taken = e.loadWh + e.lossWh + e.storageInWh + e.pccExportWh;
    expect(e.loadWh).toBeGreaterThan(200_000);
    expect(Math.abs(put - taken) / put).toBeLessThan(1e-5);
  });

  it('keeps the battery’s books: stored energy = charge − discharge − losses', () => {
    const plant = bench({ speed: 600 });
    const battery = plant.state.battery?.machine;
    if (!battery) throw new Error('no battery');
    const before = battery.storedWh;
    Object.assign(battery, { setpointEnabled: true, requestedW: -30_000 });
    plant.run(10);
    Object.assign(battery, { requestedW: 20_000 });
    plant.run(10);
    expect(battery.lostWh).toBeGreaterThan(0);
    expect(battery.storedWh - before).toBeCloseTo(battery.chargedWh - battery.dischargedWh - battery.lostWh, 3);
  });

  it('raises the state of charge while charging and lowers it while discharging, step by step', () => {
    const plant = bench();
    const battery = plant.state.battery?.machine;
    if (!battery) throw new Error('no battery');
    Object.assign(battery, { setpointEnabled: true, requestedW: -40_000 });
    plant.run(2);
    let last = battery.storedWh;
    plant.run(10, () => {
      expect(battery.storedWh).toBeGreaterThan(last);
      last = battery.storedWh;
    });
    battery.requestedW = 40_000;
    plant.run(2);
    last = battery.storedWh;
    plant.run(10, () => {
      expect(battery.storedWh).toBeLessThan(last);
      last = battery.storedWh;
    });
  });

  it('stops discharging at the lower end of the battery and charging at the upper', () => {
    const plant = bench({ speed: 600 });
    const battery = plant.state.battery?.machine;
    if (!battery) throw new Error('no battery');
    Object.assign(battery, { setpointEnabled: true, requestedW: 80_000 });
    battery.revert.periodS = 0;
    plant.run(30);
    expect(socPercent(battery)).toBeGreaterThan(battery.settings.socMinPercent - 2.5);
    expect(socPercent(battery)).toBeLessThan(battery.settings.socMinPercent + 1);
    battery.requestedW = -80_000;
    plant.run(60);
    expect(socPercent(battery)).toBeLessThan(battery.settings.socMaxPercent + 0.5);
    expect(socPercent(battery)).toBeGreaterThan(battery.settings.socMaxPercent - 2);
  });

  it('agrees with the feeder’s voltages: within 2 % of 1.025 pu on a quiet evening', () => {
    const plant = bench({ at: '2025-06-17T21:00:00Z' });
    plant.run(1);
    for (const bus of plant.file.grid.buses) expect(Math.abs(plant.voltagePu(bus.id) - 1.025)).toBeLessThan(0.02);
  });

  it('produces no solar power at night and much at noon', () => {
    const plant = bench({ at: '2025-06-17T23:30:00Z' });
    plant.run(5);
    const solar = () => plant.state.units.filter((u) => u.definition.kind === 'solar').reduce((sum, u) => sum - u.activePowerW, 0);
    expect(solar()).toBe(0);
    plant.advanceTo('2025-06-17T11:30:00Z');
    plant.run(15);
    expect(solar()).toBeGreaterThan(15_000);
  });
});

describe('loss of the main grid', () => {
  it('opens the interconnection by itself and keeps every load fed from the battery', () => {
    const plant = bench({ at: '2025-06-17T20:00:00Z' });
    plant.run(2);
    const before = plant.loadW();
    plant.state.mains.present = false;
    plant.run(0.5);
    expect(plant.switch('q-pcc')).toMatchObject({ closed: false, command: false, tripped: true });
    plant.run(10);
    expect(plant.frequencyHz()).toBeGreaterThan(49);
    expect(plant.loadW()).toBeGreaterThan(0.9 * before);
    expect(plant.voltagePu('b4')).toBeCloseTo(1, 3);
    expect(plant.voltagePu('mv')).toBe(0);
  });

  it('settles on the droop line: deviation = droop × battery power / rating', () => {
    const plant = bench({ at: '2025-06-17T20:00:00Z' });
    plant.state.mains.present = false;
    plant.run(30);
    const battery = plant.state.battery;
    if (!battery) throw new Error('no battery');
    const expected = 50 - 0.015 * 50 * (battery.machine.electricalW / battery.machine.ratedW);
    expect(plant.frequencyHz()).toBeCloseTo(expected, 1);
  });

  it('brings the frequency back to nominal when the set-point takes over the load', () => {
    const plant = bench({ at: '2025-06-17T20:00:00Z' });
    plant.state.mains.present = false;
    plant.run(10);
    const battery = plant.state.battery?.machine;
    if (!battery) throw new Error('no battery');
    battery.setpointEnabled = true;
    battery.revert.periodS = 0;
    for (let i = 0; i < 40; i++) {
      battery.requestedW += (50 - plant.frequencyHz()) * 20_000;
      plant.run(1);
    }
    expect(Math.abs(plant.frequencyHz() - 50)).toBeLessThan(0.03);
  });

  it('goes dark when no source can hold the island, and counts no load energy then', () => {
    const plant = bench();
    plant.run(1);
    for (const id of ['q-battery', 'q-hydro']) plant.open(id);
    plant.run(1);
    plant.state.mains.present = false;
    plant.run(5);
    expect(plant.state.islands.every((i) => i.kind === 'dead')).toBe(true);
    expect(plant.loadW()).toBe(0);
    expect(plant.frequencyHz()).toBe(0);
    const before = plant.state.energy.loadWh;
    plant.run(5);
    expect(plant.state.energy.loadWh).toBe(before);
  });

  it('may be carried by the hydro set and the inverters’ own throttling while the sun gives more than the loads take', () => {
    const plant = bench({ at: '2025-06-17T10:00:00Z' });
    plant.open('q-battery');
    plant.run(1);
    plant.state.mains.present = false;
    plant.run(6);
    expect(plant.frequencyHz()).toBeGreaterThan(50);
    expect(plant.frequencyHz()).toBeLessThan(51.5);
    expect(plant.state.hydro?.machine.electricalW).toBeGreaterThan(1000);
  });

  it('starts a dark island again from the battery, without anybody telling it', () => {
    const plant = bench({ at: '2025-06-17T20:00:00Z' });
    for (const id of ['q-battery', 'q-hydro']) plant.open(id);
    plant.run(1);
    plant.state.mains.present = false;
    plant.run(3);
    expect(plant.frequencyHz()).toBe(0);
    plant.close('q-battery');
    plant.run(5);
    expect(plant.frequencyHz()).toBeGreaterThan(49);
    expect(plant.loadW()).toBeGreaterThan(1000);
  });

  it('does not close the interconnection onto a dead main grid', () => {
    const plant = bench();
    plant.state.mains.present = false;
    plant.run(2);
    plant.close('q-pcc');
    plant.run(61);
    expect(plant.switch('q-pcc')).toMatchObject({ closed: false, command: false });
  });

  it('closes the interconnection only in step with the main grid, within a minute', () => {
    const plant = bench({ at: '2025-06-17T20:00:00Z' });
    plant.state.mains.present = false;
    plant.run(20);
    plant.state.mains.present = true;
    plant.run(1);
    const island = () => plant.state.busAngleDeg[plant.state.wires.busIndex.get('b4') as number] as number;
    plant.close('q-pcc');
    let angleAtClosing = Number.NaN;
    let last = island();
    plant.run(59, () => {
      if (plant.switch('q-pcc').closed && Number.isNaN(angleAtClosing)) angleAtClosing = last - plant.state.mains.angleDeg;
      last = island();
    });
    expect(plant.switch('q-pcc').closed).toBe(true);
    const wrapped = ((((angleAtClosing + 180) % 360) + 360) % 360) - 180;
    expect(Math.abs(wrapped)).toBeLessThan(20);
    expect(plant.state.islands).toHaveLength(1);
  });
});

describe('the synchroniser', () => {
  it.each([1, 2, 3, 4, 5, 6])('finds the moment also while a console keeps the island at nominal frequency (weather %i)', (seed) => {
    const plant = bench({ at: '2025-06-17T08:00:00Z', seed });
    const battery = plant.state.battery?.machine;
    if (!battery) throw new Error('no battery');
    Object.assign(battery, { setpointEnabled: true });
    battery.revert.periodS = 0;
    const restore = (seconds: number) => {
      for (let i = 0; i < seconds && !plant.switch('q-pcc').closed; i++) {
        battery.requestedW += (50 - plant.frequencyHz()) * 30_000;
        plant.run(1);
      }
    };
    plant.state.mains.present = false;
    plant.run(2);
    restore(30);
    plant.state.mains.present = true;
    plant.run(4);
    plant.close('q-pcc');
    restore(58);
    expect(plant.switch('q-pcc').closed).toBe(true);
  });
});

describe('under-frequency relays', () => {
  it('shed load in stages when the island is short of power, and save the rest', () => {
    const plant = bench({ at: '2025-06-17T20:00:00Z' });
    plant.run(1);
    for (const unit of plant.file.grid.units) if (unit.kind === 'load') plant.overrides.loads.set(unit.id, 5);
    plant.state.mains.present = false;
    plant.run(8);
    const tripped = plant.state.switches.filter((s) => s.tripped && s.definition.kind === 'unit').map((s) => s.id);
    expect(tripped).toContain('q-load-workshop');
    expect(tripped).not.toContain('q-load-clinic');
    expect(plant.frequencyHz()).toBeGreaterThan(48);
    expect(plant.state.unitById.get('load-clinic')?.activePowerW).toBeGreaterThan(0);
  });

  it('leave the loads alone in ordinary noise of the main grid', () => {
    const plant = bench();
    plant.run(120);
    expect(plant.state.switches.filter((s) => s.tripped)).toHaveLength(0);
  });
});

describe('inverters', () => {
  it('reduce power above 50.2 Hz by 40 % per hertz', () => {
    const plant = bench({ at: '2025-06-17T11:00:00Z' });
    plant.overrides.cloudDepth = 0.6;
    plant.run(15);
    const inverter = plant.state.inverters.get('pv-orchard-3');
    const battery = plant.state.battery?.machine;
    if (!inverter || !battery) throw new Error('missing unit');
    const before = inverter.outputW;
    battery.storedWh = battery.capacityWh * 0.985;
    for (const unit of plant.file.grid.units) plant.overrides.loads.set(unit.id, 1.4);
    plant.state.mains.present = false;
    plant.run(20);
    expect(plant.frequencyHz()).toBeGreaterThan(50.2);
    expect(plant.frequencyHz()).toBeLessThan(51.5);
    expect(inverter.outputW).toBeLessThan(before);
    expect(inverter.state).toBe('throttled');
  });

  it('trip beyond the profile and come back only after the enter-service delay', () => {
    const plant = bench({ at: '2025-06-17T11:00:00Z' });
    plant.run(5);
    const inverter = plant.state.inverters.get('pv-mill-1');
    if (!inverter) throw new Error('missing unit');
    plant.open('q-battery');
    plant.run(1);
    plant.state.mains.present = false;
    plant.run(2);
    expect(inverter.outputW).toBe(0);
    plant.state.mains.present = true;
    plant.close('q-pcc');
    plant.run(50);
    expect(inverter.outputW).toBe(0);
    plant.run(30);
    expect(inverter.outputW).toBeGreaterThan(0);
  });

  it('hold a power limit while it is renewed, and lift it by themselves when it is not', () => {
    const plant = bench({ at: '2025-06-17T11:30:00Z' });
    plant.run(15);
    const inverter = plant.state.inverters.get('pv-orchard-3');
    if (!inverter) throw new Error('missing unit');
    Object.assign(inverter, { limitEnabled: true, limitPercent: 5 });
    inverter.limitRevert.periodS = 10;
    for (let i = 0; i < 4; i++) {
      renew(inverter.limitRevert);
      plant.run(5);
      expect(inverter.outputW).toBeLessThanOrEqual(0.05 * inverter.ratedW + 1);
    }
    plant.run(20);
    expect(inverter.limitEnabled).toBe(false);
    expect(inverter.outputW).toBeGreaterThan(0.05 * inverter.ratedW);
  });
});

describe('the genset', () => {
  it('cranks, warms up, takes its set-point, cools down and stops', () => {
    const plant = bench();
    const genset = plant.state.genset?.machine;
    if (!genset) throw new Error('no genset');
    const seen: string[] = [];
    const note = () => {
      if (seen.at(-1) !== genset.state) seen.push(genset.state);
    };
    note();
    genset.startCommand = true;
    genset.requestedW = 40_000;
    genset.revert.periodS = 0;
    plant.run(25, note);
    expect(genset.electricalW).toBeGreaterThan(35_000);
    genset.startCommand = false;
    plant.run(25, note);
    expect(seen).toEqual(['stopped', 'cranking', 'warming-up', 'unloaded', 'loaded', 'cooling-down', 'stopped']);
    expect(genset.fuelL).toBeLessThan(genset.settings.tankL * 0.8);
  });

  it('runs at its minimum load at least beside the main grid', () => {
    const plant = bench();
    const genset = plant.state.genset?.machine;
    if (!genset) throw new Error('no genset');
    Object.assign(genset, { startCommand: true, requestedW: 2000 });
    genset.revert.periodS = 0;
    plant.run(30);
    expect(genset.electricalW).toBeGreaterThan(0.24 * genset.ratedW);
  });

  it('stops by itself when its console falls silent beside the main grid', () => {
    const plant = bench();
    const genset = plant.state.genset?.machine;
    if (!genset) throw new Error('no genset');
    Object.assign(genset, { startCommand: true, requestedW: 30_000 });
    genset.revert.periodS = 20;
    renew(genset.revert);
    plant.run(60);
    expect(genset.state).toBe('stopped');
  });

  it('shares an island’s load with the battery, and holds it alone when the battery leaves', () => {
    const plant = bench({ at: '2025-06-17T20:00:00Z' });
    plant.state.mains.present = false;
    plant.run(5);
    const genset = plant.state.genset?.machine;
    if (!genset) throw new Error('no genset');
    Object.assign(genset, { startCommand: true, requestedW: 15_000 });
    genset.revert.periodS = 0;
    plant.run(40);
    plant.open('q-battery');
    plant.run(20);
    expect(plant.frequencyHz()).toBeGreaterThan(49);
    expect(genset.electricalW).toBeGreaterThan(1000);
  });

  it('reports a start failure after three attempts when it does not fire', () => {
    const plant = bench();
    const genset = plant.state.genset?.machine;
    if (!genset) throw new Error('no genset');
    Object.assign(genset, { startCommand: true, refusesToStart: true });
    plant.run(12);
    expect(genset.state).toBe('fault');
    genset.startCommand = false;
    plant.run(1);
    expect(genset.state).toBe('stopped');
  });
});

describe('switching', () => {
  it('leaves everything behind an opened feeder dead, and a tie brings it back', () => {
    const plant = bench({ at: '2025-06-17T20:00:00Z' });
    plant.run(1);
    plant.open('q-feeder-c');
    plant.run(1);
    for (const bus of ['b8', 'b11', 'b10', 'b3']) expect(plant.frequencyHz(bus)).toBe(0);
    expect(plant.state.unitById.get('load-shop')?.activePowerW).toBe(0);
    plant.close('q-tie-cd');
    plant.run(1);
    for (const bus of ['b8', 'b11', 'b10', 'b3']) expect(plant.frequencyHz(bus)).toBeGreaterThan(49.9);
    expect(plant.state.unitById.get('load-shop')?.activePowerW).toBeGreaterThan(0);
  });

  it('carries on with a loop when a tie is closed beside its feeders', () => {
    const plant = bench();
    plant.run(1);
    const before = plant.state.lossesW;
    plant.close('q-tie-ab');
    plant.run(2);
    expect(plant.switch('q-tie-ab').closed).toBe(true);
    expect(plant.state.islands).toHaveLength(1);
    expect(plant.state.lossesW).toBeLessThan(before * 1.5);
  });

  it('reports the position only after the mechanism has moved', () => {
    const plant = bench();
    plant.run(1);
    plant.open('q-load-shop');
    expect(plant.switch('q-load-shop')).toMatchObject({ command: false, closed: true });
    plant.run(0.1);
    expect(plant.switch('q-load-shop')).toMatchObject({ command: false, closed: false });
  });

  it('keeps a stuck relay where it is until it is freed', () => {
    const plant = bench();
    plant.switch('q-load-shop').stuck = true;
    plant.open('q-load-shop');
    plant.run(2);
    expect(plant.switch('q-load-shop').closed).toBe(true);
    plant.switch('q-load-shop').stuck = false;
    plant.run(0.2);
    expect(plant.switch('q-load-shop').closed).toBe(false);
  });

  it('keeps the clinic alive through the default emergency level, on the grid and on the island', () => {
    for (const island of [false, true]) {
      const plant = bench({ at: '2025-06-17T11:30:00Z' });
      plant.run(5);
      if (island) plant.state.mains.present = false;
      plant.run(5);
      for (const id of plant.file.emergency.levels[0]?.opens ?? []) plant.open(id);
      plant.run(10);
      expect(plant.state.unitById.get('load-clinic')?.activePowerW).toBeGreaterThan(0);
      expect(plant.loadW()).toBeCloseTo(plant.state.unitById.get('load-clinic')?.activePowerW ?? 0, 6);
      expect(plant.frequencyHz('b12')).toBeGreaterThan(49);
      expect(plant.frequencyHz('b12')).toBeLessThan(51);
    }
  });
});

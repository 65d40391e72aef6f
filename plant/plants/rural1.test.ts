import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadProfile } from '../../drivers/modbus/device-profile.ts';
import { loadModel } from '../../drivers/modbus/sunspec/models.ts';
import { loadProfiles } from '../physics/profiles.ts';
import { rural1 } from '../physics/testing.ts';
import { parseSimulation } from '../simulation-file.ts';

const plant = rural1();
const simulation = parseSimulation(plant);

describe('the rural1 plant file', () => {
  it('describes a plant that the console accepts, with a simulation that the plant accepts', () => {
    expect(plant.schema).toBe('plant/1');
    expect(simulation.kind).toBe('ok');
  });

  it('has sixteen settling members with meter ids 1 to 16 and one meter at the interconnection that settles nothing', () => {
    const settling = plant.devices.filter((d) => d.meter?.settling);
    expect(settling.map((d) => d.meter?.meterId)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
    expect(plant.members).toHaveLength(16);
    expect(plant.devices.find((d) => d.id === plant.grid.interconnectionMeter)?.meter?.settling).toBe(false);
  });

  it('has one public meter, of the community’s carport, which settles nothing', () => {
    const open = plant.devices.filter((d) => d.meter?.public);
    expect(open.map((d) => [d.id, d.meter?.meterId, d.meter?.settling])).toEqual([['meter-carport', 17, false]]);
    expect(plant.members.map((m) => m.meter)).not.toContain('meter-carport');
  });

  it('lets only sun, wind and water earn certificates, never storage or diesel', () => {
    for (const device of plant.devices) {
      if (!device.meter) continue;
      expect(device.meter.renewableOnly).toBe(['solar', 'wind', 'hydro'].includes(device.meter.technology));
      const behind = plant.grid.units.filter((u) => u.meter === device.id).map((u) => u.kind);
      if (device.meter.renewableOnly) expect(behind).not.toEqual(expect.arrayContaining(['battery', 'genset']));
    }
  });

  it('gives every load and every source a switch of its own, on a coil used once', () => {
    for (const unit of plant.grid.units) {
      expect(plant.grid.switches.filter((s) => s.on.kind === 'unit' && s.on.id === unit.id)).toHaveLength(1);
    }
    const coils = plant.grid.switches.map((s) => `${s.relay}/${s.coil}`);
    expect(new Set(coils).size).toBe(coils.length);
    for (const s of plant.grid.switches) expect(s.coil).toBeLessThan(8);
  });

  it('keeps the clinic’s way clear in levels that promise it, and never sheds critical loads', () => {
    const critical = plant.grid.units.filter((u) => u.critical).map((u) => u.id);
    expect(critical).toEqual(['load-clinic']);
    const criticalSwitches = plant.grid.switches.filter((s) => s.on.kind === 'unit' && critical.includes(s.on.id)).map((s) => s.id);
    for (const level of plant.emergency.levels.filter((l) => l.keepsCritical)) {
      for (const id of [...criticalSwitches, 'q-pcc', 'q-feeder-d', 'q-battery']) expect(level.opens).not.toContain(id);
    }
    for (const id of criticalSwitches) expect(plant.control.shedOrder).not.toContain(id);
    expect(plant.emergency.defaultLevel).toBe('all-but-critical');
  });

  it('names only profiles, models and columns that exist', () => {
    for (const device of plant.devices) {
      if (device.protocol.kind === 'profile') expect(loadProfile(device.protocol.profile).rows.length).toBeGreaterThan(0);
      else for (const id of device.protocol.models) expect(loadModel(id), `model ${id}`).toBeDefined();
    }
    if (simulation.kind !== 'ok') throw new Error('unreachable');
    const { columns } = loadProfiles(new URL('../data/rural1-profiles.csv', import.meta.url));
    for (const load of Object.values(simulation.simulation.loads)) {
      expect(columns.has(`${load.profile}_p`)).toBe(true);
      expect(columns.has(`${load.profile}_q`)).toBe(true);
    }
    for (const column of Object.values(simulation.simulation.solar)) expect(columns.has(column)).toBe(true);
    const loads = plant.grid.units.filter((u) => u.kind === 'load').map((u) => u.id);
    expect(Object.keys(simulation.simulation.loads).sort()).toEqual(loads.sort());
  });

  it('is radial with its ties open, and has a place on the drawing for every bus', () => {
    const open = new Set(plant.grid.switches.filter((s) => s.normal === 'open').map((s) => s.on.id));
    const closed = [...plant.grid.lines, ...plant.grid.transformers].filter((b) => !open.has(b.id));
    expect(closed).toHaveLength(plant.grid.buses.length - 1);
    const places = plant.grid.buses.map((b) => `${b.x},${b.y}`);
    expect(new Set(places).size).toBe(places.length);
    for (const b of plant.grid.buses) expect([typeof b.x, typeof b.y]).toEqual(['number', 'number']);
  });

  it('asks for free ports only, so that two plants can run beside each other', () => {
    for (const device of plant.devices) expect(device.connection.port).toBe(0);
  });

  it('carries the notice its data require', () => {
    const notice = readFileSync(new URL('../data/NOTICE.md', import.meta.url), 'utf8');
    for (const words of ['ODbL', 'DbCL', 'SimBench', 'University of Kassel', 'synthetic']) expect(notice).toContain(words);
  });

  it('is refused by the simulated plant, with the place named, when a part is missing', () => {
    const without = (change: (copy: typeof plant) => void) => {
      const copy = structuredClone(plant);
      change(copy);
      const result = parseSimulation(copy);
      return result.kind === 'invalid' ? result.problems.join('; ') : 'ok';
    };
    const part = (copy: typeof plant) => copy.simulation as unknown as { loads: Record<string, unknown>; battery: { unit: string } };
    expect(without(() => {})).toBe('ok');
    expect(without((p) => delete p.simulation)).toMatch(/real plant/);
    expect(without((p) => delete part(p).loads['load-shop'])).toMatch(/load-shop has no profile/);
    expect(
      without((p) => {
        part(p).battery.unit = 'nobody';
      }),
    ).toMatch(/there is no battery unit nobody/);
  });
});

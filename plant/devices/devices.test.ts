/** Register maps over a running plant, without sockets: what a master would read and write. */
import { describe, expect, it } from 'vitest';
import { loadProfile } from '../../drivers/modbus/device-profile.ts';
import { decodeModel } from '../../drivers/modbus/sunspec/codec.ts';
import { layoutModel } from '../../drivers/modbus/sunspec/layout.ts';
import { loadModel } from '../../drivers/modbus/sunspec/models.ts';
import type { ModbusUnit } from '../../drivers/modbus/unit.ts';
import { type Bench, bench } from '../physics/testing.ts';
import { batteryDevice } from './battery-device.ts';
import { gensetDevice } from './genset-device.ts';
import { hydroDevice } from './hydro-device.ts';
import { inverterDevice } from './inverter-device.ts';
import { EVENT_COVER_OPEN, meterDevice } from './meter-device.ts';
import { interconnectionDevice, relayUnitDevice } from './relay-device.ts';

/** Walks a SunSpec map as a master would and decodes every model. */
function readAll(unit: ModbusUnit): Map<number, ReturnType<typeof decodeModel>> {
  const models = new Map<number, ReturnType<typeof decodeModel>>();
  expect(unit.read('holding', 40_000, 2)).toEqual([0x5375, 0x6e53]);
  for (let address = 40_002; ; ) {
    const [id, length] = unit.read('holding', address, 2) as [number, number];
    if (id === 0xffff) return models;
    const words = unit.read('holding', address, length + 2);
    const definition = loadModel(id);
    if (!definition) throw new Error(`model ${id} is unknown`);
    models.set(id, decodeModel(layoutModel(definition, words), words));
    address += 2 + length;
  }
}
const value = (models: ReturnType<typeof readAll>, id: number, path: string) => models.get(id)?.get(path)?.value;

/** Mandatory points that a device left unimplemented. */
function missing(models: ReturnType<typeof readAll>): string[] {
  const names: string[] = [];
  for (const [id, points] of models) {
    for (const point of loadModel(id)?.group.points ?? []) {
      if (point.mandatory !== 'M' || point.type === 'pad') continue;
      if (points.get(point.name)?.reason === 'not-implemented') names.push(`${id}.${point.name}`);
    }
  }
  return names;
}

const device = (plant: Bench, id: string) => {
  const found = plant.file.devices.find((d) => d.id === id);
  if (!found) throw new Error(`no device ${id}`);
  return found;
};
const electrical = (plant: Bench, unitId: string) => {
  const unit = plant.state.unitById.get(unitId);
  if (!unit) throw new Error(`no unit ${unitId}`);
  return {
    activePowerW: unit.activePowerW,
    reactivePowerVar: unit.reactivePowerVar,
    frequencyHz: plant.state.busFrequencyHz[unit.busIndex] as number,
    lineVoltageV: 400 * (plant.state.busVoltagePu[unit.busIndex] as number),
  };
};
let steps = 0;
const fresh = () => ++steps;

describe('SunSpec devices', () => {
  it('fill every mandatory point of their models', () => {
    const plant = bench();
    plant.run(15);
    const inverter = plant.state.inverters.get('pv-mill-1');
    const battery = plant.state.battery?.machine;
    if (!inverter || !battery) throw new Error('missing unit');
    const meter = meterDevice(device(plant, 'meter-clinic'), fresh, () => ({
      ...electrical(plant, 'load-clinic'),
      importWh: 1_234_567.8,
      exportWh: 9,
      coverOpen: false,
    }));
    const pv = inverterDevice(device(plant, 'inverter-mill-1'), inverter, fresh, () => ({
      ...electrical(plant, 'pv-mill-1'),
      generatedWh: 5000,
      availableW: 1,
    }));
    const store = batteryDevice(device(plant, 'battery'), battery, fresh, () => ({ ...electrical(plant, 'battery'), forming: false }));
    for (const unit of [meter, pv, store]) expect(missing(readAll(unit))).toEqual([]);
    expect([...readAll(meter).keys()]).toEqual(device(plant, 'meter-clinic').protocol.kind === 'sunspec' ? [1, 203] : []);
    expect([...readAll(pv).keys()]).toEqual([1, 103, 120, 121, 123]);
    expect([...readAll(store).keys()]).toEqual([1, 701, 702, 704, 713]);
    expect(value(readAll(meter), 203, 'TotWhImp')).toBe(1_234_567);
    expect(value(readAll(meter), 1, 'SN')).toBe(device(plant, 'meter-clinic').serial);
  });

  it('carry import as positive on a meter and generation as positive on an inverter', () => {
    const plant = bench({ at: '2025-06-17T11:30:00Z' });
    plant.run(15);
    const inverter = plant.state.inverters.get('pv-orchard-3');
    if (!inverter) throw new Error('missing unit');
    const meter = meterDevice(device(plant, 'meter-orchard-3'), fresh, () => ({
      ...electrical(plant, 'pv-orchard-3'),
      importWh: 1,
      exportWh: 1,
      coverOpen: true,
    }));
    const pv = inverterDevice(device(plant, 'inverter-orchard-3'), inverter, fresh, () => ({
      ...electrical(plant, 'pv-orchard-3'),
      generatedWh: 1,
      availableW: 50_000,
    }));
    expect(Number(value(readAll(meter), 203, 'W'))).toBeLessThan(-10_000);
    expect(Number(value(readAll(pv), 103, 'W'))).toBeGreaterThan(10_000);
    expect(value(readAll(meter), 203, 'Evt')).toBe(EVENT_COVER_OPEN);
  });

  it('report a dead bus as zero volts and a power failure, and keep answering', () => {
    const plant = bench();
    for (const id of ['q-battery', 'q-hydro']) plant.open(id);
    plant.run(1);
    plant.state.mains.present = false;
    plant.run(6);
    const meter = meterDevice(device(plant, 'meter-clinic'), fresh, () => ({
      ...electrical(plant, 'load-clinic'),
      importWh: 1,
      exportWh: 1,
      coverOpen: false,
    }));
    expect(value(readAll(meter), 203, 'PPV')).toBe(0);
    expect(Number(value(readAll(meter), 203, 'Evt')) & 4).toBe(4);
  });

  it('say that the battery forms the island, and show its state of charge', () => {
    const plant = bench();
    const battery = plant.state.battery?.machine;
    if (!battery) throw new Error('no battery');
    plant.state.mains.present = false;
    plant.run(5);
    const forming = plant.state.islands.some((i) => i.former === battery);
    const unit = batteryDevice(device(plant, 'battery'), battery, fresh, () => ({ ...electrical(plant, 'battery'), forming }));
    expect(value(readAll(unit), 701, 'DERMode')).toBe(2);
    expect(Number(value(readAll(unit), 713, 'SoC'))).toBeCloseTo((100 * battery.storedWh) / battery.capacityWh, 0);
    expect(value(readAll(unit), 713, 'WHRtg')).toBe(200_000);
  });
});

describe('device profiles', () => {
  const row = (profile: string, name: string) => {
    const found = loadProfile(profile).rows.find((r) => r.name === name);
    if (!found) throw new Error(`no row ${name}`);
    return found;
  };
  const int32 = (words: number[]) => ((words[0] as number) << 16) | (words[1] as number);

  it('start the genset by registers; generation is negative in house sign', () => {
    const plant = bench();
    const genset = plant.state.genset?.machine;
    if (!genset) throw new Error('no genset');
    const unit = gensetDevice(genset, fresh, () => electrical(plant, 'genset'));
    unit.write('holding', row('genset', 'setpointRevertS').address, [120]);
    unit.write('holding', row('genset', 'activePowerSetpointW').address, [0, 30_000]);
    unit.write('holding', row('genset', 'startCommand').address, [1]);
    expect(genset.requestedW).toBe(30_000);
    plant.run(30);
    expect(unit.read('input', row('genset', 'state').address, 1)).toEqual([4]);
    expect(int32(unit.read('input', row('genset', 'activePowerW').address, 2))).toBeGreaterThan(28_000);
    expect(plant.state.unitById.get('genset')?.activePowerW).toBeLessThan(-28_000);
    expect(unit.read('discrete', row('genset', 'breakerClosed').address, 1)).toEqual([1]);
  });

  it('limit the hydro set, and lift the limit when nobody renews it', () => {
    const plant = bench();
    const hydro = plant.state.hydro?.machine;
    if (!hydro) throw new Error('no hydro');
    const unit = hydroDevice(hydro, fresh, () => ({ ...electrical(plant, 'hydro'), availableW: hydro.maxW, flowM3s: 0.4 }));
    plant.run(20);
    const full = hydro.electricalW;
    unit.write('holding', row('hydro', 'setpointRevertS').address, [20]);
    unit.write('holding', row('hydro', 'activePowerLimitW').address, [0, 2000]);
    plant.run(15);
    expect(hydro.electricalW).toBeLessThan(2100);
    plant.run(25);
    expect(hydro.electricalW).toBeGreaterThan(0.9 * full);
  });

  it('show the positions, trips and currents of a relay unit, and take a trip back on a fresh close command', () => {
    const plant = bench();
    plant.run(1);
    const own = plant.state.switches.filter((s) => s.definition.relay === 'relay-c');
    const unit = relayUnitDevice(plant.state, own, fresh, () => 0.08);
    expect(unit.read('discrete', 0, 6)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(unit.read('input', 0, 1)[0]).toBeGreaterThan(0);
    unit.write('coil', 5, [0]);
    expect(unit.read('coil', 5, 1)).toEqual([0]);
    expect(unit.read('discrete', 5, 1)).toEqual([1]);
    plant.run(0.2);
    expect(unit.read('discrete', 5, 1)).toEqual([0]);
    const shop = plant.switch('q-load-shop');
    shop.tripped = true;
    expect(unit.read('discrete', 8 + 5, 1)).toEqual([1]);
    unit.write('coil', 5, [1]);
    plant.run(0.2);
    expect([unit.read('discrete', 5, 1), unit.read('discrete', 8 + 5, 1)]).toEqual([[1], [0]]);
  });

  it('tell at the interconnection whether the grid is there and whether closing is in step', () => {
    const plant = bench();
    plant.run(1);
    const unit = interconnectionDevice(
      plant.state,
      plant.switch('q-pcc'),
      fresh,
      () => 0.08,
      () => ({ importWh: 10, exportWh: 20 }),
    );
    const bit = (name: string) => unit.read('discrete', row('interconnection-relay', name).address, 1)[0];
    const input = (name: string) => unit.read('input', row('interconnection-relay', name).address, 1)[0] as number;
    expect([bit('breakerClosed'), bit('gridHealthy'), bit('breakerTripped')]).toEqual([1, 1, 0]);
    plant.state.mains.present = false;
    plant.run(2);
    expect([bit('breakerClosed'), bit('gridHealthy'), bit('breakerTripped'), bit('syncCheckOk')]).toEqual([0, 0, 1, 0]);
    expect(input('gridFrequencyHz')).toBe(0);
    expect(input('busFrequencyHz') / 1000).toBeGreaterThan(49);
    plant.state.mains.present = true;
    plant.run(4);
    expect(bit('gridHealthy')).toBe(1);
    unit.write('coil', 0, [1]);
    plant.run(59);
    expect([bit('breakerClosed'), bit('breakerTripped')]).toEqual([1, 0]);
  });
});

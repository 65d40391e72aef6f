/** All Modbus devices of the field, each behind its own port, as they would hang on the plant's network. */
import { type DeviceFault, type ModbusServer, openModbusServer } from '../../drivers/modbus/server.ts';
import type { ModbusUnit } from '../../drivers/modbus/unit.ts';
import type { PlantDevice } from '../../src/shared/plant-file.ts';
import type { Meter } from '../metering/meter.ts';
import type { Metering } from '../metering/metering.ts';
import type { PlantState, UnitState } from '../physics/state.ts';
import { batteryDevice } from './battery-device.ts';
import { gensetDevice } from './genset-device.ts';
import { hydroDevice } from './hydro-device.ts';
import { inverterDevice } from './inverter-device.ts';
import { meterDevice } from './meter-device.ts';
import { interconnectionDevice, relayUnitDevice } from './relay-device.ts';

export interface DeviceAddress {
  host: string;
  port: number;
  unitId: number;
}

export interface Rack {
  readonly addresses: Readonly<Record<string, DeviceAddress>>;
  setFault(deviceId: string, fault: DeviceFault): void;
  close(): Promise<void>;
}

export interface RackParts {
  state: PlantState;
  metering: Metering;
  generatedWh: ReadonlyMap<string, number>;
  stepCount: () => number;
  /** Time a relay's mechanism takes, s. */
  travelS: () => number;
}

/** Opens every server; rejects with one sentence when a port cannot be had. */
export async function openRack(parts: RackParts): Promise<Rack> {
  const faults = new Map<string, DeviceFault>();
  const servers = new Map<string, ModbusServer>();
  const addresses: Record<string, DeviceAddress> = {};
  try {
    for (const device of parts.state.file.devices) {
      const { host, port, unitId } = device.connection;
      const units = new Map([[unitId === 0 ? 255 : unitId, unitFor(device, parts)]]);
      const server = await openModbusServer({ host, port, units, fault: () => faults.get(device.id) ?? { kind: 'none' } }).catch(
        (cause) => {
          throw new Error(
            `Device ${device.id} cannot listen on ${host}:${port}; another program may use that port. Set it to 0 in the plant file for a free one.`,
            { cause },
          );
        },
      );
      servers.set(device.id, server);
      addresses[device.id] = { host, port: server.port, unitId };
    }
  } catch (error) {
    await Promise.all([...servers.values()].map((s) => s.close()));
    throw error;
  }
  return {
    addresses,
    setFault(deviceId, fault) {
      faults.set(deviceId, fault);
      if (fault.kind === 'refuse-connections') servers.get(deviceId)?.dropConnections();
    },
    async close() {
      await Promise.all(
        [...servers.values()].map(async (server) => {
          server.dropConnections();
          await server.close();
        }),
      );
    },
  };
}

function unitFor(device: PlantDevice, parts: RackParts): ModbusUnit {
  const { state, stepCount } = parts;
  const unit = state.units.find((u) => u.definition.controller === device.id);
  const id = unit?.definition.id ?? '';
  switch (device.kind) {
    case 'meter':
      return meterUnit(device, parts);
    case 'solar-inverter':
    case 'wind-inverter': {
      const inverter = state.inverters.get(id);
      if (!unit || !inverter) break;
      return inverterDevice(device, inverter, stepCount, () => ({
        ...electrical(state, unit),
        generatedWh: parts.generatedWh.get(id) ?? 0,
        availableW: state.weather.availableW.get(id) ?? 0,
      }));
    }
    case 'battery':
      if (!unit || !state.battery) break;
      return batteryDevice(device, state.battery.machine, stepCount, () => ({
        ...electrical(state, unit),
        forming: state.islands.some((i) => i.kind === 'island' && i.former === state.battery?.machine),
      }));
    case 'genset':
      if (!unit || !state.genset) break;
      return gensetDevice(state.genset.machine, stepCount, () => electrical(state, unit));
    case 'hydro-controller':
      if (!unit || !state.hydro) break;
      return hydroDevice(state.hydro.machine, stepCount, () => ({
        ...electrical(state, unit),
        availableW: state.weather.availableW.get(id) ?? 0,
        flowM3s: state.weather.flowM3s(),
      }));
    case 'relay':
      return relayUnit(device, parts);
  }
  throw new Error(`Device ${device.id} (${device.kind}) controls no unit of the plant file; the simulated plant cannot play it.`);
}

function electrical(state: PlantState, unit: UnitState) {
  return {
    activePowerW: unit.activePowerW,
    reactivePowerVar: unit.reactivePowerVar,
    frequencyHz: state.busFrequencyHz[unit.busIndex] as number,
    lineVoltageV: state.file.nominal.voltageV * (state.busVoltagePu[unit.busIndex] as number),
  };
}

function meterUnit(device: PlantDevice, { state, metering, stepCount }: RackParts): ModbusUnit {
  const meter = metering.meters.find((m) => m.deviceId === device.id) as Meter;
  const behind = state.units.filter((u) => u.definition.meter === device.id);
  const atInterconnection = device.id === state.file.grid.interconnectionMeter;
  const member = state.file.members.find((m) => m.meter === device.id);
  // The interconnection meter sits on the grid's side of the breaker and is read in low-voltage terms.
  const bus = atInterconnection
    ? state.gridBusIndex
    : (state.wires.busIndex.get(member?.bus ?? '') ?? behind[0]?.busIndex ?? state.gridBusIndex);
  return meterDevice(device, stepCount, () => ({
    activePowerW: atInterconnection ? state.pccPowerW : behind.reduce((sum, u) => sum + u.activePowerW, 0),
    reactivePowerVar: atInterconnection ? state.pccPowerVar : behind.reduce((sum, u) => sum + u.reactivePowerVar, 0),
    frequencyHz: state.busFrequencyHz[bus] as number,
    lineVoltageV: state.file.nominal.voltageV * (state.busVoltagePu[bus] as number),
    ...metering.shown(meter),
    coverOpen: metering.tamper(device.id).coverOpen,
  }));
}

function relayUnit(device: PlantDevice, { state, metering, stepCount, travelS }: RackParts): ModbusUnit {
  const own = state.switches.filter((s) => s.definition.relay === device.id);
  const breaker = own.find((s) => s.definition.kind === 'interconnection');
  if (!breaker) return relayUnitDevice(state, own, stepCount, travelS);
  const meter = metering.meters.find((m) => m.deviceId === state.file.grid.interconnectionMeter);
  return interconnectionDevice(state, breaker, stepCount, travelS, () => (meter ? metering.shown(meter) : { importWh: 0, exportWh: 0 }));
}

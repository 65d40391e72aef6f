/** The plant's true state for tests and the training menu: what an omniscient observer would see, not what devices say. */
import { socPercent } from '../physics/battery.ts';
import type { PlantState, UnitState } from '../physics/state.ts';
import type { Plant } from '../runtime.ts';

export function reportState(plant: Plant): Record<string, unknown> {
  const { state, metering } = plant;
  const clock = plant.clock();
  const busIds = state.wires.busIds;
  return {
    plantTimeMs: state.plantTimeMs,
    wallTimeMs: Date.now(),
    speed: clock?.speed ?? null,
    clockHeard: clock !== null,
    pid: process.pid,
    plant: state.file.id,
    mqtt: plant.bus(),
    grid: { mains: state.mains.present, frequencyHz: state.mains.frequencyHz },
    islands: state.islands.map((i) => ({ kind: i.kind, frequencyHz: i.frequencyHz, buses: i.buses.map((b) => busIds[b]) })),
    buses: Object.fromEntries(
      busIds.map((id, b) => [
        id,
        { vmPu: state.busVoltagePu[b], frequencyHz: state.busFrequencyHz[b], energised: (state.busFrequencyHz[b] as number) > 0 },
      ]),
    ),
    units: Object.fromEntries(state.units.map((unit) => [unit.definition.id, reportUnit(state, unit)])),
    switches: Object.fromEntries(
      state.switches.map((s) => [s.id, { closed: s.closed, commandClosed: s.command, tripped: s.tripped, stuck: s.stuck }]),
    ),
    pccPowerW: state.pccPowerW,
    pccPowerVar: state.pccPowerVar,
    lossesW: state.lossesW,
    windSpeedMs: state.weather.windSpeedMs(),
    flowM3s: state.weather.flowM3s(),
    meters: Object.fromEntries(
      metering.meters.map((m) => [
        m.deviceId,
        {
          ...metering.shown(m),
          activePowerW: m.activePowerW,
          sequence: m.sequence,
          lastInterval: m.lastInterval,
          pendingReadings: m.pending.length,
        },
      ]),
    ),
    faults: plant.faults.active(),
    energy: { ...state.energy },
  };
}

function reportUnit(state: PlantState, unit: UnitState): Record<string, unknown> {
  const { id, kind } = unit.definition;
  const base = { kind, activePowerW: unit.activePowerW, reactivePowerVar: unit.reactivePowerVar, alive: unit.alive };
  const inverter = state.inverters.get(id);
  if (inverter) {
    const limitPercent = inverter.limitEnabled ? inverter.limitPercent : null;
    return { ...base, state: inverter.state, tripCause: inverter.tripCause, limitPercent, availableW: state.weather.availableW.get(id) };
  }
  if (state.battery?.unit === unit) {
    const { machine } = state.battery;
    return { ...base, state: machine.state, online: machine.online, setpointW: machine.setpointW, socPercent: socPercent(machine) };
  }
  if (state.genset?.unit === unit) {
    const { machine } = state.genset;
    return { ...base, state: machine.state, online: machine.online, setpointW: machine.setpointW, fuelL: machine.fuelL };
  }
  if (state.hydro?.unit === unit) {
    return { ...base, state: state.hydro.machine.state, online: state.hydro.machine.online, availableW: state.weather.availableW.get(id) };
  }
  return { ...base, demandW: state.weather.loadW.get(id) };
}

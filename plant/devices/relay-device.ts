/**
 * Relay units: coils command, discrete inputs of the same address report the contacts. Profiles `relay-unit` (eight channels) and
 * `interconnection-relay` (breaker with sync check).
 */
import { loadProfile } from '../../drivers/modbus/device-profile.ts';
import { buildProfileImage } from '../../drivers/modbus/profile-image.ts';
import type { ModbusUnit } from '../../drivers/modbus/unit.ts';
import { busAlive, type PlantState } from '../physics/state.ts';
import { commandSwitch, type SwitchState } from '../physics/switchgear.ts';
import { syncCheck, wrapDeg } from '../physics/synchronism.ts';
import { measuredOnRead, phaseCurrentA } from './device.ts';

export type TravelTimeS = () => number;

export function relayUnitDevice(
  state: PlantState,
  switches: readonly SwitchState[],
  stepCount: () => number,
  travelS: TravelTimeS,
): ModbusUnit {
  const image = buildProfileImage(loadProfile('relay-unit'));
  const channels = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => ({ n, s: switches.find((s) => s.definition.coil === n - 1) }));
  for (const { n, s } of channels) image.set(`underFrequencyHz${n}`, s?.underFrequencyHz ?? 0);
  image.onWrite((writes) => {
    for (const write of writes) {
      for (const { n, s } of channels) {
        if (!s) continue;
        if (write.name === `relay${n}Close`) commandSwitch(s, write.value === 1, travelS());
        if (write.name === `underFrequencyHz${n}`) s.underFrequencyHz = write.value ?? 0;
        if (write.name === 'tripReset' && (Number(write.value) >> (n - 1)) & 1) s.tripped = false;
      }
    }
    if (writes.some((w) => w.name === 'tripReset')) image.set('tripReset', 0);
  });
  return measuredOnRead(image.unit, stepCount, () => {
    image.set('remoteEnabled', 1);
    for (const { n, s } of channels) {
      image.set(`relay${n}Close`, s?.command ? 1 : 0);
      image.set(`relay${n}Closed`, s?.closed ? 1 : 0);
      image.set(`relay${n}Tripped`, s?.tripped ? 1 : 0);
      image.set(`relay${n}CurrentA`, s ? Math.min(6000, switchCurrentA(state, s)) : 0);
    }
  });
}

export function interconnectionDevice(
  state: PlantState,
  s: SwitchState,
  stepCount: () => number,
  travelS: TravelTimeS,
  energy: () => { importWh: number; exportWh: number },
): ModbusUnit {
  const image = buildProfileImage(loadProfile('interconnection-relay'));
  const branch = state.branchOfSwitch.get(s.id);
  const [gridBus, ownBus] = branch === undefined ? [0, 0] : (state.wires.branchEnds[branch] as readonly [number, number]);
  const nominalV = state.file.nominal.voltageV;
  image.onWrite((writes) => {
    for (const write of writes) {
      if (write.name === 'breakerClose') commandSwitch(s, write.value === 1, travelS());
      if (write.name === 'tripReset' && write.value === 1) {
        s.tripped = false;
        image.set('tripReset', 0);
      }
    }
  });
  return measuredOnRead(image.unit, stepCount, () => {
    const { mains } = state;
    const check = syncCheck(state, s);
    const angle =
      mains.present && busAlive(state, ownBus)
        ? wrapDeg((state.busAngleDeg[ownBus] as number) - (state.busAngleDeg[gridBus] as number))
        : 0;
    const { importWh, exportWh } = energy();
    image.setAll({
      breakerClose: s.command ? 1 : 0,
      breakerClosed: s.closed ? 1 : 0,
      breakerTripped: s.tripped ? 1 : 0,
      gridHealthy: mains.present && mains.healthyS >= 3 ? 1 : 0,
      syncCheckOk: check.ok ? 1 : 0,
      remoteEnabled: 1,
      gridFrequencyHz: mains.present ? mains.frequencyHz : 0,
      busFrequencyHz: Math.min(65, state.busFrequencyHz[ownBus] as number),
      gridVoltageV: mains.present ? nominalV * (state.busVoltagePu[gridBus] as number) : 0,
      busVoltageV: nominalV * (state.busVoltagePu[ownBus] as number),
      angleDifferenceDeg: angle,
      rocofHzPerS: Math.max(-32, Math.min(32, state.busRocofHzPerS[ownBus] as number)),
      activePowerW: Math.round(state.pccPowerW),
      reactivePowerVar: Math.round(state.pccPowerVar),
      importedEnergyWh: Math.floor(importWh),
      exportedEnergyWh: Math.floor(exportWh),
    });
  });
}

/** Current through a switch: of its unit, or of its line or transformer on the low-voltage side. */
function switchCurrentA(state: PlantState, s: SwitchState): number {
  if (!s.closed) return 0;
  if (s.definition.on.kind === 'unit') {
    const unit = state.unitById.get(s.definition.on.id);
    if (!unit) return 0;
    const lineV = state.file.nominal.voltageV * (state.busVoltagePu[unit.busIndex] as number);
    return phaseCurrentA(unit.activePowerW, unit.reactivePowerVar, lineV);
  }
  const branch = state.branchOfSwitch.get(s.id);
  const amps = branch === undefined ? 0 : (state.flow?.iToA[branch] ?? 0);
  return Number.isFinite(amps) ? amps : 0;
}

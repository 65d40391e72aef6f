/** The genset's controller, device profile `genset`. Register values carry house sign: generation is negative. */
import { loadProfile } from '../../drivers/modbus/device-profile.ts';
import { buildProfileImage } from '../../drivers/modbus/profile-image.ts';
import type { ModbusUnit } from '../../drivers/modbus/unit.ts';
import { GENSET_ALARM, type Genset, type GensetState } from '../physics/genset.ts';
import { renew } from '../physics/revert-timer.ts';
import { measuredOnRead } from './device.ts';

const STATE: Record<GensetState, number> = {
  stopped: 0,
  cranking: 1,
  'warming-up': 2,
  unloaded: 3,
  loaded: 4,
  'cooling-down': 5,
  fault: 6,
};
const MODES = ['off', 'manual', 'remote'] as const;
const RATED_RPM = 1500;

export interface MachineView {
  activePowerW: number;
  reactivePowerVar: number;
  frequencyHz: number;
  lineVoltageV: number;
}

export function gensetDevice(genset: Genset, stepCount: () => number, view: () => MachineView): ModbusUnit {
  const image = buildProfileImage(loadProfile('genset'), {
    setpointRevertS: genset.revert.periodS,
    breakerClose: 1,
    ratedPowerW: genset.ratedW,
  });
  image.onWrite((writes) => {
    genset.mode = MODES[image.get('mode') ?? 2] ?? 'remote';
    genset.startCommand = image.get('startCommand') === 1;
    genset.requestedW = Math.min(genset.ratedW, -(image.get('activePowerSetpointW') ?? 0));
    genset.revert.periodS = image.get('setpointRevertS') ?? 0;
    genset.referenceHz = image.get('frequencySetpointHz') ?? 50;
    genset.isochronous = image.get('isochronous') === 1;
    genset.breakerPermit = image.get('breakerClose') === 1;
    const renews = ['activePowerSetpointW', 'startCommand', 'heartbeat', 'setpointRevertS'];
    if (genset.startCommand && writes.some((w) => renews.includes(w.name))) renew(genset.revert);
  });
  return measuredOnRead(image.unit, stepCount, () => {
    const v = view();
    const turning = STATE[genset.state] >= 2 && genset.state !== 'fault';
    const frequencyHz = genset.online ? v.frequencyHz : turning ? genset.referenceHz : 0;
    image.setAll({
      startCommand: genset.startCommand ? 1 : 0,
      activePowerSetpointW: -Math.round(genset.requestedW),
      state: STATE[genset.state],
      alarms: genset.alarmBits | (genset.fuelL < genset.settings.tankL * 0.1 ? GENSET_ALARM.outOfFuel : 0),
      activePowerW: Math.round(v.activePowerW),
      reactivePowerVar: Math.round(v.reactivePowerVar),
      voltageV: genset.online ? v.lineVoltageV : turning ? 400 : 0,
      frequencyHz,
      speedRpm: genset.state === 'cranking' ? 180 : Math.round((RATED_RPM * frequencyHz) / 50),
      coolantTemperatureC: genset.coolantC,
      fuelLevelPercent: (100 * genset.fuelL) / genset.settings.tankL,
      fuelRateLPerH: genset.fuelRateLPerH,
      runHours: genset.runS / 3600,
      exportedEnergyWh: Math.floor(genset.generatedWh),
      setpointRemainingS: Math.ceil(genset.revert.remainingS),
      breakerClosed: genset.online ? 1 : 0,
      breakerTripped: genset.state === 'fault' ? 1 : 0,
      remoteEnabled: genset.mode === 'remote' ? 1 : 0,
    });
  });
}

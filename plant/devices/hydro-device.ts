/** The turbine controller of the hydro set, device profile `hydro`. Register values carry house sign: generation is negative. */
import { loadProfile } from '../../drivers/modbus/device-profile.ts';
import { buildProfileImage } from '../../drivers/modbus/profile-image.ts';
import type { ModbusUnit } from '../../drivers/modbus/unit.ts';
import type { Hydro } from '../physics/hydro.ts';
import { renew } from '../physics/revert-timer.ts';
import { measuredOnRead } from './device.ts';
import type { MachineView } from './genset-device.ts';

const STATE = { stopped: 0, starting: 1, running: 2, fault: 6 } as const;

export function hydroDevice(
  hydro: Hydro,
  stepCount: () => number,
  view: () => MachineView & { availableW: number; flowM3s: number },
): ModbusUnit {
  const image = buildProfileImage(loadProfile('hydro'), {
    activePowerLimitW: -hydro.ratedW,
    setpointRevertS: hydro.revert.periodS,
    ratedPowerW: hydro.ratedW,
    run: hydro.run ? 1 : 0,
  });
  image.onWrite((writes) => {
    hydro.run = image.get('run') === 1;
    hydro.limitW = Math.min(hydro.ratedW, Math.max(0, -(image.get('activePowerLimitW') ?? 0)));
    hydro.revert.periodS = image.get('setpointRevertS') ?? 0;
    if (hydro.limitW < hydro.ratedW && writes.some((w) => w.name === 'activePowerLimitW')) renew(hydro.revert);
  });
  return measuredOnRead(image.unit, stepCount, () => {
    const v = view();
    image.setAll({
      activePowerLimitW: -Math.round(hydro.limitW),
      state: STATE[hydro.state],
      activePowerW: Math.round(v.activePowerW),
      reactivePowerVar: Math.round(v.reactivePowerVar),
      voltageV: v.lineVoltageV,
      frequencyHz: v.frequencyHz,
      flowLPerS: Math.round(v.flowM3s * 1000),
      availablePowerW: -Math.round(v.availableW),
      exportedEnergyWh: Math.floor(hydro.generatedWh),
      setpointRemainingS: Math.ceil(hydro.revert.remainingS),
      remoteEnabled: 1,
    });
  });
}

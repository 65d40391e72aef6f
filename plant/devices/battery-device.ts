/** The battery system: SunSpec 1, 701 (AC measurements), 702 (capacity), 704 (controls), 713 (storage). W positive is discharge. */
import { buildSunSpecMap, type SunSpecImage } from '../../drivers/modbus/sunspec/image.ts';
import type { ModbusUnit } from '../../drivers/modbus/unit.ts';
import type { PlantDevice } from '../../src/shared/plant-file.ts';
import { type Battery, socPercent } from '../physics/battery.ts';
import { renew } from '../physics/revert-timer.ts';
import { commonModel, measuredOnRead, phaseCurrentA, powerScale } from './device.ts';

export interface BatteryView {
  activePowerW: number;
  reactivePowerVar: number;
  frequencyHz: number;
  lineVoltageV: number;
  /** True when it holds an island up. */
  forming: boolean;
}

const INVERTER_STATE = { off: 0, starting: 2, running: 3, fault: 6, standby: 7 } as const;
const ALARM = { gridDisconnect: 1 << 4, overFrequency: 1 << 8, underFrequency: 1 << 9 };
const ISLAND_CAPABLE_BLACK_START = (1 << 1) | (1 << 2);

export function batteryDevice(device: PlantDevice, battery: Battery, stepCount: () => number, view: () => BatteryView): ModbusUnit {
  const { ratedW } = battery;
  const scale = powerScale(ratedW);
  const image = buildSunSpecMap({
    models: [
      commonModel(device),
      {
        id: 701,
        values: {
          ACType: 2,
          A_SF: -1,
          V_SF: -1,
          Hz_SF: -3,
          W_SF: scale,
          PF_SF: -3,
          VA_SF: scale,
          Var_SF: scale,
          TotWh_SF: 0,
          Tmp_SF: -1,
          ThrotPct: 0,
          ThrotSrc: 0,
          Alrm: 0,
        },
      },
      {
        id: 702,
        values: {
          W_SF: scale,
          VA_SF: scale,
          Var_SF: scale,
          V_SF: -1,
          A_SF: -1,
          WMaxRtg: ratedW,
          VAMaxRtg: ratedW,
          WChaRteMaxRtg: ratedW,
          WDisChaRteMaxRtg: ratedW,
          VNomRtg: 400,
          AMaxRtg: ratedW / (Math.sqrt(3) * 400),
          WMax: ratedW,
          WChaRteMax: ratedW,
          WDisChaRteMax: ratedW,
          VNom: 400,
          IntIslandCatRtg: ISLAND_CAPABLE_BLACK_START,
          IntIslandCat: ISLAND_CAPABLE_BLACK_START,
          CtrlModes: (1 << 1) | (1 << 5),
        },
      },
      {
        id: 704,
        values: {
          WSet_SF: 0,
          WSetPct_SF: -1,
          WMaxLimPct_SF: -1,
          WSetEna: 0,
          WSetMod: 1,
          WSet: 0,
          WSetRvrt: 0,
          WSetPct: 0,
          WSetPctRvrt: 0,
          WSetEnaRvrt: 0,
          WSetRvrtTms: battery.revert.periodS,
          WSetRvrtRem: 0,
          AntiIslEna: 0,
        },
      },
      { id: 713, values: { WH_SF: 1, Pct_SF: -1, WHRtg: battery.capacityWh, SoH: 99, Sta: 0 } },
    ],
  });
  image.onWrite((writes) => {
    battery.setpointEnabled = image.get(704, 'WSetEna') === 1;
    battery.revert.periodS = Number(image.get(704, 'WSetRvrtTms') ?? 0);
    battery.requestedW = requestedW(image, ratedW, '');
    battery.revertW = requestedW(image, ratedW, 'Rvrt');
    if (battery.setpointEnabled && writes.some((w) => w.path.startsWith('WSet'))) renew(battery.revert);
  });
  return measuredOnRead(image.unit, stepCount, () => {
    const v = view();
    const w = -v.activePowerW;
    const amps = phaseCurrentA(v.activePowerW, v.reactivePowerVar, v.lineVoltageV);
    const va = Math.hypot(w, v.reactivePowerVar);
    const state = battery.state === 'tripped' ? INVERTER_STATE.fault : battery.online ? INVERTER_STATE.running : INVERTER_STATE.standby;
    image.setAll(701, {
      St: battery.online ? 1 : 0,
      InvSt: state,
      ConnSt: battery.online ? 1 : 0,
      Alrm: (battery.online ? 0 : ALARM.gridDisconnect) | (battery.state === 'tripped' ? ALARM.underFrequency : 0),
      DERMode: v.forming ? 2 : 1,
      W: w,
      VA: va,
      Var: -v.reactivePowerVar,
      PF: va > 1 ? w / va : 1,
      A: amps * 3,
      LLV: v.lineVoltageV,
      LNV: v.lineVoltageV / Math.sqrt(3),
      Hz: v.frequencyHz,
      TotWhInj: Math.floor(battery.dischargedWh),
      TotWhAbs: Math.floor(battery.chargedWh),
      TmpCab: 24 + (12 * Math.abs(w)) / ratedW,
    });
    const soc = socPercent(battery);
    image.setAll(713, {
      WHAvail: battery.storedWh,
      SoC: soc,
      Sta: battery.state === 'tripped' ? 2 : soc < battery.settings.socMinPercent + 1 ? 1 : 0,
    });
    image.set(704, 'WSetRvrtRem', Math.ceil(battery.revert.remainingS));
    // After the revert time the register shows the value that is in force.
    if (battery.setpointEnabled && battery.revert.periodS > 0 && battery.revert.remainingS === 0)
      image.set(704, 'WSet', Math.round(battery.requestedW));
  });
}

function requestedW(image: SunSpecImage, ratedW: number, suffix: '' | 'Rvrt'): number {
  if (image.get(704, 'WSetMod') === 1) return Number(image.get(704, `WSet${suffix}`) ?? 0);
  return (ratedW * Number(image.get(704, `WSetPct${suffix}`) ?? 0)) / 100;
}

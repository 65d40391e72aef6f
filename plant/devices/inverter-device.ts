/** PV inverter and wind converter: SunSpec 1, 103 (measurements), 120 (nameplate), 121 (settings), 123 (controls). W positive is generation. */
import { buildSunSpecMap } from '../../drivers/modbus/sunspec/image.ts';
import type { ModbusUnit } from '../../drivers/modbus/unit.ts';
import type { PlantDevice } from '../../src/shared/plant-file.ts';
import type { Inverter, InverterState } from '../physics/inverter.ts';
import { renew } from '../physics/revert-timer.ts';
import { commonModel, measuredOnRead, phaseCurrentA, powerScale } from './device.ts';

export interface InverterView {
  frequencyHz: number;
  lineVoltageV: number;
  generatedWh: number;
  availableW: number;
}

const STATE: Record<InverterState, number> = { off: 1, starting: 3, running: 4, throttled: 5, tripped: 7, disconnected: 8 };
const EVENT = { 'over-frequency': 1 << 8, 'under-frequency': 1 << 9, 'over-voltage': 1 << 10, 'under-voltage': 1 << 11 };
const EVENT_AC_DISCONNECT = 1 << 2;

export function inverterDevice(device: PlantDevice, inverter: Inverter, stepCount: () => number, view: () => InverterView): ModbusUnit {
  const { ratedW } = inverter;
  const scale = powerScale(ratedW);
  const ratedA = ratedW / (Math.sqrt(3) * 400);
  const image = buildSunSpecMap({
    models: [
      commonModel(device),
      {
        id: 103,
        values: {
          A_SF: -1,
          V_SF: -1,
          W_SF: scale,
          Hz_SF: -2,
          VA_SF: scale,
          VAr_SF: scale,
          PF_SF: -2,
          WH_SF: 0,
          DCA_SF: -1,
          DCV_SF: -1,
          DCW_SF: scale,
          Tmp_SF: -1,
        },
      },
      {
        id: 120,
        values: {
          DERTyp: 4,
          WRtg_SF: scale,
          VARtg_SF: scale,
          VArRtg_SF: scale,
          ARtg_SF: -1,
          PFRtg_SF: -2,
          WRtg: ratedW,
          VARtg: ratedW,
          VArRtgQ1: 0,
          VArRtgQ2: 0,
          VArRtgQ3: 0,
          VArRtgQ4: 0,
          ARtg: ratedA,
          PFRtgQ1: 1,
          PFRtgQ2: 1,
          PFRtgQ3: 1,
          PFRtgQ4: 1,
        },
      },
      {
        id: 121,
        values: {
          WMax_SF: scale,
          VRef_SF: -1,
          VRefOfs_SF: -1,
          VAMax_SF: scale,
          ECPNomHz_SF: -2,
          WMax: ratedW,
          VRef: 400,
          VRefOfs: 0,
          VAMax: ratedW,
          ECPNomHz: 50,
        },
      },
      {
        id: 123,
        values: {
          WMaxLimPct_SF: -2,
          OutPFSet_SF: -2,
          VArPct_SF: -2,
          Conn_RvrtTms: 0,
          Conn: 1,
          WMaxLimPct: 100,
          WMaxLimPct_RvrtTms: inverter.limitRevert.periodS,
          WMaxLim_Ena: 0,
          OutPFSet: 1,
          OutPFSet_Ena: 0,
          VArPct_Ena: 0,
        },
      },
    ],
  });
  image.onWrite((writes) => {
    const paths = writes.map((w) => w.path);
    inverter.limitPercent = Math.min(100, Number(image.get(123, 'WMaxLimPct') ?? 100));
    inverter.limitEnabled = image.get(123, 'WMaxLim_Ena') === 1;
    inverter.limitRevert.periodS = Number(image.get(123, 'WMaxLimPct_RvrtTms') ?? 0);
    inverter.connect = image.get(123, 'Conn') === 1;
    inverter.connectRevert.periodS = Number(image.get(123, 'Conn_RvrtTms') ?? 0);
    if (inverter.limitEnabled && paths.some((p) => p.startsWith('WMax'))) renew(inverter.limitRevert);
    if (!inverter.connect && paths.some((p) => p.startsWith('Conn'))) renew(inverter.connectRevert);
  });
  return measuredOnRead(image.unit, stepCount, () => {
    const v = view();
    const w = inverter.outputW;
    const amps = phaseCurrentA(w, 0, v.lineVoltageV);
    const phaseV = v.lineVoltageV / Math.sqrt(3);
    const dcW = w / 0.975;
    image.setAll(103, {
      A: amps * 3,
      AphA: amps,
      AphB: amps,
      AphC: amps,
      PPVphAB: v.lineVoltageV,
      PPVphBC: v.lineVoltageV,
      PPVphCA: v.lineVoltageV,
      PhVphA: phaseV,
      PhVphB: phaseV,
      PhVphC: phaseV,
      W: w,
      Hz: v.frequencyHz,
      VA: w,
      VAr: 0,
      PF: 100,
      WH: Math.floor(v.generatedWh),
      DCA: dcW / 620,
      DCV: v.availableW > 0 ? 620 : 0,
      DCW: dcW,
      TmpCab: 22 + (25 * w) / ratedW,
      St: w <= 0 && inverter.state === 'running' && v.availableW <= 0 ? 2 : STATE[inverter.state],
      Evt1: (inverter.tripCause ? EVENT[inverter.tripCause] : 0) | (inverter.state === 'off' ? EVENT_AC_DISCONNECT : 0),
      Evt2: 0,
    });
    // A limit that ran out shows as disabled, so a reader sees what the device really does.
    image.set(123, 'WMaxLim_Ena', inverter.limitEnabled ? 1 : 0);
    image.set(123, 'Conn', inverter.connect ? 1 : 0);
  });
}

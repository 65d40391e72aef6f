/** Revenue meter: SunSpec models 1 and 203. W positive is import into the metered site, as the house counts. */
import { buildSunSpecMap } from '../../drivers/modbus/sunspec/image.ts';
import type { ModbusUnit } from '../../drivers/modbus/unit.ts';
import type { PlantDevice } from '../../src/shared/plant-file.ts';
import { commonModel, measuredOnRead, phaseCurrentA, powerScale } from './device.ts';

export interface MeterView {
  activePowerW: number;
  reactivePowerVar: number;
  frequencyHz: number;
  lineVoltageV: number;
  importWh: number;
  exportWh: number;
  coverOpen: boolean;
}

/** Bit 16 of model 203's events, the first of the manufacturer's own: the terminal cover was opened. */
export const EVENT_COVER_OPEN = 1 << 16;
const EVENT_POWER_FAILURE = 1 << 2;

export function meterDevice(device: PlantDevice, stepCount: () => number, view: () => MeterView): ModbusUnit {
  const scale = powerScale(device.meter?.ratedW ?? 0);
  const image = buildSunSpecMap({
    models: [
      commonModel(device),
      { id: 203, values: { A_SF: -1, V_SF: -1, Hz_SF: -2, W_SF: scale, VA_SF: scale, VAR_SF: scale, PF_SF: -2, TotWh_SF: 0, Evt: 0 } },
    ],
  });
  return measuredOnRead(image.unit, stepCount, () => {
    const v = view();
    const w = v.activePowerW;
    const va = Math.hypot(w, v.reactivePowerVar);
    const amps = phaseCurrentA(w, v.reactivePowerVar, v.lineVoltageV);
    const phaseV = v.lineVoltageV / Math.sqrt(3);
    const pf = va > 1 ? (100 * w) / va : 100;
    image.setAll(203, {
      ...thirds('A', 'Aph', amps * 3, amps),
      PhV: phaseV,
      PhVphA: phaseV,
      PhVphB: phaseV,
      PhVphC: phaseV,
      PPV: v.lineVoltageV,
      PhVphAB: v.lineVoltageV,
      PhVphBC: v.lineVoltageV,
      PhVphCA: v.lineVoltageV,
      Hz: v.frequencyHz,
      ...thirds('W', 'Wph', w, w / 3),
      ...thirds('VA', 'VAph', va, va / 3),
      ...thirds('VAR', 'VARph', v.reactivePowerVar, v.reactivePowerVar / 3),
      ...thirds('PF', 'PFph', pf, pf),
      TotWhImp: Math.floor(v.importWh),
      TotWhExp: Math.floor(v.exportWh),
      Evt: (v.coverOpen ? EVENT_COVER_OPEN : 0) | (v.lineVoltageV < 40 ? EVENT_POWER_FAILURE : 0),
    });
  });
}

function thirds(total: string, phase: string, sum: number, each: number): Record<string, number> {
  return { [total]: sum, [`${phase}A`]: each, [`${phase}B`]: each, [`${phase}C`]: each };
}

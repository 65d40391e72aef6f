/** What every simulated device is to the rack: a Modbus unit whose registers are measured when they are read. */
import type { ModbusUnit } from '../../drivers/modbus/unit.ts';

/** Values change once per physics step; reading twice within one step measures once. */
export function measuredOnRead(unit: ModbusUnit, stepCount: () => number, measure: () => void): ModbusUnit {
  let measuredAt = -1;
  return {
    read(table, address, count) {
      const now = stepCount();
      if (now !== measuredAt) {
        measuredAt = now;
        measure();
      }
      return unit.read(table, address, count);
    },
    write(table, address, values) {
      unit.write(table, address, values);
      measuredAt = -1;
    },
  };
}

/** Resolution of 16-bit watt registers: 1 W up to 30 kW, 10 W above. */
export function powerScale(ratedW: number): number {
  return ratedW > 30_000 ? 1 : 0;
}

export function commonModel(device: { manufacturer: string; model: string; serial: string }): { id: 1; values: Record<string, string> } {
  return { id: 1, values: { Mn: device.manufacturer, Md: device.model, Opt: '', Vr: FIRMWARE, SN: device.serial } };
}

export const FIRMWARE = '1.4.2';

/** Phase quantities of a balanced three-phase connection. */
export function phaseCurrentA(activePowerW: number, reactivePowerVar: number, lineVoltageV: number): number {
  return lineVoltageV > 1 ? Math.hypot(activePowerW, reactivePowerVar) / (Math.sqrt(3) * lineVoltageV) : 0;
}

/** Which registers to write for an act, device by device, in the order in which they must take effect. House sign in, device's sign out. */
import { type PreparedWrite, profileWrite } from '../../../drivers/modbus/profile-tags.ts';
import type { DiscoveredModel } from '../../../drivers/modbus/sunspec/discover.ts';
import { findModel, sunspecWrite } from '../../../drivers/modbus/sunspec/tags.ts';
import type { DeviceRuntime } from './device-runtime.ts';

export type ReadyWrite = Extract<PreparedWrite, { kind: 'ok' }>;
export type Plan =
  | {
      readonly kind: 'ok';
      /** Enable, mode and revert time: written when the device has lost them. */
      readonly prepare: readonly ReadyWrite[];
      /** The value itself: written each time, which also restarts the device's revert timer. */
      readonly set: readonly ReadyWrite[];
      /** After the value, for devices that act on an enable. */
      readonly finish: readonly ReadyWrite[];
    }
  | { readonly kind: 'refused'; readonly reason: string };

type Step = readonly [path: string, value: number];
type Steps = { prepare?: readonly Step[]; set: readonly Step[]; finish?: readonly Step[] };

export function planPower(device: DeviceRuntime, powerW: number, revertS: number): Plan {
  if (device.spec.kind === 'genset') {
    return planProfile(device, {
      prepare: [
        ['mode', 2],
        ['setpointRevertS', revertS],
      ],
      set: [['activePowerSetpointW', Math.min(0, Math.round(powerW))]],
    });
  }
  if (device.spec.kind !== 'battery') return { kind: 'refused', reason: `${device.spec.name} takes no power set-point` };
  const direct = findModel(device.models(), 704);
  if (direct) {
    return planSunSpec(device, direct, {
      prepare: [
        ['WSetMod', 1],
        ['WSetRvrtTms', revertS],
        ['WSetRvrt', 0],
      ],
      set: [['WSet', -Math.round(powerW)]],
      finish: [['WSetEna', 1]],
    });
  }
  const storage = findModel(device.models(), 124);
  const maxW = storage ? Number(registerValue(storage, 'WChaMax')) : 0;
  if (!storage || !(maxW > 0)) return { kind: 'refused', reason: `${device.spec.name} takes no power set-point (models 704 or 124)` };
  // Charge and discharge rate with opposite signs leave the store one power only.
  const percent = Math.max(-100, Math.min(100, (powerW / maxW) * 100));
  return planSunSpec(device, storage, {
    prepare: [['InOutWRte_RvrtTms', revertS]],
    set: [
      ['InWRte', percent],
      ['OutWRte', -percent],
    ],
    finish: [['StorCtl_Mod', 3]],
  });
}

export function planLimit(device: DeviceRuntime, limitPercent: number | null, revertS: number): Plan {
  if (device.profile) {
    const { ratedW } = device;
    return planProfile(device, {
      prepare: [['setpointRevertS', revertS]],
      set: [['activePowerLimitW', -Math.round((ratedW * (limitPercent ?? 100)) / 100)]],
    });
  }
  const old = findModel(device.models(), 123);
  if (old) {
    return limitPercent === null
      ? planSunSpec(device, old, { set: [['WMaxLim_Ena', 0]] })
      : planSunSpec(device, old, {
          prepare: [['WMaxLimPct_RvrtTms', revertS]],
          set: [['WMaxLimPct', limitPercent]],
          finish: [['WMaxLim_Ena', 1]],
        });
  }
  const der = findModel(device.models(), 704);
  if (!der) return { kind: 'refused', reason: `${device.spec.name} takes no power limit (models 123 or 704)` };
  return limitPercent === null
    ? planSunSpec(device, der, { set: [['WMaxLimPctEna', 0]] })
    : planSunSpec(device, der, {
        prepare: [['WMaxLimPctRvrtTms', revertS]],
        set: [['WMaxLimPct', limitPercent]],
        finish: [['WMaxLimPctEna', 1]],
      });
}

export function planRunning(device: DeviceRuntime, running: boolean): Plan {
  if (device.spec.kind === 'genset') return planProfile(device, { prepare: [['mode', 2]], set: [['startCommand', running ? 1 : 0]] });
  if (device.profile) return planProfile(device, { set: [['run', running ? 1 : 0]] });
  const old = findModel(device.models(), 123);
  if (old) return planSunSpec(device, old, { set: [['Conn', running ? 1 : 0]] });
  const service = findModel(device.models(), 703);
  if (service) return planSunSpec(device, service, { set: [['ES', running ? 1 : 0]] });
  return { kind: 'refused', reason: `${device.spec.name} cannot be started or stopped over its interface` };
}

function planProfile(device: DeviceRuntime, steps: Steps): Plan {
  const { profile } = device;
  const unit = device.address()?.unitId;
  if (!profile || unit === undefined) return { kind: 'refused', reason: `${device.spec.name} is not connected` };
  return assemble(steps, ([name, value]) => profileWrite(profile, unit, name, value));
}

function planSunSpec(device: DeviceRuntime, model: DiscoveredModel, steps: Steps): Plan {
  const unit = device.address()?.unitId;
  if (unit === undefined) return { kind: 'refused', reason: `${device.spec.name} is not connected` };
  return assemble(steps, ([path, value]) => sunspecWrite({ unit, model, path, value }));
}

function assemble(steps: Steps, write: (step: Step) => PreparedWrite): Plan {
  const groups: ReadyWrite[][] = [];
  for (const part of [steps.prepare ?? [], steps.set, steps.finish ?? []]) {
    const ready: ReadyWrite[] = [];
    for (const step of part) {
      const prepared = write(step);
      if (prepared.kind === 'refused') return prepared;
      ready.push(prepared);
    }
    groups.push(ready);
  }
  const [prepare = [], set = [], finish = []] = groups;
  return { kind: 'ok', prepare, set, finish };
}

function registerValue(model: DiscoveredModel, path: string): number | null {
  const point = model.layout?.byPath.get(path);
  if (!model.layout || !point || !model.registers) return null;
  const raw = model.registers[point.offset];
  const factorPath = point.scaleFactor;
  const factorPoint = typeof factorPath === 'string' ? model.layout.byPath.get(factorPath) : undefined;
  const factorRaw = factorPoint ? model.registers[factorPoint.offset] : 0;
  if (raw === undefined || factorRaw === undefined || raw === 0xffff) return null;
  return raw * 10 ** ((factorRaw << 16) >> 16);
}

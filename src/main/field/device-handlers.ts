/** devices.*: list, detail with raw registers, read now, maintenance. */

import type { PartialHandlers } from '../../shared/contract/contract.ts';
import { Fault } from '../../shared/errors.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { DeviceBook } from './device-book.ts';
import type { DeviceRuntime } from './device-runtime.ts';
import { type Row, readRegisters } from './register-view.ts';
import type { Summary } from './summaries.ts';

export function deviceHandlers(
  kernel: Kernel,
  deps: {
    runtimes: ReadonlyMap<string, DeviceRuntime>;
    book: DeviceBook;
    summary: (device: DeviceRuntime) => Summary;
    changed: () => void;
  },
): PartialHandlers {
  /** Last full read per device, so that a device that is silent now still shows what it showed. */
  const lastRead = new Map<string, { rows: Row[]; atMs: number }>();
  const need = (id: string): DeviceRuntime => {
    const device = deps.runtimes.get(id);
    if (!device) throw new Fault('not.found', `There is no device ${id}. Choose one from the list.`);
    return device;
  };
  const read = async (device: DeviceRuntime) => {
    const result = await readRegisters(device);
    if (result.kind === 'ok') lastRead.set(device.spec.id, { rows: result.rows, atMs: kernel.clock.monotonicMs() });
    return result;
  };
  const aged = (id: string): Row[] => {
    const last = lastRead.get(id);
    if (!last) return [];
    const ageMs = kernel.clock.monotonicMs() - last.atMs;
    return last.rows.map((r) => ({ ...r, ageMs, quality: r.quality === 'good' ? 'stale' : r.quality }));
  };
  return {
    'devices.list': () => [...deps.runtimes.values()].map(deps.summary),
    'devices.get': async ({ id }) => {
      const device = need(id);
      const result = await read(device);
      const stats = device.link()?.stats();
      return {
        ...deps.summary(device),
        registers: result.kind === 'ok' ? result.rows : aged(id),
        history: deps.book.history(id),
        requests: {
          sent: stats?.requests ?? 0,
          failed: (stats?.exceptions ?? 0) + (stats?.malformed ?? 0) + (stats?.timeouts ?? 0),
          timeouts: stats?.timeouts ?? 0,
          reconnects: Math.max(0, (stats?.connects ?? 0) - 1),
        },
      };
    },
    'devices.testRead': async ({ id }) => {
      const result = await read(need(id));
      return result.kind === 'ok'
        ? { ok: true, ms: result.ms, message: `${result.rows.length} points read in ${Math.round(result.ms)} ms.`, registers: result.rows }
        : { ok: false, ms: null, message: result.message, registers: aged(id) };
    },
    'devices.setMaintenance': ({ id, maintenance, note }, caller) => {
      const device = need(id);
      const by = caller.person?.name ?? 'unknown';
      deps.book.set(id, maintenance ? 'maintenance' : 'active', {
        timeMs: kernel.clock.nowMs(),
        text: `${maintenance ? 'Set to maintenance' : 'Back in service'}: ${note}`,
        by,
      });
      kernel.alarms.suppress(id, maintenance ? `${device.spec.name} is in maintenance: ${note}` : null);
      deps.changed();
      return deps.summary(device);
    },
  };
}

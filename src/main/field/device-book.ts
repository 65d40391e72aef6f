/** Life of devices as people set it (maintenance and back), and each device's history. */
import type { z } from 'zod';
import type { DeviceSummary } from '../../shared/contract/operations.ts';
import type { Store } from '../kernel/ports.ts';

export type Lifecycle = z.infer<typeof DeviceSummary>['lifecycle'];

export interface DeviceBook {
  lifecycle(device: string): Lifecycle;
  set(device: string, lifecycle: Lifecycle, entry: { timeMs: number; text: string; by: string }): void;
  history(device: string): { timeMs: number; text: string; by: string }[];
  note(device: string, entry: { timeMs: number; text: string; by: string }): void;
}

const HISTORY_SHOWN = 50;

export function createDeviceBook(store: Store): DeviceBook {
  const known = new Map<string, Lifecycle>();
  for (const row of store.read.prepare('SELECT device, lifecycle FROM device_lifecycle').all() as {
    device: string;
    lifecycle: Lifecycle;
  }[]) {
    known.set(row.device, row.lifecycle);
  }
  const note: DeviceBook['note'] = (device, entry) => {
    store.write((db) =>
      db
        .prepare('INSERT INTO device_history (device, time_ms, text, by_whom) VALUES (?, ?, ?, ?)')
        .run(device, entry.timeMs, entry.text, entry.by),
    );
  };
  return {
    lifecycle: (device) => known.get(device) ?? 'active',
    set(device, lifecycle, entry) {
      store.write((db) => {
        db.prepare(
          `INSERT INTO device_lifecycle VALUES (?, ?, ?)
           ON CONFLICT (device) DO UPDATE SET lifecycle = excluded.lifecycle, since_ms = excluded.since_ms`,
        ).run(device, lifecycle, entry.timeMs);
        note(device, entry);
      });
      known.set(device, lifecycle);
    },
    history: (device) =>
      store.read
        .prepare('SELECT time_ms AS timeMs, text, by_whom AS "by" FROM device_history WHERE device = ? ORDER BY id DESC LIMIT ?')
        .all(device, HISTORY_SHOWN) as { timeMs: number; text: string; by: string }[],
    note,
  };
}

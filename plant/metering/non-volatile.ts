/**
 * What survives a power cut in the field: meter registers and unsent readings, the gateways' order numbers, the battery's charge, the genset's tank,
 * the relays' latched positions. One file, written whole, at least once a second; devices show what is on disk, never more.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MeterReading } from '../../drivers/mqtt/messages.ts';
import type { PlantState } from '../physics/state.ts';
import { writeFileAtomic } from './atomic-file.ts';
import type { Gateway } from './gateway.ts';
import type { Meter } from './meter.ts';

interface Stored {
  schema: 'plant-memory/1';
  plantId: string;
  plantTimeMs: number;
  meters: Record<string, { importWh: number; exportWh: number; sequence: number; lastInterval: number | null; pending: MeterReading[] }>;
  gateways: Record<string, { sequence: number; standing: Gateway['standing']; suspendedUntil: number }>;
  switches: Record<string, { command: boolean; closed: boolean; tripped: boolean }>;
  battery?: { storedWh: number; chargedWh: number; dischargedWh: number };
  genset?: { fuelL: number; runS: number; generatedWh: number };
  hydro?: { generatedWh: number };
  generatedWh: Record<string, number>;
  energy: PlantState['energy'];
}

export interface Memory {
  state: PlantState;
  meters: readonly Meter[];
  gateways: readonly Gateway[];
  /** Energy counters of the PV and wind inverters. */
  generatedWh: Map<string, number>;
}

export interface MemoryFile {
  /** Fills the plant from the file; false when there is none. Throws a sentence when it cannot be read. */
  restore(memory: Memory): boolean;
  /** Resolves when everything as of the call is on disk; meters then show it. Calls made while one runs share the next. */
  save(memory: Memory): Promise<void>;
}

export function openMemoryFile(dir: string, plantId: string): MemoryFile {
  const path = join(dir, 'memory.json');
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const write = async (memory: Memory): Promise<void> => {
    const stored = snapshot(memory, plantId);
    await writeFileAtomic(path, JSON.stringify(stored));
    for (const meter of memory.meters) {
      const saved = stored.meters[meter.deviceId];
      if (!saved) continue;
      meter.storedImportWh = saved.importWh;
      meter.storedExportWh = saved.exportWh;
    }
  };
  const save = (memory: Memory): Promise<void> => {
    if (!running) {
      running = write(memory).finally(() => {
        running = null;
      });
      return running;
    }
    next ??= running
      .catch(() => {})
      .then(() => {
        next = null;
        return save(memory);
      });
    return next;
  };
  return {
    save,
    restore(memory) {
      if (!existsSync(path)) return false;
      let stored: Stored;
      try {
        stored = JSON.parse(readFileSync(path, 'utf8')) as Stored;
      } catch (cause) {
        throw new Error(`The plant's memory ${path} cannot be read. Move it away to start the simulated plant afresh.`, { cause });
      }
      if (stored.schema !== 'plant-memory/1' || stored.plantId !== plantId) {
        throw new Error(
          `The plant's memory ${path} belongs to another plant (${stored.plantId}). Use another data folder, or move the file away.`,
        );
      }
      restoreFrom(stored, memory);
      return true;
    },
  };
}

function snapshot({ state, meters, gateways, generatedWh }: Memory, plantId: string): Stored {
  return {
    schema: 'plant-memory/1',
    plantId,
    plantTimeMs: state.plantTimeMs,
    meters: Object.fromEntries(
      meters.map((m) => [
        m.deviceId,
        { importWh: m.importWh, exportWh: m.exportWh, sequence: m.sequence, lastInterval: m.lastInterval, pending: [...m.pending] },
      ]),
    ),
    gateways: Object.fromEntries(
      gateways.map((g) => [g.memberId, { sequence: g.sequence, standing: g.standing, suspendedUntil: g.suspendedUntil }]),
    ),
    switches: Object.fromEntries(state.switches.map((s) => [s.id, { command: s.command, closed: s.closed, tripped: s.tripped }])),
    ...(state.battery && {
      battery: {
        storedWh: state.battery.machine.storedWh,
        chargedWh: state.battery.machine.chargedWh,
        dischargedWh: state.battery.machine.dischargedWh,
      },
    }),
    ...(state.genset && {
      genset: { fuelL: state.genset.machine.fuelL, runS: state.genset.machine.runS, generatedWh: state.genset.machine.generatedWh },
    }),
    ...(state.hydro && { hydro: { generatedWh: state.hydro.machine.generatedWh } }),
    generatedWh: Object.fromEntries(generatedWh),
    energy: { ...state.energy },
  };
}

function restoreFrom(stored: Stored, { state, meters, gateways, generatedWh }: Memory): void {
  state.plantTimeMs = stored.plantTimeMs;
  for (const meter of meters) {
    const saved = stored.meters[meter.deviceId];
    if (saved) Object.assign(meter, saved, { storedImportWh: saved.importWh, storedExportWh: saved.exportWh, pending: [...saved.pending] });
  }
  for (const gateway of gateways) Object.assign(gateway, stored.gateways[gateway.memberId] ?? {});
  for (const s of state.switches) Object.assign(s, stored.switches[s.id] ?? {});
  if (state.battery) Object.assign(state.battery.machine, stored.battery ?? {});
  if (state.genset) Object.assign(state.genset.machine, stored.genset ?? {});
  if (state.hydro) Object.assign(state.hydro.machine, stored.hydro ?? {});
  for (const [id, wh] of Object.entries(stored.generatedWh)) generatedWh.set(id, wh);
  Object.assign(state.energy, stored.energy);
}

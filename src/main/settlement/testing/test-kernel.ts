/** A kernel for tests and one-shot runs of the exchange: real store, journal and hub in a temporary folder; alarms are only counted. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PlantFile } from '../../../shared/plant-file.ts';
import { migrations } from '../../historian/migrations/index.ts';
import { type OpenStore, openStore } from '../../historian/store.ts';
import { openJournal } from '../../journal/journal.ts';
import { createHub } from '../../kernel/hub.ts';
import { silentLog } from '../../kernel/log.ts';
import type { Clock, Kernel, Log } from '../../kernel/ports.ts';
import { systemClock } from '../../kernel/system-clock.ts';

export interface TestKernel extends Kernel {
  readonly store: OpenStore;
  /** `kind@source` of raised alarms. */
  readonly raised: Set<string>;
  /** Payloads that broke the contract, as `topic: problem`. */
  readonly offContract: string[];
}

export function testKernel(options: { dataDir: string; plant: PlantFile; clock?: Clock; log?: Log }): TestKernel {
  mkdirSync(options.dataDir, { recursive: true });
  const clock = options.clock ?? systemClock;
  const store = openStore(join(options.dataDir, 'console.sqlite'), migrations);
  const raised = new Set<string>();
  const offContract: string[] = [];
  return {
    clock,
    store,
    raised,
    offContract,
    log: options.log ?? silentLog(),
    journal: openJournal(store, clock),
    hub: createHub((topic, problem) => void offContract.push(`${topic}: ${problem}`)),
    historian: { append() {}, query: () => [], usedBytes: () => 0 },
    alarms: {
      define() {},
      raise: (kind, source) => void raised.add(`${kind}@${source}`),
      clear: (kind, source) => void raised.delete(`${kind}@${source}`),
      set: (kind, source, active) => void (active ? raised.add(`${kind}@${source}`) : raised.delete(`${kind}@${source}`)),
      suppress() {},
    },
    plant: options.plant,
    dataDir: options.dataDir,
    simulated: options.plant.simulation !== undefined,
  };
}

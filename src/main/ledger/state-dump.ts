/**
 * Writes the development node's state to our file, in a thread of its own: a day's chain is tens of megabytes of JSON, and the control
 * cycle must not wait for it.
 *
 * Every start of anvil makes a genesis block of its own, and a dump lists those of all earlier starts; loaded again, either may become
 * block 0. So foreign ones (told by their time) are left out. The file is replaced whole: anvil's own writing truncates in place, and an
 * empty file keeps it from starting.
 */
import { Worker } from 'node:worker_threads';

export interface StateDumper {
  /** @param genesisS time of the chain's own block 0, Unix seconds */
  dump(url: string, file: string, genesisS: number): Promise<void>;
  close(): Promise<void>;
}

/** Plain JavaScript, because it runs from this text both in a checkout and in a bundle. */
const SOURCE = `
const { parentPort } = require('node:worker_threads');
const fs = require('node:fs');
const { gunzipSync } = require('node:zlib');
parentPort.on('message', async ({ id, url, file, genesisS }) => {
  try {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'anvil_dumpState', params: [] });
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: AbortSignal.timeout(30000) });
    const answer = await response.json();
    if (answer.error) throw new Error(answer.error.message);
    const state = JSON.parse(gunzipSync(Buffer.from(answer.result.slice(2), 'hex')).toString());
    state.blocks = state.blocks.filter((b) => Number(b.header.number) !== 0 || Number(b.header.timestamp) === genesisS);
    if (!state.blocks.some((b) => Number(b.header.number) === 0)) throw new Error('the dump has no genesis block of this chain');
    const handle = fs.openSync(file + '.new', 'w', 0o600);
    try {
      fs.writeFileSync(handle, JSON.stringify(state));
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
    fs.renameSync(file + '.new', file);
    parentPort.postMessage({ id, error: null });
  } catch (error) {
    parentPort.postMessage({ id, error: String(error && error.message || error) });
  }
});
`;

export function createStateDumper(): StateDumper {
  let worker: Worker | null = null;
  let nextId = 1;
  const waiting = new Map<number, { resolve(): void; reject(error: Error): void }>();
  const running = (): Worker => {
    if (worker) return worker;
    const started = new Worker(SOURCE, { eval: true });
    worker = started;
    started.unref();
    started.on('message', ({ id, error }: { id: number; error: string | null }) => {
      const entry = waiting.get(id);
      waiting.delete(id);
      if (error === null) entry?.resolve();
      else entry?.reject(new Error(error));
    });
    const gone = (error: Error): void => {
      if (worker === started) worker = null;
      for (const entry of waiting.values()) entry.reject(error);
      waiting.clear();
    };
    started.on('error', gone);
    started.on('exit', () => gone(new Error('the dumping thread ended')));
    return started;
  };
  return {
    dump: (url, file, genesisS) =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        running().postMessage({ id, url, file, genesisS });
      }),
    async close() {
      await worker?.terminate();
      worker = null;
    },
  };
}

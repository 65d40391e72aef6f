/** The engine under measurement, in a process of its own: no host, no screens, the default plant. Reports CPU and the lateness of every control cycle. */

import { createConsole } from '../src/main/composition.ts';
import { defaultPlantFile } from '../src/main/host/paths.ts';

const [dataDir, speed] = process.argv.slice(2);
const console_ = await createConsole({ plantFile: defaultPlantFile, dataDir: dataDir ?? '', host: 'headless', speed: Number(speed) });
let beats: { jitterMs: number; proving: boolean }[] = [];
let wasProving = false;
console_.control.setOnBeat((jitterMs) => {
  const proving = console_.exchange.settlementStatus().proving;
  // A beat counts as proving when a proof was being made at its start or at the one before.
  beats.push({ jitterMs, proving: proving || wasProving });
  wasProving = proving;
});
let last = process.cpuUsage();
let lastMs = performance.now();
setInterval(() => {
  const used = process.cpuUsage(last);
  const nowMs = performance.now();
  process.send?.({
    type: 'sample',
    cpuMs: (used.user + used.system) / 1000,
    wallMs: nowMs - lastMs,
    proving: console_.exchange.settlementStatus().proving,
    beats,
  });
  beats = [];
  last = process.cpuUsage();
  lastMs = nowMs;
}, 1000);
process.on('message', async (message: { type: string }) => {
  if (message.type !== 'stop') return;
  await console_.stop();
  process.exit(0);
});
process.send?.({ type: 'ready' });

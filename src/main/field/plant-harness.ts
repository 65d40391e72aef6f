/** Starts the real plant process for integration tests: the same Modbus devices the console meets in the demo. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PlantFile, parsePlantFile } from '../../shared/plant-file.ts';
import type { DeviceAddress } from './device-runtime.ts';

export interface PlantProcess {
  readonly plant: PlantFile;
  readonly addresses: Record<string, DeviceAddress>;
  readonly control: { port: number; token: string };
  call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

const at = (path: string): string => fileURLToPath(new URL(`../../../plant/${path}`, import.meta.url));

export async function startPlantProcess(options: { speed?: number; seed?: number } = {}): Promise<PlantProcess> {
  const file = at('plants/rural1.json');
  const parsed = parsePlantFile(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join('; '));
  const dir = mkdtempSync(join(tmpdir(), 'busbar-plant-'));
  const args = ['--plant', file, '--data', dir, '--seed', String(options.seed ?? 1), '--speed', String(options.speed ?? 1)];
  const child: ChildProcess = fork(at('main.ts'), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ready = await new Promise<{ devices: Record<string, DeviceAddress>; control: { port: number; token: string } }>(
    (resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the plant process ended with ${code}`)));
      child.on('message', (m) => {
        const message = m as { type: string; devices: Record<string, DeviceAddress>; control: { port: number; token: string } };
        if (message.type === 'ready') resolve(message);
      });
    },
  );
  return {
    plant: parsed.plant,
    addresses: ready.devices,
    control: ready.control,
    async call(method, path, body) {
      const response = await fetch(`http://127.0.0.1:${ready.control.port}${path}`, {
        method,
        headers: { authorization: `Bearer ${ready.control.token}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    },
    async close() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await gone;
      clearTimeout(timer);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/**
 * Starts the simulated plant as a process of its own, or finds the one that a crashed console left running: the plant is the field,
 * it does not end because a console did.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../shared/errors.ts';
import type { DeviceAddress } from '../field/field-service.ts';
import type { Log } from '../kernel/ports.ts';
import { forkProcess, type OwnProcess, processAlive } from './fork.ts';

export interface PlantProcess {
  readonly addresses: Readonly<Record<string, DeviceAddress>>;
  readonly control: { readonly port: number; readonly token: string };
  readonly pid: number;
  readonly attached: boolean;
  /** Stops it for good. */
  stop(): Promise<void>;
  onExit(listener: () => void): void;
}

interface Ready {
  devices: Record<string, DeviceAddress>;
  control: { port: number; token: string };
  pid: number;
}

const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 5_000;

export async function startPlant(options: {
  entry: string;
  plantFile: string;
  dataDir: string;
  mqttUrl: string;
  log: Log;
}): Promise<PlantProcess> {
  const left = await attachToRunning(options);
  if (left) {
    options.log.info('plant: attached to the plant that was left running', { pid: left.pid });
    return handleOf(left, null, true);
  }
  const child = forkProcess(options.entry, {
    args: ['--plant', options.plantFile, '--data', options.dataDir],
    env: { BUSBAR_MQTT_URL: options.mqttUrl },
    outlive: true,
  });
  let stderr = '';
  child.onStderr((text) => {
    stderr = (stderr + text).slice(-4000);
  });
  const ready = await new Promise<Ready>((resolve, reject) => {
    const timer = setTimeout(
      () =>
        reject(
          new Fault('timeout', `The simulated plant did not start within ${READY_WITHIN_MS / 1000} s. Its last words: ${lastLine(stderr)}`),
        ),
      READY_WITHIN_MS,
    );
    child.onMessage((message) => {
      if ((message as { type?: string } | null)?.type !== 'ready') return;
      clearTimeout(timer);
      resolve(message as Ready);
    });
    child.onExit((code) => {
      clearTimeout(timer);
      reject(new Fault('plant.invalid', `The simulated plant ended at once (exit ${code}). ${lastLine(stderr)}`));
    });
  });
  return handleOf({ ...ready, pid: ready.pid ?? child.pid }, child, false);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '(nothing)';
}

function handleOf(ready: Ready, child: OwnProcess | null, attached: boolean): PlantProcess {
  let stopping = false;
  return {
    addresses: ready.devices,
    control: ready.control,
    pid: ready.pid,
    attached,
    async stop() {
      stopping = true;
      await request(ready.control, 'POST', '/stop').catch(() => {});
      await gone(ready.pid, STOP_WITHIN_MS);
      child?.release();
    },
    onExit(listener) {
      if (child) {
        child.onExit(() => {
          if (!stopping) listener();
        });
        return;
      }
      const timer = setInterval(() => {
        if (processAlive(ready.pid)) return;
        clearInterval(timer);
        if (!stopping) listener();
      }, 2000);
      timer.unref();
    },
  };
}

async function gone(pid: number, withinMs: number): Promise<void> {
  const until = Date.now() + withinMs;
  while (processAlive(pid) && Date.now() < until) await new Promise((r) => setTimeout(r, 50));
  if (processAlive(pid)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended between the two calls.
    }
  }
}

async function attachToRunning(options: { dataDir: string; mqttUrl: string }): Promise<Ready | null> {
  try {
    const known = JSON.parse(readFileSync(join(options.dataDir, 'plant', 'control.json'), 'utf8')) as Ready & {
      port?: number;
      token?: string;
    };
    const control = known.control ?? { port: known.port as number, token: known.token as string };
    if (!processAlive(known.pid)) return null;
    const answer = await request(control, 'POST', '/attach', { pid: process.pid, mqttUrl: options.mqttUrl });
    return { devices: answer.devices as Ready['devices'], control, pid: known.pid };
  } catch {
    return null;
  }
}

async function request(
  control: { port: number; token: string },
  method: string,
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const response = await fetch(`http://127.0.0.1:${control.port}${path}`, {
    method,
    headers: { authorization: `Bearer ${control.token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(3000),
  });
  if (!response.ok) throw new Error(`plant control answered ${response.status}`);
  const text = await response.text();
  return text ? (JSON.parse(text) as Record<string, unknown>) : {};
}

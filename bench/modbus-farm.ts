/**
 * Many Modbus devices in a process of their own, so that their work is not counted as the console's.
 * Forked by `startFarm`; talks over IPC only.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type DeviceFault, openModbusServer } from '../drivers/modbus/server.ts';

export interface FarmWrite {
  readonly device: number;
  readonly value: number;
  /** CLOCK_MONOTONIC of this machine in milliseconds: comparable between processes. */
  readonly atMs: number;
}

export interface Farm {
  readonly ports: readonly number[];
  onWrite(listener: (write: FarmWrite) => void): void;
  close(): Promise<void>;
}

/** Milliseconds of the machine's monotonic clock, the same in every process. */
export const machineMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Starts `devices` servers, the first `dead` of which never answer: some hang, some turn connections away, some lie, some are far too slow. */
export async function startFarm(devices: number, dead: number): Promise<Farm> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ['farm', String(devices), String(dead)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const listeners = new Set<(write: FarmWrite) => void>();
  const ready = new Promise<number[]>((resolve, reject) => {
    child.on('message', (message: { ports?: number[]; write?: FarmWrite }) => {
      if (message.ports) resolve(message.ports);
      if (message.write) for (const listener of listeners) listener(message.write);
    });
    child.once('exit', (code) => reject(new Error(`the device farm ended with code ${code}`)));
  });
  const ports = await ready;
  return {
    ports,
    onWrite: (listener) => void listeners.add(listener),
    async close() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

const deadWays: readonly DeviceFault[] = [
  { kind: 'silent' },
  { kind: 'refuse-connections' },
  { kind: 'slow', delayMs: 10_000 },
  { kind: 'garbage' },
];
const REGISTERS = 125;

async function farm(devices: number, dead: number): Promise<void> {
  const ports: number[] = [];
  for (let device = 0; device < devices; device++) {
    const registers = Array.from({ length: REGISTERS }, (_, i) => i);
    const fault = device < dead ? (deadWays[device % deadWays.length] as DeviceFault) : ({ kind: 'none' } as const);
    const server = await openModbusServer({
      port: 0,
      fault: () => fault,
      units: new Map([
        [
          1,
          {
            read: (_table, address, count) => registers.slice(address, address + count),
            write: (_table, address, values) => {
              process.send?.({ write: { device, value: values[0] as number, atMs: machineMs() } });
              registers.splice(address, values.length, ...values);
            },
          },
        ],
      ]),
    });
    ports.push(server.port);
  }
  process.send?.({ ports });
  process.once('disconnect', () => process.exit(0));
}

if (process.argv[2] === 'farm') await farm(Number(process.argv[3]), Number(process.argv[4]));

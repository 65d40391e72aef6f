/** What the plant itself says, over its control address: the truth a test holds the console against. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface PlantTruth {
  plantTimeMs: number;
  speed: number;
  grid: { mains: boolean; frequencyHz: number };
  islands: { buses: string[]; kind: 'grid' | 'island' | 'dead'; frequencyHz: number }[];
  units: Record<string, { activePowerW: number; state: string; socPercent?: number }>;
  switches: Record<string, { closed: boolean; commandClosed: boolean; tripped: boolean; stuck: boolean }>;
  pccPowerW: number;
  meters: Record<string, { importWh: number; exportWh: number; sequence: number; pendingReadings: number }>;
  faults: { id: string; kind: string; target: string | null }[];
}

async function ask<T>(dataDir: string, method: string, path: string, body?: unknown): Promise<T> {
  const known = JSON.parse(readFileSync(join(dataDir, 'plant', 'control.json'), 'utf8')) as {
    port?: number;
    token?: string;
    control?: { port: number; token: string };
  };
  const { port, token } = known.control ?? { port: known.port, token: known.token };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(5000),
  });
  if (!response.ok) throw new Error(`the plant answered ${response.status}: ${await response.text()}`);
  const text = await response.text();
  return (text ? JSON.parse(text) : {}) as T;
}

export const plantTruth = (dataDir: string): Promise<PlantTruth> => ask(dataDir, 'GET', '/state');
export const injectFault = (dataDir: string, fault: { kind: string; target?: string; seconds?: number }): Promise<{ id: string }> =>
  ask(dataDir, 'POST', '/fault', fault);
export const clearFault = (dataDir: string, id: string): Promise<unknown> => ask(dataDir, 'DELETE', `/fault/${id}`);

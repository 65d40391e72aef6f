/** Talks to a running plant's control server; for the command line and tests. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ControlClient {
  call<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<T>;
}

/** Finds the plant of a data folder; throws a sentence when none runs there. */
export function openControl(dataDir: string): ControlClient {
  const path = join(dataDir, 'plant', 'control.json');
  let known: { port: number; token: string };
  try {
    known = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`No simulated plant runs on the data folder ${dataDir} (there is no ${path}). Start the console first.`, { cause });
  }
  return {
    async call<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<T> {
      const response = await fetch(`http://127.0.0.1:${known.port}${path}`, {
        method,
        headers: { authorization: `Bearer ${known.token}` },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(5000),
      }).catch((cause: Error) => {
        throw new Error('The simulated plant does not answer; it may have ended. Start the console again.', { cause });
      });
      const answer = (await response.json()) as T & { error?: string };
      if (!response.ok) throw new Error(answer.error ?? `the plant answered ${response.status}`);
      return answer;
    },
  };
}

/** The built desktop entry and preload, unchanged, under the stand-in of the `electron` module. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { chromiumPath } from './browser.ts';

const root = join(import.meta.dirname, '..', '..');

export interface WindowRecord {
  schemes: { scheme: string; privileges: Record<string, boolean> }[];
  windowOptions: { webPreferences: Record<string, unknown> }[];
  permissionHandlers: number;
  sandboxed: boolean;
  windowOpen: { action: string }[];
}

export interface RunningDesktop {
  readonly child: ChildProcess;
  /** Debugging address of the Chromium that plays the window. */
  readonly endpoint: string;
  readonly record: WindowRecord;
  /** Closes the window as a person would, answers the question, resolves with what was asked and the exit code. */
  close(): Promise<{ asked: { message: string; detail: string } | null; code: number | null }>;
}

export function startDesktop(dataDir: string, args: readonly string[] = []): Promise<RunningDesktop> {
  const child = fork(join(root, 'out', 'main', 'index.js'), ['.', '--data', dataDir, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning', '--import', join(root, 'test', 'support', 'electron-stand-in', 'register.mjs')],
    env: { ...process.env, BUSBAR_CHROMIUM: chromiumPath ?? '' },
  });
  let output = '';
  let asked: { message: string; detail: string } | null = null;
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-10_000)));
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the desktop entry opened no window in time:\n${output}`));
    }, 90_000);
    child.on(
      'message',
      (message: { type: string; endpoint: string; record: WindowRecord; text: string; options: { message: string; detail: string } }) => {
        if (message.type === 'asked') asked = message.options;
        if (message.type === 'error-box') {
          clearTimeout(timer);
          reject(new Error(message.text));
        }
        if (message.type !== 'window') return;
        clearTimeout(timer);
        resolve({
          child,
          endpoint: message.endpoint,
          record: message.record,
          async close() {
            if (child.connected) child.send({ type: 'close' });
            const late = setTimeout(() => child.kill('SIGKILL'), 30_000);
            const code = await exited;
            clearTimeout(late);
            return { asked, code };
          },
        });
      },
    );
    void exited.then((code) => {
      clearTimeout(timer);
      reject(new Error(`the desktop entry ended at once (exit ${code}):\n${output}`));
    });
  });
}

import { spawn } from 'node:child_process';

/**
 * Runs a command, calls `onLine` for each line of its output, keeps the last of it for the error.
 * Resolves with the exit code; never throws for a failing command.
 */
export function run(command, args, { cwd, env, onLine, inherit = false, timeoutMs } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: inherit ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32' && !command.endsWith('.exe'),
    });
    let tail = '';
    let timedOut = false;
    const timer = timeoutMs
      ? setTimeout(() => {
          timedOut = true;
          child.kill('SIGKILL');
        }, timeoutMs)
      : null;
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      let rest = '';
      stream.setEncoding('utf8');
      stream.on('data', (chunk) => {
        tail = (tail + chunk).slice(-8000);
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) onLine?.(line);
      });
      stream.on('end', () => rest && onLine?.(rest));
    }
    child.on('error', (error) => resolve({ code: 127, tail: error.message, timedOut }));
    child.on('close', (code) => {
      if (timer) clearTimeout(timer);
      resolve({ code: code ?? 1, tail, timedOut });
    });
  });
}

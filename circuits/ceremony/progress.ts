// SPDX-License-Identifier: GPL-3.0-only
/** Progress lines on standard error: each five percent, and every ten seconds the time, so that nobody takes a long step for a dead one. */
import type { Progress } from '../keys/make-keys.ts';

const STEP = 0.05;
const BEAT_MS = 10_000;

export function stderrProgress(out: { write(text: string): unknown }, now: () => number = Date.now): { show: Progress; stop(): void } {
  const began = now();
  let shown = -1;
  let fraction = 0;
  let text = '';
  let at = began;
  const print = (): void => {
    at = now();
    out.write(`${String(Math.round(100 * fraction)).padStart(5)} %  ${String(Math.round((at - began) / 1000)).padStart(5)} s  ${text}\n`);
  };
  let timer: NodeJS.Timeout | null = null;
  return {
    show(next, nextText) {
      timer ??= setInterval(() => {
        if (now() - at >= BEAT_MS) print();
      }, 1000).unref();
      fraction = next;
      text = nextText;
      const step = Math.floor(fraction / STEP + 1e-9);
      if (step <= shown) return;
      shown = step;
      print();
    },
    stop() {
      if (timer !== null) clearInterval(timer);
    },
  };
}

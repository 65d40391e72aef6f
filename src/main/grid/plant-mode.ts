/** How the microgrid stands to the main grid, from the breaker's feedback and what is alive. */
import type { z } from 'zod';
import type { PlantMode } from '../../shared/contract/session.ts';
import type { Position } from './estimator.ts';

export type Mode = z.infer<typeof PlantMode>;

export function plantMode(input: {
  emergency: boolean;
  breaker: Position;
  gridAlive: boolean | null;
  /** Any bus on the microgrid's side of the breaker that is surely fed. */
  localAlive: boolean;
  localUnknown: boolean;
  /** The breaker was told to close and waits for synchronism. */
  closing: boolean;
}): Mode {
  if (input.emergency) return 'emergency';
  if (input.breaker === 'unknown') return 'unknown';
  if (input.breaker === 'closed') {
    if (input.gridAlive === true) return 'connected';
    // The relay opens by itself a moment after the main grid is gone; until then nobody knows which it is.
    return input.gridAlive === null && input.localAlive ? 'connected' : input.localAlive ? 'islanded' : 'unknown';
  }
  if (input.localAlive) return input.closing ? 'resynchronising' : 'islanded';
  return input.localUnknown ? 'unknown' : 'black-start';
}

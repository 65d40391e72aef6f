/** The five things that deserve a person now, in words; empty when nothing does. */
import type { z } from 'zod';
import type { Attention, FunctionState } from '../../shared/contract/grid.ts';
import type { AlarmRow } from '../../shared/contract/operations.ts';
import type { Mode } from './plant-mode.ts';

type Item = z.infer<typeof Attention>;

export function attention(input: {
  alarms: readonly z.infer<typeof AlarmRow>[];
  mode: Mode;
  gridAlive: boolean | null;
  functions: readonly FunctionState[];
  tagged: number;
}): Item[] {
  const items: Item[] = [];
  const open = input.alarms.filter((a) => a.state !== 'shelved' && a.state !== 'suppressed' && a.state !== 'normal');
  const order = [...open].sort(
    (a, b) =>
      // What is over asks only for an acknowledgement; what is still there comes first.
      Number(b.active) - Number(a.active) ||
      a.priority - b.priority ||
      Number(b.state === 'unacknowledged') - Number(a.state === 'unacknowledged') ||
      b.raisedMs - a.raisedMs,
  );
  // That the plant is dark, or can come back, is not crowded out by a flood of alarms.
  const step = (input.mode === 'islanded' && input.gridAlive === true) || input.mode === 'black-start';
  const most = step ? 3 : 4;
  for (const a of order.slice(0, most)) {
    const [page = 'alarms', target = null] = a.page.split(':');
    items.push({
      id: `alarm:${a.id}`,
      priority: a.priority,
      text: a.active ? `${a.title}: ${where(a)}. ${plain(a.action)}.` : `Over, not acknowledged yet: ${a.title}, ${a.sourceName}.`,
      page,
      target,
    });
  }
  if (open.length > most)
    items.push({ id: 'more', priority: null, text: `${open.length - most} more alarms are open.`, page: 'alarms', target: null });
  if (input.mode === 'islanded' && input.gridAlive === true) {
    items.push({
      id: 'resync',
      priority: null,
      text: 'The main grid is back: the interconnection can be closed.',
      page: 'grid',
      target: null,
    });
  }
  if (input.mode === 'black-start') {
    items.push({
      id: 'dark',
      priority: null,
      text: 'Nothing is fed: connect the battery or start the genset, then close feeder by feeder.',
      page: 'grid',
      target: null,
    });
  }
  for (const f of input.functions) {
    if (f.mode === 'off')
      items.push({ id: `off:${f.id}`, priority: null, text: `${f.name} is switched off.`, page: 'balance', target: f.id });
  }
  if (input.tagged > 0) {
    items.push({
      id: 'tags',
      priority: null,
      text: `${input.tagged} ${input.tagged === 1 ? 'element carries a lock-out tag' : 'elements carry lock-out tags'}.`,
      page: 'grid',
      target: null,
    });
  }
  return items.slice(0, 5);
}

/** A value that names its source needs no second naming. */
const where = (a: z.infer<typeof AlarmRow>): string =>
  a.value === null ? a.sourceName : a.value.includes(a.sourceName) ? plain(a.value) : `${a.sourceName}, ${plain(a.value)}`;

/** Sentences of alarms come with or without their full stop. */
const plain = (text: string): string => text.trim().replace(/\.+$/, '');

/**
 * `busbar fault …`: training faults of a running plant from a terminal.
 *   list                           what can go wrong, on what, and what is active
 *   start KIND [TARGET] [--seconds N] [--PARAMETER VALUE]
 *   end ID | end all
 */
import { parseArgs } from 'node:util';
import { type ControlClient, openControl } from './client.ts';
import type { ActiveFault, FaultKind } from './faults.ts';

export const FAULT_USAGE =
  'usage: busbar fault list | start KIND [TARGET] [--seconds N] [--depthPercent N] [--delayMs N] [--factor N] [--energyWh N] [--intervals N] | end ID|all   (--data DIR)';

/** Returns the one JSON document to print. Throws a sentence for a refusal; `UsageError` for bad usage. */
export async function faultCommand(args: readonly string[], dataDir: string): Promise<unknown> {
  const { positionals, values } = parse(args);
  const control = openControl(values.data ?? dataDir);
  const [act, ...rest] = positionals;
  if (act === 'list' && rest.length === 0) return control.call('GET', '/faults');
  if (act === 'start' && rest[0]) {
    const { data: _data, ...numbers } = values;
    const parameters = Object.fromEntries(Object.entries(numbers).map(([name, text]) => [name, Number(text)]));
    return control.call<ActiveFault>('POST', '/fault', { kind: rest[0], ...(rest[1] && { target: rest[1] }), ...parameters });
  }
  if (act === 'end' && rest[0]) return { ended: await endFaults(control, rest[0]) };
  throw new UsageError(FAULT_USAGE);
}

export class UsageError extends Error {}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { data: text, seconds: text, depthPercent: text, delayMs: text, factor: text, energyWh: text, intervals: text },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}. ${FAULT_USAGE}`);
  }
}

async function endFaults(control: ControlClient, which: string): Promise<string[]> {
  const { active } = await control.call<{ catalogue: FaultKind[]; active: ActiveFault[] }>('GET', '/faults');
  const ids = which === 'all' ? active.map((fault) => fault.id) : [which];
  for (const id of ids) await control.call('DELETE', `/fault/${encodeURIComponent(id)}`);
  return ids;
}

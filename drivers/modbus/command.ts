/**
 * A command from sending to proof. A write that was acknowledged is not yet done: only what is read back is. A write that
 * may have been lost is not repeated blindly; it is read back first.
 */
import { performance } from 'node:perf_hooks';
import type { ModbusLink } from './link.ts';
import { describeFailure, type Failure, type ReadRequest, type WriteRequest } from './requests.ts';

export interface Command {
  readonly link: Pick<ModbusLink, 'read' | 'write' | 'name'>;
  readonly write: WriteRequest;
  /** Where the proof is read; the written registers themselves when absent. Prefer position feedback for switches. */
  readonly readBack?: ReadRequest;
  /** Whether the values read prove the command; equality with the written values when absent. */
  readonly matches?: (values: readonly number[]) => boolean;
  /** How long the device may take until the proof shows. */
  readonly verifyWithinMs?: number;
  readonly pollEveryMs?: number;
}

export interface CommandTimings {
  /** From the call until the device acknowledged the write. */
  readonly ackedMs?: number;
  /** From the call until the proof was read. */
  readonly verifiedMs?: number;
}

/**
 * - `verified`: the read-back proves it.
 * - `mismatched`: the device was read back and says otherwise.
 * - `refused`: the device answered with an exception; it has not changed.
 * - `unknown`: it may or may not have been carried out, and the device cannot be read.
 * - `not-sent`: it never left the console.
 */
export interface CommandResult {
  readonly kind: 'verified' | 'mismatched' | 'refused' | 'unknown' | 'not-sent';
  readonly detail: string;
  readonly readBack?: readonly number[];
  readonly timings: CommandTimings;
}

export async function runCommand(command: Command): Promise<CommandResult> {
  const { link, write } = command;
  const startedMs = performance.now();
  const elapsed = () => performance.now() - startedMs;
  const outcome = await link.write(write);
  if (outcome.kind === 'ok') return verify(command, elapsed, { ackedMs: elapsed() }, undefined);
  const detail = describeFailure(outcome, link.name);
  if (outcome.kind === 'exception' && outcome.code !== 5 && outcome.code !== 11) return { kind: 'refused', detail, timings: {} };
  if (!outcome.sent) return { kind: 'not-sent', detail, timings: {} };
  return verify(command, elapsed, {}, outcome);
}

async function verify(command: Command, elapsed: () => number, timings: CommandTimings, lost: Failure | undefined): Promise<CommandResult> {
  const { link, write } = command;
  const request = command.readBack ?? { unit: write.unit, table: write.table, address: write.address, count: write.values.length };
  const matches = command.matches ?? ((values) => values.every((value, i) => value === write.values[i]));
  const untilMs = elapsed() + (command.verifyWithinMs ?? 500);
  let seen: readonly number[] | undefined;
  let failure: Failure | undefined = lost;
  for (;;) {
    const outcome = await link.read(request, { lane: 'command' });
    if (outcome.kind === 'ok') {
      seen = outcome.values;
      if (matches(seen))
        return { kind: 'verified', detail: 'Read back as commanded.', readBack: seen, timings: { ...timings, verifiedMs: elapsed() } };
    } else failure = outcome;
    if (elapsed() >= untilMs) break;
    await new Promise((resolve) => setTimeout(resolve, command.pollEveryMs ?? 50));
  }
  if (seen) {
    return {
      kind: 'mismatched',
      detail: `${link.name} was read back and does not show what was commanded (${seen.join(' ')}).`,
      readBack: seen,
      timings,
    };
  }
  const reason = failure ? describeFailure(failure, link.name) : 'No read-back.';
  return { kind: 'unknown', detail: `Whether the command was carried out is not known. ${reason}`, timings };
}

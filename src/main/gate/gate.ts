/**
 * The one gate. Every call, whichever host carries it: parse the input, check the session and the role, journal the act, run, parse
 * the output. Faults go out with a code, a sentence and a trace id; a stack never does.
 */
import { randomUUID } from 'node:crypto';
import { type CallName, contract, type Handlers, isCommand } from '../../shared/contract/contract.ts';
import { Fault, type WireFault } from '../../shared/errors.ts';
import { ROLE_LABEL, roleAllows } from '../../shared/roles.ts';
import type { SessionRecord } from '../access/access.ts';
import type { Journal, Log } from '../kernel/ports.ts';

export type Answer = { kind: 'ok'; output: unknown } | { kind: 'fault'; fault: WireFault };

export interface Gate {
  call(session: SessionRecord, name: string, input: unknown): Promise<Answer>;
}

/** Calls a locked screen still answers. */
const WHILE_LOCKED: ReadonlySet<string> = new Set(['session.get', 'session.unlock', 'session.signOut', 'host.closing', 'settings.notices']);
/** Acts the journal does not need: they change nothing of the plant. */
const UNJOURNALLED: ReadonlySet<string> = new Set(['grid.checkSwitch']);

/** Acts that move something in the field. */
const ON_THE_PLANT: ReadonlySet<string> = new Set(['grid.switch', 'control.setPower', 'emergency.execute', 'emergency.recover']);

export function createGate(deps: {
  handlers: Handlers;
  journal: Journal;
  log: Log;
  state: () => 'starting' | 'running' | 'stopping';
}): Gate {
  const { handlers, journal, log } = deps;
  return {
    async call(session, name, input) {
      const traceId = randomUUID();
      const refuse = (fault: Fault): Answer => ({ kind: 'fault', fault: toWire(fault, traceId) });
      if (!Object.hasOwn(contract.queries, name) && !Object.hasOwn(contract.commands, name)) {
        return refuse(
          new Fault(
            'call.unknown',
            `The console has no call named "${name.slice(0, 64)}". Reload the window; it may be of another version.`,
          ),
        );
      }
      const call = name as CallName;
      const definition = isCommand(call) ? contract.commands[call] : contract.queries[call];
      // Who asked, also when the act itself ends his session; and what he asked, also when it is refused.
      const before = session.person;
      let asked: unknown;
      try {
        if (deps.state() === 'stopping') throw new Fault('engine.stopping', 'The console is shutting down. Start it again to go on.');
        const person = session.person;
        const locked = session.locked && !WHILE_LOCKED.has(call);
        if (locked) throw new Fault('session.locked', 'The screen is locked. Unlock it with your password.');
        if (!roleAllows(person?.role ?? null, definition.role)) {
          if (!person) throw new Fault('session.required', 'Nobody is signed in. Sign in and try again.');
          const needed = definition.role === 'public' ? 'nobody' : ROLE_LABEL[definition.role].toLowerCase();
          throw new Fault(
            'role.missing',
            `This needs the role ${needed}; ${person.name} is ${ROLE_LABEL[person.role].toLowerCase()}. Ask somebody with that role.`,
          );
        }
        const parsed = definition.input.safeParse(input ?? {});
        if (!parsed.success) {
          const problems = parsed.error.issues.map((i) => `${i.path.join('.') || 'input'}: ${i.message}`);
          throw new Fault('input.invalid', `That cannot be done as asked: ${problems.slice(0, 3).join('; ')}.`, {
            details: { problems: problems.slice(0, 20) },
          });
        }
        asked = parsed.data;
        // Acts on the plant are written down before they are done: a crash in between must not leave a switched relay that nobody ordered.
        if (isCommand(call) && ON_THE_PLANT.has(call)) record(call, asked, person, 'noted', 'Asked:');
        const caller = { sessionId: session.id, person };
        const handler = handlers[call] as (i: unknown, c: typeof caller) => unknown;
        const output = await handler(parsed.data, caller);
        const checked = definition.output.safeParse(output);
        if (!checked.success) {
          log.error(`gate: ${call} answered off the contract`, { traceId, problem: checked.error.message });
          throw new Fault(
            'output.invalid',
            `The engine gave an answer it should not (${call}). This is a bug; the act itself may have been carried out: check the journal.`,
          );
        }
        if (isCommand(call) && !UNJOURNALLED.has(call)) record(call, asked, session.person ?? before, outcomeOf(output), '');
        return { kind: 'ok', output: checked.data };
      } catch (error) {
        const fault =
          error instanceof Fault
            ? error
            : new Fault(
                'engine.internal',
                `Something went wrong inside the console (${call}). It was logged under ${traceId.slice(0, 8)}; try again, and report it if it stays.`,
                { cause: error },
              );
        if (!(error instanceof Fault))
          log.error(`gate: ${call} failed`, { traceId, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
        if (isCommand(call) && fault.code !== 'engine.stopping') {
          try {
            record(call, asked, before ?? session.person, 'refused', fault.message);
          } catch (cause) {
            log.error('gate: the refusal could not be journalled', { traceId, error: String(cause) });
          }
        }
        return refuse(fault);
      }
    },
  };

  function record(
    call: CallName,
    input: unknown,
    person: SessionRecord['person'],
    outcome: 'done' | 'refused' | 'failed' | 'noted',
    text: string,
  ): void {
    if (!isCommand(call)) return;
    const definition = contract.commands[call];
    const secret = 'secret' in definition ? (definition.secret ?? []) : [];
    const shown =
      input && typeof input === 'object' ? Object.fromEntries(Object.entries(input).filter(([k]) => !secret.includes(k))) : undefined;
    const target = shown && 'id' in shown && typeof shown.id === 'string' ? shown.id : null;
    const said = shown && Object.keys(shown).length > 0 ? JSON.stringify(shown) : '';
    journal.record({
      who: person?.name ?? 'nobody',
      kind: 'act',
      title: definition.title,
      text: [text, said].filter(Boolean).join(' ').slice(0, 2000),
      target,
      outcome,
    });
  }
}

/** A command that came back unverified is journalled as failed, not as done. */
function outcomeOf(output: unknown): 'done' | 'refused' | 'failed' {
  const state = (output as { state?: unknown } | null)?.state;
  if (state === 'mismatch' || state === 'unknown') return 'failed';
  return state === 'refused' ? 'refused' : 'done';
}

export function toWire(fault: Fault, traceId: string): WireFault {
  return { code: fault.code, message: fault.message, retry: fault.retry, traceId, ...(fault.details ? { details: fault.details } : {}) };
}

import { describe, expect, it } from 'vitest';
import { type CallName, callNames, contract, type Handlers, isCommand } from '../../shared/contract/contract.ts';
import { Fault } from '../../shared/errors.ts';
import { Role, roleAllows } from '../../shared/roles.ts';
import type { SessionRecord } from '../access/access.ts';
import { silentLog } from '../kernel/log.ts';
import { createGate } from './gate.ts';

const session = (role: Role | null, locked = false): SessionRecord => ({
  id: 's',
  person: role ? { id: 'p', name: 'Ada', role } : null,
  demo: false,
  locked,
});

function gateWith(handlers: Partial<Record<CallName, (input: never) => unknown>> = {}) {
  const journal: { who: string; title: string; text: string; target?: string | null; outcome?: string }[] = [];
  const all = Object.fromEntries(callNames.map((n) => [n, handlers[n] ?? (() => 'handled')])) as unknown as Handlers;
  const gate = createGate({ handlers: all, journal: { record: (e) => journal.push(e) }, log: silentLog(), state: () => 'running' });
  return { gate, journal };
}

describe('the gate', () => {
  const cases = callNames.flatMap((name) => [null, ...Role.options].map((role) => [name, role] as const));
  it.each(cases)('%s as %s: only the roles named in the contract get past', async (name, role) => {
    let reached = false;
    const { gate } = gateWith({
      [name]: () => {
        reached = true;
        return {};
      },
    });
    const definition = isCommand(name) ? contract.commands[name] : contract.queries[name];
    const answer = await gate.call(session(role), name, {});
    const allowed = roleAllows(role, definition.role);
    if (!allowed) {
      expect(reached).toBe(false);
      expect(answer).toMatchObject({ kind: 'fault', fault: { code: role === null ? 'session.required' : 'role.missing' } });
    } else if (answer.kind === 'fault') expect(answer.fault.code).not.toMatch(/^(role|session)/);
  });

  it('refuses bad input by field, before the handler sees it, and journals the refusal', async () => {
    const { gate, journal } = gateWith();
    const answer = await gate.call(session('operator'), 'alarms.shelve', { id: 'a', minutes: -5, reason: 'x' });
    expect(answer).toMatchObject({ kind: 'fault', fault: { code: 'input.invalid' } });
    expect(answer.kind === 'fault' && answer.fault.message).toContain('minutes');
    expect(journal).toMatchObject([{ title: 'Shelve an alarm', outcome: 'refused' }]);
  });

  it('refuses a call nobody knows', async () => {
    const { gate } = gateWith();
    for (const name of ['no.such', '__proto__', 'toString', 'constructor']) {
      expect(await gate.call(session('supervisor'), name, {})).toMatchObject({ kind: 'fault', fault: { code: 'call.unknown' } });
    }
  });

  it('never lets a password into the journal', async () => {
    const { gate, journal } = gateWith({
      'people.setPassword': () => ({ id: 'x', name: 'Bob', role: 'operator', disabled: false, createdMs: 1 }),
    });
    await gate.call(session('supervisor'), 'people.setPassword', { id: 'x', password: 'correct horse battery' });
    expect(JSON.stringify(journal)).not.toContain('horse');
    expect(journal).toMatchObject([{ outcome: 'done' }]);
  });

  it('journals an unverified act as failed, not as done', async () => {
    const { gate, journal } = gateWith({
      'grid.switch': () => ({ state: 'unknown', message: 'not read back', sentMs: 1, verifiedMs: null }),
    });
    await gate.call(session('operator'), 'grid.switch', { id: 'q-pcc', position: 'open', token: 't' });
    expect(journal).toMatchObject([
      { title: 'Operate a switch', outcome: 'noted' },
      { title: 'Operate a switch', outcome: 'failed' },
    ]);
  });

  it('journals who signed out, and what a refused act was about', async () => {
    const seat = session('operator');
    const { gate, journal } = gateWith({
      'session.signOut': () => {
        seat.person = null;
        return {};
      },
      'grid.switch': () => {
        throw new Fault('permissive.missing', 'It carries a lock-out tag.');
      },
    });
    await gate.call(seat, 'grid.switch', { id: 'q-pcc', position: 'open', token: 't' });
    await gate.call(seat, 'session.signOut', {});
    expect(journal).toMatchObject([
      { who: 'Ada', outcome: 'noted', target: 'q-pcc' },
      { who: 'Ada', outcome: 'refused', target: 'q-pcc', text: expect.stringContaining('"position":"open"') },
      { who: 'Ada', title: 'Sign out' },
    ]);
  });

  it('writes an act on the plant down before it is done', async () => {
    const atHandler: number[] = [];
    const { gate, journal } = gateWith({
      'grid.switch': () => {
        atHandler.push(journal.length);
        throw new Error('the power went');
      },
    });
    await gate.call(session('operator'), 'grid.switch', { id: 'q-pcc', position: 'open', token: 't' });
    expect(atHandler).toEqual([1]);
    expect(journal[0]?.text).toContain('q-pcc');
  });

  it('answers nothing but the unlocking of a locked screen', async () => {
    const { gate } = gateWith();
    expect(await gate.call(session('supervisor', true), 'alarms.active', {})).toMatchObject({
      kind: 'fault',
      fault: { code: 'session.locked' },
    });
  });

  it('says nothing of the inside when a handler breaks', async () => {
    const { gate } = gateWith({
      'alarms.active': () => {
        throw new Error('/secret/path/key.json not found');
      },
    });
    const answer = await gate.call(session('operator'), 'alarms.active', {});
    expect(answer).toMatchObject({ kind: 'fault', fault: { code: 'engine.internal' } });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });

  it('refuses an answer off the contract', async () => {
    const { gate } = gateWith({ 'alarms.active': () => [{ nonsense: true }] });
    expect(await gate.call(session('operator'), 'alarms.active', {})).toMatchObject({ kind: 'fault', fault: { code: 'output.invalid' } });
  });

  it('passes on the code, the sentence and the retry of an expected fault', async () => {
    const { gate } = gateWith({
      'carbon.summary': () => {
        throw new Fault('chain.away', 'The chain does not answer.');
      },
    });
    expect(await gate.call(session('operator'), 'carbon.summary', {})).toMatchObject({
      kind: 'fault',
      fault: { code: 'chain.away', retry: 'later', message: 'The chain does not answer.' },
    });
  });
});

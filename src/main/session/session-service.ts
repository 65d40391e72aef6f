/** Session and people calls of the contract, over `access`. */
import type { Caller, PartialHandlers } from '../../shared/contract/contract.ts';
import type { Session } from '../../shared/contract/session.ts';
import { Fault } from '../../shared/errors.ts';
import type { Access, PersonRecord, SessionRecord } from '../access/access.ts';
import type { Kernel } from '../kernel/ports.ts';

export interface SessionFacts {
  readonly version: string;
  readonly host: 'electron' | 'headless';
  readonly developmentKeys: () => boolean;
  /** What goes on and what stops when the window is closed. */
  readonly closing: () => { goesOn: string[]; stops: string[]; running: string[] };
}

/** A session as its own window sees it. */
export function createSessionView(kernel: Kernel, access: Access, facts: SessionFacts): (session: SessionRecord) => Session {
  return (session) => ({
    person: session.person,
    demo: session.demo,
    locked: session.locked,
    needsFirstSupervisor: access.needsFirstSupervisor(),
    plant: {
      id: kernel.plant.id,
      name: kernel.plant.name,
      timeZone: kernel.plant.timeZone,
      nominalFrequencyHz: kernel.plant.nominal.frequencyHz,
      nominalVoltageV: kernel.plant.nominal.voltageV,
      simulated: kernel.simulated,
      currency: kernel.plant.market.currency,
    },
    developmentKeys: facts.developmentKeys(),
    version: facts.version,
    host: facts.host,
  });
}

export function createSessionHandlers(access: Access, view: (session: SessionRecord) => Session, facts: SessionFacts): PartialHandlers {
  const of = (caller: Caller): SessionRecord => {
    const session = access.session(caller.sessionId);
    if (!session) throw new Fault('session.required', 'This window is no longer known to the console. Reload it.');
    return session;
  };
  const personOf = (p: PersonRecord) => ({ id: p.id, name: p.name, role: p.role, disabled: p.disabled, createdMs: p.createdMs });
  return {
    'session.get': (_input, caller) => view(of(caller)),
    'session.signIn': async ({ name, password }, caller) => {
      await access.signIn(of(caller), name, password);
      return view(of(caller));
    },
    'session.signInDemo': (_input, caller) => {
      access.signInDemo(of(caller));
      return view(of(caller));
    },
    'session.signOut': (_input, caller) => {
      access.signOut(of(caller));
      return view(of(caller));
    },
    'session.lock': (_input, caller) => {
      access.lock(of(caller));
      return view(of(caller));
    },
    'session.unlock': async ({ password }, caller) => {
      await access.unlock(of(caller), password);
      return view(of(caller));
    },
    'people.createFirstSupervisor': async ({ name, password }, caller) => {
      await access.createFirstSupervisor(of(caller), name, password);
      return view(of(caller));
    },
    'people.list': () => access.list().map(personOf),
    'people.create': async ({ name, role, password }) => personOf(await access.create(name, role, password)),
    'people.setDisabled': ({ id, disabled }, caller) => personOf(access.setDisabled(id, disabled, caller.person?.id ?? '')),
    'people.setPassword': async ({ id, password }, caller) => personOf(await access.setPassword(id, password, caller.sessionId)),
    'host.closing': () => facts.closing(),
  };
}

/**
 * People and sessions. A session lives with its window or browser; it is never written down, so a restart signs everybody out.
 * On the simulated plant a demo operator is signed in by itself. Five failed tries make the name wait.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { Fault } from '../../shared/errors.ts';
import type { Role } from '../../shared/roles.ts';
import type { Clock, Store } from '../kernel/ports.ts';
import { hashPassword, verifyPassword } from './password.ts';

export interface PersonRecord {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly disabled: boolean;
  readonly createdMs: number;
}

export interface SessionRecord {
  readonly id: string;
  person: { id: string; name: string; role: Role } | null;
  demo: boolean;
  locked: boolean;
}

export interface Access {
  openSession(): SessionRecord;
  session(id: string): SessionRecord | undefined;
  closeSession(id: string): void;
  /** A window of this session is open; the answer ends that. */
  present(session: SessionRecord): () => void;
  /** Who signed in last and still has a window open. */
  onDuty(): string | null;
  needsFirstSupervisor(): boolean;
  createFirstSupervisor(session: SessionRecord, name: string, password: string): Promise<void>;
  signIn(session: SessionRecord, name: string, password: string): Promise<void>;
  /** Back to the demo operator after signing out; only the simulated plant has one. */
  signInDemo(session: SessionRecord): void;
  signOut(session: SessionRecord): void;
  lock(session: SessionRecord): void;
  unlock(session: SessionRecord, password: string): Promise<void>;
  list(): PersonRecord[];
  create(name: string, role: Role, password: string): Promise<PersonRecord>;
  setDisabled(id: string, disabled: boolean, by: string): PersonRecord;
  /** Ends the person's sessions, except the one the new password was set from. */
  setPassword(id: string, password: string, exceptSession?: string): Promise<PersonRecord>;
  /** Somebody signed in or out, locked, unlocked, or the first supervisor came. */
  onChange(listener: () => void): () => void;
}

const DEMO = { id: 'demo', name: 'Demo operator', role: 'supervisor' as const };
const FREE_TRIES = 5;
const LONGEST_WAIT_MS = 60_000;
const nameKey = (name: string): string => name.normalize('NFKC').trim().toLowerCase();

interface Row {
  id: string;
  name: string;
  role: Role;
  password: string;
  disabled: number;
  created_ms: number;
}
const recordOf = (r: Row): PersonRecord => ({ id: r.id, name: r.name, role: r.role, disabled: r.disabled === 1, createdMs: r.created_ms });

export function createAccess(deps: { store: Store; clock: Clock; simulated: boolean }): Access {
  const { store, clock, simulated } = deps;
  const sessions = new Map<string, SessionRecord>();
  const windows = new Map<SessionRecord, number>();
  const failures = new Map<string, { count: number; untilMs: number }>();
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of [...listeners]) listener();
  };
  // Compared against when the name is unknown, so that a wrong name costs as long as a wrong password.
  const decoy = hashPassword(randomBytes(16).toString('hex'));

  const byName = (name: string): Row | undefined =>
    store.read.prepare('SELECT * FROM person WHERE name_key = ?').get(nameKey(name)) as Row | undefined;
  const byId = (id: string): Row => {
    const row = store.read.prepare('SELECT * FROM person WHERE id = ?').get(id) as Row | undefined;
    if (!row) throw new Fault('not.found', 'There is no such person any more. Reload the list of people.');
    return row;
  };
  const supervisors = (): number =>
    (store.read.prepare("SELECT count(*) AS n FROM person WHERE role = 'supervisor' AND disabled = 0").get() as { n: number }).n;

  const check = async (name: string, password: string): Promise<Row> => {
    const key = nameKey(name);
    const failed = failures.get(key);
    if (failed && failed.untilMs > clock.nowMs()) {
      throw new Fault(
        'session.badCredentials',
        `Too many tries for this name. Wait ${Math.ceil((failed.untilMs - clock.nowMs()) / 1000)} s and try again.`,
        { retry: 'later' },
      );
    }
    const row = byName(name);
    const right = await verifyPassword(password, row?.password ?? (await decoy));
    if (!row || !right || row.disabled === 1) {
      const count = (failures.get(key)?.count ?? 0) + 1;
      const wait = count < FREE_TRIES ? 0 : Math.min(LONGEST_WAIT_MS, 1000 * 2 ** (count - FREE_TRIES));
      if (failures.size > 1000) failures.clear();
      failures.set(key, { count, untilMs: clock.nowMs() + wait });
      throw new Fault(
        'session.badCredentials',
        'Name or password is not right. Check both and try again; a supervisor can set a new password.',
      );
    }
    failures.delete(key);
    return row;
  };

  const FIRST_ONLY = 'There is a supervisor already. Sign in, or ask the supervisor to add you.';
  const insert = async (name: string, role: Role, password: string, onlyFirst = false): Promise<PersonRecord> => {
    const hash = await hashPassword(password);
    // Asked again after the slow hash: two windows may have tried at once.
    if (onlyFirst && supervisors() > 0) throw new Fault('conflict', FIRST_ONLY, { retry: 'never' });
    const row: Row = { id: randomUUID(), name: name.trim(), role, password: hash, disabled: 0, created_ms: clock.nowMs() };
    if (byName(name))
      throw new Fault('conflict', `Somebody called ${name.trim()} is already there. Choose another name.`, { retry: 'never' });
    store.write((db) => {
      db.prepare('INSERT INTO person (id, name, name_key, role, password, disabled, created_ms) VALUES (?,?,?,?,?,0,?)').run(
        row.id,
        row.name,
        nameKey(name),
        role,
        hash,
        row.created_ms,
      );
    });
    return recordOf(row);
  };

  const enter = (session: SessionRecord, person: { id: string; name: string; role: Role }, demo = false): void => {
    session.person = { id: person.id, name: person.name, role: person.role };
    session.demo = demo;
    session.locked = false;
    newestLast(session);
    changed();
  };
  const newestLast = (session: SessionRecord): void => {
    if (sessions.delete(session.id)) sessions.set(session.id, session);
  };

  return {
    openSession() {
      const session: SessionRecord = {
        id: randomBytes(24).toString('base64url'),
        person: simulated ? { ...DEMO } : null,
        demo: simulated,
        locked: false,
      };
      sessions.set(session.id, session);
      return session;
    },
    session: (id) => sessions.get(id),
    closeSession: (id) => void sessions.delete(id),
    present(session) {
      windows.set(session, (windows.get(session) ?? 0) + 1);
      let here = true;
      return () => {
        if (!here) return;
        here = false;
        const left = (windows.get(session) ?? 1) - 1;
        if (left > 0) windows.set(session, left);
        else windows.delete(session);
      };
    },
    onDuty() {
      let name: string | null = null;
      for (const s of sessions.values()) if (s.person && windows.has(s)) name = s.person.name;
      return name;
    },
    needsFirstSupervisor: () => !simulated && supervisors() === 0,
    async createFirstSupervisor(session, name, password) {
      if (supervisors() > 0) throw new Fault('conflict', FIRST_ONLY, { retry: 'never' });
      enter(session, await insert(name, 'supervisor', password, true));
    },
    async signIn(session, name, password) {
      enter(session, await check(name, password));
    },
    signInDemo(session) {
      if (!simulated)
        throw new Fault('permissive.missing', 'Only the simulated plant has a demo operator. Sign in by name and password.', {
          retry: 'never',
        });
      if (session.person) throw new Fault('conflict', `${session.person.name} is signed in here. Sign out first.`, { retry: 'never' });
      enter(session, DEMO, true);
    },
    signOut(session) {
      session.person = null;
      session.demo = false;
      session.locked = false;
      changed();
    },
    lock(session) {
      session.locked = true;
      changed();
    },
    async unlock(session, password) {
      if (!session.person) throw new Fault('session.required', 'Nobody is signed in. Sign in first.');
      if (!session.demo) await check(session.person.name, password);
      session.locked = false;
      changed();
    },
    list: () => (store.read.prepare('SELECT * FROM person ORDER BY name_key').all() as Row[]).map(recordOf),
    create: (name, role, password) => insert(name, role, password),
    setDisabled(id, disabled, by) {
      const row = byId(id);
      if (disabled && row.id === by)
        throw new Fault('conflict', 'You cannot disable yourself. Ask another supervisor.', { retry: 'never' });
      if (disabled && row.role === 'supervisor' && row.disabled === 0 && supervisors() === 1) {
        throw new Fault('conflict', 'This is the last supervisor. Add another one first.', { retry: 'never' });
      }
      store.write((db) => db.prepare('UPDATE person SET disabled = ? WHERE id = ?').run(disabled ? 1 : 0, id));
      if (disabled) {
        for (const s of sessions.values()) {
          if (s.person?.id === id) {
            s.person = null;
            changed();
          }
        }
      }
      return recordOf(byId(id));
    },
    async setPassword(id, password, exceptSession) {
      byId(id);
      const hash = await hashPassword(password);
      store.write((db) => db.prepare('UPDATE person SET password = ? WHERE id = ?').run(hash, id));
      // Whoever knew the old password is out; the one who set the new one stays where he is.
      for (const s of sessions.values()) {
        if (s.person?.id !== id || s.id === exceptSession) continue;
        s.person = null;
        changed();
      }
      return recordOf(byId(id));
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

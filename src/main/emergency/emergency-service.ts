/**
 * Emergency shutdown in two steps: arm (30 s), then execute. All relays of the level are told to open at once, ahead of every read, and each
 * counts only when it was read back open. What cannot be verified is named and tried again until it is, also after a crash of the console.
 *
 * This is a supervisory stop over the network, not a certified emergency-stop circuit (ISO 13850, IEC 60204-1): it needs power, relays
 * and network to work. Where people can be hurt, the hard-wired stop comes first.
 */
import { randomBytes } from 'node:crypto';
import type { PartialHandlers } from '../../shared/contract/contract.ts';
import type { EmergencyState } from '../../shared/contract/operations.ts';
import { Fault } from '../../shared/errors.ts';
import type { PlantFile } from '../../shared/plant-file.ts';
import type { FieldService } from '../field/field-service.ts';
import type { GridService } from '../grid/grid-service.ts';
import type { Kernel, Service } from '../kernel/ports.ts';
import { type EmergencyRecord, loadEmergency, ready, saveEmergency } from './emergency-book.ts';
import { levelViews } from './emergency-levels.ts';
import { type RecoveryStep, recoverySteps } from './recovery.ts';
import { createRelayRun } from './relay-run.ts';

type State = EmergencyState;
type EmergencyLevel = PlantFile['emergency']['levels'][number];

export interface EmergencyService extends Service {
  state(): State;
}

const ARMED_MS = 30_000;
const REREAD_MS = 4000;
const CLOSED_AGAIN = 'Closed again in the recovery';

export interface EmergencyDeps {
  readonly field: FieldService;
  readonly grid: GridService;
  /** Told of every level executed for real, after its writes have left. It must return at once: the shutdown waits for nobody. */
  readonly executed?: (emergency: { level: EmergencyLevel; by: string; startedMs: number }) => void;
}

export function createEmergencyService(kernel: Kernel, deps: EmergencyDeps): EmergencyService {
  const { plant, clock, store } = kernel;
  const { field, grid } = deps;
  const log = kernel.log.child('emergency');
  let record: EmergencyRecord = loadEmergency(store);
  let armed: { level: string; drill: boolean; token: string; untilMs: number; monotonicUntil: number; by: string } | null = null;
  let cancelDisarm: (() => void) | null = null;
  let cancelReread: (() => void) | null = null;
  let elapsedMs: number | null = null;
  let steps: RecoveryStep[] = [];
  let stopped = false;
  let running: Promise<void> | null = null;

  kernel.alarms.define({
    kind: 'emergency.unverified',
    priority: 1,
    title: 'Emergency: relay not verified open',
    cause: 'The relay was told to open and does not show that it is',
    consequence: 'What it feeds may still be live',
    action: 'Open it by hand at the switchboard; treat everything behind it as live',
    respondWithinS: 30,
  });
  kernel.alarms.define({
    kind: 'emergency.active',
    priority: 1,
    title: 'Emergency shutdown in force',
    cause: 'A person has shut the plant down',
    consequence: 'The relays of the level are open; automatic functions rest',
    action: 'Follow the recovery steps on the Emergency page when the cause is gone',
    respondWithinS: 300,
  });

  kernel.alarms.define({
    kind: 'emergency.notStopped',
    priority: 1,
    title: 'Emergency: unit not verified stopped',
    cause: 'The unit was told to stop and does not confirm that it does',
    consequence: 'It may run on behind its open relay',
    action: 'Stop it at its own panel',
    respondWithinS: 60,
  });

  const levelOf = (id: string | null): EmergencyLevel | undefined => plant.emergency.levels.find((l) => l.id === id);
  const publish = (): void => kernel.hub.publish('emergency', state());
  const relays = createRelayRun(kernel, { field, changed: publish, by: () => record.by ?? 'Busbar' });
  /** A full disk does not stop a shutdown; it only loses the memory of it. */
  const save = (next: EmergencyRecord): void => {
    record = next;
    try {
      saveEmergency(store, next);
    } catch (cause) {
      log.error('the emergency could not be put on disk; it goes on all the same', { cause: String(cause) });
    }
  };

  function state(): State {
    const unverified = relays
      .rows()
      .filter((r) => r.state === 'unverified')
      .map((r) => r.switch);
    return {
      phase: armed ? 'armed' : record.phase,
      drill: armed?.drill ?? record.drill,
      level: armed?.level ?? record.level,
      armedUntilMs: armed?.untilMs ?? null,
      startedMs: record.startedMs,
      by: armed?.by ?? record.by,
      deadlineMs: plant.emergency.deadlineMs,
      relays: relays.rows(),
      unverified,
      elapsedMs: record.phase === 'acting' ? relays.elapsedMs() : elapsedMs,
      recovery: record.phase === 'done' || record.phase === 'recovering' ? steps.map(viewStep) : [],
    };
  }

  function viewStep(step: RecoveryStep): State['recovery'][number] {
    const base = { id: step.id, title: step.title };
    if (record.recovered.includes(step.id)) return { ...base, state: 'done', why: null };
    const why = blockedBecause(step);
    if (why !== null) return { ...base, state: 'blocked', why };
    const next = steps.find((s) => !record.recovered.includes(s.id));
    return {
      ...base,
      state: next?.id === step.id || (step.switchId !== null && record.recovered.includes('all-clear')) ? 'possible' : 'waiting',
      why: null,
    };
  }

  function blockedBecause(step: RecoveryStep): string | null {
    if (step.id !== 'all-clear' && !record.recovered.includes('all-clear')) return 'First confirm that the cause is gone.';
    if (step.switchId === null) return null;
    const tag = grid.lockout.blocking(step.switchId)[0];
    if (tag) return `Lock-out tag of ${tag.by}: ${tag.text}`;
    if (!record.drill && step.switchId === interconnection && grid.gridAlive() !== true) {
      return 'The main grid is not healthy: start from the battery or the genset, and close the interconnection later.';
    }
    if (!record.drill && grid.position(step.switchId) === 'unknown') return 'Its position is unknown: its relay must answer first.';
    return null;
  }

  const stepsOf = (level: EmergencyLevel): RecoveryStep[] =>
    recoverySteps(plant, [...level.opens, ...record.alsoOpened.filter((id) => !level.opens.includes(id))], record.wereOpen);

  async function act(level: EmergencyLevel, drill: boolean): Promise<void> {
    relays.begin(level.opens);
    // Every write leaves before anything is awaited: relays open side by side, not one after the other.
    const opening = level.opens.map((id) => relays.open(id, drill));
    publish();
    const stopping = level.stopsUnits.map((id) => stopUnit(id, drill));
    const deadline = clock.setTimeout(() => {
      for (const row of relays.rows())
        if (row.state === 'sent') relays.set(row.switch, { state: 'unverified', message: 'Not verified within the deadline' });
      publish();
    }, plant.emergency.deadlineMs);
    const firstTries = Promise.allSettled(opening);
    const settled = await Promise.race([
      firstTries.then(() => true),
      new Promise<false>((resolve) => clock.setTimeout(() => resolve(false), plant.emergency.deadlineMs + 50)),
    ]);
    deadline();
    finish(settled);
    await Promise.allSettled([...opening, ...stopping]);
    if (stopped) return;
    elapsedMs = Math.max(...relays.rows().map((r) => r.ms ?? 0), 0);
    publish();
    if (!settled) note('Emergency shutdown: all relays verified', `The last one after ${elapsedMs} ms`, 'done');
  }

  function finish(allVerified: boolean): void {
    if (stopped || record.phase !== 'acting') return;
    elapsedMs = relays.elapsedMs();
    save({ ...record, phase: 'done' });
    const missing = relays.rows().filter((r) => r.state !== 'verified' && r.state !== 'already-open');
    const text = allVerified
      ? `${relays.rows().length} relays read back open in ${elapsedMs} ms`
      : `Not verified after ${elapsedMs} ms: ${missing.map((r) => r.name).join(', ')}. They are tried again until they are.`;
    note(record.drill ? 'Drill done' : 'Emergency shutdown', text, allVerified ? 'done' : 'failed');
    for (const row of missing) if (!record.drill) relays.raiseUnverified(row.switch, row.message ?? 'No answer');
    grid.refresh();
    publish();
  }

  async function stopUnit(id: string, drill: boolean): Promise<void> {
    const unit = plant.grid.units.find((u) => u.id === id);
    if (!unit?.controller || drill) return;
    const outcome = await field.commands.setRunning({ deviceId: unit.controller, running: false, by: record.by ?? 'Busbar' });
    if (outcome.state === 'verified') {
      kernel.alarms.clear('emergency.notStopped', id);
      return;
    }
    log.error('a unit was not verified stopped', { unit: id, message: outcome.message });
    kernel.alarms.raise('emergency.notStopped', id, { sourceName: unit.name, page: 'emergency', value: outcome.message });
    note('Emergency shutdown: unit not stopped', `${unit.name}: ${outcome.message}`, 'failed');
  }

  const note = (title: string, text: string, outcome: 'done' | 'failed' | 'noted'): void => {
    kernel.journal.record({ who: record.by ?? 'Busbar', kind: 'act', title, text, target: record.level, outcome });
  };

  const disarm = (why: string | null): void => {
    cancelDisarm?.();
    cancelDisarm = null;
    if (!armed) return;
    if (why !== null)
      kernel.journal.record({
        who: armed.by,
        kind: 'event',
        title: 'Emergency disarmed',
        text: why,
        target: armed.level,
        outcome: 'noted',
      });
    armed = null;
    publish();
  };

  function begin(level: EmergencyLevel, drill: boolean, by: string): void {
    // A higher level after a lower one: what the lower one opened was not open before, and comes back in the same recovery.
    const escalates = !drill && !record.drill && record.phase !== 'ready';
    const earlier = escalates ? [...(levelOf(record.level)?.opens ?? []), ...record.alsoOpened] : [];
    const wereOpen = level.opens.filter((id) => grid.position(id) === 'open' && (!earlier.includes(id) || record.wereOpen.includes(id)));
    const alsoOpened = earlier.filter((id) => !level.opens.includes(id) && !record.wereOpen.includes(id));
    const next: EmergencyRecord = {
      phase: 'acting',
      drill,
      level: level.id,
      startedMs: clock.nowMs(),
      by,
      wereOpen,
      alsoOpened,
      recovered: [],
    };

    // On disk before the first write leaves, so that a crash in between goes on.
    save(next);
    steps = stepsOf(level);
    if (!drill) {
      grid.expectIsland();
      grid.setEmergency(true, false);
      kernel.alarms.raise('emergency.active', 'emergency', { sourceName: level.name, page: 'emergency' });
    }
    running = act(level, drill).catch((cause: unknown) => log.error('the emergency shutdown failed', { cause: String(cause) }));
    if (!drill) tell({ level, by, startedMs: next.startedMs ?? clock.nowMs() });
  }

  /** What others make of it is theirs: the shutdown goes on whatever happens there. */
  function tell(emergency: Parameters<NonNullable<EmergencyDeps['executed']>>[0]): void {
    try {
      deps.executed?.(emergency);
    } catch (cause) {
      log.error('the emergency could not be told on; it goes on all the same', { cause: String(cause) });
    }
  }

  async function recover(stepId: string, by: string): Promise<void> {
    const step = steps.find((s) => s.id === stepId);
    if (!step || (record.phase !== 'done' && record.phase !== 'recovering')) {
      throw new Fault('permissive.missing', 'There is no such recovery step now. Look at the list of steps.');
    }
    const why = blockedBecause(step);
    if (why !== null) throw new Fault('permissive.missing', why);
    if (record.recovered.includes(step.id)) return;
    if (step.id === 'finish') {
      end(by);
      return;
    }
    if (step.switchId !== null && !record.drill) {
      // A relay that is still being told to open must not be told to close at the same time.
      const row = relays.row(step.switchId);
      if (row && row.state !== 'verified' && row.state !== 'already-open') {
        throw new Fault('permissive.missing', `${row.name} is not verified open yet. Open it by hand first.`);
      }
      if (
        step.switchId === interconnection &&
        grid.syncOk() !== true &&
        grid.forming().some((f) => f.alive) &&
        grid.mode() !== 'black-start' &&
        localAlive()
      ) {
        grid.setClosing(true);
      }
      const outcome = await field.commands
        .switchRelay({ switchId: step.switchId, closed: true, by, verifyWithinMs: step.switchId === interconnection ? 62_000 : 1500 })
        .finally(() => grid.setClosing(false));
      grid.refresh();
      if (outcome.state !== 'verified') throw new Fault('command.unverified', `${step.title}: ${outcome.message}`);
    }
    save({ ...record, phase: 'recovering', recovered: [...record.recovered, step.id] });
    if (step.switchId !== null && !record.drill) relays.set(step.switchId, { message: CLOSED_AGAIN });
    if (!record.drill) grid.setEmergency(true, true);
    note(record.drill ? 'Drill: recovery step' : 'Recovery step', step.title, 'done');
    publish();
  }

  /** After a restart: what does not show open within a few seconds is told again, until it does. */
  function openAgain(): void {
    for (const row of relays.rows()) {
      if (row.state === 'verified' || record.recovered.includes(row.switch)) continue;
      relays.raiseUnverified(row.switch, row.message ?? 'No answer');
      void relays.open(row.switch, false).catch((cause: unknown) => log.error('opening a relay failed', { cause: String(cause) }));
    }
  }

  const interconnection = plant.grid.switches.find((s) => s.kind === 'interconnection')?.id ?? null;
  const localAlive = (): boolean => (grid.estimate()?.busState ?? []).some((s, i) => i !== grid.network.gridBus && s === 'energised');

  function end(by: string): void {
    const left = steps.filter((s) => s.switchId !== null && !record.recovered.includes(s.id)).map((s) => s.title);
    const text = left.length === 0 ? 'All steps taken' : `Ended with steps not taken: ${left.join(', ')}`;
    kernel.journal.record({
      who: by,
      kind: 'act',
      title: record.drill ? 'Drill ended' : 'Emergency ended',
      text,
      target: record.level,
      outcome: 'done',
    });
    save(ready);
    relays.begin([]);
    steps = [];
    elapsedMs = null;
    grid.setEmergency(false, false);
    kernel.alarms.clear('emergency.active', 'emergency');
    for (const unit of plant.grid.units) kernel.alarms.clear('emergency.notStopped', unit.id);
    publish();
  }

  const handlers: PartialHandlers = {
    'emergency.levels': () => levelViews(plant, grid),
    'emergency.state': () => state(),
    'emergency.arm': ({ level, drill }, caller) => {
      const found = levelOf(level);
      if (!found) throw new Fault('not.found', `There is no emergency level ${level}.`);
      if (record.phase === 'acting') throw new Fault('conflict', 'A shutdown is under way. Wait for its outcome.');
      if (record.phase !== 'ready' && drill) throw new Fault('conflict', 'A shutdown is in force: no drill now. Finish recovery first.');
      disarm(null);
      const nowMs = clock.nowMs();
      armed = {
        level,
        drill,
        token: randomBytes(16).toString('hex'),
        untilMs: nowMs + ARMED_MS,
        monotonicUntil: clock.monotonicMs() + ARMED_MS,
        by: caller.person?.name ?? 'unknown',
      };
      const { token } = armed;
      cancelDisarm = clock.setTimeout(() => disarm('Nobody confirmed within 30 s'), ARMED_MS);
      publish();
      return { ...state(), token };
    },
    'emergency.disarm': () => {
      disarm('By hand');
      return state();
    },
    'emergency.execute': ({ token }, caller) => {
      const now = armed;
      if (!now || now.token !== token || clock.monotonicMs() > now.monotonicUntil) {
        throw new Fault('permissive.missing', 'The shutdown is not armed any more. Arm it again, then confirm within 30 s.');
      }
      const level = levelOf(now.level);
      if (!level) throw new Fault('not.found', `There is no emergency level ${now.level}.`);
      cancelDisarm?.();
      armed = null;
      begin(level, now.drill, caller.person?.name ?? now.by);
      return state();
    },
    'emergency.recover': async ({ step }, caller) => {
      await recover(step, caller.person?.name ?? 'unknown');
      return state();
    },
  };

  let tick: (() => void) | null = null;
  return {
    name: 'emergency',
    state,
    handlers,
    async start() {
      stopped = false;
      const level = levelOf(record.level);
      if (record.phase !== 'ready' && level) {
        steps = stepsOf(level);
        if (!record.drill) {
          grid.setEmergency(true, record.phase === 'recovering');
          kernel.alarms.raise('emergency.active', 'emergency', { sourceName: level.name, page: 'emergency' });
        }
        if (record.phase === 'acting') {
          kernel.journal.record({
            who: 'Busbar',
            kind: 'event',
            title: 'Emergency shutdown goes on',
            text: 'The console had stopped while it was under way; every relay of the level is told to open again and read back',
            target: level.id,
            outcome: 'noted',
          });
          running = act(level, record.drill).catch((cause: unknown) =>
            log.error('the emergency shutdown failed', { cause: String(cause) }),
          );
        } else {
          // What was verified before the crash is read again, not believed.
          relays.begin(level.opens);
          for (const id of level.opens) {
            // What was recovered had been verified open before it was closed; it is not looked at as one to open any more.
            if (record.recovered.includes(id)) relays.set(id, { state: 'verified', message: CLOSED_AGAIN });
            else relays.set(id, { state: 'waiting', message: 'Being read again' });
          }
          if (record.phase === 'done' && !record.drill) cancelReread = clock.setTimeout(openAgain, REREAD_MS);
        }
      }
      tick = field.onTick(() => {
        if (record.phase === 'ready') return;
        for (const row of relays.rows()) {
          if (row.state !== 'waiting' || record.recovered.includes(row.switch)) continue;
          const closed = field.fresh(`${row.switch}.closed`);
          if (closed !== null)
            relays.set(row.switch, closed === 0 ? { state: 'verified', message: null } : { state: 'unverified', message: 'It is closed' });
        }
        publish();
      });
      publish();
    },
    async stop() {
      stopped = true;
      relays.end();
      tick?.();
      cancelDisarm?.();
      cancelReread?.();
      await Promise.race([running ?? Promise.resolve(), new Promise((resolve) => setTimeout(resolve, 1500))]);
    },
  };
}

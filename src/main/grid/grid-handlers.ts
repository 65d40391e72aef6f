/** grid.*: topology, face-plates, tags, and switching in two steps: check (effects in words, token) → switch (read back). */
import { randomBytes } from 'node:crypto';
import type { PartialHandlers } from '../../shared/contract/contract.ts';
import type { CommandOutcome } from '../../shared/contract/grid.ts';
import { Fault } from '../../shared/errors.ts';
import type { PlantSwitch } from '../../shared/plant-file.ts';
import type { FieldService } from '../field/field-service.ts';
import type { Kernel } from '../kernel/ports.ts';
import { facePlate } from './face-plate.ts';
import type { GridService } from './grid-service.ts';
import { checkSwitch } from './switch-check.ts';

const TOKEN_MS = 30_000;
/** A relay with a synchronism check may wait this long for the right moment. */
const SYNC_WAIT_MS = 62_000;
/** The person gets an answer by then; the relay goes on waiting. */
const ANSWER_MS = 6000;

interface Pending {
  readonly id: string;
  readonly target: 'open' | 'closed';
  readonly expiresAt: number;
  readonly signature: string;
  readonly by: string | null;
}

export function gridHandlers(kernel: Kernel, deps: { field: FieldService; grid: GridService }): PartialHandlers {
  const { plant, clock } = kernel;
  const { field, grid } = deps;
  const pending = new Map<string, Pending>();
  const elements = new Set([
    ...plant.grid.buses.map((b) => b.id),
    ...plant.grid.lines.map((l) => l.id),
    ...plant.grid.transformers.map((t) => t.id),
    ...plant.grid.switches.map((s) => s.id),
    ...plant.grid.units.map((u) => u.id),
  ]);
  const switchOf = (id: string): PlantSwitch => {
    const sw = plant.grid.switches.find((s) => s.id === id);
    if (!sw) throw new Fault('not.found', `There is no switch ${id}. Choose one on the diagram.`);
    return sw;
  };
  /** Positions and tags the check was made against: when they change, the effects shown no longer hold. */
  const signature = (): string =>
    [...plant.grid.switches.map((s) => grid.position(s.id)[0]), grid.lockout.revision(), grid.gridAlive(), grid.emergency().active].join(
      '',
    );

  const check = (sw: PlantSwitch, target: 'open' | 'closed') =>
    checkSwitch(sw, target, {
      plant,
      net: grid.network,
      position: grid.position,
      gridAlive: grid.gridAlive(),
      forming: grid.forming(),
      unitPowerW: (unit) => grid.unitPower(unit).value,
      syncOk: grid.syncOk(),
      tagsOn: (element) => grid.lockout.blocking(element),
      emergency: grid.emergency().active,
      recovering: grid.emergency().recovering,
    });

  async function operate(sw: PlantSwitch, closed: boolean, token: string, by: string): Promise<CommandOutcome> {
    const mayWait = closed && sw.kind === 'interconnection' && grid.syncOk() !== null && grid.mode() !== 'black-start';
    if (sw.kind === 'interconnection' && !closed) grid.expectIsland();
    if (!mayWait) {
      const outcome = await field.commands.switchRelay({ id: token, switchId: sw.id, closed, by });
      grid.refresh();
      return outcome;
    }
    grid.setClosing(true);
    grid.refresh();
    const work = field.commands.switchRelay({ id: token, switchId: sw.id, closed, by, verifyWithinMs: SYNC_WAIT_MS }).finally(() => {
      grid.setClosing(false);
      grid.refresh();
    });
    work.catch((cause) => kernel.log.error('closing the interconnection failed', { cause: String(cause) }));
    const answer = new Promise<CommandOutcome>((resolve) => {
      clock.setTimeout(
        () =>
          resolve({
            state: 'unknown',
            message: `${sw.name} has the command and waits for synchronism, up to 60 s. Watch its position; the journal tells how it ends.`,
            sentMs: clock.nowMs(),
            verifiedMs: null,
          }),
        ANSWER_MS,
      );
    });
    return Promise.race([work, answer]);
  }

  return {
    'grid.topology': () => grid.topology(),
    'grid.facePlate': ({ id }) => {
      const measured = new Set(field.image.ids());
      const plate = facePlate(id, {
        topology: grid.topology(),
        state: grid.state(),
        lockout: grid.lockout,
        alarms: grid.activeAlarms(),
        has: (point) => measured.has(point),
        read: (point) => field.image.read(point),
      });
      if (!plate) throw new Fault('not.found', `There is nothing called ${id} in this grid.`);
      return plate;
    },
    'grid.checkSwitch': ({ id, position }, caller) => {
      const sw = switchOf(id);
      const nowMs = clock.monotonicMs();
      for (const [token, p] of pending) if (p.expiresAt < nowMs) pending.delete(token);
      grid.refresh();
      const result = check(sw, position);
      const token = randomBytes(16).toString('hex');
      pending.set(token, { id, target: position, expiresAt: nowMs + TOKEN_MS, signature: signature(), by: caller.person?.id ?? null });
      return { token, expiresMs: clock.nowMs() + TOKEN_MS, ...result };
    },
    'grid.switch': async ({ id, position, token }, caller) => {
      const sw = switchOf(id);
      const p = pending.get(token);
      if (!p || p.id !== id || p.target !== position || p.by !== (caller.person?.id ?? null)) {
        throw new Fault('permissive.missing', 'This act was not checked. Check it first, read its effects, then confirm.');
      }
      pending.delete(token);
      if (p.expiresAt < clock.monotonicMs()) throw new Fault('permissive.missing', 'The check is older than 30 s. Check again.');
      if (p.signature !== signature())
        throw new Fault('conflict', 'The grid has changed since the check. Check again and read the effects anew.');
      const { blockedBy } = check(sw, position);
      if (blockedBy.length > 0) throw new Fault('permissive.missing', blockedBy.join(' '), { details: { blockedBy } });
      return operate(sw, position === 'closed', token, caller.person?.name ?? 'unknown');
    },
    'grid.tag': ({ id, text }, caller) => {
      if (!elements.has(id)) throw new Fault('not.found', `There is nothing called ${id} in this grid.`);
      const tag = grid.lockout.hang(id, text, caller.person?.name ?? 'unknown', clock.nowMs());
      grid.refresh();
      return { id: tag.id };
    },
    'grid.untag': ({ tag }, caller) => {
      if (!grid.lockout.tag(tag)) throw new Fault('not.found', 'This tag hangs no more.');
      grid.lockout.remove(tag, caller.person?.name ?? 'unknown', clock.nowMs());
      grid.refresh();
      return {};
    },
  };
}

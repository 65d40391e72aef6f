/** The relays of a shutdown, each from "sent" to "verified": commanded side by side, read back, and repeated until they show open. */
import type { z } from 'zod';
import type { RelayRow } from '../../shared/contract/operations.ts';
import type { FieldService } from '../field/field-service.ts';
import type { Kernel } from '../kernel/ports.ts';
import { switchNumber } from './emergency-levels.ts';

export type Row = z.infer<typeof RelayRow>;

export interface RelayRun {
  rows(): Row[];
  row(switchId: string): Row | undefined;
  set(switchId: string, change: Partial<Row>): void;
  /** Forgets the rows of an earlier run and ends its retries; the clock of the run starts. */
  begin(switchIds: readonly string[]): void;
  elapsedMs(): number;
  /** Resolves when the relay was read back open, or the run has ended. */
  open(switchId: string, drill: boolean): Promise<void>;
  raiseUnverified(switchId: string, message: string): void;
  /** Ends all retries. */
  end(): void;
}

const FIRST_TRY_VERIFY_MS = 700;
const RETRY_VERIFY_MS = 1000;
/** A relay that stays away is asked ever less often, so that the journal stays readable. */
const RETRY_MAX_MS = 15_000;

export function createRelayRun(kernel: Kernel, deps: { field: FieldService; changed: () => void; by: () => string }): RelayRun {
  const { plant, clock } = kernel;
  let rows = new Map<string, Row>();
  let startedMs = 0;
  let run = 0;
  const nameOf = (id: string): string => plant.grid.switches.find((s) => s.id === id)?.name ?? id;

  const set = (id: string, change: Partial<Row>): void => {
    const row = rows.get(id);
    if (row) rows.set(id, { ...row, ...change });
  };
  const raiseUnverified = (id: string, message: string): void => {
    kernel.alarms.raise('emergency.unverified', id, { sourceName: nameOf(id), page: 'emergency', value: message });
  };
  const elapsedMs = (): number => Math.round(clock.monotonicMs() - startedMs);
  const end = (): void => {
    run += 1;
  };

  return {
    rows: () => [...rows.values()],
    row: (id) => rows.get(id),
    set,
    begin(ids) {
      end();
      for (const id of rows.keys()) kernel.alarms.clear('emergency.unverified', id);
      startedMs = clock.monotonicMs();
      rows = new Map(
        ids.map((id) => [
          id,
          { switch: id, number: switchNumber(plant, id), name: nameOf(id), state: 'waiting' as const, ms: null, message: null },
        ]),
      );
    },
    elapsedMs,
    async open(id, drill) {
      const mine = run;
      // The command is sent even when the relay shows open: the latch must hold it there.
      const wasOpen = deps.field.fresh(`${id}.closed`) === 0;
      if (drill) {
        set(id, { state: wasOpen ? 'already-open' : 'verified', ms: elapsedMs(), message: 'Drill: nothing was sent' });
        return;
      }
      for (let attempt = 0; mine === run; attempt += 1) {
        if (attempt === 0) set(id, { state: 'sent' });
        const outcome = await deps.field.commands.switchRelay({
          switchId: id,
          closed: false,
          by: deps.by(),
          urgent: true,
          verifyWithinMs: attempt === 0 ? FIRST_TRY_VERIFY_MS : RETRY_VERIFY_MS,
        });
        if (mine !== run) return;
        if (outcome.state === 'verified') {
          set(id, { state: wasOpen && attempt === 0 ? 'already-open' : 'verified', ms: elapsedMs(), message: null });
          kernel.alarms.clear('emergency.unverified', id);
          deps.changed();
          return;
        }
        set(id, { state: 'unverified', ms: null, message: outcome.message });
        if (elapsedMs() >= plant.emergency.deadlineMs) raiseUnverified(id, outcome.message);
        deps.changed();
        await new Promise<void>((resolve) => clock.setTimeout(resolve, Math.min(RETRY_MAX_MS, 150 * 1.5 ** attempt)));
      }
    },
    raiseUnverified,
    end,
  };
}

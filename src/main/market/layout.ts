/**
 * How many places a round has and in how many parts it is proven. Chosen from the community's size on the first start and kept, because
 * trees, keys and contracts are made for it: a ledger keeps its layout for life.
 */
import type { Database } from 'better-sqlite3';
import { type BatchLayout, type Capacity, capacityOf, layoutProblem, MOST_PARTS } from '../../domain/settlement/limits.ts';
import { Fault } from '../../shared/errors.ts';
import type { Store } from '../kernel/ports.ts';

/** @param places highest meter number that settles: meter n stands at place n − 1 */
export function layoutFor(places: number): BatchLayout {
  if (places <= 16) return { batchMembers: 16, parts: 1 };
  let parts = 1;
  while (64 * parts < places && parts < MOST_PARTS) parts *= 2;
  return { batchMembers: 64, parts };
}

/** As the tools that make circuits and keys name it: 16x1, 4x4. */
export const layoutName = ({ batchMembers, parts }: BatchLayout): string => `${batchMembers}x${parts}`;

const sameLayout = (a: BatchLayout, b: BatchLayout): boolean => a.batchMembers === b.batchMembers && a.parts === b.parts;

export function storedLayout(db: Database): BatchLayout | null {
  const row = db.prepare('SELECT batch_members AS batchMembers, parts FROM settlement_layout').get() as
    | { batchMembers: Capacity; parts: number }
    | undefined;
  return row ?? null;
}

/** The ledger's layout: the one it has, else the wanted one, else the smallest that holds everybody. Throws Fault when it has another than the wanted one. */
export function chooseLayout(store: Pick<Store, 'read' | 'write'>, places: number, wanted?: BatchLayout): BatchLayout {
  const problem = wanted ? layoutProblem(wanted) : null;
  if (wanted && problem !== null) throw new Fault('input.invalid', `A round cannot be laid out as ${layoutName(wanted)}: ${problem}.`);
  const stored = storedLayout(store.read);
  if (stored && wanted && !sameLayout(stored, wanted))
    throw new Fault(
      'input.invalid',
      `This ledger settles rounds as ${layoutName(stored)} and cannot change to ${layoutName(wanted)}. Start a new ledger with another data folder: --data DIR.`,
    );
  if (stored) return stored;
  const layout = wanted ?? layoutFor(places);
  store.write((db) =>
    db.prepare('INSERT INTO settlement_layout (id, batch_members, parts) VALUES (1, ?, ?)').run(layout.batchMembers, layout.parts),
  );
  return layout;
}

/** Height of the registry's tree on the chain. */
export const depthOf = (layout: BatchLayout): number => Math.log2(capacityOf(layout));

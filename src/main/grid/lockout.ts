/** Lock-out tags and who commands a unit. A tagged element is commanded by nobody, neither person nor function. */
import { randomUUID } from 'node:crypto';
import type { PlantFile } from '../../shared/plant-file.ts';
import type { Store } from '../kernel/ports.ts';

export interface Tag {
  readonly id: string;
  readonly element: string;
  readonly text: string;
  readonly by: string;
  readonly timeMs: number;
}
export type UnitMode = 'auto' | 'manual' | 'passive';

export interface Lockout {
  tags(element: string): readonly Tag[];
  tag(id: string): Tag | undefined;
  /** Tags on the element itself, and on what it switches or is switched by. */
  blocking(element: string): readonly Tag[];
  hang(element: string, text: string, by: string, timeMs: number): Tag;
  remove(id: string, by: string, timeMs: number): void;
  unitMode(unit: string): UnitMode;
  setUnitMode(unit: string, mode: UnitMode): void;
  revision(): number;
}

export function createLockout(store: Store, plant: PlantFile): Lockout {
  const tags = new Map<string, Tag>();
  const modes = new Map<string, UnitMode>();
  let revision = 0;
  for (const row of store.read
    .prepare('SELECT id, element, text, by_whom AS "by", hung_ms AS timeMs FROM lockout_tag WHERE removed_ms IS NULL ORDER BY hung_ms')
    .all() as Tag[]) {
    tags.set(row.id, row);
  }
  for (const row of store.read.prepare('SELECT unit, mode FROM unit_mode').all() as { unit: string; mode: UnitMode }[])
    modes.set(row.unit, row.mode);

  const related = new Map<string, Set<string>>();
  const relate = (a: string, b: string): void => {
    related.set(a, (related.get(a) ?? new Set()).add(b));
    related.set(b, (related.get(b) ?? new Set()).add(a));
  };
  for (const s of plant.grid.switches) relate(s.id, s.on.id);
  for (const u of plant.grid.units) if (u.controller) relate(u.id, u.controller);
  const of = (element: string): Tag[] => [...tags.values()].filter((t) => t.element === element);

  return {
    tags: of,
    tag: (id) => tags.get(id),
    blocking: (element) => (tags.size === 0 ? [] : [element, ...(related.get(element) ?? [])].flatMap(of)),
    hang(element, text, by, timeMs) {
      const tag: Tag = { id: randomUUID(), element, text, by, timeMs };
      store.write((db) =>
        db
          .prepare('INSERT INTO lockout_tag (id, element, text, by_whom, hung_ms) VALUES (?, ?, ?, ?, ?)')
          .run(tag.id, element, text, by, timeMs),
      );
      tags.set(tag.id, tag);
      revision += 1;
      return tag;
    },
    remove(id, by, timeMs) {
      store.write((db) => db.prepare('UPDATE lockout_tag SET removed_by = ?, removed_ms = ? WHERE id = ?').run(by, timeMs, id));
      tags.delete(id);
      revision += 1;
    },
    unitMode: (unit) => modes.get(unit) ?? 'auto',
    setUnitMode(unit, mode) {
      store.write((db) =>
        db.prepare('INSERT INTO unit_mode VALUES (?, ?) ON CONFLICT (unit) DO UPDATE SET mode = excluded.mode').run(unit, mode),
      );
      modes.set(unit, mode);
    },
    revision: () => revision,
  };
}

/** What members promised in demand response: while the event lasts, they draw that much less, as far as they draw anything. */
import type { PlantFile } from '../../src/shared/plant-file.ts';
import type { WalletAct } from '../../src/shared/wallet-act.ts';

export interface Promises {
  /** Takes note of an enrolment the member's gateway signed; other acts change nothing here. */
  signed(memberId: string, act: WalletAct): void;
  /** W the load leaves out now. */
  reductionW(unitId: string): number;
}

export function createPromises(file: Pick<PlantFile, 'members' | 'grid'>, nowMs: () => number): Promises {
  const loadOf = new Map(
    file.members.flatMap((m) => {
      const load = file.grid.units.find((u) => u.kind === 'load' && u.meter === m.meter);
      return load ? [[m.id, load.id] as const] : [];
    }),
  );
  const promised = new Map<string, { offeredW: number; fromMs: number; untilMs: number }[]>();
  return {
    signed(memberId, act) {
      const load = loadOf.get(memberId);
      if (act.kind !== 'enrol' || load === undefined) return;
      const open = (promised.get(load) ?? []).filter((p) => p.untilMs > nowMs());
      promised.set(load, [...open, { offeredW: act.offeredW, fromMs: act.fromS * 1000, untilMs: act.untilS * 1000 }]);
    },
    reductionW(unitId) {
      const list = promised.get(unitId);
      if (!list) return 0;
      const now = nowMs();
      return list.reduce((sum, p) => (p.fromMs <= now && now < p.untilMs ? sum + p.offeredW : sum), 0);
    },
  };
}

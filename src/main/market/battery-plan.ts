/** What the community's own battery sold or bought for the running interval, as power. A round that fails takes its plan with it. */
import type { Kernel } from '../kernel/ports.ts';
import type { Community } from './community.ts';
import * as rounds from './round-store.ts';

export interface BatteryPlanDeps {
  readonly community: Pick<Community, 'members'>;
  /** Positive charges, W; null: nothing is planned. */
  readonly plannedBatteryW: (activePowerW: number | null) => void;
}

/** Returns what a turn of the market does about it; the plan is told when it changes, and at least once an interval. */
export function createBatteryPlan(kernel: Pick<Kernel, 'store' | 'plant'>, deps: BatteryPlanDeps): (interval: number) => void {
  const { store, plant } = kernel;
  const own = deps.community.members.find(
    (m) => m.operatorOwned && plant.grid.units.some((u) => u.kind === 'battery' && u.meter === m.deviceId),
  );
  let seen: string | null = null;
  let told: { readonly interval: number; readonly powerW: number | null } | null = null;

  const powerOf = (round: rounds.StoredRound | undefined): number | null => {
    if (!own || !round || round.state === 'committed' || round.state === 'failed') return null;
    const order = rounds.roundOrders(store.read, round.interval).find((o) => o.meterId === own.meterId);
    const filledWh = order?.filledWh ?? 0;
    return filledWh > 0 ? Math.round(((order?.side === 'buy' ? filledWh : -filledWh) * 3_600_000) / plant.market.intervalMs) : null;
  };

  return (interval) => {
    if (!own) return;
    const round = rounds.roundAt(store.read, interval);
    const now = `${interval}:${round?.state ?? ''}`;
    if (now === seen) return;
    const powerW = powerOf(round);
    seen = now;
    if (told?.interval === interval && told.powerW === powerW) return;
    told = { interval, powerW };
    deps.plannedBatteryW(powerW);
  };
}

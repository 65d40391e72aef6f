/** Load of the operator over a window, from the alarm events written down (ISA-18.2, clause 16). */
import type { z } from 'zod';
import { type Annunciation, alarmMetrics } from '../../domain/alarms/flood.ts';
import type { AlarmPerformance as AlarmPerformanceSchema, AlarmRow } from '../../shared/contract/operations.ts';
import type { Store } from '../kernel/ports.ts';

type AlarmPerformance = z.infer<typeof AlarmPerformanceSchema>;
interface Row {
  alarm: string;
  title: string;
  priority: 1 | 2 | 3 | 4;
  source: string;
  event: 'raised' | 'cleared';
  time_ms: number;
}
/** ISA-18.2 leaves the figure to the site: more than three raises of one alarm within five minutes. */
const CHATTER = { raises: 3, windowMs: 300_000 };

export function alarmPerformance(store: Store, active: readonly AlarmRow[], nowMs: number, hours: number): AlarmPerformance {
  const fromMs = nowMs - hours * 3_600_000;
  const rows = store.read
    .prepare(
      "SELECT alarm, title, priority, source, event, time_ms FROM alarm_event WHERE time_ms >= ? AND event IN ('raised','cleared') ORDER BY time_ms",
    )
    .all(fromMs - 86_400_000) as Row[];
  const annunciations: { -readonly [K in keyof Annunciation]: Annunciation[K] }[] = [];
  const open = new Map<string, { returnedAtMs: number | null }>();
  const names = new Map<string, string>();
  const byPriority = { p1: 0, p2: 0, p3: 0, p4: 0 };
  const raises = new Map<string, number[]>();
  for (const row of rows) {
    names.set(row.alarm, `${row.title}, ${row.source}`);
    if (row.event === 'cleared') {
      const last = open.get(row.alarm);
      if (last) last.returnedAtMs = row.time_ms;
      continue;
    }
    const annunciation = { id: row.alarm, atMs: row.time_ms, returnedAtMs: null as number | null };
    annunciations.push(annunciation);
    open.set(row.alarm, annunciation);
    if (row.time_ms < fromMs) continue;
    byPriority[`p${row.priority}`]++;
    raises.set(row.alarm, [...(raises.get(row.alarm) ?? []), row.time_ms]);
  }
  const metrics = alarmMetrics(annunciations, { fromMs, toMs: nowMs });
  const total = metrics.annunciations;
  const percent = (n: number) => (total === 0 ? 0 : (n * 100) / total);
  const chatters = (times: readonly number[]) =>
    times.some((t, i) => i >= CHATTER.raises && t - (times[i - CHATTER.raises] as number) <= CHATTER.windowMs);
  return {
    windowHours: hours,
    averagePerHour: metrics.averagePerHour,
    peakPer10Min: metrics.peakPer10Min,
    percentFlood: metrics.floodPercent,
    priorityPercent: { p1: percent(byPriority.p1), p2: percent(byPriority.p2), p3: percent(byPriority.p3), p4: percent(byPriority.p4) },
    mostFrequent: metrics.topContributors.map((c) => ({ title: names.get(c.id) ?? c.id, count: c.count, percent: c.sharePercent })),
    chattering: [...raises].filter(([, times]) => chatters(times)).map(([id]) => names.get(id) ?? id),
    staleOver24h: active.filter((a) => a.active && nowMs - a.raisedMs > 86_400_000).length,
    targets:
      'ISA-18.2: about 6 alarms an hour is likely acceptable, 12 the most one person can handle; at most 10 in any 10 minutes; fewer than 5 stale.',
  };
}

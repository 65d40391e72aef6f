/** Overview, balance, trends and the points topic: what the other rooms know, put together for the screens. Computed only while somebody looks. */
import type { z } from 'zod';
import type { Balance, DayPoint, Overview } from '../../shared/contract/grid.ts';
import type { AlarmRow } from '../../shared/contract/operations.ts';
import type { Value } from '../../shared/values.ts';
import type { ControlService } from '../control/control-service.ts';
import type { FieldService } from '../field/field-service.ts';
import type { Kernel, Service } from '../kernel/ports.ts';
import { attention } from './attention.ts';
import { createBars } from './bars.ts';
import type { GridService } from './grid-service.ts';
import type { PointSummary } from './point-list.ts';
import { trendHandlers } from './trends.ts';
import { voltageProfiles } from './voltage-profile.ts';

export interface OverviewDeps {
  readonly field: FieldService;
  readonly grid: GridService;
  readonly control: ControlService;
  /** The plant's day so far and as planned, by market interval. */
  readonly day: () => z.infer<typeof DayPoint>[];
  readonly carbonNow: () => z.infer<typeof Overview>['carbonNow'];
  readonly activeAlarms: () => readonly z.infer<typeof AlarmRow>[];
}

const POINTS_EVERY_MS = 500;

export function createOverviewService(kernel: Kernel, deps: OverviewDeps): Service {
  const { plant, clock, hub } = kernel;
  const { field, grid, control } = deps;
  const bars = createBars(plant, { field, grid, control });
  let stopTick: (() => void) | null = null;
  let stopPoints: (() => void) | null = null;

  const points = (): PointSummary[] => [...field.points(), ...grid.points()];

  /** House sign on screen: generation and discharge negative, import positive. */
  const sources = () =>
    grid
      .supplyByKind()
      .map((s) => (s.source === 'grid' || s.powerW.value === null ? s : { ...s, powerW: { ...s.powerW, value: -s.powerW.value } }));

  const overview = (): z.infer<typeof Overview> => ({
    bars: bars.list(),
    day: deps.day(),
    carbonNow: deps.carbonNow(),
    attention: attention({
      alarms: deps.activeAlarms(),
      mode: grid.mode(),
      gridAlive: grid.gridAlive(),
      functions: control.functions(),
      tagged: Object.values(grid.state().switches).filter((s) => s.tagged).length,
    }),
    flows: [...sources(), { source: 'load', label: 'Load', powerW: grid.demand() }],
  });

  const balance = (): z.infer<typeof Balance> => {
    const state = grid.state();
    return {
      timeMs: clock.nowMs(),
      frequencyHz: grid.frequency(),
      rocofHzPerS: grid.rocof(),
      supply: sources(),
      demandW: grid.demand(),
      lossW: grid.loss(),
      exchangeW: grid.exchange(),
      reserve: control.reserve(),
      storage: plant.grid.units
        .filter((u) => u.kind === 'battery' && u.controller)
        .map((u) => ({
          device: u.controller as string,
          name: u.name,
          socPercent: field.image.read(`${u.controller}.SoC`),
          powerW: grid.unitPower(u.id),
          capacityWh: u.capacityWh ?? 0,
          socMinPercent: plant.control.batterySocMinPercent,
          socMaxPercent: plant.control.batterySocMaxPercent,
        })),
      functions: control.functions(),
      cycle: control.cycle(),
      voltageProfiles: voltageProfiles(plant, grid.network, grid.position, (bus) => state.buses[bus]?.vmPu.value ?? null),
    };
  };

  const allPoints = (): Record<string, Value> => {
    const record: Record<string, Value> = {};
    for (const id of field.image.ids()) record[id] = field.image.read(id);
    for (const p of grid.points()) record[p.id] = grid.read(p.id);
    return record;
  };

  return {
    name: 'overview',
    handlers: {
      'overview.get': () => overview(),
      'points.list': () => points(),
      ...trendHandlers(kernel, points),
    },
    async start() {
      stopTick = field.onTick(() => {
        bars.sample(clock.monotonicMs());
        if (hub.hasListeners('overview')) hub.publish('overview', overview());
        if (hub.hasListeners('balance')) hub.publish('balance', balance());
      });
      stopPoints = clock.setInterval(() => {
        if (hub.hasListeners('points')) hub.publish('points', allPoints());
      }, POINTS_EVERY_MS);
    },
    async stop() {
      stopTick?.();
      stopPoints?.();
    },
  };
}

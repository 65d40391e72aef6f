/** A plausible plant without physics: powers follow the time of day, voltages fall along the feeders, switches cut off what lies behind. */
import type { GridState, GridTopology } from '../../src/shared/contract/grid.ts';
import type { PlantFile } from '../../src/shared/plant-file.ts';
import type { Quality, Value } from '../../src/shared/values.ts';
import { wobble } from './random.ts';

export const SPEED = 30;
export const INTERVAL_MS = 900_000;
/** 14 June 2026, 10:20 local: sun up, workshop busy. */
export const PLANT_START_MS = Date.UTC(2026, 5, 14, 8, 20);

type Unit = PlantFile['grid']['units'][number];

export class PlantModel {
  readonly plant: PlantFile;
  readonly bootMs: number;
  readonly positions = new Map<string, 'open' | 'closed' | 'unknown'>();
  readonly tags = new Map<string, { id: string; element: string; text: string; by: string; timeMs: number }>();
  readonly silent = new Set<string>();
  unitModes = new Map<string, 'auto' | 'manual' | 'passive'>();
  setPoints = new Map<string, number>();

  constructor(plant: PlantFile, bootMs: number) {
    this.plant = plant;
    this.bootMs = bootMs;
    for (const s of plant.grid.switches) this.positions.set(s.id, s.normal);
  }

  plantTime(nowMs: number): number {
    return PLANT_START_MS + (nowMs - this.bootMs) * SPEED;
  }
  get islanded(): boolean {
    return this.positions.get('q-pcc') === 'open';
  }

  /** What a unit would do if it is connected; positive = consumption. */
  wish(unit: Unit, plantMs: number): number {
    const hour = ((plantMs / 3_600_000 + 2) % 24) + wobble(unit.id, plantMs, 7_200_000) * 0.05;
    const fast = wobble(unit.id, plantMs, 420_000);
    if (unit.kind === 'load') {
      const evening = Math.exp(-((hour - 19.5) ** 2) / 6);
      const morning = Math.exp(-((hour - 7.5) ** 2) / 3);
      const work = hour > 7 && hour < 17 ? 1 : 0.15;
      const busy = /workshop|farm|acre|shop|clinic/.test(unit.id) ? 0.3 + 0.45 * work : 0.18 + 0.35 * morning + 0.5 * evening;
      return Math.max(120, unit.ratedW * busy * (1 + 0.22 * fast));
    }
    if (unit.kind === 'solar') {
      const sun = Math.max(0, Math.sin(((hour - 5) / 16.5) * Math.PI));
      const cloud = 0.82 + 0.16 * wobble('cloud', plantMs + unit.ratedW, 1_800_000);
      return -unit.ratedW * 0.34 * sun ** 1.3 * cloud;
    }
    if (unit.kind === 'wind') return -unit.ratedW * Math.max(0, 0.3 + 0.22 * wobble('wind', plantMs, 3_600_000) + 0.04 * fast);
    if (unit.kind === 'hydro') return -unit.ratedW * (0.52 + 0.02 * wobble('hydro', plantMs, 9_000_000));
    return 0;
  }

  powers(nowMs: number): Map<string, number> {
    const plantMs = this.plantTime(nowMs);
    const powers = new Map<string, number>();
    const fed = this.energisedBuses();
    let net = 0;
    for (const unit of this.plant.grid.units) {
      if (unit.kind === 'battery' || unit.kind === 'genset') continue;
      const p = this.closed(unit.id) && fed.has(unit.bus) ? this.wish(unit, plantMs) : 0;
      powers.set(unit.id, p);
      net += p;
    }
    const battery = this.plant.grid.units.find((u) => u.kind === 'battery');
    const manual = battery === undefined ? undefined : this.setPoints.get(battery.id);
    const batteryW = this.islanded
      ? -net
      : (manual ?? Math.max(-30_000, Math.min(18_000, -net * 0.55 + 2500 * wobble('battery', nowMs, 240_000))));
    if (battery !== undefined) powers.set(battery.id, this.closed(battery.id) ? batteryW : 0);
    for (const unit of this.plant.grid.units) if (unit.kind === 'genset') powers.set(unit.id, 0);
    return powers;
  }
  exchange(powers: Map<string, number>): number {
    if (this.islanded) return 0;
    let sum = this.losses(powers);
    for (const p of powers.values()) sum += p;
    return sum;
  }
  losses(powers: Map<string, number>): number {
    let gross = 0;
    for (const p of powers.values()) gross += Math.abs(p);
    return 260 + gross * 0.008;
  }
  frequency(nowMs: number): number {
    return 50 + (this.islanded ? 0.06 : 0.012) * wobble('frequency', nowMs, 21_000);
  }
  soc(nowMs: number): number {
    return 58 + 17 * wobble('soc', this.plantTime(nowMs), 50_000_000);
  }

  closed(unitId: string): boolean {
    const s = this.plant.grid.switches.find((q) => q.on.kind === 'unit' && q.on.id === unitId);
    return s === undefined || this.positions.get(s.id) === 'closed';
  }
  branchClosed(branchId: string): boolean {
    return this.plant.grid.switches.every((s) => s.on.id !== branchId || s.on.kind === 'unit' || this.positions.get(s.id) === 'closed');
  }
  energisedBuses(): Map<string, number> {
    const fed = new Map<string, number>();
    const start = this.islanded ? ['b4'] : [this.plant.grid.gridBus];
    const queue = start.map((bus) => ({ bus, depthKm: 0 }));
    for (let here = queue.shift(); here !== undefined; here = queue.shift()) {
      if (fed.has(here.bus)) continue;
      fed.set(here.bus, here.depthKm);
      for (const b of this.branches()) {
        if (!this.branchClosed(b.id)) continue;
        const other = b.from === here.bus ? b.to : b.to === here.bus ? b.from : null;
        if (other !== null) queue.push({ bus: other, depthKm: here.depthKm + b.lengthKm });
      }
    }
    if (this.islanded) fed.set(this.plant.grid.gridBus, 0);
    return fed;
  }
  private branches() {
    const { lines, transformers } = this.plant.grid;
    return [
      ...transformers.map((t) => ({ id: t.id, from: t.hv, to: t.lv, lengthKm: 0.01 })),
      ...lines.map((l) => ({ id: l.id, from: l.from, to: l.to, lengthKm: l.lengthKm })),
    ];
  }

  topology(): GridTopology {
    const { grid, members } = this.plant;
    return {
      buses: grid.buses.map((b, i) => ({ id: b.id, name: b.name, nominalKv: b.nominalKv, x: b.x ?? i, y: b.y ?? 0 })),
      branches: [
        ...grid.transformers.map((t) => ({
          id: t.id,
          name: t.name,
          kind: 'transformer' as const,
          from: t.hv,
          to: t.lv,
          ratedA: null,
          ratedVa: t.snKva * 1000,
          detail: `${t.snKva} kVA, ${t.vnHvKv}/${t.vnLvKv} kV, uk ${t.vkPercent} %`,
        })),
        ...grid.lines.map((l) => ({
          id: l.id,
          name: l.name,
          kind: 'line' as const,
          from: l.from,
          to: l.to,
          ratedA: l.ratedA,
          ratedVa: null,
          detail: `${l.type}, ${Math.round(l.lengthKm * 1000)} m`,
        })),
      ],
      switches: grid.switches.map(({ id, name, kind, on, normal }) => ({ id, name, kind, on, normal })),
      units: grid.units.map((u) => ({
        id: u.id,
        name: u.name,
        kind: u.kind,
        bus: u.bus,
        ratedW: u.ratedW,
        critical: u.critical,
        controller: u.controller ?? null,
        meter: u.meter ?? null,
        member: members.find((m) => m.meter === u.meter)?.id ?? null,
      })),
      gridBus: grid.gridBus,
    };
  }

  value(value: number | null, nowMs: number, device?: string): Value {
    if (device !== undefined && this.silent.has(device))
      return { value, quality: 'stale', timeMs: nowMs - 47_000, reason: 'The device has not answered for 47 s.' };
    return { value, quality: 'good', timeMs: nowMs - 400 };
  }
  quality = (device: string): Quality => (this.silent.has(device) ? 'stale' : 'good');

  gridState(nowMs: number): GridState {
    const powers = this.powers(nowMs);
    const fed = this.energisedBuses();
    const { grid } = this.plant;
    const below = (bus: string, from: string): number => {
      let sum = 0;
      for (const u of grid.units) if (u.bus === bus) sum += powers.get(u.id) ?? 0;
      for (const b of this.branches()) {
        if (!this.branchClosed(b.id) || !fed.has(bus)) continue;
        const other = b.from === bus ? b.to : b.to === bus ? b.from : null;
        if (other !== null && other !== from) sum += below(other, bus);
      }
      return sum;
    };
    const state = (alive: boolean) => (alive ? ('energised' as const) : ('dead' as const));
    const est = (value: number): Value => ({ value, quality: 'estimated', timeMs: nowMs - 200 });
    const dead = (): Value => ({ value: 0, quality: 'good', timeMs: nowMs - 200 });
    return {
      timeMs: nowMs,
      converged: true,
      message: null,
      buses: Object.fromEntries(
        grid.buses.map((b) => {
          const depth = fed.get(b.id);
          const vm =
            1.008 -
            (depth ?? 0) * 0.04 +
            0.002 * wobble(b.id, nowMs, 60_000) +
            (depth ?? 0) * 0.08 * Math.max(0, wobble('cloud', this.plantTime(nowMs), 1_800_000));
          return [b.id, { vmPu: depth === undefined ? dead() : est(vm), state: state(depth !== undefined) }];
        }),
      ),
      branches: Object.fromEntries(
        this.branches().map((b) => {
          const alive = this.branchClosed(b.id) && fed.has(b.from) && fed.has(b.to);
          const p = alive ? below(b.to, b.from) : 0;
          const rating = grid.lines.find((l) => l.id === b.id)?.ratedA ?? 231;
          return [
            b.id,
            {
              powerW: alive ? est(p) : dead(),
              reactiveVar: alive ? est(p * 0.18) : dead(),
              loadingPercent: alive ? est((Math.abs(p) / 693 / rating) * 100 + 2) : dead(),
              lossW: alive ? Math.abs(p) * 0.004 : 0,
              state: state(fed.has(b.from) || fed.has(b.to) ? alive : false),
            },
          ];
        }),
      ),
      switches: Object.fromEntries(
        grid.switches.map((s) => [
          s.id,
          {
            position: this.silent.has(s.relay) ? ('unknown' as const) : (this.positions.get(s.id) ?? 'unknown'),
            quality: this.quality(s.relay),
            tagged: [...this.tags.values()].some((t) => t.element === s.id),
          },
        ]),
      ),
      units: Object.fromEntries(
        grid.units.map((u) => [
          u.id,
          {
            powerW: this.value(powers.get(u.id) ?? 0, nowMs, u.controller ?? u.meter),
            state: state(fed.has(u.bus) && this.closed(u.id)),
            mode: this.unitModes.get(u.id) ?? (u.kind === 'load' ? ('passive' as const) : ('auto' as const)),
          },
        ]),
      ),
      totalLossW: this.losses(powers),
    };
  }
}

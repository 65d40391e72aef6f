/** What the topics and queries of the plant's pages show. */
import type { CallOutput, TopicPayload } from '../../src/shared/contract/contract.ts';
import type { Bar, FacePlate } from '../../src/shared/contract/grid.ts';
import { INTERVAL_MS, SPEED } from './plant-model.ts';
import { wobble } from './random.ts';
import type { World } from './world.ts';

const KIND_LABEL = {
  solar: 'Solar',
  wind: 'Wind',
  hydro: 'Hydro',
  biomass: 'Biomass',
  genset: 'Genset',
  battery: 'Battery',
  grid: 'Main grid',
  load: 'Load',
} as const;
const FACTOR = { solar: 41, wind: 11, hydro: 24, biomass: 230, genset: 720, battery: 60, grid: 381, load: 0 } as const;

function sums(w: World, nowMs: number) {
  const powers = w.model.powers(nowMs);
  const by = { solar: 0, wind: 0, hydro: 0, biomass: 0, genset: 0, battery: 0, load: 0 };
  for (const u of w.plant.grid.units) by[u.kind] += powers.get(u.id) ?? 0;
  const exchange = w.model.exchange(powers);
  const made = -(by.solar + by.wind + by.hydro + by.biomass + by.genset);
  const supply = made + Math.max(0, -by.battery) + Math.max(0, exchange);
  return { powers, by, exchange, made, supply, demand: by.load };
}

export function status(w: World): TopicPayload<'status'> {
  const nowMs = w.now();
  const { exchange, supply, demand } = sums(w, nowMs);
  const v = (x: number) => w.model.value(x, nowMs);
  const plantTimeMs = Math.round(w.model.plantTime(nowMs));
  const interval = w.exchange.interval(nowMs);
  const { ordersCloseMs, gateClosesMs, gate } = w.exchange.marketNow(nowMs);
  const last = w.exchange.rounds(nowMs, 30);
  const away = w.exchange.chainAway;
  const proving = last[0]?.state === 'proving';
  const phase = w.emergency.phase;
  return {
    timeMs: nowMs,
    mode: (phase === 'acting' || phase === 'done') && !w.emergency.drill ? 'emergency' : w.model.islanded ? 'islanded' : 'connected',
    frequencyHz: v(w.scenario === 'alarm' ? 49.42 + 0.01 * wobble('f', nowMs, 9000) : w.model.frequency(nowMs)),
    exchangeW: v(exchange),
    supplyW: v(supply),
    demandW: v(demand),
    market: {
      interval,
      plantTimeMs,
      startMs: interval * INTERVAL_MS,
      endMs: (interval + 1) * INTERVAL_MS,
      ordersCloseMs,
      gateClosesMs,
      gate,
      speed: SPEED,
      paused: false,
    },
    chain: away
      ? {
          state: 'away',
          chainId: 31337,
          height: 131,
          waiting: 7,
          sinceMs: nowMs - 260_000,
          message: 'The node does not answer. Rounds wait in the outbox and are sent in order when it does.',
        }
      : {
          state: 'in-step',
          chainId: 31337,
          height: 131 + interval - w.exchange.first,
          waiting: proving ? 1 : 0,
          sinceMs: nowMs - 3_600_000,
          message: 'The chain answers and everything due is written.',
        },
    alarms: {
      unacknowledged: w.alarms.counts(true),
      active: w.alarms.counts(false),
      shelved: w.alarms.rows.filter((r) => r.state === 'shelved').length,
      strip: w.alarms.strip(),
    },
    onDuty: w.person?.name ?? null,
    drill: w.emergency.drill && phase !== 'ready',
    settlement: {
      lastSettledInterval: last.find((r) => r.state === 'settled')?.interval ?? null,
      proving,
      provingProgress: proving ? 0.5 : null,
    },
    communication: { devices: w.plant.devices.length, silent: w.model.silent.size },
  };
}

function spark(w: World, nowMs: number, of: (timeMs: number) => number): (number | null)[] {
  return Array.from({ length: 60 }, (_, i) => (w.scenario === 'empty' && i < 48 ? null : of(nowMs - (59 - i) * 10_000)));
}

export function overview(w: World): CallOutput<'overview.get'> {
  const nowMs = w.now();
  const { by, exchange, powers } = sums(w, nowMs);
  const state = w.model.gridState(nowMs);
  const volts = Object.entries(state.buses)
    .filter(([id, b]) => b.state === 'energised' && id !== w.plant.grid.gridBus)
    .map(([id, b]) => ({ id, v: b.vmPu.value ?? 1 }))
    .sort((a, b) => a.v - b.v);
  const nameOf = (id: string | undefined) => w.plant.grid.buses.find((b) => b.id === id)?.name ?? null;
  const lowest = volts[0];
  const highest = volts[volts.length - 1];
  const good = (value: number) => w.model.value(value, nowMs);
  const alarm = w.scenario === 'alarm';
  const lowV = alarm ? 0.914 : (lowest?.v ?? 1);
  const f = alarm ? 49.42 : w.model.frequency(nowMs);
  const bars: Bar[] = [
    {
      id: 'frequency',
      label: 'Frequency',
      unit: 'Hz',
      value: good(f),
      low: 49,
      high: 51,
      normalLow: 49.8,
      normalHigh: 50.2,
      setPoint: 50,
      where: w.model.islanded ? 'on its own' : 'with the main grid',
      spark: spark(w, nowMs, (t) => (alarm && nowMs - t < 40_000 ? f : w.model.frequency(t))),
    },
    {
      id: 'voltage-low',
      label: 'Lowest voltage',
      unit: 'pu',
      value: good(lowV),
      low: 0.85,
      high: 1.15,
      normalLow: 0.94,
      normalHigh: 1.06,
      setPoint: null,
      where: alarm ? 'Mill Yard' : nameOf(lowest?.id),
      spark: spark(w, nowMs, (t) => lowV + 0.004 * wobble('vl', t, 90_000)),
    },
    {
      id: 'voltage-high',
      label: 'Highest voltage',
      unit: 'pu',
      value: good(highest?.v ?? 1),
      low: 0.85,
      high: 1.15,
      normalLow: 0.94,
      normalHigh: 1.06,
      setPoint: null,
      where: nameOf(highest?.id),
      spark: spark(w, nowMs, (t) => (highest?.v ?? 1) + 0.004 * wobble('vh', t, 90_000)),
    },
    {
      id: 'exchange',
      label: 'Main grid',
      unit: 'W',
      value: good(exchange),
      low: -100_000,
      high: 120_000,
      normalLow: -80_000,
      normalHigh: 40_000,
      setPoint: w.model.islanded ? null : 0,
      where: 'interconnection',
      spark: spark(w, nowMs, (t) => w.model.exchange(w.model.powers(t))),
    },
    {
      id: 'reserve',
      label: 'Reserve',
      unit: 'W',
      value: good(alarm ? 38_000 : 71_000 + 3000 * wobble('r', nowMs, 80_000)),
      low: 0,
      high: 160_000,
      normalLow: 50_000,
      normalHigh: 160_000,
      setPoint: null,
      where: 'battery and genset',
      spark: spark(w, nowMs, (t) => 71_000 + 3000 * wobble('r', t, 80_000)),
    },
    {
      id: 'soc',
      label: 'Battery',
      unit: '%',
      value: good(w.model.soc(nowMs)),
      low: 0,
      high: 100,
      normalLow: w.plant.control.batterySocMinPercent,
      normalHigh: w.plant.control.batterySocMaxPercent,
      setPoint: null,
      where: 'Community battery',
      spark: spark(w, nowMs, (t) => w.model.soc(t)),
    },
  ];
  const sources = (['solar', 'wind', 'hydro', 'genset', 'battery'] as const).map((source) => ({
    source,
    label: KIND_LABEL[source],
    powerW: good(by[source]),
  }));
  const mix = [
    ...sources.map((s) => ({ source: s.source, powerW: Math.max(0, -(s.powerW.value ?? 0)), gPerKwh: FACTOR[s.source] })),
    { source: 'grid' as const, powerW: Math.max(0, exchange), gPerKwh: FACTOR.grid },
  ].filter((m) => m.powerW > 0);
  const totalW = mix.reduce((s, m) => s + m.powerW, 0) || 1;
  return {
    bars,
    day: day(w),
    carbonNow: {
      intensityGPerKwh: {
        value: Math.round(mix.reduce((s, m) => s + m.powerW * m.gPerKwh, 0) / totalW),
        quality: 'estimated',
        timeMs: nowMs,
      },
      mix,
    },
    attention: w.alarms
      .strip()
      .slice(0, 5)
      .map((a) => ({
        id: a.id,
        priority: a.priority,
        text: `${a.title}: ${w.alarms.rows.find((r) => r.id === a.id)?.action ?? ''}`,
        page: 'alarms',
        target: a.id,
      })),
    flows: [
      ...sources,
      { source: 'load', label: 'Load', powerW: good(by.load) },
      { source: 'grid', label: 'Main grid', powerW: good(w.model.exchange(powers)) },
    ],
  };
}

function day(w: World): CallOutput<'overview.get'>['day'] {
  const nowMs = w.now();
  const here = w.exchange.interval(nowMs);
  const start = Math.floor((here * INTERVAL_MS + 7_200_000) / 86_400_000) * 96 - 8;
  return Array.from({ length: 96 }, (_, i) => {
    const interval = start + i;
    const middle = (interval + 0.5) * INTERVAL_MS;
    const past = interval < here && interval >= (w.scenario === 'empty' ? here : start);
    const gap = i === 17 || i === 18;
    const sum = (kind: string) =>
      past && !gap ? Math.abs(w.plant.grid.units.filter((u) => u.kind === kind).reduce((s, u) => s + w.model.wish(u, middle), 0)) : null;
    const [loadW, solarW, windW, hydroW] = ['load', 'solar', 'wind', 'hydro'].map(sum) as [
      number | null,
      number | null,
      number | null,
      number | null,
    ];
    const batteryW =
      loadW === null ? null : Math.max(-20_000, Math.min(16_000, ((solarW ?? 0) + (windW ?? 0) + (hydroW ?? 0) - loadW) * 0.5));
    return {
      interval,
      startMs: interval * INTERVAL_MS,
      loadW,
      solarW,
      windW,
      hydroW,
      gensetW: loadW === null ? null : 0,
      batteryW,
      exchangeW: loadW === null ? null : loadW + (batteryW ?? 0) - (solarW ?? 0) - (windW ?? 0) - (hydroW ?? 0),
      price: past && !gap && interval >= w.exchange.first ? w.exchange.clear(interval).price : null,
      carbonGPerKwh: loadW === null ? null : 120 + 90 * wobble('co2', middle, 30_000_000),
    };
  });
}

export function balance(w: World): TopicPayload<'balance'> {
  const nowMs = w.now();
  const { by, exchange, powers, demand } = sums(w, nowMs);
  const good = (value: number) => w.model.value(value, nowMs);
  const state = w.model.gridState(nowMs);
  const fed = w.model.energisedBuses();
  const chains: [string, string[]][] = [
    ['Feeder A', ['b4', 'b1']],
    ['Feeder B', ['b4', 'b2', 'b9', 'b13']],
    ['Feeder C', ['b4', 'b8', 'b11', 'b10', 'b3']],
    ['Feeder D', ['b4', 'b7', 'b12', 'b14', 'b6', 'b5']],
  ];
  const names = {
    frequency: 'Frequency restoration',
    battery: 'Battery',
    peak: 'Peak shaving',
    curtailment: 'PV curtailment',
    shedding: 'Load shedding',
    genset: 'Genset',
  } as const;
  const batteryW = by.battery;
  const words = {
    frequency: ['Holding', w.model.islanded ? 'The battery forms the grid; deviation below 0.1 Hz.' : 'The main grid holds the frequency.'],
    battery: [
      batteryW > 0 ? 'Charge with local surplus' : 'Discharge to cover load',
      `Battery at ${w.model.soc(nowMs).toFixed(0)} %, limits 15 to 95 %.`,
    ],
    peak: ['Nothing to do', 'Import is below the agreed 40 kW.'],
    curtailment: ['Nothing to do', 'All voltages are below 1.08 pu.'],
    shedding: ['Armed', 'Order: workshop, farm, Orchard Row 5 and nine more.'],
    genset: ['Stopped', 'Reserve is above its minimum without it.'],
  } as const;
  return {
    timeMs: nowMs,
    frequencyHz: good(w.scenario === 'alarm' ? 49.42 : w.model.frequency(nowMs)),
    rocofHzPerS: good(0.004 * wobble('rocof', nowMs, 7000)),
    supply: [
      ...(['solar', 'wind', 'hydro', 'genset', 'battery'] as const).map((source) => ({
        source,
        label: KIND_LABEL[source],
        powerW: good(by[source]),
      })),
      { source: 'grid' as const, label: 'Main grid', powerW: good(-exchange) },
    ],
    demandW: good(demand),
    lossW: { value: w.model.losses(powers), quality: 'estimated', timeMs: nowMs },
    exchangeW: good(exchange),
    reserve: { upW: good(71_000), downW: good(64_000), secondsAtPresentLoad: 7400 },
    storage: [
      {
        device: 'battery',
        name: 'Community battery',
        socPercent: good(w.model.soc(nowMs)),
        powerW: good(batteryW),
        capacityWh: w.plant.grid.units.find((u) => u.kind === 'battery')?.capacityWh ?? 160_000,
        socMinPercent: w.plant.control.batterySocMinPercent,
        socMaxPercent: w.plant.control.batterySocMaxPercent,
      },
    ],
    functions: (Object.keys(names) as (keyof typeof names)[]).map((id) => ({
      id,
      name: names[id],
      mode: w.modes.get(id) ?? 'auto',
      state: w.scenario === 'alarm' && id === 'shedding' ? 'limited' : id === 'battery' ? 'acting' : 'idle',
      decision: words[id][0],
      why: words[id][1],
      sinceMs: nowMs - 42_000,
      outputs:
        id === 'battery'
          ? [
              {
                target: 'battery',
                label: 'Community battery',
                setW: Math.round(batteryW),
                readBackW: Math.round(batteryW + 120),
                verified: true,
              },
            ]
          : [],
    })),
    cycle: { periodMs: 1000, lastMs: 7.4, jitterP99Ms: 3.1, overruns: 0 },
    voltageProfiles: chains.map(([feeder, ids]) => ({
      feeder,
      points: ids.map((bus) => ({
        bus: w.plant.grid.buses.find((b) => b.id === bus)?.name ?? bus,
        distanceKm: fed.get(bus) ?? 0,
        vmPu: state.buses[bus]?.state === 'energised' ? (state.buses[bus]?.vmPu.value ?? null) : null,
      })),
    })),
  };
}

/** Points: one per unit, bus and the plant's own. */
export function points(w: World): CallOutput<'points.list'> {
  const p = (id: string, label: string, unit: CallOutput<'points.list'>[number]['unit'], device: string, deviceName: string) => ({
    id,
    label,
    unit,
    device,
    deviceName,
    maxAgeMs: 5000,
  });
  return [
    p('plant.frequency', 'Frequency', 'Hz', 'meter-pcc', 'Meter at the interconnection'),
    p('plant.exchange', 'Exchange with the main grid', 'W', 'meter-pcc', 'Meter at the interconnection'),
    p('battery.soc', 'State of charge', '%', 'battery', 'Community battery'),
    ...w.plant.grid.units.map((u) => p(`${u.id}.power`, `${u.name}, power`, 'W', u.controller ?? u.meter ?? u.id, u.name)),
    ...w.plant.grid.buses.map((b) => p(`${b.id}.voltage`, `${b.name}, voltage`, 'pu', 'meter-pcc', b.name)),
  ];
}
export function pointValue(w: World, id: string, timeMs: number): number | null {
  if (id === 'plant.frequency') return w.model.frequency(timeMs);
  if (id === 'plant.exchange') return w.model.exchange(w.model.powers(timeMs));
  if (id === 'battery.soc') return w.model.soc(timeMs);
  const unit = w.plant.grid.units.find((u) => `${u.id}.power` === id);
  if (unit !== undefined) return w.model.powers(timeMs).get(unit.id) ?? null;
  return id.endsWith('.voltage') ? 1 + 0.012 * wobble(id, timeMs, 600_000) : null;
}
export function trends(w: World, input: { points: string[]; fromMs: number; toMs: number; maxPoints: number }): CallOutput<'trends.query'> {
  const n = Math.min(input.maxPoints, 400, Math.max(10, Math.floor((input.toMs - input.fromMs) / 1000)));
  const step = (input.toMs - input.fromMs) / n;
  const info = new Map(points(w).map((p) => [p.id, p]));
  return {
    series: input.points.map((id) => {
      const timesMs = Array.from({ length: n }, (_, i) => Math.round(input.fromMs + i * step));
      const values = timesMs.map((t, i) =>
        t > w.now() || (w.scenario === 'empty' && t < w.model.bootMs) || (i > n * 0.42 && i < n * 0.46) ? null : pointValue(w, id, t),
      );
      const wide = step > 5000;
      const spread = id.endsWith('power') || id.endsWith('exchange') ? 900 : 0.004;
      return {
        id,
        label: info.get(id)?.label ?? id,
        unit: info.get(id)?.unit ?? '',
        timesMs,
        values,
        ...(wide
          ? { min: values.map((v) => (v === null ? null : v - spread)), max: values.map((v) => (v === null ? null : v + spread)) }
          : {}),
      };
    }),
  };
}

export function facePlate(w: World, id: string): FacePlate {
  const nowMs = w.now();
  const { grid } = w.plant;
  const state = w.model.gridState(nowMs);
  const alarms = w.alarms.rows
    .filter((r) => r.source === id || r.page.endsWith(`:${id}`))
    .map(({ id: a, priority, title }) => ({ id: a, priority, title }));
  const tags = [...w.model.tags.values()]
    .filter((t) => t.element === id)
    .map(({ id: t, text, by, timeMs }) => ({ id: t, text, by, timeMs }));
  const base = { id, alarms, tags };
  const tagAct = { id: 'tag' as const, label: 'Hang a lock-out tag', allowed: true, why: null };
  const row = (
    label: string,
    text: string,
    value: FacePlate['rows'][number]['value'] = null,
    unit: FacePlate['rows'][number]['unit'] = '',
    point: string | null = null,
  ) => ({ label, text, value, unit, point });
  const sw = grid.switches.find((s) => s.id === id);
  if (sw !== undefined) {
    const position = state.switches[id]?.position ?? 'unknown';
    const tagged = tags.length > 0;
    const why = tagged ? 'A lock-out tag hangs on it. Remove the tag first.' : position === 'unknown' ? 'Its position is not known.' : null;
    return {
      ...base,
      kind: 'switch',
      name: sw.name,
      rows: [
        row('Position', position),
        row('Normal position', sw.normal),
        row('Relay', `${sw.relay}, coil ${sw.coil}`),
        row('Sits on', sw.on.id),
      ],
      acts: [
        { id: position === 'open' ? 'close' : 'open', label: position === 'open' ? 'Close…' : 'Open…', allowed: why === null, why },
        tagAct,
      ],
    };
  }
  const unit = grid.units.find((u) => u.id === id);
  if (unit !== undefined) {
    const s = state.units[id];
    return {
      ...base,
      kind: 'unit',
      name: unit.name,
      rows: [
        row('Power', '', s?.powerW ?? null, 'W', `${id}.power`),
        row('Rated', '', w.model.value(unit.ratedW, nowMs), 'W'),
        row('Energised', s?.state ?? 'unknown'),
        row('Mode', s?.mode ?? 'passive'),
        row('Meter', unit.meter ?? 'none'),
      ],
      acts: unit.kind === 'load' ? [tagAct] : [{ id: 'setMode', label: 'Set mode…', allowed: true, why: null }, tagAct],
    };
  }
  const bus = grid.buses.find((b) => b.id === id);
  if (bus !== undefined)
    return {
      ...base,
      kind: 'bus',
      name: bus.name,
      rows: [
        row('Voltage', '', state.buses[id]?.vmPu ?? null, 'pu', `${id}.voltage`),
        row('Nominal', `${bus.nominalKv} kV`),
        row('Energised', state.buses[id]?.state ?? 'unknown'),
      ],
      acts: [tagAct],
    };
  const branch = w.model.topology().branches.find((b) => b.id === id);
  if (branch === undefined) throw new Error(`There is no element ${id}.`);
  const b = state.branches[id];
  return {
    ...base,
    kind: branch.kind,
    name: branch.name,
    rows: [
      row('Power', '', b?.powerW ?? null, 'W'),
      row('Reactive power', '', b?.reactiveVar ?? null, 'var'),
      row('Loading', '', b?.loadingPercent ?? null, '%'),
      row('Losses', '', b?.lossW == null ? null : { value: b.lossW, quality: 'estimated', timeMs: nowMs }, 'W'),
      row('Type', branch.detail),
    ],
    acts: [tagAct],
  };
}

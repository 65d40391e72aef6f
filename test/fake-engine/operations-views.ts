/** Devices, emergency levels, settings, training: what those pages show. */
import type { CallOutput } from '../../src/shared/contract/contract.ts';
import { hashText, hex, wobble } from './random.ts';
import type { World } from './world.ts';

type Device = CallOutput<'devices.list'>[number];

export function devices(w: World): Device[] {
  const nowMs = w.now();
  return w.plant.devices.map((d): Device => {
    const silent = w.model.silent.has(d.id);
    const slow = d.id === 'inverter-church-6';
    const off = w.maintenance.has(d.id);
    return {
      id: d.id,
      name: d.name,
      kind: d.kind,
      state: off ? 'disabled' : silent ? 'silent' : slow ? 'slow' : 'online',
      why: off ? 'In maintenance' : silent ? 'No answer for 47 s; reconnecting every 5 s' : slow ? 'Answers take longer than 500 ms' : null,
      oldestAgeMs: silent ? 47_000 : 300 + Math.round(400 * Math.abs(wobble(d.id, nowMs, 9000))),
      latencyMs: silent ? null : Math.round((slow ? 640 : 4) + 3 * Math.abs(wobble(d.id, nowMs, 5000))),
      lifecycle: off ? 'maintenance' : 'active',
      firmware: d.kind === 'relay' ? null : `2.${hashText(d.id) % 9}.${hashText(d.model) % 7}`,
      serial: d.serial,
      manufacturer: d.manufacturer,
      model: d.model,
      address: `modbus-tcp 127.0.0.1:${15020 + (hashText(d.id) % 400)} unit ${d.connection.unitId}`,
      keyRegistered: d.kind === 'meter' ? d.id !== 'meter-pcc' : null,
      lastReadingInterval: d.kind === 'meter' ? w.exchange.interval(nowMs) - 1 : null,
      quarantined: d.id === 'meter-shop' && w.scenario === 'alarm' ? 2 : 0,
    };
  });
}
export function registers(w: World, id: string): CallOutput<'devices.get'>['registers'] {
  const nowMs = w.now();
  const kind = w.plant.devices.find((d) => d.id === id)?.kind ?? 'meter';
  const silent = w.model.silent.has(id);
  const rows: [string, string, string, number, number, string, boolean][] =
    kind === 'relay'
      ? Array.from({ length: 6 }, (_, i) => [`coil.${i}`, `Position feedback ${i}`, 'discrete input', i, 1, '', true])
      : [
          ['W', 'Active power', 'model 203', 40087, Math.round(1800 + 300 * wobble(id, nowMs, 8000)), 'W', false],
          ['VAR', 'Reactive power', 'model 203', 40097, 240, 'var', false],
          ['Hz', 'Frequency', 'model 203', 40085, Number(w.model.frequency(nowMs).toFixed(2)), 'Hz', false],
          ['PhVphA', 'Voltage L1', 'model 203', 40077, 231.4, 'V', false],
          ['PhVphB', 'Voltage L2', 'model 203', 40078, 230.9, 'V', false],
          ['PhVphC', 'Voltage L3', 'model 203', 40079, 231.8, 'V', false],
          ['TotWhImp', 'Energy imported', 'model 203', 40107, 4_182_330, 'Wh', false],
          ['TotWhExp', 'Energy exported', 'model 203', 40099, 912_004, 'Wh', false],
          ['WMaxLimPct', 'Power limit', 'model 123', 40242, 100, '%', kind !== 'meter'],
          ['WMaxLimPct_RvrtTms', 'Limit reverts after', 'model 123', 40244, 30, 's', kind !== 'meter'],
        ];
  return rows.map(([point, label, model, address, value, unit, writable]) => ({
    point,
    label,
    model,
    address,
    raw: silent
      ? null
      : (hex(`${id}${point}${value}`, unit === 'Wh' ? 4 : 2)
          .match(/.{4}/g)
          ?.join(' ') ?? null),
    value: silent ? null : value,
    unit,
    quality: silent ? 'stale' : 'good',
    ageMs: silent ? 47_000 : 420,
    writable,
  }));
}
export function deviceDetail(w: World, id: string): CallOutput<'devices.get'> {
  const summary = devices(w).find((d) => d.id === id);
  if (summary === undefined) throw new Error(`There is no device ${id}.`);
  return {
    ...summary,
    registers: registers(w, id),
    history: [
      { timeMs: w.model.bootMs - 86_400_000 * 40, text: 'Commissioned: model and serial compared, key registered', by: 'Demo operator' },
      { timeMs: w.model.bootMs - 86_400_000 * 3, text: 'Reconnected after 12 s', by: 'engine' },
    ],
    requests: { sent: 84_210, failed: 12, timeouts: 9, reconnects: 2 },
  };
}
export function levels(w: World): CallOutput<'emergency.levels'> {
  const { grid, emergency } = w.plant;
  const numbers = new Map(grid.switches.map((s, i) => [s.id, i + 1]));
  return emergency.levels.map((l) => {
    const opened = new Set(l.opens);
    const dark = (unit: (typeof grid.units)[number]) =>
      grid.switches.some((s) => s.on.id === unit.id && opened.has(s.id)) || (opened.has('q-pcc') && opened.has('q-battery'));
    const loads = grid.units.filter((u) => u.kind === 'load');
    return {
      id: l.id,
      name: l.name,
      description: l.description,
      keepsCritical: l.keepsCritical,
      isDefault: l.id === emergency.defaultLevel,
      opens: l.opens.map((id) => ({
        switch: id,
        number: numbers.get(id) ?? 0,
        name: grid.switches.find((s) => s.id === id)?.name ?? id,
        position: w.model.positions.get(id) ?? 'unknown',
      })),
      stops: l.stopsUnits.map((u) => grid.units.find((x) => x.id === u)?.name ?? u),
      remainsFed: loads.filter((u) => !dark(u)).map((u) => u.name),
      goesDark: loads.filter(dark).map((u) => u.name),
    };
  });
}
export function connections(w: World): CallOutput<'settings.connections'> {
  const away = w.exchange.chainAway;
  const c = (
    id: CallOutput<'settings.connections'>[number]['id'],
    name: string,
    address: string,
    text: string,
    facts: [string, string][],
    state: 'ok' | 'degraded' | 'down' = 'ok',
  ) => ({ id, name, address, state, text, facts: facts.map(([label, value]) => ({ label, value })) });
  return [
    c(
      'plant',
      'Plant',
      '127.0.0.1, 34 devices',
      w.model.silent.size > 0 ? `${w.model.silent.size} devices silent` : 'All devices answer',
      [
        ['Requests a second', '61'],
        ['Slowest', '640 ms'],
      ],
      w.model.silent.size > 0 ? 'degraded' : 'ok',
    ),
    c('broker', 'Message broker', 'mqtt://127.0.0.1:18883', '17 clients connected', [
      ['Messages a minute', '34'],
      ['Unacknowledged', '0'],
    ]),
    c(
      'chain',
      'Chain',
      'http://127.0.0.1:8545',
      away ? 'Does not answer' : 'In step',
      [
        ['Chain id', '31337'],
        ['Height', '131'],
      ],
      away ? 'down' : 'ok',
    ),
    c('historian', 'Historian', 'history.sqlite', 'Writing 212 values a second', [
      ['Size', '184 MB'],
      ['Budget', '2.0 GB'],
    ]),
    c('prover', 'Prover', 'worker 1', 'Idle', [
      ['settle-16', '121 480 constraints, development key 5b1f…, last proof 6.9 s'],
      ['admit-16', '83 212 constraints, development key 9c04…, last proof 4.1 s'],
    ]),
  ];
}
export function training(w: World): CallOutput<'training.list'> {
  const d = (filter: (kind: string) => boolean) => w.plant.devices.filter((x) => filter(x.kind)).map((x) => ({ id: x.id, label: x.name }));
  return {
    available: true,
    faults: [
      {
        kind: 'device-silent',
        label: 'Device silent',
        description: 'The device stops answering, as if its cable were pulled.',
        targets: d(() => true),
        defaultSeconds: 60,
      },
      { kind: 'device-slow', label: 'Device slow', description: 'The device answers late.', targets: d(() => true), defaultSeconds: 60 },
      {
        kind: 'device-garbage',
        label: 'Device sends garbage',
        description: 'Answers are well formed and wrong.',
        targets: d(() => true),
        defaultSeconds: 60,
      },
      {
        kind: 'cloud',
        label: 'Cloud',
        description: 'A cloud takes 80 % of the sun within seconds.',
        targets: [{ id: 'all', label: 'Whole plant' }],
        defaultSeconds: 120,
      },
      {
        kind: 'grid-loss',
        label: 'Loss of the main grid',
        description: 'The main grid is gone; the plant must carry itself.',
        targets: [{ id: 'mv', label: 'Main grid' }],
        defaultSeconds: 120,
      },
      {
        kind: 'meter-tampered',
        label: 'Meter tampered',
        description: 'A meter signs readings with a wrong key.',
        targets: d((k) => k === 'meter'),
        defaultSeconds: 120,
      },
      {
        kind: 'chain-gone',
        label: 'Chain gone',
        description: 'The chain node stops.',
        targets: [{ id: 'chain', label: 'Chain node' }],
        defaultSeconds: 120,
      },
    ],
    active: w.faults,
  };
}

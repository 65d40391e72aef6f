/** Everything about one element of the one-line diagram: values, alarms, tags, and what may be done with it and why not. */
import type { z } from 'zod';
import type { FacePlate, GridState, GridTopology } from '../../shared/contract/grid.ts';
import type { AlarmRow } from '../../shared/contract/operations.ts';
import type { Value } from '../../shared/values.ts';
import type { Lockout } from './lockout.ts';

type Row = FacePlate['rows'][number];
type Act = FacePlate['acts'][number];
type Alarm = z.infer<typeof AlarmRow>;

const text = (label: string, words: string): Row => ({ label, text: words, value: null, unit: '', point: null });
const measured = (label: string, value: Value, unit: Row['unit'], point: string | null = null): Row => ({
  label,
  text: '',
  value,
  unit,
  point,
});

export function facePlate(
  id: string,
  deps: {
    topology: GridTopology;
    state: GridState;
    lockout: Lockout;
    alarms: readonly Alarm[];
    has: (point: string) => boolean;
    read: (point: string) => Value;
  },
): FacePlate | null {
  const { topology, state, lockout } = deps;
  const common = (): Pick<FacePlate, 'alarms' | 'tags'> => ({
    alarms: deps.alarms
      .filter((a) => a.active && (a.source === id || a.page.endsWith(`:${id}`)))
      .map((a) => ({ id: a.id, priority: a.priority, title: a.title })),
    tags: lockout.tags(id).map((t) => ({ id: t.id, text: t.text, by: t.by, timeMs: t.timeMs })),
  });
  const acts = (...own: Act[]): Act[] => [
    ...own,
    { id: 'tag', label: 'Hang a lock-out tag', allowed: true, why: null },
    {
      id: 'untag',
      label: 'Remove a lock-out tag',
      allowed: lockout.tags(id).length > 0,
      why: lockout.tags(id).length > 0 ? null : 'No tag hangs here.',
    },
  ];
  const pointRow = (label: string, point: string, unit: Row['unit']): Row[] =>
    deps.has(point) ? [measured(label, deps.read(point), unit, point)] : [];

  const bus = topology.buses.find((b) => b.id === id);
  if (bus) {
    const now = state.buses[id];
    return {
      id,
      kind: 'bus',
      name: bus.name,
      rows: [
        text('State', now?.state ?? 'unknown'),
        text('Nominal voltage', `${bus.nominalKv} kV`),
        ...(now ? [measured('Voltage', now.vmPu, 'pu')] : []),
        text(
          'Connected',
          topology.units
            .filter((u) => u.bus === id)
            .map((u) => u.name)
            .join(', ') || 'nothing',
        ),
      ],
      ...common(),
      acts: acts(),
    };
  }
  const branch = topology.branches.find((b) => b.id === id);
  if (branch) {
    const now = state.branches[id];
    return {
      id,
      kind: branch.kind,
      name: branch.name,
      rows: [
        text('State', now?.state ?? 'unknown'),
        text('Type', branch.detail),
        ...(now
          ? [
              measured(`Power from ${branch.from}`, now.powerW, 'W'),
              measured('Reactive power', now.reactiveVar, 'var'),
              measured('Loading', now.loadingPercent, '%'),
              text('Loss', now.lossW === null ? '—' : `${now.lossW.toFixed(0)} W`),
            ]
          : []),
      ],
      ...common(),
      acts: acts(),
    };
  }
  const sw = topology.switches.find((s) => s.id === id);
  if (sw) {
    const now = state.switches[id];
    const position = now?.position ?? 'unknown';
    const blocking = lockout.blocking(id);
    const why = blocking[0] ? `Lock-out tag of ${blocking[0].by}: ${blocking[0].text}` : null;
    return {
      id,
      kind: 'switch',
      name: sw.name,
      rows: [
        text(
          'Position',
          position === 'unknown' ? 'unknown' : `${position}, ${now?.quality === 'good' ? 'read back from its relay' : 'as last read'}`,
        ),
        text('Normal position', sw.normal),
        text('Switches', sw.on.id),
        ...pointRow('Position feedback', `${id}.closed`, ''),
        ...pointRow('Tripped by protection', `${id}.tripped`, ''),
      ],
      ...common(),
      acts: acts(
        { id: 'open', label: 'Open', allowed: position !== 'open' && why === null, why: position === 'open' ? 'It is open already.' : why },
        {
          id: 'close',
          label: 'Close',
          allowed: position === 'open' && why === null,
          why: position === 'closed' ? 'It is closed already.' : position === 'unknown' ? 'Its position is unknown.' : why,
        },
      ),
    };
  }
  const unit = topology.units.find((u) => u.id === id);
  if (!unit) return null;
  const now = state.units[id];
  const c = unit.controller;
  return {
    id,
    kind: 'unit',
    name: unit.name,
    rows: [
      text('State', now?.state ?? 'unknown'),
      ...(now ? [measured('Power', now.powerW, 'W', c && deps.has(`${c}.W`) ? `${c}.W` : unit.meter ? `${unit.meter}.W` : null)] : []),
      text('Rating', `${(unit.ratedW / 1000).toFixed(1)} kW`),
      ...(c
        ? [
            ...pointRow('State of charge', `${c}.SoC`, '%'),
            ...pointRow('Set-point', `${c}.setW`, 'W'),
            ...pointRow('Limit', `${c}.limitPercent`, '%'),
            ...pointRow('Fuel', `${c}.fuelPercent`, '%'),
            ...pointRow('Frequency', `${c}.Hz`, 'Hz'),
          ]
        : []),
      text('Commanded by', { auto: 'the control functions', manual: 'people', passive: 'nobody' }[now?.mode ?? 'auto']),
      ...(unit.kind === 'load' ? [text('Supply', unit.critical ? 'critical' : 'may be shed')] : []),
    ],
    ...common(),
    acts: acts({
      id: 'setMode',
      label: 'Set who commands it',
      allowed: c !== null || unit.kind === 'load',
      why: c !== null || unit.kind === 'load' ? null : 'It has no controller.',
    }),
  };
}

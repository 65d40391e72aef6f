/** Training faults: what can go wrong on demand, on what, and how it is undone. */
import type { Rack } from '../devices/rack.ts';
import type { Metering } from '../metering/metering.ts';
import { tripBattery } from '../physics/battery.ts';
import type { PlantState } from '../physics/state.ts';
import { mendBranch } from '../physics/step.ts';
import { commandSwitch, tripSwitch } from '../physics/switchgear.ts';

export interface FaultRequest {
  kind: string;
  target?: string | undefined;
  seconds?: number | undefined;
  [parameter: string]: unknown;
}

export interface FaultParameter {
  name: string;
  label: string;
  unit: string;
  default: number;
  minimum: number;
  maximum: number;
}

export interface FaultKind {
  kind: string;
  label: string;
  description: string;
  targets: { id: string; name: string }[];
  parameters: FaultParameter[];
}

export interface ActiveFault {
  id: string;
  kind: string;
  label: string;
  target: string | null;
  targetName: string | null;
  startedAtMs: number;
  endsAtMs: number | null;
}

export interface Overrides {
  cloudDepth: number;
  loadFactor: Map<string, number>;
}

interface Definition extends FaultKind {
  /** Starts it and returns how to end it. */
  start(target: string, parameter: (name: string) => number): () => void;
}

export interface Faults {
  catalogue(): FaultKind[];
  active(): ActiveFault[];
  start(request: FaultRequest): { kind: 'started'; fault: ActiveFault } | { kind: 'refused'; reason: string };
  end(id: string): boolean;
  endAll(): void;
}

export function createFaults(parts: {
  state: PlantState;
  rack: Rack;
  metering: Metering;
  overrides: Overrides;
  nowMs: () => number;
}): Faults {
  const definitions = definitionsFor(parts);
  const running = new Map<string, { fault: ActiveFault; end: () => void; timer: NodeJS.Timeout | undefined }>();
  let count = 0;
  const end = (id: string): boolean => {
    const entry = running.get(id);
    if (!entry) return false;
    running.delete(id);
    clearTimeout(entry.timer);
    entry.end();
    return true;
  };
  return {
    catalogue: () => definitions.map(({ start: _start, ...kind }) => kind),
    active: () => [...running.values()].map((entry) => entry.fault),
    end,
    endAll() {
      for (const id of [...running.keys()]) end(id);
    },
    start(request) {
      const definition = definitions.find((d) => d.kind === request.kind);
      if (!definition)
        return { kind: 'refused', reason: `there is no fault "${request.kind}"; known are ${definitions.map((d) => d.kind).join(', ')}` };
      const target = definition.targets.length === 0 ? '' : String(request.target ?? '');
      const named = definition.targets.find((t) => t.id === target);
      if (definition.targets.length > 0 && !named)
        return { kind: 'refused', reason: `"${definition.kind}" needs a target; "${target}" is none of its targets` };
      const values = new Map<string, number>();
      for (const p of definition.parameters) {
        const value = request[p.name] === undefined ? p.default : Number(request[p.name]);
        if (!(value >= p.minimum && value <= p.maximum))
          return { kind: 'refused', reason: `${p.label} must lie between ${p.minimum} and ${p.maximum} ${p.unit}` };
        values.set(p.name, value);
      }
      const seconds = request.seconds === undefined ? null : Number(request.seconds);
      if (seconds !== null && !(seconds > 0 && seconds <= 86_400))
        return { kind: 'refused', reason: 'seconds must lie between 0 and 86400' };
      for (const entry of [...running.values()]) {
        if (entry.fault.kind === definition.kind && (entry.fault.target ?? '') === target) end(entry.fault.id);
      }
      const startedAtMs = parts.nowMs();
      const id = `f${++count}`;
      const stop = definition.start(target, (name) => values.get(name) as number);
      const fault: ActiveFault = {
        id,
        kind: definition.kind,
        label: definition.label,
        target: named?.id ?? null,
        targetName: named?.name ?? null,
        startedAtMs,
        endsAtMs: seconds === null ? null : startedAtMs + seconds * 1000,
      };
      const timer = seconds === null ? undefined : setTimeout(() => end(id), seconds * 1000).unref();
      running.set(id, { fault, end: stop, timer });
      return { kind: 'started', fault };
    },
  };
}

function definitionsFor(parts: { state: PlantState; rack: Rack; metering: Metering; overrides: Overrides }): Definition[] {
  const { state, rack, metering, overrides } = parts;
  const { file } = state;
  const devices = named(file.devices);
  const meters = named(file.devices.filter((d) => d.kind === 'meter'));
  const none: FaultParameter[] = [];
  const device = (
    kind: string,
    label: string,
    description: string,
    parameters: FaultParameter[],
    fault: (p: (n: string) => number) => Parameters<Rack['setFault']>[1],
  ): Definition => ({
    kind,
    label,
    description,
    targets: devices,
    parameters,
    start(target, p) {
      rack.setFault(target, fault(p));
      return () => rack.setFault(target, { kind: 'none' });
    },
  });
  const meter = (
    kind: string,
    label: string,
    description: string,
    parameters: FaultParameter[],
    set: (id: string, on: boolean, p: (n: string) => number) => void,
  ): Definition => ({
    kind,
    label,
    description,
    targets: meters,
    parameters,
    start(target, p) {
      set(target, true, p);
      return () => set(target, false, p);
    },
  });
  return [
    {
      kind: 'grid-loss',
      label: 'Loss of the main grid',
      description: 'The medium-voltage network goes dead. The interconnection relay opens, the battery carries the island.',
      targets: [],
      parameters: none,
      start() {
        state.mains.present = false;
        return () => {
          state.mains.present = true;
        };
      },
    },
    {
      kind: 'cloud',
      label: 'Cloud front',
      description: 'All PV falls by this share within a second.',
      targets: [],
      parameters: [{ name: 'depthPercent', label: 'Depth', unit: '%', default: 80, minimum: 1, maximum: 100 }],
      start(_target, p) {
        overrides.cloudDepth = p('depthPercent') / 100;
        return () => {
          overrides.cloudDepth = 0;
        };
      },
    },
    {
      kind: 'line-trip',
      label: 'Line trip',
      description: 'The line is cut. Where a relay stands on it, it trips; all behind it is dead until it is fed from elsewhere.',
      targets: named(file.grid.lines),
      parameters: none,
      start(target) {
        const branch = state.wires.branchIndex.get(target) as number;
        state.brokenBranches.add(branch);
        const s = state.switches.find((each) => state.branchOfSwitch.get(each.id) === branch);
        if (s?.closed) tripSwitch(s);
        return () => mendBranch(state, branch);
      },
    },
    {
      kind: 'relay-stuck',
      label: 'Relay stuck',
      description: 'The contacts do not move. The relay takes commands, its position feedback does not follow.',
      targets: named(file.grid.switches),
      parameters: none,
      start(target) {
        const s = state.switchById.get(target);
        if (s) s.stuck = true;
        return () => {
          if (s) s.stuck = false;
        };
      },
    },
    {
      kind: 'load-step',
      label: 'Load step',
      description: 'A member’s load is multiplied.',
      targets: named(file.grid.units.filter((u) => u.kind === 'load')),
      parameters: [{ name: 'factor', label: 'Factor', unit: '×', default: 4, minimum: 0, maximum: 20 }],
      start(target, p) {
        overrides.loadFactor.set(target, p('factor'));
        return () => void overrides.loadFactor.delete(target);
      },
    },
    {
      kind: 'battery-trip',
      label: 'Battery trips',
      description: 'The battery’s inverter stops and its switch opens; on an island without a running genset everything goes dark.',
      targets: [],
      parameters: none,
      start() {
        const s = state.battery?.unit.ownSwitch;
        if (state.battery) tripBattery(state.battery.machine);
        if (s) tripSwitch(s);
        return () => {
          if (s) commandSwitch(s, true, 0.1);
        };
      },
    },
    {
      kind: 'genset-no-start',
      label: 'Genset does not start',
      description: 'The starter turns, the engine does not fire; after three attempts the controller reports a start failure.',
      targets: [],
      parameters: none,
      start() {
        if (state.genset) state.genset.machine.refusesToStart = true;
        return () => {
          if (state.genset) state.genset.machine.refusesToStart = false;
        };
      },
    },
    device('device-silent', 'Device silent', 'The device takes requests and never answers.', none, () => ({ kind: 'silent' })),
    device(
      'device-slow',
      'Device slow',
      'Each answer comes late.',
      [{ name: 'delayMs', label: 'Delay', unit: 'ms', default: 900, minimum: 1, maximum: 60_000 }],
      (p) => ({
        kind: 'slow',
        delayMs: p('delayMs'),
      }),
    ),
    device('device-garbage', 'Device sends garbage', 'The device answers with bytes that are no Modbus.', none, () => ({
      kind: 'garbage',
    })),
    device('device-refuse', 'Device refuses connections', 'The device closes every connection at once.', none, () => ({
      kind: 'refuse-connections',
    })),
    meter(
      'meter-rollback',
      'Meter registers rolled back',
      'The import register shows and signs less than it did before.',
      [{ name: 'energyWh', label: 'Rolled back by', unit: 'Wh', default: 50_000, minimum: 1, maximum: 10_000_000 }],
      (id, on, p) => {
        metering.tamper(id).rollbackWh = on ? p('energyWh') : 0;
      },
    ),
    meter('meter-bad-signature', 'Meter readings altered', 'Readings are changed after they were signed.', none, (id, on) => {
      metering.tamper(id).badSignature = on;
    }),
    meter('meter-cover', 'Meter cover opened', 'The terminal cover is opened; the meter raises its event flag.', none, (id, on) => {
      metering.tamper(id).coverOpen = on;
    }),
    meter(
      'meter-clock-step',
      'Meter clock stepped',
      'The meter’s clock jumps, and its readings name the wrong interval.',
      [{ name: 'intervals', label: 'Step', unit: 'intervals', default: 8, minimum: -1000, maximum: 1000 }],
      (id, on, p) => {
        metering.tamper(id).intervalShift = on ? p('intervals') : 0;
      },
    ),
  ];
}

function named(items: readonly { id: string; name: string }[]): { id: string; name: string }[] {
  return items.map(({ id, name }) => ({ id, name }));
}

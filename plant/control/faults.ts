/** Training faults: what can go wrong on demand, on what, and how it is undone. */
import type { Rack } from '../devices/rack.ts';
import type { Metering } from '../metering/metering.ts';
import type { PlantState } from '../physics/state.ts';
import { faultDefinitions } from './fault-catalogue.ts';

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

export interface FaultDefinition extends FaultKind {
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
  /** A meter gets another key and shows it. */
  renewKey: (deviceId: string) => void;
  nowMs: () => number;
}): Faults {
  const definitions = faultDefinitions(parts);
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

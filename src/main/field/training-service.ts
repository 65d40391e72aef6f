/** Training menu: faults of the simulated plant on demand. On a real plant there is none, and the menu says so. */
import type { z } from 'zod';
import type { ActiveFault, TrainingFault } from '../../shared/contract/operations.ts';
import { Fault } from '../../shared/errors.ts';
import type { Kernel, Service } from '../kernel/ports.ts';

export interface PlantControl {
  readonly port: number;
  readonly token: string;
}
export interface TrainingService extends Service {
  /** Where the plant's control server is now; null = there is no simulated plant. */
  setControl(control: PlantControl | null): void;
}

type Active = z.infer<typeof ActiveFault>;
type Offer = z.infer<typeof TrainingFault>;
interface PlantFault {
  id: string;
  kind: string;
  label?: string;
  target: string | null;
  targetName?: string | null;
  endsAtMs: number | null;
}
interface Catalogue {
  catalogue: { kind: string; label: string; description: string; targets: { id: string; name: string }[] }[];
  active: PlantFault[];
}

const TIMEOUT_MS = 3000;
const REFRESH_MS = 2000;
const DEFAULT_SECONDS = 60;
/** Stands for "the plant as a whole" where a fault has no target to choose. */
const WHOLE_PLANT = { id: 'plant', label: 'The plant' };

export function createTrainingService(kernel: Kernel, deps: { control: PlantControl | null }): TrainingService {
  let control = deps.control;
  let known: Catalogue = { catalogue: [], active: [] };
  let published = '';
  let stop: (() => void) | null = null;

  async function ask(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    if (!control) throw new Fault('permissive.missing', 'There is no simulated plant to train on: this console runs a real one.');
    let response: Response;
    try {
      response = await fetch(`http://127.0.0.1:${control.port}${path}`, {
        method,
        headers: { authorization: `Bearer ${control.token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (cause) {
      throw new Fault('device.unreachable', 'The simulated plant does not answer. It is restarted by itself; try again in a few seconds.', {
        cause,
      });
    }
    const text = await response.text();
    const json: unknown = text === '' ? {} : JSON.parse(text);
    if (!response.ok) {
      const said = (json as { error?: string }).error;
      throw new Fault(response.status === 404 ? 'not.found' : 'input.invalid', said ?? `The simulated plant refused (${response.status}).`);
    }
    return json;
  }

  const labelOf = (kind: string): string => known.catalogue.find((f) => f.kind === kind)?.label ?? kind;
  const active = (f: PlantFault): Active => {
    const target = f.target ?? WHOLE_PLANT.id;
    const named = known.catalogue.find((c) => c.kind === f.kind)?.targets.find((t) => t.id === target)?.name;
    return {
      id: f.id,
      kind: f.kind,
      label: f.label ?? labelOf(f.kind),
      target,
      targetLabel: f.targetName ?? named ?? WHOLE_PLANT.label,
      endsMs: f.endsAtMs ?? null,
    };
  };
  const offers = (): Offer[] =>
    known.catalogue.map((c) => ({
      kind: c.kind,
      label: c.label,
      description: c.description,
      targets: c.targets.length > 0 ? c.targets.map((t) => ({ id: t.id, label: t.name })) : [WHOLE_PLANT],
      defaultSeconds: DEFAULT_SECONDS,
    }));

  async function refresh(): Promise<void> {
    known = (await ask('GET', '/faults')) as Catalogue;
    const list = known.active.map(active);
    const key = JSON.stringify(list);
    if (key === published) return;
    published = key;
    kernel.hub.publish('training', { active: list });
  }

  return {
    name: 'training',
    setControl(next) {
      control = next;
    },
    handlers: {
      'training.list': async () => {
        if (!control) return { available: false, faults: [], active: [] };
        await refresh();
        return { available: true, faults: offers(), active: known.active.map(active) };
      },
      'training.inject': async ({ kind, target, seconds }) => {
        const body = { kind, seconds, ...(target !== WHOLE_PLANT.id && { target }) };
        const started = (await ask('POST', '/fault', body)) as PlantFault;
        await refresh();
        return active(started);
      },
      'training.clear': async ({ id }) => {
        await ask('DELETE', `/fault/${encodeURIComponent(id)}`);
        await refresh();
        return {};
      },
    },
    async start() {
      kernel.hub.publish('training', { active: [] });
      // Faults end by themselves: the list is asked for while somebody looks at it.
      stop = kernel.clock.setInterval(() => {
        if (control && kernel.hub.hasListeners('training')) refresh().catch(() => {});
      }, REFRESH_MS);
    },
    async stop() {
      stop?.();
      stop = null;
    },
  };
}

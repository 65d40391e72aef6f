/** Training menu: faults of the simulated plant on demand. On a real plant there is none, and the menu says so. */
import type { z } from 'zod';
import type { ActiveFault, TrainingFault } from '../../shared/contract/operations.ts';
import { Fault } from '../../shared/errors.ts';
import type { Kernel, MarketClock, Service } from '../kernel/ports.ts';

export interface PlantControl {
  readonly port: number;
  readonly token: string;
}
/** What the console itself can take away for training: its own broker and chain. */
export interface EngineFaults {
  setBrokerDown(down: boolean): void | Promise<void>;
  setChainDown(down: boolean): void | Promise<void>;
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
/** As long as the contract lets a fault last. */
const MOST_SECONDS = 3600;
/** Faults that show only in what a meter signs at the end of an interval; one that ends before shows nothing at all. */
const SIGNED_FAULTS = new Set(['meter-rollback', 'meter-bad-signature', 'meter-clock-step']);

/** Default length of a fault, s: one that shows in signed readings outlasts the end of the running interval, whenever it begins. */
export function defaultSecondsOf(kind: string, marketClock: Pick<MarketClock, 'intervalMs' | 'speed'> | undefined): number {
  if (!SIGNED_FAULTS.has(kind)) return DEFAULT_SECONDS;
  if (!marketClock) return 2 * DEFAULT_SECONDS;
  const intervalS = marketClock.intervalMs() / marketClock.speed() / 1000;
  return Math.min(MOST_SECONDS, Math.max(DEFAULT_SECONDS, Math.ceil((intervalS * 1.5) / 10) * 10));
}
/** Stands for "the plant as a whole" where a fault has no target to choose. */
const ENGINE_FAULTS = [
  {
    kind: 'broker-gone',
    label: 'Broker gone',
    description: 'The console’s MQTT broker stops. Meters keep their readings and send them when it is back; nothing is lost.',
    target: { id: 'broker', label: 'MQTT broker' },
  },
  {
    kind: 'chain-gone',
    label: 'Chain gone',
    description: 'The chain node stops. Rounds go on; what belongs on the chain waits in the outbox and drains in order.',
    target: { id: 'chain', label: 'Chain node' },
  },
] as const;
const WHOLE_PLANT = { id: 'plant', label: 'The plant' };

export function createTrainingService(
  kernel: Kernel,
  deps: { control: PlantControl | null; engine?: EngineFaults; marketClock?: Pick<MarketClock, 'intervalMs' | 'speed'> },
): TrainingService {
  let control = deps.control;
  let known: Catalogue = { catalogue: [], active: [] };
  let published = '';
  /** Faults of the console's own parts, which the plant knows nothing of. */
  const own = new Map<string, { fault: Active; cancel: () => void }>();
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
  const offers = (): Offer[] => [...plantOffers(), ...(deps.engine ? ENGINE_FAULTS.map(engineOffer) : [])];
  const engineOffer = ({ kind, label, description, target }: (typeof ENGINE_FAULTS)[number]): Offer => ({
    kind,
    label,
    description,
    targets: [{ ...target }],
    defaultSeconds: DEFAULT_SECONDS,
  });
  const activeNow = (): Active[] => [...known.active.map(active), ...[...own.values()].map((o) => o.fault)];
  const setDown = (kind: string, down: boolean): void | Promise<void> =>
    kind === 'broker-gone' ? deps.engine?.setBrokerDown(down) : deps.engine?.setChainDown(down);

  async function injectOwn(offer: (typeof ENGINE_FAULTS)[number], seconds: number): Promise<Active> {
    if (own.has(offer.kind)) throw new Fault('conflict', `${offer.label} is under way already. End it first.`);
    await setDown(offer.kind, true);
    const fault: Active = {
      id: offer.kind,
      kind: offer.kind,
      label: offer.label,
      target: offer.target.id,
      targetLabel: offer.target.label,
      endsMs: kernel.clock.nowMs() + seconds * 1000,
    };
    const cancel = kernel.clock.setTimeout(() => void clearOwn(offer.kind), seconds * 1000);
    own.set(offer.kind, { fault, cancel });
    publish();
    return fault;
  }
  async function clearOwn(kind: string): Promise<void> {
    own.get(kind)?.cancel();
    own.delete(kind);
    try {
      await setDown(kind, false);
    } catch (cause) {
      kernel.log.error('a training fault did not end', { kind, cause: String(cause) });
    }
    publish();
  }

  const plantOffers = (): Offer[] =>
    known.catalogue.map((c) => ({
      kind: c.kind,
      label: c.label,
      description: SIGNED_FAULTS.has(c.kind)
        ? `${c.description} It shows when the running market interval ends and the meter signs its reading.`
        : c.description,
      targets: c.targets.length > 0 ? c.targets.map((t) => ({ id: t.id, label: t.name })) : [WHOLE_PLANT],
      defaultSeconds: defaultSecondsOf(c.kind, deps.marketClock),
    }));

  async function refresh(): Promise<void> {
    known = (await ask('GET', '/faults')) as Catalogue;
    publish();
  }

  function publish(): void {
    const list = activeNow();
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
        return { available: true, faults: offers(), active: activeNow() };
      },
      'training.inject': async ({ kind, target, seconds }) => {
        const ours = deps.engine && ENGINE_FAULTS.find((f) => f.kind === kind);
        if (ours) return injectOwn(ours, seconds);
        const body = { kind, seconds, ...(target !== WHOLE_PLANT.id && { target }) };
        const started = (await ask('POST', '/fault', body)) as PlantFault;
        await refresh();
        return active(started);
      },
      'training.clear': async ({ id }) => {
        if (own.has(id)) {
          await clearOwn(id);
          return {};
        }
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
      for (const { cancel } of own.values()) cancel();
    },
  };
}

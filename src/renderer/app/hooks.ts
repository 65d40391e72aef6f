/** How components meet the engine: live topics, queries with their three states, acts. */
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type {
  CallInput,
  CallOutput,
  CommandName,
  QueryName,
  TopicName,
  TopicParams,
  TopicPayload,
} from '../../shared/contract/contract.ts';
import { type Link, LinkFault, type LinkState } from './link.ts';
import type { LiveStore } from './live.ts';

export interface Engine {
  readonly link: Link;
  readonly live: LiveStore;
}
const EngineContext = createContext<Engine | null>(null);
export const EngineProvider = EngineContext.Provider;

export function useEngine(): Engine {
  const engine = useContext(EngineContext);
  if (engine === null) throw new Error('useEngine outside EngineProvider');
  return engine;
}

export function useLinkState(): LinkState {
  const { link } = useEngine();
  return useSyncExternalStore(link.onState, link.getState);
}

const NONE = {};
/** The newest payload of a topic, or the part `select` takes from it; undefined until the first one came. */
export function useTopic<N extends TopicName, S = TopicPayload<N>>(
  name: N,
  params: TopicParams<N> = NONE as TopicParams<N>,
  select?: (payload: TopicPayload<N>) => S,
): S | undefined {
  const { live } = useEngine();
  const key = JSON.stringify(params);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the parameters' content
  const entry = useMemo(() => live.topic(name, params), [live, name, key]);
  const last = useRef<{ source: unknown; part: S | undefined; text?: string } | null>(null);
  const snapshot = () => {
    const source = entry.get();
    if (source === undefined) return undefined;
    if (select === undefined) return source as unknown as S;
    if (last.current !== null && last.current.source === source) return last.current.part;
    const part = select(source);
    if (typeof part !== 'object' || part === null) {
      last.current = { source, part };
      return part;
    }
    // A part with the same content keeps its identity, so that a component that looks at a quiet part does not render.
    const text = JSON.stringify(part);
    const kept = last.current?.text === text ? last.current.part : part;
    last.current = { source, part: kept, text };
    return kept;
  };
  return useSyncExternalStore(entry.onChange, snapshot);
}

/** Every payload of a topic whose deliveries all count (progress, journal). */
export function useNews<N extends TopicName>(name: N, listener: (payload: TopicPayload<N>) => void): void {
  const { link } = useEngine();
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => link.subscribe(name, NONE as TopicParams<N>, (payload) => latest.current(payload)), [link, name]);
}

export type QueryState<T> =
  | { kind: 'loading'; data: undefined; reload(): void }
  | { kind: 'error'; data: T | undefined; fault: LinkFault; reload(): void }
  | { kind: 'ok'; data: T; reload(): void };

/** Answers by call and input, the least recently looked at thrown out first (trends ask with ever new times). */
const cache = new Map<string, unknown>();
const CACHED_ANSWERS = 120;
function remember(key: string, output: unknown): void {
  cache.delete(key);
  cache.set(key, output);
  const oldest = cache.keys().next().value;
  if (cache.size > CACHED_ANSWERS && oldest !== undefined) cache.delete(oldest);
}
function recall(key: string): unknown {
  const found = cache.get(key);
  if (found !== undefined) remember(key, found);
  return found;
}
export const forgetQueries = (): void => cache.clear();

/** Asks once, keeps the answer while the window is open and shows it at once next time while asking again. */
export function useQuery<N extends QueryName>(
  name: N,
  input: CallInput<N>,
  options: { refreshMs?: number; enabled?: boolean } = {},
): QueryState<CallOutput<N>> {
  const { link } = useEngine();
  const { refreshMs, enabled = true } = options;
  const key = `${name} ${JSON.stringify(input)}`;
  const [tick, setTick] = useState(0);
  const [, setVersion] = useState(0);
  const fault = useRef<{ key: string; fault: LinkFault } | null>(null);
  const reload = useCallback(() => setTick((t) => t + 1), []);
  const linkUp = useLinkState().state === 'connected';
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the input's content; tick asks again
  useEffect(() => {
    if (!enabled || !linkUp) return;
    let alive = true;
    let busy = false;
    const ask = () => {
      if (busy) return;
      busy = true;
      link.call(name, input).then(
        (output) => {
          busy = false;
          remember(key, output);
          if (!alive) return;
          fault.current = null;
          setVersion((v) => v + 1);
        },
        (error: unknown) => {
          busy = false;
          if (!alive) return;
          fault.current = { key, fault: asFault(error) };
          setVersion((v) => v + 1);
        },
      );
    };
    ask();
    const timer = refreshMs === undefined ? null : setInterval(ask, refreshMs);
    return () => {
      alive = false;
      if (timer !== null) clearInterval(timer);
    };
  }, [link, key, enabled, refreshMs, tick, linkUp]);
  const data = recall(key) as CallOutput<N> | undefined;
  if (fault.current !== null && fault.current.key === key) return { kind: 'error', data, fault: fault.current.fault, reload };
  return data === undefined ? { kind: 'loading', data, reload } : { kind: 'ok', data, reload };
}

export function asFault(error: unknown): LinkFault {
  return error instanceof LinkFault
    ? error
    : new LinkFault({
        code: 'engine.internal',
        message: String(error instanceof Error ? error.message : error),
        retry: 'never',
        traceId: 'screen',
      });
}

export interface Act<N extends CommandName> {
  readonly busy: boolean;
  readonly fault: LinkFault | null;
  /** Resolves to null when it failed; the fault is then shown by whoever owns the act. */
  run(input: CallInput<N>): Promise<CallOutput<N> | null>;
  reset(): void;
}
export function useAct<N extends CommandName>(name: N): Act<N> {
  const { link } = useEngine();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<LinkFault | null>(null);
  const run = useCallback(
    async (input: CallInput<N>) => {
      setBusy(true);
      setFault(null);
      try {
        return await link.call(name, input);
      } catch (error) {
        setFault(asFault(error));
        return null;
      } finally {
        setBusy(false);
      }
    },
    [link, name],
  );
  return { busy, fault, run, reset: useCallback(() => setFault(null), []) };
}

const clocks = new Map<number, { now: number; listeners: Set<() => void> }>();
/** Wall clock that ticks for all its viewers at once. */
export function useNow(everyMs = 1000): number {
  const clock = useMemo(() => {
    let found = clocks.get(everyMs);
    if (found === undefined) {
      const made = { now: Date.now(), listeners: new Set<() => void>() };
      setInterval(() => {
        made.now = Date.now();
        for (const listener of [...made.listeners]) listener();
      }, everyMs);
      clocks.set(everyMs, made);
      found = made;
    }
    return found;
  }, [everyMs]);
  return useSyncExternalStore(
    useCallback(
      (listener) => {
        clock.listeners.add(listener);
        return () => clock.listeners.delete(listener);
      },
      [clock],
    ),
    () => clock.now,
  );
}

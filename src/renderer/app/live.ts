/**
 * Live values outside React. One entry per topic and parameters, shared by all that look at it; payloads of one frame time are painted
 * together, and only components whose selected part changed render again.
 */
import type { TopicName, TopicParams, TopicPayload } from '../../shared/contract/contract.ts';
import type { Link } from './link.ts';

export interface LiveEntry<T> {
  get(): T | undefined;
  /** Wall clock when the shown payload came. */
  receivedMs(): number | null;
  onChange(listener: () => void): () => void;
}
export interface LiveStore {
  topic<N extends TopicName>(name: N, params: TopicParams<N>): LiveEntry<TopicPayload<N>>;
  /** Forgets all that needs a person, e.g. when somebody signs out; who is there is still known, and what nobody looks at is asked for anew. */
  clear(): void;
}

/** How long a topic stays subscribed after its last viewer left, so that going back to a page shows values at once. */
const LINGER_MS = 8000;

interface Entry {
  value: unknown;
  next: unknown;
  hasNext: boolean;
  receivedMs: number | null;
  listeners: Set<() => void>;
  stop: (() => void) | null;
  lingerTimer: ReturnType<typeof setTimeout> | null;
}

/** Paints on the next animation frame, or after 250 ms when the window is hidden and gets no frames. */
export function frameScheduler(): (run: () => void) => void {
  return (run) => {
    let done = false;
    const once = () => {
      if (done) return;
      done = true;
      run();
    };
    requestAnimationFrame(once);
    setTimeout(once, 250);
  };
}

export function createLiveStore(link: Link, schedule: (run: () => void) => void = frameScheduler(), lingerMs = LINGER_MS): LiveStore {
  const entries = new Map<string, Entry>();
  const dirty = new Set<Entry>();
  let scheduled = false;
  const flush = () => {
    scheduled = false;
    const batch = [...dirty];
    dirty.clear();
    for (const entry of batch) {
      entry.value = entry.next;
      entry.hasNext = false;
    }
    for (const entry of batch) for (const listener of [...entry.listeners]) listener();
  };
  const open = (key: string, topic: TopicName, params: unknown): Entry => {
    const known = entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = {
      value: undefined,
      next: undefined,
      hasNext: false,
      receivedMs: null,
      listeners: new Set(),
      stop: null,
      lingerTimer: null,
    };
    entries.set(key, entry);
    entry.stop = link.subscribe(topic, params as TopicParams<typeof topic>, (payload) => {
      entry.next = payload;
      entry.hasNext = true;
      entry.receivedMs = Date.now();
      dirty.add(entry);
      if (!scheduled) {
        scheduled = true;
        schedule(flush);
      }
    });
    return entry;
  };
  return {
    topic: <N extends TopicName>(name: N, params: TopicParams<N>): LiveEntry<TopicPayload<N>> => {
      const key = `${name} ${JSON.stringify(params)}`;
      return {
        get: () => entries.get(key)?.value as TopicPayload<N> | undefined,
        receivedMs: () => entries.get(key)?.receivedMs ?? null,
        onChange: (listener) => {
          const entry = open(key, name, params);
          if (entry.lingerTimer !== null) clearTimeout(entry.lingerTimer);
          entry.lingerTimer = null;
          entry.listeners.add(listener);
          return () => {
            entry.listeners.delete(listener);
            if (entry.listeners.size > 0) return;
            entry.lingerTimer = setTimeout(() => {
              entry.stop?.();
              entries.delete(key);
              dirty.delete(entry);
            }, lingerMs);
          };
        },
      };
    },
    clear: () => {
      for (const [key, entry] of [...entries]) {
        if (key.startsWith('session ')) continue;
        entry.value = undefined;
        dirty.delete(entry);
        if (entry.listeners.size === 0) {
          if (entry.lingerTimer !== null) clearTimeout(entry.lingerTimer);
          entry.stop?.();
          entries.delete(key);
        }
        for (const listener of [...entry.listeners]) listener();
      }
    },
  };
}

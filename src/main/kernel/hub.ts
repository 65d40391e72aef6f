import type { TopicName, TopicPayload } from '../../shared/contract/contract.ts';
import { contract } from '../../shared/contract/contract.ts';
import type { Hub } from './ports.ts';

export type TopicListener = (payload: unknown) => void;

export interface LiveHub extends Hub {
  /** Calls back with the latest payload at once (for `latest` topics) and with each new one. */
  subscribe<N extends TopicName>(topic: N, listener: (payload: TopicPayload<N>) => void): () => void;
}

/** Payloads are parsed once, here, before anybody sees them: an engine that says something off the contract is a bug, and loud. */
export function createHub(onBadPayload: (topic: string, problem: string) => void): LiveHub {
  const latest = new Map<TopicName, unknown>();
  const listeners = new Map<TopicName, Set<TopicListener>>();
  return {
    publish(topic, payload) {
      const heard = listeners.get(topic);
      const definition = contract.topics[topic];
      if (definition.delivery === 'latest') latest.set(topic, payload);
      if (!heard || heard.size === 0) return;
      const parsed = definition.payload.safeParse(payload);
      if (!parsed.success) {
        onBadPayload(topic, parsed.error.message);
        return;
      }
      for (const listener of heard) listener(payload);
    },
    hasListeners: (topic) => (listeners.get(topic)?.size ?? 0) > 0,
    subscribe(topic, listener) {
      const set = listeners.get(topic) ?? new Set();
      listeners.set(topic, set);
      set.add(listener as TopicListener);
      const known = latest.get(topic);
      if (known !== undefined) (listener as TopicListener)(known);
      return () => void set.delete(listener as TopicListener);
    },
  };
}

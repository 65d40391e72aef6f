/**
 * One screen's link to the engine: frames in, frames out, the same for WebSocket and IPC. Live payloads are collected and sent at most
 * ten times a second; of a `latest` topic only the newest payload is sent. A screen that does not drain is sent less, never queued for ever.
 */
import { contract, type TopicName } from '../../shared/contract/contract.ts';
import { ClientFrame, LIVE_BATCH_MS, type ServerFrame } from '../../shared/contract/wire.ts';
import { Fault } from '../../shared/errors.ts';
import { roleAllows } from '../../shared/roles.ts';
import type { SessionRecord } from '../access/access.ts';
import type { LiveHub } from '../kernel/hub.ts';
import type { Clock } from '../kernel/ports.ts';
import { type Gate, toWire } from './gate.ts';

export interface Link {
  /** A frame from the screen, as parsed JSON; never trusted. */
  receive(frame: unknown): void;
  close(): void;
}

const MOST_SUBSCRIPTIONS = 64;
const MOST_CALLS_IN_FLIGHT = 64;
/** `all` topics keep at most this many payloads for a slow screen. */
const MOST_QUEUED = 500;
/** Bytes waiting in the carrier above which live batches pause (calls still answer). */
const BACKLOG_BYTES = 1_000_000;

interface Subscription {
  readonly topic: TopicName;
  readonly pick: (payload: unknown) => unknown;
  pending: unknown[];
  stop: () => void;
}

export function createLink(deps: {
  gate: Gate;
  hub: LiveHub;
  clock: Clock;
  session: SessionRecord;
  send: (frame: ServerFrame) => void;
  /** The topic `session` is each window's own: the view of this session at once, and whenever it changes. */
  onSession: (listener: (view: unknown) => void) => () => void;
  backlogBytes?: () => number;
}): Link {
  const { gate, hub, clock, session, send } = deps;
  const subscriptions = new Map<number, Subscription>();
  let inFlight = 0;
  let closed = false;

  const flush = (): void => {
    if ((deps.backlogBytes?.() ?? 0) > BACKLOG_BYTES) return;
    const payloads: [number, unknown][] = [];
    for (const [id, sub] of subscriptions) {
      if (sub.pending.length === 0) continue;
      const needed = contract.topics[sub.topic].role;
      const allowed = needed === 'public' || (!session.locked && roleAllows(session.person?.role ?? null, needed));
      if (allowed) for (const payload of sub.pending) payloads.push([id, sub.pick(payload)]);
      // While the screen is locked the newest value waits, so that unlocking shows the plant as it is and not as it was.
      if (allowed || contract.topics[sub.topic].delivery === 'all') sub.pending = [];
    }
    if (payloads.length > 0) send({ t: 'batch', timeMs: clock.nowMs(), payloads });
  };
  const stopFlushing = clock.setInterval(flush, LIVE_BATCH_MS);

  const refuse = (id: number, fault: Fault): void => send({ t: 'fault', id, fault: toWire(fault, `link-${id}`) });

  const subscribe = (id: number, name: string, rawParams: unknown): void => {
    if (!Object.hasOwn(contract.topics, name))
      return refuse(id, new Fault('call.unknown', `The console has no live topic named "${name.slice(0, 64)}".`));
    if (subscriptions.has(id)) return refuse(id, new Fault('input.invalid', 'That subscription number is in use.'));
    if (subscriptions.size >= MOST_SUBSCRIPTIONS)
      return refuse(id, new Fault('input.invalid', 'Too many live topics in one window. Close some panels.'));
    const topic = name as TopicName;
    const definition = contract.topics[topic];
    if (!roleAllows(session.person?.role ?? null, definition.role))
      return refuse(id, new Fault('session.required', 'Sign in to see live values.'));
    const params = definition.params.safeParse(rawParams ?? {});
    if (!params.success) return refuse(id, new Fault('input.invalid', `The live topic ${name} was asked for in a way it does not know.`));
    const wanted = topic === 'points' ? new Set((params.data as { points: string[] }).points) : null;
    const sub: Subscription = {
      topic,
      pick: wanted
        ? (payload) => Object.fromEntries(Object.entries(payload as Record<string, unknown>).filter(([k]) => wanted.has(k)))
        : (payload) => payload,
      pending: [],
      stop: () => {},
    };
    subscriptions.set(id, sub);
    const take = (payload: unknown): void => {
      if (definition.delivery === 'latest') sub.pending = [payload];
      else if (sub.pending.length < MOST_QUEUED) sub.pending.push(payload);
    };
    sub.stop = topic === 'session' ? deps.onSession(take) : hub.subscribe(topic, take);
  };

  return {
    receive(raw) {
      if (closed) return;
      const parsed = ClientFrame.safeParse(raw);
      if (!parsed.success)
        return refuse(0, new Fault('input.invalid', 'The window sent something the console does not understand. Reload it.'));
      const frame = parsed.data;
      if (frame.t === 'unsub') {
        subscriptions.get(frame.id)?.stop();
        subscriptions.delete(frame.id);
      } else if (frame.t === 'sub') {
        subscribe(frame.id, frame.topic, frame.params);
      } else {
        if (inFlight >= MOST_CALLS_IN_FLIGHT)
          return refuse(frame.id, new Fault('conflict', 'Too many calls at once from this window. Wait a moment and try again.'));
        inFlight++;
        void gate
          .call(session, frame.name, frame.input)
          .then((answer) => {
            if (closed) return;
            send(
              answer.kind === 'ok' ? { t: 'ok', id: frame.id, output: answer.output } : { t: 'fault', id: frame.id, fault: answer.fault },
            );
          })
          .finally(() => {
            inFlight--;
          });
      }
    },
    close() {
      if (closed) return;
      closed = true;
      stopFlushing();
      for (const sub of subscriptions.values()) sub.stop();
      subscriptions.clear();
    },
  };
}

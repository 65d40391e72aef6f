import { expect, it } from 'vitest';
import type { ServerFrame } from '../../shared/contract/wire.ts';
import type { SessionRecord } from '../access/access.ts';
import { steppedClock } from '../field/testing.ts';
import { createHub } from '../kernel/hub.ts';
import { createLink } from './link.ts';

const gate = { call: async () => ({ kind: 'ok' as const, output: {} }) };

function window(person: SessionRecord['person']) {
  const clock = steppedClock();
  const hub = createHub(() => {});
  const session: SessionRecord = { id: person?.name ?? 'nobody', person, demo: false, locked: false };
  const tellers = new Set<() => void>();
  const sent: ServerFrame[] = [];
  const link = createLink({
    gate,
    hub,
    clock,
    session,
    send: (frame) => sent.push(frame),
    onSession(listener) {
      const tell = () => listener({ who: session.person?.name ?? null, locked: session.locked });
      tell();
      tellers.add(tell);
      return () => tellers.delete(tell);
    },
  });
  const payloads = () => {
    clock.step(100);
    return sent.splice(0).flatMap((f) => (f.t === 'batch' ? f.payloads.map(([id, p]) => [id, p]) : []));
  };
  return { link, hub, session, tell: () => tellers.forEach((t) => void t()), payloads, sent };
}

it('tells a window who is signed in, at once and whenever it changes', () => {
  const w = window(null);
  w.link.receive({ t: 'sub', id: 1, topic: 'session', params: {} });
  expect(w.payloads()).toEqual([[1, { who: null, locked: false }]]);
  w.session.person = { id: 'p', name: 'Ada', role: 'operator' };
  w.tell();
  expect(w.payloads()).toEqual([[1, { who: 'Ada', locked: false }]]);
  w.session.locked = true;
  w.tell();
  expect(w.payloads()).toEqual([[1, { who: 'Ada', locked: true }]]);
  w.link.close();
});

it('shows a locked window nothing of the plant, and the newest state once it is unlocked', () => {
  const w = window({ id: 'p', name: 'Ada', role: 'operator' });
  w.link.receive({ t: 'sub', id: 2, topic: 'training', params: {} });
  w.session.locked = true;
  w.hub.publish('training', { active: [] });
  expect(w.payloads()).toEqual([]);
  w.session.locked = false;
  expect(w.payloads()).toEqual([[2, { active: [] }]]);
  w.link.close();
});

it('opens no live topic of the plant to nobody', () => {
  const w = window(null);
  w.link.receive({ t: 'sub', id: 3, topic: 'training', params: {} });
  expect(w.sent).toMatchObject([{ t: 'fault', id: 3, fault: { code: 'session.required' } }]);
  w.link.close();
});

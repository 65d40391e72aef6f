/** The keys members' openings are sealed for, as their gateways name them. Only what the member's meter key signed is taken. */

import { parseAs } from '../../../drivers/mqtt/account-messages.ts';
import { MemberSealingKey, sealingKeyHash } from '../../../drivers/mqtt/opening-messages.ts';
import { seal } from '../../../drivers/mqtt/sealing.ts';
import { type Point, unpackSignature, verifySignature } from '../../domain/settlement/babyjubjub.ts';
import type { InboundMessage, InboundVerdict } from '../broker/broker-service.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { Community } from '../market/community.ts';
import * as rows from './opening-store.ts';

export const SEALING_KEY_TOPIC = /^busbar\/members\/([^/]+)\/sealing-key$/;

export function createSealingKeyIntake(
  kernel: Pick<Kernel, 'store' | 'clock' | 'journal'>,
  deps: {
    community: Community;
    keyOf: (meterId: number) => { publicKey: Point } | undefined;
    onKey: (memberId: string) => void;
  },
): { take(message: Pick<InboundMessage, 'topic' | 'payload'>): InboundVerdict; keyHeard(meterId: number): void } {
  const { store, clock, journal } = kernel;
  /** Keys that came before their meter's own, by meter. */
  const early = new Map<number, { topic: string; payload: Buffer }>();

  const take = (message: Pick<InboundMessage, 'topic' | 'payload'>): InboundVerdict => {
    const member = deps.community.member(SEALING_KEY_TOPIC.exec(message.topic)?.[1] ?? '');
    if (!member) return { kind: 'discard', reason: 'the plant file has no such member' };
    const record = (title: string, text: string, outcome: 'done' | 'refused') =>
      journal.record({
        who: 'openings',
        kind: outcome === 'done' ? 'decision' : 'fault',
        title,
        text: `${member.name}: ${text}.`,
        target: `participants:${member.memberId}`,
        outcome,
      });
    const refuse = (why: string): InboundVerdict => {
      record('A sealing key was refused', why, 'refused');
      return { kind: 'discard', reason: why };
    };
    const parsed = parseAs(MemberSealingKey, message.payload);
    if (!parsed) return refuse('the message is not a member-sealing-key/1');
    if (parsed.meter !== member.meterId) return refuse(`it is signed for meter ${parsed.meter}; this member's is ${member.meterId}`);
    const known = rows.sealingKeyOf(store.read, member.memberId);
    if (known?.publicKey === parsed.key) return { kind: 'accept' };
    const meterKey = deps.keyOf(member.meterId);
    if (!meterKey) {
      early.set(member.meterId, { topic: message.topic, payload: message.payload });
      return { kind: 'accept' };
    }
    const signature = unpackSignature(Buffer.from(parsed.signature, 'hex'));
    if (!signature || !verifySignature(sealingKeyHash(member.meterId, parsed.key), signature, meterKey.publicKey))
      return refuse('the signature does not belong to this member’s meter key');
    if (!usable(parsed.key)) return refuse('nothing can be sealed for this key');
    store.write((db) => {
      rows.putSealingKey(db, { memberId: member.memberId, publicKey: parsed.key, signature: parsed.signature, nowMs: clock.nowMs() });
      record(
        'Take a member’s sealing key',
        known ? 'its gateway has a new one, signed by its meter key; openings are sealed for it from now on' : 'signed by its meter key',
        'done',
      );
    });
    deps.onKey(member.memberId);
    return { kind: 'accept' };
  };
  return {
    take,
    keyHeard(meterId) {
      const waiting = early.get(meterId);
      early.delete(meterId);
      if (waiting) take(waiting);
    },
  };
}

/** A key of low order gives no secret; OpenSSL refuses it. */
function usable(publicKey: string): boolean {
  try {
    seal('', publicKey, '');
    return true;
  } catch {
    return false;
  }
}

/** Members' accounts as their gateways name them. The first one whose signature holds is taken; another one later is never taken silently. */
import { getAddress } from 'ethers';
import { MemberAccount, parseAs } from '../../../drivers/mqtt/account-messages.ts';
import { type Point, unpackSignature, verifySignature } from '../../domain/settlement/babyjubjub.ts';
import { accountMessage } from '../../domain/wallet/account-message.ts';
import type { InboundMessage, InboundVerdict } from '../broker/broker-service.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { Community } from '../market/community.ts';
import * as rows from './transaction-store.ts';

export const ACCOUNT_TOPIC = /^busbar\/members\/([^/]+)\/account$/;

export function createAccountIntake(
  kernel: Pick<Kernel, 'store' | 'clock' | 'journal' | 'log'>,
  deps: { community: Community; keyOf: (meterId: number) => { publicKey: Point } | undefined },
): { take(message: Pick<InboundMessage, 'topic' | 'payload'>): InboundVerdict; keyHeard(meterId: number): void } {
  const { store, clock, journal } = kernel;
  /** Accounts that came before their meter's key, by meter. */
  const early = new Map<number, { topic: string; payload: Buffer }>();
  const refused = new Map<string, string>();

  const take = (message: Pick<InboundMessage, 'topic' | 'payload'>): InboundVerdict => {
    const member = deps.community.member(ACCOUNT_TOPIC.exec(message.topic)?.[1] ?? '');
    if (!member) return { kind: 'discard', reason: 'the plant file has no such member' };
    const refuse = (why: string): InboundVerdict => {
      // A gateway announces at every start: once in the journal is enough.
      if (refused.get(member.memberId) !== why) {
        refused.set(member.memberId, why);
        journal.record({
          who: 'wallet',
          kind: 'fault',
          title: 'An account was refused',
          text: `${member.name}: ${why}.`,
          target: `participants:${member.memberId}`,
          outcome: 'refused',
        });
      }
      return { kind: 'discard', reason: why };
    };
    const parsed = parseAs(MemberAccount, message.payload);
    if (!parsed) return refuse('the message is not a member-account/1');
    if (parsed.meter !== member.meterId) return refuse(`it is signed for meter ${parsed.meter}; this member's is ${member.meterId}`);
    const key = deps.keyOf(member.meterId);
    if (!key) {
      early.set(member.meterId, { topic: message.topic, payload: message.payload });
      return { kind: 'accept' };
    }
    const signature = unpackSignature(Buffer.from(parsed.signature, 'hex'));
    if (!signature || !verifySignature(accountMessage(member.meterId, parsed.address), signature, key.publicKey))
      return refuse('the signature does not belong to this member’s meter key');
    const address = getAddress(parsed.address.toLowerCase());
    const known = rows.accountOf(store.read, member.memberId);
    if (known) return known.address === address ? { kind: 'accept' } : refuse(`it names ${address}; ${known.address} stays its account`);
    store.write((db) => {
      rows.insertAccount(db, member.memberId, address, parsed.signature, clock.nowMs());
      journal.record({
        who: 'wallet',
        kind: 'decision',
        title: 'Take a member’s account',
        text: `${member.name} has the account ${address}, signed by its meter key.`,
        target: `participants:${member.memberId}`,
        outcome: 'done',
      });
    });
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

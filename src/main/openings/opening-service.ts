/**
 * After each settled round every member gets its own opening, sealed for its gateway: its line of the round and where the chain holds it.
 * With the newest one a member checks what it was paid and, should the operator be gone, leaves by itself. An opening is durable before it
 * is sent, and sent again after a restart; only the newest matters, because the accounts have moved on from all before it.
 */

import { parseAs } from '../../../drivers/mqtt/account-messages.ts';
import { aboutOpening, type Opening, OpeningReceipt, type SealedOpening } from '../../../drivers/mqtt/opening-messages.ts';
import { seal } from '../../../drivers/mqtt/sealing.ts';
import { topics } from '../../../drivers/mqtt/topics.ts';
import type { Point } from '../../domain/settlement/babyjubjub.ts';
import type { BrokerService } from '../broker/broker-service.ts';
import type { Kernel, Service } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { Community } from '../market/community.ts';
import { openRound } from '../settlement/export-round.ts';
import * as rows from './opening-store.ts';
import { createSealingKeyIntake, SEALING_KEY_TOPIC } from './sealing-keys.ts';

export interface OpeningsDeps {
  readonly community: Community;
  readonly broker: Pick<BrokerService, 'onPublish' | 'publish'>;
  readonly metering: {
    keyOf(meterId: number): { publicKey: Point } | undefined;
    onKey(listener: (key: { meterId: number }) => void): () => void;
  };
  readonly ledger: Pick<LedgerService, 'deployed'>;
  readonly onSettled: (listener: (interval: number) => void) => () => void;
}
export interface OpeningsService extends Service {
  /** Seals and sends what is due; runs by itself after each settled round. */
  deliver(): Promise<void>;
}

const RECEIPT_TOPIC = /^busbar\/members\/([^/]+)\/opening-receipt$/;
const TICK_MS = 1_000;
/** Sealed and written together: one durable transaction for several, and no long hold of the loop. */
const AT_ONCE = 8;

export function createOpeningsService(kernel: Kernel, deps: OpeningsDeps): OpeningsService {
  const { store, clock, journal, alarms } = kernel;
  const { community, broker, ledger } = deps;
  const log = kernel.log.child('openings');
  const stops: (() => void)[] = [];
  let due = true;
  let busy: Promise<void> = Promise.resolve();
  const refusals = new Map<string, string>();

  alarms.define({
    kind: 'opening.refused',
    priority: 3,
    title: 'A member refuses its opening',
    cause: 'The gateway found that its line of the round does not add up, or it could not open it.',
    consequence: 'The member keeps its older opening. If the operator were gone now, it could not leave with its newest balance.',
    action: 'Open the member on the Participants page and read the reason. Verify the round again on the Settlement page.',
    respondWithinS: 3600,
  });

  const intake = createSealingKeyIntake(kernel, {
    community,
    keyOf: deps.metering.keyOf,
    onKey: () => {
      due = true;
    },
  });

  const takeReceipt = (memberId: string, payload: Buffer) => {
    const member = community.member(memberId);
    const receipt = parseAs(OpeningReceipt, payload);
    if (!member || !receipt) return { kind: 'discard', reason: 'not an opening-receipt/1 of a member' } as const;
    const opening = rows.openingOf(store.read, memberId);
    // An answer to an older one says nothing about the newest.
    if (opening?.interval !== receipt.interval || opening.answer === receipt.result) return { kind: 'accept' } as const;
    const reason = receipt.result === 'refused' ? (receipt.reason ?? 'it gave no reason') : null;
    store.write((db) => {
      rows.setAnswer(db, memberId, receipt.result, reason, clock.nowMs());
      if (reason !== null && refusals.get(memberId) !== reason)
        journal.record({
          who: 'openings',
          kind: 'fault',
          title: 'A member refuses its opening',
          text: `${member.name}, interval ${receipt.interval}: ${reason}.`,
          target: `participants:${memberId}`,
          outcome: 'refused',
        });
    });
    if (reason === null) refusals.delete(memberId);
    else refusals.set(memberId, reason);
    alarms.set('opening.refused', memberId, reason !== null, {
      sourceName: member.name,
      page: `participants:${memberId}`,
      ...(reason === null ? {} : { value: reason }),
    });
    return { kind: 'accept' } as const;
  };

  const send = (opening: Pick<rows.KeptOpening, 'memberId' | 'message'>): Promise<void> =>
    broker
      .publish(topics.opening(opening.memberId), opening.message, { qos: 1, retain: true })
      .catch((cause) => log.warn('an opening could not be sent; the broker keeps it for later', { cause: String(cause) }));

  const deliverNow = async (): Promise<void> => {
    const interval = rows.newestSettled(store.read);
    const deployed = ledger.deployed();
    if (interval === null || !deployed?.contracts.has('Settlement')) return;
    const members = rows.lacking(store.read, interval).filter((key) => community.member(key.memberId));
    if (members.length === 0) return;
    const settled = rows.settledBy(store.read, interval);
    if (!settled) {
      // The receipt is final, the copy of the events a moment behind.
      due = true;
      return;
    }
    const chain: Opening['chain'] = {
      chainId: deployed.chainId,
      settlement: deployed.contracts.address('Settlement'),
      transaction: settled.transaction.toLowerCase(),
      block: settled.block,
    };
    const lineOf = await openRound({ store, community }, interval);
    for (let from = 0; from < members.length; from += AT_ONCE) {
      const sealed = members.slice(from, from + AT_ONCE).flatMap(({ memberId, publicKey }) => {
        const message = sealedFor(memberId, publicKey, interval, chain, lineOf);
        return message === null ? [] : [{ memberId, interval, publicKey, message, sealedMs: clock.nowMs() }];
      });
      store.write((db) => {
        for (const opening of sealed) rows.putOpening(db, opening);
      });
      for (const opening of sealed) await send(opening);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    log.info('openings sent', { interval, members: members.length });
  };

  /** null: the member had no line in this round, because its meter was not registered then. */
  const sealedFor = (
    memberId: string,
    publicKey: string,
    interval: number,
    chain: Opening['chain'],
    lineOf: (memberId: string) => Record<string, unknown>,
  ): string | null => {
    let line: Record<string, unknown>;
    try {
      line = lineOf(memberId);
    } catch (cause) {
      log.debug('no opening', { memberId, interval, cause: String(cause) });
      return null;
    }
    const opening: Opening = { schema: 'opening/1', chain, line };
    const { chainId, settlement } = chain;
    const envelope = { schema: 'sealed-opening/1', member: memberId, interval, chainId, settlement } as const;
    const message: SealedOpening = { ...envelope, ...seal(JSON.stringify(opening), publicKey, aboutOpening(envelope)) };
    return JSON.stringify(message);
  };

  const deliver = (): Promise<void> => {
    busy = busy.then(deliverNow).catch((cause) => {
      due = true;
      log.error('openings could not be made; it is tried again', { cause: cause instanceof Error ? cause.stack : String(cause) });
    });
    return busy;
  };

  // Heard from the first moment on: gateways name their keys as soon as they find the broker.
  stops.push(
    broker.onPublish(SEALING_KEY_TOPIC, intake.take),
    broker.onPublish(RECEIPT_TOPIC, ({ topic, payload }) => takeReceipt(RECEIPT_TOPIC.exec(topic)?.[1] ?? '', payload)),
    deps.metering.onKey((key) => intake.keyHeard(key.meterId)),
    deps.onSettled(() => {
      due = true;
    }),
  );

  return {
    name: 'openings',
    async start() {
      // What the broker kept is gone with it: the newest ones are said again. A gateway that has them already answers the same.
      for (const opening of rows.openings(store.read)) await send(opening);
      stops.push(
        clock.setInterval(() => {
          if (!due) return;
          due = false;
          void deliver();
        }, TICK_MS),
      );
    },
    async stop() {
      for (const stop of stops.splice(0)) stop();
      await busy;
    },
    deliver,
  };
}

/** Public meters' accounts as they name them. The first one that the meter's key signed is taken; another one later is never taken silently. */
import { getAddress } from 'ethers';
import { parseAs } from '../../../drivers/mqtt/account-messages.ts';
import { MeterAccount } from '../../../drivers/mqtt/public-meter-messages.ts';
import { type Point, unpackSignature, verifySignature } from '../../domain/settlement/babyjubjub.ts';
import { accountMessage } from '../../domain/wallet/account-message.ts';
import type { PlantFile } from '../../shared/plant-file.ts';
import type { InboundMessage, InboundVerdict } from '../broker/broker-service.ts';
import type { Kernel } from '../kernel/ports.ts';
import { accountOf, insertAccount } from './account-store.ts';

export const METER_ACCOUNT_TOPIC = /^busbar\/meters\/([^/]+)\/account$/;

export interface PublicMeterDevice {
  readonly deviceId: string;
  readonly name: string;
  readonly meterId: number;
  readonly meter: NonNullable<PlantFile['devices'][number]['meter']>;
  /** Grid node it hangs on. */
  readonly bus: string;
}

export function createAccountIntake(
  kernel: Pick<Kernel, 'store' | 'clock' | 'journal'>,
  deps: { meters: readonly PublicMeterDevice[]; keyOf: (meterId: number) => { publicKey: Point } | undefined },
): { take(message: Pick<InboundMessage, 'topic' | 'payload'>): InboundVerdict; keyHeard(meterId: number): void } {
  const { store, clock, journal } = kernel;
  /** Accounts that came before their meter's key, by meter. */
  const early = new Map<number, Pick<InboundMessage, 'topic' | 'payload'>>();
  const refused = new Map<string, string>();

  const take = (message: Pick<InboundMessage, 'topic' | 'payload'>): InboundVerdict => {
    const meter = deps.meters.find((m) => m.deviceId === METER_ACCOUNT_TOPIC.exec(message.topic)?.[1]);
    if (!meter) return { kind: 'discard', reason: 'the plant file has no such public meter' };
    const { deviceId, meterId, name } = meter;
    const refuse = (why: string): InboundVerdict => {
      // A meter announces at every start: once in the journal is enough.
      if (refused.get(deviceId) !== why) {
        refused.set(deviceId, why);
        const text = `${name}: ${why}.`;
        journal.record({
          ...{ who: 'metering', kind: 'fault', title: 'A meter’s account was refused', text, target: `devices:${deviceId}` },
          outcome: 'refused',
        });
      }
      return { kind: 'discard', reason: why };
    };
    const parsed = parseAs(MeterAccount, message.payload);
    if (!parsed) return refuse('the message is not a meter-account/1');
    if (parsed.meter !== meterId) return refuse(`it is signed for meter ${parsed.meter}; this is meter ${meterId}`);
    const key = deps.keyOf(meterId);
    if (!key) {
      early.set(meterId, { topic: message.topic, payload: message.payload });
      return { kind: 'accept' };
    }
    const signature = unpackSignature(Buffer.from(parsed.signature, 'hex'));
    if (!signature || !verifySignature(accountMessage(meterId, parsed.address), signature, key.publicKey))
      return refuse('the signature does not belong to this meter’s key');
    const address = getAddress(parsed.address.toLowerCase());
    const known = accountOf(store.read, deviceId);
    if (known) return known.address === address ? { kind: 'accept' } : refuse(`it names ${address}; ${known.address} stays its account`);
    store.write((db) => {
      insertAccount(db, { meterId, deviceId, address }, parsed.signature, clock.nowMs());
      journal.record({
        who: 'metering',
        kind: 'decision',
        title: 'Take a public meter’s account',
        text: `${name} has the account ${address}, signed by its own key. Its readings are posted on the chain by it.`,
        target: `devices:${deviceId}`,
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

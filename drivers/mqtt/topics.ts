/** Topics of the plant's bus. Ids are made of letters, digits, `-`, `_` and `.`: nothing that MQTT or a path could misread. */

const ID = '[A-Za-z0-9][A-Za-z0-9._-]{0,63}';

export const topics = {
  /** Retained; published by the engine, which owns the market clock. */
  clock: 'busbar/clock',
  reading: (deviceId: string) => `busbar/meters/${deviceId}/reading`,
  identity: (deviceId: string) => `busbar/meters/${deviceId}/identity`,
  /** A public meter: retained, its own account on the chain, signed by its key. */
  meterAccount: (deviceId: string) => `busbar/meters/${deviceId}/account`,
  /** The console asks a public meter to sign the post of one of its readings. */
  meterRequest: (deviceId: string) => `busbar/meters/${deviceId}/request`,
  /** The transaction the public meter signed, or its refusal. */
  meterSigned: (deviceId: string) => `busbar/meters/${deviceId}/signed`,
  order: (memberId: string) => `busbar/members/${memberId}/order`,
  /** The console asks a member's gateway; only the gateway can sign. */
  request: (memberId: string) => `busbar/members/${memberId}/request`,
  response: (memberId: string) => `busbar/members/${memberId}/response`,
  /** Retained; the member's account on the chain, signed by its meter key. */
  account: (memberId: string) => `busbar/members/${memberId}/account`,
  /** Transactions the gateway signed, or its refusal. */
  signed: (memberId: string) => `busbar/members/${memberId}/signed`,
  /** Retained; the key the member's openings are sealed for, signed by its meter key. */
  sealingKey: (memberId: string) => `busbar/members/${memberId}/sealing-key`,
  /** Retained; the member's own opening of the newest settled round, sealed for it. */
  opening: (memberId: string) => `busbar/members/${memberId}/opening`,
  /** The gateway has the opening in its own store, or why not. */
  openingReceipt: (memberId: string) => `busbar/members/${memberId}/opening-receipt`,
  /** Retained; the root of an interval's orders, signed by the operator, while the chain is away. */
  ordersNotice: (memberId: string) => `busbar/members/${memberId}/orders-notice`,
  /** The member's receipt for it, signed by its account. */
  ordersReceipt: (memberId: string) => `busbar/members/${memberId}/orders-receipt`,
  /** Retained; the ledger's chain and contracts, published by the engine. */
  ledger: 'busbar/ledger',
} as const;

const MEMBER_TOPICS = [
  'order',
  'request',
  'response',
  'account',
  'signed',
  'sealing-key',
  'opening',
  'opening-receipt',
  'orders-notice',
  'orders-receipt',
] as const;
type MemberTopic = (typeof MEMBER_TOPICS)[number];

export type TopicMatch =
  | { readonly kind: 'clock' | 'ledger' }
  | { readonly kind: 'reading' | 'identity' | 'meter-account' | 'meter-request' | 'meter-signed'; readonly deviceId: string }
  | { readonly kind: MemberTopic; readonly memberId: string }
  | { readonly kind: 'unknown' };

const meterTopic = new RegExp(`^busbar/meters/(${ID})/(reading|identity|account|request|signed)$`);
const memberTopic = new RegExp(`^busbar/members/(${ID})/(${MEMBER_TOPICS.join('|')})$`);

export function matchTopic(topic: string): TopicMatch {
  if (topic === topics.clock) return { kind: 'clock' };
  if (topic === topics.ledger) return { kind: 'ledger' };
  const meter = meterTopic.exec(topic);
  if (meter) {
    const [, deviceId = '', what] = meter;
    if (what === 'reading' || what === 'identity') return { kind: what, deviceId };
    return { kind: `meter-${what as 'account' | 'request' | 'signed'}`, deviceId };
  }
  const member = memberTopic.exec(topic);
  if (member) return { kind: member[2] as MemberTopic, memberId: member[1] as string };
  return { kind: 'unknown' };
}

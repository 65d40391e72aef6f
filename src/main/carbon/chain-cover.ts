/**
 * How the chain's bundles cover the console's certificates. The chain issues one bundle per round; the console's certificates of that round
 * are ranges of its serials, which every Wh keeps through splits. The order within a round follows a hash of the signed readings, which
 * only this console holds, so that a position tells nobody whose certificate it is.
 */
import type { Database } from 'better-sqlite3';
import { id as textHash } from 'ethers';
import { type Bundle, bundlesOver, type CertificatesPicture } from '../chain-copy/certificates-view.ts';
import { sameAccount } from '../chain-copy/chain-fold.ts';
import type { StoredCertificate } from './certificate-store.ts';

export type Cover =
  /** The round's bundle is not in the copy of the chain. */
  | { readonly kind: 'none' }
  /** It holds another amount than the certificates of the round. */
  | { readonly kind: 'differs'; readonly bundle: Bundle; readonly hereWh: number }
  /** `pieces`: the bundles that hold this certificate's serials now, in their order. */
  | { readonly kind: 'covered'; readonly issuanceId: number; readonly firstSerial: number; readonly pieces: readonly Bundle[] };

interface RoundOrder {
  readonly wh: number;
  /** Wh of the round's certificates before this one. */
  readonly before: ReadonlyMap<string, number>;
}
function roundOrder(db: Database, interval: number): RoundOrder {
  const round = db
    .prepare(
      `SELECT c.id, c.energy_wh AS energyWh, coalesce(r.signature, c.id) AS secret FROM certificate c
       LEFT JOIN reading r ON r.meter_id = c.meter_id AND r.interval = c.interval WHERE c.interval = ?`,
    )
    .all(interval) as { id: string; energyWh: number; secret: string }[];
  const before = new Map<string, number>();
  let wh = 0;
  for (const c of round.map((c) => ({ ...c, key: textHash(c.secret) })).sort((a, b) => (a.key < b.key ? -1 : 1))) {
    before.set(c.id, wh);
    wh += c.energyWh;
  }
  return { wh, before };
}

/** `orders` keeps what was worked out for a round: its certificates are issued together and never change. */
export function coverOf(
  db: Database,
  picture: CertificatesPicture,
  source: string | null,
  certificate: StoredCertificate,
  orders = new Map<number, RoundOrder>(),
): Cover {
  const bundle = source === null ? undefined : picture.bundles.get(picture.bySource.get(source) ?? -1);
  if (!bundle) return { kind: 'none' };
  const order = orders.get(certificate.interval) ?? roundOrder(db, certificate.interval);
  orders.set(certificate.interval, order);
  if (order.wh !== bundle.energyWh) return { kind: 'differs', bundle, hereWh: order.wh };
  const firstSerial = bundle.firstSerial + (order.before.get(certificate.id) ?? 0);
  const pieces = bundlesOver(picture, bundle.issuanceId, firstSerial, certificate.energyWh);
  return { kind: 'covered', issuanceId: bundle.issuanceId, firstSerial, pieces };
}

export interface Agreement {
  readonly state: 'waiting' | 'confirmed' | 'differs';
  readonly text: string;
  readonly bundle: number | null;
}

/** Whether the chain's copy says the same of a certificate as the console does. */
export function agreementOf(certificate: Pick<StoredCertificate, 'state' | 'energyWh'>, cover: Cover): Agreement {
  if (certificate.state === 'withdrawn' && cover.kind === 'none')
    return { state: 'confirmed', text: 'Void here; the chain holds no bundle of its round either.', bundle: null };
  if (cover.kind === 'none') return { state: 'waiting', text: 'The round’s bundle is not in the copy of the chain yet.', bundle: null };
  if (cover.kind === 'differs') {
    const text = `The chain’s bundle ${cover.bundle.id} holds ${cover.bundle.energyWh} Wh, the certificates of the round ${cover.hereWh} Wh.`;
    return { state: 'differs', text, bundle: null };
  }
  const [first] = cover.pieces;
  const alone = cover.pieces.length === 1 && first?.energyWh === certificate.energyWh;
  const bundle = alone ? first.id : null;
  const where = `bundle ${cover.pieces.map((p) => p.id).join(', ')}`;
  const all = (...states: Bundle['state'][]): boolean => cover.pieces.every((p) => states.includes(p.state));
  if (certificate.state === 'cancelled') {
    if (all('claimed')) return { state: 'confirmed', text: `Cancelled and claimed on the chain, ${where}.`, bundle };
    if (cover.pieces.some((p) => p.state === 'expired' || p.state === 'withdrawn' || p.state === 'locked'))
      return { state: 'differs', text: `Cancelled here, but ${where} is ${cover.pieces[0]?.state} on the chain.`, bundle };
    return { state: 'waiting', text: `Cancelled here; on the chain ${where} still has to be cancelled and claimed.`, bundle };
  }
  if (all('active', 'reserved', 'locked')) {
    const word = all('active') ? 'active' : 'reserved or locked';
    return { state: 'confirmed', text: `Covered by ${where}, ${word} on the chain.`, bundle };
  }
  if (certificate.state === 'expired' && all('expired')) return { state: 'confirmed', text: `Expired on the chain too, ${where}.`, bundle };
  return { state: 'differs', text: `It is ${certificate.state} here, but ${where} is ${first?.state} on the chain.`, bundle };
}

export type CancelStep =
  | { readonly kind: 'done' }
  | { readonly kind: 'stuck'; readonly text: string }
  | { readonly kind: 'split'; readonly bundle: number; readonly energyWh: number }
  | { readonly kind: 'cancel' | 'claim'; readonly bundle: number };

/** What is to be done next on the chain for a certificate that was cancelled here: cut it out of its bundle, cancel it, claim it. */
export function cancelStep(cover: Extract<Cover, { kind: 'covered' }>, energyWh: number, holder: string): CancelStep {
  const end = cover.firstSerial + energyWh;
  for (const piece of cover.pieces) {
    const { id: bundle, state } = piece;
    if (state === 'claimed') continue;
    if (!sameAccount(piece.holder, holder)) return { kind: 'stuck', text: `bundle ${bundle} is held by another account, ${piece.holder}` };
    if (state === 'cancelled') return { kind: 'claim', bundle };
    if (state !== 'active' && state !== 'reserved') return { kind: 'stuck', text: `bundle ${bundle} is ${state} on the chain` };
    const from = Math.max(piece.firstSerial, cover.firstSerial);
    const until = Math.min(piece.firstSerial + piece.energyWh, end);
    const whole = from === piece.firstSerial && until === piece.firstSerial + piece.energyWh;
    if (whole) return { kind: 'cancel', bundle };
    if (state === 'reserved') return { kind: 'stuck', text: `bundle ${bundle} is reserved; release it first` };
    return { kind: 'split', bundle, energyWh: from > piece.firstSerial ? from - piece.firstSerial : until - piece.firstSerial };
  }
  return { kind: 'done' };
}

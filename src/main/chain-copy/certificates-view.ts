/** Bundles of granular certificates as the chain has them: EnergyTag state, holder, energy, serials, where they came from. */
import { TECHNOLOGY_CODE } from '../../shared/plant-file.ts';
import type { Store } from '../kernel/ports.ts';
import type { ChainEvent } from '../wallet/chain-events.ts';
import { type ChainFold, createChainFold } from './chain-fold.ts';

export const BUNDLE_STATES = ['none', 'active', 'reserved', 'locked', 'cancelled', 'claimed', 'expired', 'withdrawn', 'split'] as const;
export type BundleState = (typeof BUNDLE_STATES)[number];

export interface Bundle {
  readonly id: number;
  holder: string;
  state: BundleState;
  readonly interval: number;
  readonly energyWh: number;
  /** Every Wh keeps its serial through splits: firstSerial .. firstSerial + energyWh − 1. */
  readonly firstSerial: number;
  readonly technology: string;
  readonly source: string;
  readonly issuanceId: number;
  readonly expiresS: number;
  claimedFor: string | null;
  purpose: string | null;
  /** Of its last change. */
  block: number;
  transaction: string;
  timeS: number | null;
}
export interface CertificatesPicture {
  readonly bundles: Map<number, Bundle>;
  /** First bundle of an issue, by its source. */
  readonly bySource: Map<string, number>;
  /** Bundles of an issue that were not split again, by the first bundle. */
  readonly parts: Map<number, Set<number>>;
}

const TECHNOLOGY = new Map(Object.entries(TECHNOLOGY_CODE).map(([name, code]) => [String(code), name]));

export const certificatesView = (store: Pick<Store, 'read'>): ChainFold<CertificatesPicture> =>
  createChainFold<CertificatesPicture>(store, {
    contracts: ['GranularCertificate'],
    empty: () => ({ bundles: new Map(), bySource: new Map(), parts: new Map() }),
    apply,
  });

function apply({ bundles, bySource, parts }: CertificatesPicture, event: ChainEvent): void {
  const { name, args, block, transaction, timeS } = event;
  const id = Number(args.bundleId);
  if (name === 'CertificateIssued') {
    bySource.set(args.source ?? '', id);
    parts.set(id, new Set([id]));
    bundles.set(id, {
      id,
      holder: args.owner ?? '',
      state: 'active',
      interval: Number(args.interval),
      energyWh: Number(args.energyWh),
      firstSerial: Number(args.firstSerial),
      technology: TECHNOLOGY.get(args.technology ?? '') ?? 'unknown',
      source: args.source ?? '',
      issuanceId: Number(args.issuanceId),
      expiresS: Number(args.expiresAt),
      claimedFor: null,
      purpose: null,
      ...{ block, transaction, timeS },
    });
    return;
  }
  const bundle = bundles.get(id);
  if (!bundle) return;
  Object.assign(bundle, { block, transaction, timeS });
  if (name === 'CertificateSplit') {
    const firstWh = Number(args.firstWh);
    const [first, second] = [Number(args.firstId), Number(args.secondId)];
    bundle.state = 'split';
    bundles.set(first, { ...bundle, id: first, state: 'active', energyWh: firstWh });
    bundles.set(second, {
      ...bundle,
      id: second,
      state: 'active',
      energyWh: bundle.energyWh - firstWh,
      firstSerial: bundle.firstSerial + firstWh,
    });
    const of = parts.get(bundle.issuanceId);
    of?.delete(id);
    of?.add(first).add(second);
  } else if (name === 'CertificateTransferred') bundle.holder = args.to ?? '';
  else if (name === 'CertificateStateChanged') bundle.state = BUNDLE_STATES[Number(args.state)] ?? 'none';
  else if (name === 'CertificateClaimed') {
    bundle.claimedFor = args.beneficiary ?? null;
    bundle.purpose = args.purpose ?? null;
  }
}

/** The bundles that hold these serials now, in their order. */
export function bundlesOver(picture: CertificatesPicture, issuanceId: number, firstSerial: number, energyWh: number): Bundle[] {
  return [...(picture.parts.get(issuanceId) ?? [])]
    .flatMap((id) => picture.bundles.get(id) ?? [])
    .filter((b) => b.firstSerial < firstSerial + energyWh && b.firstSerial + b.energyWh > firstSerial)
    .sort((a, b) => a.firstSerial - b.firstSerial);
}

/** As the contract tells it: what was live when its time came has expired, whether somebody has said so or not. */
export const stateAt = (bundle: Bundle, nowS: number): BundleState =>
  (bundle.state === 'active' || bundle.state === 'reserved' || bundle.state === 'locked') && nowS >= bundle.expiresS
    ? 'expired'
    : bundle.state;

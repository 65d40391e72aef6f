/** Certified records of production and consumption, renewable energy certificates of one MWh, milestones and achievements, as the chain has them. */
import { ZeroAddress } from 'ethers';
import type { Store } from '../kernel/ports.ts';
import type { ChainEvent } from '../wallet/chain-events.ts';
import { type ChainFold, createChainFold, fieldsOf, shortText } from './chain-fold.ts';

interface Where {
  readonly block: number;
  readonly transaction: string;
  readonly timeS: number | null;
}
export interface EnergyRecord extends Where {
  readonly id: number;
  readonly meterId: number;
  readonly flow: 'production' | 'consumption';
  readonly category: string;
  readonly fromInterval: number;
  readonly toInterval: number;
  readonly energyWh: number;
  readonly standard: string;
}
export interface Rec extends Where {
  readonly id: number;
  owner: string;
  energyWh: number;
  state: 'open' | 'sealed' | 'retired' | 'redeemed';
  beneficiary: string | null;
}
export const METRICS = ['exported', 'retired', 'claimed', 'traded'] as const;
export interface Milestone {
  readonly id: number;
  readonly metric: (typeof METRICS)[number];
  readonly threshold: string;
  readonly title: string;
}
export interface Award extends Where {
  readonly token: number;
  readonly account: string;
  readonly milestone: number;
  readonly value: string;
}
export interface RecordsPicture {
  readonly categories: Map<number, string>;
  readonly records: EnergyRecord[];
  readonly recs: Map<number, Rec>;
  readonly milestones: Milestone[];
  readonly awards: Award[];
}
const CATEGORIES = ['none', 'residential', 'commercial', 'industrial', 'critical load', 'community'];

export const recordsView = (store: Pick<Store, 'read'>): ChainFold<RecordsPicture> =>
  createChainFold<RecordsPicture>(store, {
    contracts: ['EnergyRecords', 'AchievementNFT'],
    empty: () => ({ categories: new Map(), records: [], recs: new Map(), milestones: [], awards: [] }),
    apply,
  });

function apply(picture: RecordsPicture, { contract, name, args, block, transaction, timeS }: ChainEvent): void {
  const where = { block, transaction, timeS };
  if (contract === 'AchievementNFT') {
    if (name === 'MilestoneDefined')
      picture.milestones.push({
        id: Number(args.milestoneId),
        metric: METRICS[Number(args.metric)] ?? 'exported',
        threshold: args.threshold ?? '0',
        title: args.title ?? '',
      });
    else if (name === 'Awarded')
      picture.awards.push({
        token: Number(args.tokenId),
        account: args.account ?? '',
        milestone: Number(args.milestoneId),
        value: args.value ?? '0',
        ...where,
      });
    return;
  }
  const rec = picture.recs.get(Number(args.recId ?? args.tokenId));
  if (name === 'CategorySet') picture.categories.set(Number(args.meterId), CATEGORIES[Number(args.category)] ?? 'none');
  else if (name === 'RecordCertified') {
    const [meterId, flow, category, , fromInterval, toInterval, energyWh, , standard] = fieldsOf(args.record);
    picture.records.push({
      id: Number(args.recordId),
      meterId: Number(meterId),
      flow: flow === '0' ? 'production' : 'consumption',
      category: CATEGORIES[Number(category)] ?? 'none',
      fromInterval: Number(fromInterval),
      toInterval: Number(toInterval),
      energyWh: Number(energyWh),
      standard: shortText(standard),
      ...where,
    });
  } else if (name === 'RecOpened') {
    const id = Number(args.recId);
    picture.recs.set(id, { id, owner: args.owner ?? '', energyWh: 0, state: 'open', beneficiary: null, ...where });
  } else if (rec && name === 'RecFilled') rec.energyWh += Number(args.energyWh);
  else if (rec && name === 'RecSealed') rec.state = 'sealed';
  else if (rec && name === 'RecRetired') {
    rec.state = 'retired';
    rec.beneficiary = args.beneficiary ?? null;
  } else if (rec && name === 'Transfer') {
    if (args.to === ZeroAddress) rec.state = 'redeemed';
    else rec.owner = args.to ?? '';
  }
}

/** Certificates, credits, records and achievements as the chain tells them, and the community's acts on them. */
import { AbiCoder, keccak256 } from 'ethers';
import type { z } from 'zod';
import type { CarbonOnChain, ChainBundle } from '../../shared/contract/chain-copy.ts';
import type { Kernel, Service } from '../kernel/ports.ts';
import { createChainTime } from '../ledger/chain-time.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import { accountOf } from '../public-meters/account-store.ts';
import { type AchievementMetadata, parseTokenUri } from './achievement-metadata.ts';
import { carbonAct } from './carbon-acts.ts';
import { type Bundle, type CertificatesPicture, stateAt } from './certificates-view.ts';
import { type ChainFold, sameAccount } from './chain-fold.ts';
import { type CreditsPicture, creditsHeld } from './credits-view.ts';
import type { MeterOnChain, MetersPicture } from './meters-view.ts';
import type { OperatorActs } from './operator-acts.ts';
import type { ChainParty } from './parties.ts';
import type { RecordsPicture } from './records-view.ts';

type View = z.infer<typeof CarbonOnChain>;

export interface CarbonOnChainDeps {
  readonly meters: ChainFold<MetersPicture>;
  readonly certificates: ChainFold<CertificatesPicture>;
  readonly credits: ChainFold<CreditsPicture>;
  readonly records: ChainFold<RecordsPicture>;
  readonly parties: () => (address: string) => ChainParty;
  readonly acts: OperatorActs;
  readonly ledger: Pick<LedgerService, 'indexedHeight' | 'endpoint' | 'operatorAddress' | 'view' | 'deployed'>;
  /** Names of meters by their number on the chain. */
  readonly meterName: (meterId: number) => string;
  /** Source under which a settled interval's certificates are issued; null before the contracts are known. */
  readonly roundSource: (interval: number) => string | null;
}

export function createCarbonOnChain(kernel: Pick<Kernel, 'store' | 'plant' | 'clock'>, deps: CarbonOnChainDeps): Pick<Service, 'handlers'> {
  const { store, plant } = kernel;
  const { ledger } = deps;
  const metadata = new Map<number, AchievementMetadata>();
  const chainTime = createChainTime(kernel.clock, ledger);
  const nowS = (): number => chainTime.nowMs() / 1000;
  const escrowAt = new Map<string, string>();
  /** Accounts in which contracts keep what belongs to others. */
  const escrowAccounts = ({ escrows }: CreditsPicture): Set<string> => {
    const contracts = ledger.deployed()?.contracts;
    for (const { contract, id } of contracts ? escrows : []) {
      const name = `${contract}:${id}`;
      if (!escrowAt.has(name) && contracts?.has(contract)) escrowAt.set(name, escrowAccount(contracts.address(contract), id));
    }
    return new Set(escrowAt.values());
  };
  const publicDevices = plant.devices.filter((d) => d.meter?.public);
  const timeMs = (s: number | null): number | null => (s === null ? null : s * 1000);
  const ours = (address: string): boolean => sameAccount(address, ledger.operatorAddress);

  const meterOf = (deviceId: string): MeterOnChain | undefined => {
    const picture = deps.meters.now();
    const account = accountOf(store.read, deviceId)?.address.toLowerCase();
    return account === undefined ? undefined : picture.meters.get(picture.byDevice.get(account) ?? -1);
  };
  /** The community's public meter that has exported most. */
  const exporter = (): MeterOnChain | undefined =>
    publicDevices
      .flatMap((d) => meterOf(d.id) ?? [])
      .filter((m) => ours(m.owner))
      .sort((a, b) => exportOf(b) - exportOf(a))[0];

  const bundleView = (b: Bundle, party: (address: string) => ChainParty): ChainBundle => {
    const reading = deps.meters.now().bySource.get(b.source);
    const round = deps.roundSource(b.interval) === b.source;
    const state = stateAt(b, nowS());
    return {
      id: b.id,
      interval: b.interval,
      energyWh: b.energyWh,
      state: state === 'none' || state === 'split' ? 'active' : state,
      holder: party(b.holder),
      ours: ours(b.holder),
      technology: b.technology,
      firstSerial: b.firstSerial,
      origin: round ? 'round' : reading ? 'reading' : 'unknown',
      originText: round
        ? `Settled round of interval ${b.interval}`
        : reading
          ? `${deps.meterName(reading.meterId)}, reading ${reading.readingId}`
          : 'Not from a round or a meter of this console',
      claimedFor: b.claimedFor === null ? null : party(b.claimedFor),
      expiresMs: b.expiresS * 1000,
      block: b.block,
      transaction: b.transaction,
      timeMs: timeMs(b.timeS),
    };
  };

  const reachedOf = (metric: View['milestones'][number]['metric']): string | null => {
    if (metric === 'exported') return String(exportOf(exporter()));
    if (metric === 'claimed')
      return String(
        [...deps.certificates.now().bundles.values()]
          .filter((b) => b.state === 'claimed' && sameAccount(b.claimedFor ?? undefined, ledger.operatorAddress))
          .reduce((wh, b) => wh + b.energyWh, 0),
      );
    if (metric === 'retired')
      return deps.credits
        .now()
        .retirements.filter((r) => ours(r.beneficiary))
        .reduce((mg, r) => mg + BigInt(r.amountMg), 0n)
        .toString();
    return null;
  };

  /** Pictures are made by the contract when asked, so they are not in its events: asked for once, while the chain is there. */
  const learnMetadata = async (tokens: readonly number[]): Promise<void> => {
    for (const token of tokens.filter((t) => !metadata.has(t)).slice(0, 20)) {
      try {
        const [uri] = await ledger.view({ contract: 'AchievementNFT', method: 'tokenURI', args: [token] });
        metadata.set(token, parseTokenUri(uri) ?? { description: null, image: null });
      } catch {
        return;
      }
    }
  };

  const view = async (limit: number): Promise<View> => {
    const party = deps.parties();
    const { bundles } = deps.certificates.now();
    const credits = deps.credits.now();
    await chainTime.refresh().catch(() => {});
    const { holders, unsweptMg } = creditsHeld(credits, nowS());
    const escrows = escrowAccounts(credits);
    const records = deps.records.now();
    const meters = deps.meters.now().meters;
    await learnMetadata(records.awards.map((a) => a.token));
    const whole = [...bundles.values()].filter((b) => b.state !== 'split');
    const sum = (holds: (b: Pick<Bundle, 'state'>) => boolean): number =>
      whole.filter((b) => holds({ state: stateAt(b, nowS()) })).reduce((wh, b) => wh + b.energyWh, 0);
    const milestoneOf = new Map(records.milestones.map((m) => [m.id, m]));
    const dated = <T extends { timeS: number | null }>({ timeS, ...rest }: T) => ({ ...rest, timeMs: timeMs(timeS) });
    return {
      indexedBlock: ledger.indexedHeight(),
      chainInStep: ledger.endpoint() !== null,
      totals: {
        issuedWh: sum(() => true),
        heldWh: sum((b) => b.state === 'active' || b.state === 'reserved' || b.state === 'locked'),
        cancelledWh: sum((b) => b.state === 'cancelled' || b.state === 'claimed'),
        claimedWh: sum((b) => b.state === 'claimed'),
        lapsedWh: sum((b) => b.state === 'expired' || b.state === 'withdrawn'),
      },
      bundles: whole
        .slice(-limit)
        .reverse()
        .map((b) => bundleView(b, party)),
      bundleCount: whole.length,
      credits: {
        issuedMg: credits.issuedMg.toString(),
        retiredMg: credits.retiredMg.toString(),
        expiredMg: (credits.expiredMg + unsweptMg).toString(),
        oursMg: [...holders].reduce((mg, [who, held]) => (ours(who) ? mg + held : mg), 0n).toString(),
        lastPrice: credits.lastPrice,
        holders: [...holders]
          .filter(([who]) => !escrows.has(who.toLowerCase()))
          .map(([who, mg]) => ({ holder: party(who), amountMg: mg.toString() })),
        issues: credits.issues
          .slice(-limit)
          .reverse()
          .map(({ to, readingId, ...issue }) => ({
            ...dated(issue),
            deviceName: deps.meterName(issue.meterId),
            interval: meters.get(issue.meterId)?.readings[readingId]?.interval ?? null,
            holder: party(to),
          })),
        retirements: credits.retirements
          .slice(-limit)
          .reverse()
          .map(({ purpose: _, ...r }) => ({ ...dated(r), by: party(r.by), beneficiary: party(r.beneficiary) })),
      },
      records: records.records
        .slice(-limit)
        .reverse()
        .map(({ meterId, ...r }) => ({ ...dated(r), deviceName: deps.meterName(meterId) })),
      recs: [...records.recs.values()].reverse().map(({ beneficiary: _, ...r }) => ({ ...dated(r), owner: party(r.owner) })),
      certifiable: publicDevices.filter((d) => meterOf(d.id)).map((d) => ({ device: d.id, name: d.name })),
      milestones: records.milestones.map(({ metric, ...m }) => ({
        ...{ ...m, metric, reached: reachedOf(metric) },
        earnedByUs: records.awards.some((a) => a.milestone === m.id && ours(a.account)),
      })),
      achievements: records.awards.toReversed().map(({ milestone, ...a }) => ({
        ...dated(a),
        account: party(a.account),
        title: milestoneOf.get(milestone)?.title ?? `Milestone ${milestone}`,
        metric: milestoneOf.get(milestone)?.metric ?? 'exported',
        description: metadata.get(a.token)?.description ?? null,
        image: metadata.get(a.token)?.image ?? null,
      })),
    };
  };
  const actOf = (wanted: Parameters<typeof carbonAct>[0]) =>
    carbonAct(wanted, {
      account: ledger.operatorAddress,
      records: deps.records.now(),
      meter: (deviceId) => (deviceId === '' ? exporter() : meterOf(deviceId)),
    });

  return {
    handlers: {
      'carbon.onChain': ({ limit }) => view(limit),
      'carbon.checkChainAct': ({ act }) => deps.acts.check(actOf(act)),
      'carbon.chainAct': ({ act }) => deps.acts.act('carbon', actOf(act)),
    },
  };
}

/** As VintageToken names them. */
const escrowAccount = (operator: string, id: string): string =>
  `0x${keccak256(AbiCoder.defaultAbiCoder().encode(['string', 'address', 'uint256'], ['escrow', operator, id])).slice(-40)}`;
const exportOf = (meter: MeterOnChain | undefined): number => meter?.readings.reduce((wh, r) => wh + r.growthWh, 0) ?? 0;

/** Builds the rooms of the exchange and wires them: broker, clock, metering, market, ledger, settlement, carbon, participants. */
import type { z } from 'zod';
import { isUsableKey, type Point } from '../domain/settlement/babyjubjub.ts';
import type { BatchLayout } from '../domain/settlement/limits.ts';
import { settlementDomain } from '../domain/settlement/words.ts';
import type { ConnectionInfo } from '../shared/contract/operations.ts';
import type { ChainState, Progress, Status } from '../shared/contract/session.ts';
import { type BrokerService, createBrokerService } from './broker/broker-service.ts';
import { type CarbonService, createCarbonService } from './carbon/carbon-service.ts';
import { takeBackCertificates } from './carbon/certificate-store.ts';
import { certificatesView } from './chain-copy/certificates-view.ts';
import { createChainCopy } from './chain-copy/chain-copy-service.ts';
import { metersView } from './chain-copy/meters-view.ts';
import { createGovernanceService } from './governance/governance-service.ts';
import { createGridLedgerService, type GridLedgerService } from './grid-ledger/grid-ledger-service.ts';
import { cacheDir as defaultCacheDir } from './host/paths.ts';
import type { Kernel, ProcessImage, Service } from './kernel/ports.ts';
import { createLedgerService, type LedgerService } from './ledger/ledger-service.ts';
import { queueRegistration } from './ledger/meter-registration.ts';
import { createClockPublisher } from './market/clock-publisher.ts';
import { communityOf, placesNeeded } from './market/community.ts';
import { createLateCommitments } from './market/late-commitment.ts';
import { chooseLayout } from './market/layout.ts';
import { createMarketClock, type MarketClockService } from './market/market-clock.ts';
import { createMarketService, type MarketService } from './market/market-service.ts';
import { openRounds } from './market/round-store.ts';
import { goOnWithout, whyNoRound } from './market/why-no-round.ts';
import { createMeteringService, type MeteringService } from './metering/metering-service.ts';
import { createOpeningsService, type OpeningsService } from './openings/opening-service.ts';
import { forgetOpenings } from './openings/opening-store.ts';
import { createParticipantsService, type ParticipantsService } from './participants/participants-service.ts';
import { createProver } from './proof/prover.ts';
import { createSettler } from './proof/settler.ts';
import { accountOf, publicMeterIds } from './public-meters/account-store.ts';
import { createPublicMetersService, type PublicMetersService } from './public-meters/public-meters-service.ts';
import { heldOrders } from './settlement/admission-input.ts';
import { batchAt } from './settlement/batch-store.ts';
import { type DemoSummary, demoSummary } from './settlement/demo-summary.ts';
import { certificateSource } from './settlement/outbox-entries.ts';
import { createRegistry } from './settlement/registry.ts';
import { createSettlementService, type SettlementService } from './settlement/settlement-service.ts';
import { createWalletService, type WalletService } from './wallet/wallet-service.ts';

export interface ExchangeOptions {
  readonly speed: number;
  readonly startPlantTimeMs?: number;
  readonly cacheDir?: string;
  readonly brokerPort?: number;
  readonly rpcUrl?: string;
  /** Opens the operator's key; by default from the environment. */
  readonly passphrase?: string;
  readonly image?: () => ProcessImage | null;
  readonly plannedBatteryW?: (activePowerW: number | null) => void;
  readonly progress?: (progress: z.infer<typeof Progress>) => void;
  /** Wall time given to late readings after an interval's end; six seconds by default. */
  readonly graceMs?: number;
  /** Assumed time of a proof until one has been timed on this machine. */
  readonly firstProofMs?: number;
  /** How rounds are proven; by default as the ledger was begun, or as the community's size wants it. */
  readonly layout?: BatchLayout;
}

type Connection = z.infer<typeof ConnectionInfo>;

export interface Exchange {
  readonly marketClock: MarketClockService;
  readonly broker: BrokerService;
  readonly metering: MeteringService;
  readonly market: MarketService;
  readonly ledger: LedgerService;
  readonly settlement: SettlementService;
  readonly carbon: CarbonService;
  readonly participants: ParticipantsService;
  readonly wallet: WalletService;
  readonly gridLedger: GridLedgerService;
  readonly openings: OpeningsService;
  readonly publicMeters: PublicMetersService;
  /** To be started before the plant, which needs the broker's address. Metering listens from the first moment, so that no reading meets a deaf broker. */
  prepare(): Service[];
  /** The rest, in start order. */
  services(): Service[];
  chainState(): z.infer<typeof ChainState>;
  marketStatus(): z.infer<typeof Status>['market'];
  settlementStatus(): z.infer<typeof Status>['settlement'];
  meterFacts(deviceId: string): { keyRegistered: boolean | null; lastReadingInterval: number | null; quarantined: number };
  connections(): Connection[];
  testConnection(id: 'broker' | 'chain' | 'prover'): Promise<Connection>;
  setBrokerDown(down: boolean): Promise<void>;
  setChainDown(down: boolean): Promise<void>;
  developmentKeys(): boolean;
  demoSummary(intervals: number): Promise<DemoSummary>;
}

/** Meters that show their keys one by one are registered together: after all are there, or this long after the last one. */
const LAST_KEY_MS = 15_000;
const FOLLOW_KEYS_MS = 1_000;

export function createExchange(kernel: Kernel, options: ExchangeOptions): Exchange {
  const { clock, store, plant } = kernel;
  const layout = chooseLayout(store, placesNeeded(plant), options.layout);
  const community = communityOf(plant, layout);
  const image = options.image ?? (() => null);
  const startText = (plant.simulation as { startPlantTime?: unknown } | undefined)?.startPlantTime;
  const startPlantTimeMs =
    options.startPlantTimeMs ?? (typeof startText === 'string' && !Number.isNaN(Date.parse(startText)) ? Date.parse(startText) : undefined);
  const marketClock = createMarketClock(kernel, { speed: options.speed, ...(startPlantTimeMs === undefined ? {} : { startPlantTimeMs }) });
  const broker = createBrokerService(kernel, options.brokerPort === undefined ? {} : { port: options.brokerPort });
  const metering = createMeteringService(kernel, { broker, marketClock });
  const prover = createProver({
    cacheDir: `${options.cacheDir ?? defaultCacheDir}/circuits`,
    layout,
    log: kernel.log.child('prover'),
  });
  const settler = createSettler();
  /** Used by several rooms, so that it ends after all of them. */
  const settlerService: Service = { name: 'settling thread', start: async () => {}, stop: () => settler.close() };
  const ledger = createLedgerService(kernel, {
    prover,
    layout,
    plantNowMs: marketClock.plantNowMs,
    ...(options.rpcUrl ? { rpcUrl: options.rpcUrl } : {}),
    ...(options.passphrase ? { passphrase: options.passphrase } : {}),
    ...(options.progress ? { progress: options.progress } : {}),
  });

  const meterPicture = metersView(store);
  const registry = createRegistry({ layout, chain: meterPicture, ledger, log: kernel.log.child('registry') });
  const inService = (): Set<number> => new Set(registry.places().flatMap((m, i) => (m && community.byMeter(i + 1) ? [i + 1] : [])));

  const held = () => heldOrders(store.read, registry.places());

  let registering = false;
  let lastKeyMs = clock.monotonicMs();
  const memberKeys = () => metering.keys().filter((k) => community.byMeter(k.meterId));
  /** What the chain knows under this number, in whatever state, is commissioned by hand. */
  const unregistered = () => memberKeys().filter((k) => k.registration === null && !meterPicture.now().meters.has(k.meterId));
  /** In the outbox, or mined and not in the copy of the chain yet. */
  const beingRegistered = () => {
    const { meters } = meterPicture.now();
    return memberKeys().filter((k) => {
      const onChain = meters.get(k.meterId);
      if (k.registration === null || (onChain?.leaf ?? null) !== null) return false;
      const entry = ledger.entry(k.registration);
      return entry !== undefined && (entry.state !== 'final' || onChain === undefined);
    });
  };
  /** A meter that was public once cannot settle: its energy would be sold twice. */
  const turnedPrivate = () => publicMeterIds(store.read).flatMap((id) => community.byMeter(id) ?? []);
  const metersNow = () => {
    const working = inService().size;
    return {
      known: memberKeys().length,
      // Rounds go on without a meter whose registration is under way, as soon as there are others.
      unregistered: unregistered().length + (working === 0 ? beingRegistered().length : 0),
      inService: working,
      chainAway: ledger.endpoint() === null,
    };
  };
  const mayOpenRounds = (): boolean => {
    if (registering || turnedPrivate().length > 0) return false;
    const now = metersNow();
    if (now.unregistered === 0 || goOnWithout(now)) return now.inService > 0;
    const waiting = unregistered();
    const complete = now.known === community.members.length || clock.monotonicMs() - lastKeyMs > LAST_KEY_MS;
    // Before the copy was read once, nobody knows whom the chain knows.
    const copied = ledger.indexedHeight() !== null;
    if (waiting.length > 0 && copied && complete && openRounds(store.read).length === 0) {
      registering = true;
      queueRegistration(kernel, { community, ledger, keys: waiting })
        .then(() => metering.reloadKeys())
        .catch((cause) => kernel.log.error('the meters could not be registered; it is tried again', { cause: String(cause) }))
        .finally(() => {
          registering = false;
        });
    }
    return false;
  };
  /** The chain's keys are those that count, whoever entered them. */
  const followKeys = (): void => {
    const { meters } = meterPicture.now();
    for (const { meterId } of community.members) {
      const meter = meters.get(meterId);
      // A key that no technician has verified is nobody's yet.
      if (meter?.deviceClass !== 'private' || meter.leaf === null) continue;
      const key: Point = [BigInt(meter.publicKey[0]), BigInt(meter.publicKey[1])];
      if (isUsableKey(key)) metering.takeChainKey(meterId, key);
    }
  };
  let stopFollowing = (): void => {};
  const keyFollower: Service = {
    name: 'meter keys',
    async start() {
      followKeys();
      stopFollowing = clock.setInterval(followKeys, FOLLOW_KEYS_MS);
    },
    stop: async () => stopFollowing(),
  };
  metering.onKey(() => {
    lastKeyMs = clock.monotonicMs();
  });

  const certificatePicture = certificatesView(store);
  const roundSource = (interval: number): string | null => {
    const deployed = ledger.deployed();
    if (!deployed?.contracts.has('Settlement')) return null;
    return certificateSource(settlementDomain(deployed.chainId, deployed.contracts.address('Settlement')), interval);
  };
  const carbon: CarbonService = createCarbonService(kernel, {
    ...{ community, marketClock, ledger, keyOf: metering.keyOf, image, roundSource },
    keyAt: (meterId, interval) => batchAt(store.read, interval)?.input.meters[meterId - 1]?.publicKey,
    chain: certificatePicture,
  });
  const late = createLateCommitments(kernel, {
    community,
    broker,
    ledger,
    endRound: (interval, message) => settlement.endRound(interval, message),
  });
  const market = createMarketService(kernel, {
    late,
    community,
    broker,
    marketClock,
    metering,
    ledger,
    settler,
    heldOrders: held,
    // Whoever left the plant file and whose meter is still in service: what the book holds of it counts, or no round could be admitted.
    inService: () => new Set([...inService(), ...held().keys()]),
    mayOpenRounds,
    whyNoRound: () =>
      turnedPrivate()
        .map(
          (m) =>
            `The ${m.deviceName} was a public meter and the plant file lets it settle now. A device is public or private for good: give it another device with a meter number and key of its own.`,
        )
        .at(0) ?? whyNoRound({ members: community.members.length, ...metersNow() }),
    image,
    carbonGPerKwh: () => carbon.now().gPerKwh,
    ...(options.plannedBatteryW ? { plannedBatteryW: options.plannedBatteryW } : {}),
  });
  const settlement: SettlementService = createSettlementService(kernel, {
    community,
    marketClock,
    metering,
    registry,
    ledger,
    prover,
    settler,
    issueCertificates: (interval) => carbon.issue(interval),
    onUnsettled(db, interval) {
      takeBackCertificates(db, interval);
      forgetOpenings(db, interval);
    },
    onEnded: (_db, interval, reason) => carbon.roundEnded(interval, reason),
    ...(options.graceMs === undefined ? {} : { graceMs: options.graceMs }),
    ...(options.firstProofMs === undefined ? {} : { firstProofMs: options.firstProofMs }),
    ...(options.progress ? { progress: options.progress } : {}),
  });
  const participants = createParticipantsService(kernel, {
    community,
    marketClock,
    market,
    ledger,
    connectedClients: () => broker.clients(),
  });
  const wallet = createWalletService(kernel, { community, broker, metering, ledger });
  const gridLedger = createGridLedgerService(kernel, { community, marketClock, ledger, image });
  const governance = createGovernanceService(kernel, { community, ledger });
  const openings = createOpeningsService(kernel, { community, broker, metering, ledger, onSettled: settlement.onSettled });
  const publicMeters = createPublicMetersService(kernel, { broker, metering, ledger, chain: meterPicture });
  const chainCopy = createChainCopy(kernel, {
    ...{
      community,
      ledger,
      meters: meterPicture,
      certificates: certificatePicture,
      roundSource,
      keyOf: metering.keyOf,
      shown: metering.shown,
    },
    publicNote: publicMeters.note,
  });
  const clockPublisher = createClockPublisher(kernel, { marketClock, broker });

  const brokerInfo = (): Connection => {
    const { accepted, refused } = broker.facts();
    const clients = broker.clients().length;
    const up = broker.state() === 'up';
    return {
      id: 'broker',
      name: 'Message broker',
      address: broker.url,
      state: up ? (clients > 0 ? 'ok' : 'degraded') : 'down',
      text: up
        ? clients > 0
          ? `${clients} meters and gateways are connected.`
          : 'Runs, but no meter or gateway is connected.'
        : 'Does not run. Readings and orders wait with their senders.',
      facts: [
        { label: 'Messages accepted', value: String(accepted) },
        { label: 'Messages refused', value: String(refused) },
      ],
    };
  };
  const chainInfo = (): Connection => {
    const state = ledger.state();
    const facts = ledger.facts();
    return {
      id: 'chain',
      name: options.rpcUrl ? 'Chain' : 'Development chain',
      address: facts.url ?? 'not running',
      state: state.state === 'in-step' ? 'ok' : state.state === 'catching-up' ? 'degraded' : 'down',
      text: state.message,
      facts: [
        { label: 'Client', value: facts.client ?? '—' },
        { label: 'Chain id', value: String(state.chainId ?? '—') },
        { label: 'Height', value: String(facts.height ?? '—') },
        { label: 'Waiting in the outbox', value: String(facts.waiting) },
        { label: 'Gas used', value: String(facts.gasUsed) },
        { label: 'Operator account', value: ledger.operatorAddress },
      ],
    };
  };
  const proverInfo = (): Connection => {
    const facts = settlement.proverFacts();
    return {
      id: 'prover',
      name: 'Prover',
      address: 'process on this computer',
      state: facts.problem ? 'down' : facts.ready ? 'ok' : 'degraded',
      text:
        facts.problem ??
        (facts.ready
          ? facts.keyOrigin === 'development'
            ? 'Ready, with insecure development keys.'
            : 'Ready.'
          : 'Circuits and keys are being prepared.'),
      facts: [
        ...facts.circuits.map((circuit) => ({
          label: circuit.name,
          value: [
            `${circuit.constraints} constraints`,
            `${circuit.keyOrigin} key ${circuit.verificationKeyHash.slice(0, 16)}…`,
            circuit.lastProvingMs === null ? 'no proof yet' : `last proof ${(circuit.lastProvingMs / 1000).toFixed(1)} s`,
          ].join(', '),
        })),
        { label: 'Rounds waiting', value: String(facts.queued) },
      ],
    };
  };

  return {
    marketClock,
    broker,
    metering,
    market,
    ledger,
    settlement,
    carbon,
    participants,
    wallet,
    gridLedger,
    openings,
    publicMeters,
    prepare: () => [marketClock, metering, broker, clockPublisher],
    services: () => [
      ...[settlerService, ledger, keyFollower, market, settlement, carbon, participants, wallet],
      ...[openings, gridLedger, governance, publicMeters, chainCopy],
    ],
    chainState: () => ledger.state(),
    marketStatus: () => market.status(),
    settlementStatus: () => settlement.status(),
    meterFacts(deviceId) {
      const device = plant.devices.find((d) => d.id === deviceId);
      if (!device?.meter) return { keyRegistered: null, lastReadingInterval: null, quarantined: 0 };
      if (device.meter.public) {
        const { meters, byDevice } = meterPicture.now();
        const account = accountOf(store.read, deviceId)?.address.toLowerCase() ?? '';
        const state = meters.get(byDevice.get(account) ?? -1)?.state;
        return { keyRegistered: state !== undefined && state !== 'registered', ...metering.facts(deviceId) };
      }
      const keyRegistered = device.meter.settling ? inService().has(device.meter.meterId) : null;
      return { keyRegistered, ...metering.facts(deviceId) };
    },
    connections: () => [brokerInfo(), chainInfo(), proverInfo()],
    async testConnection(id) {
      if (id === 'chain') {
        ledger.kick();
        await ledger.probe();
        return chainInfo();
      }
      return id === 'broker' ? brokerInfo() : proverInfo();
    },
    setBrokerDown: (down) => broker.setDown(down),
    setChainDown: (down) => ledger.setDown(down),
    developmentKeys: () => ledger.developmentKeys || settlement.proverFacts().keyOrigin === 'development',
    async demoSummary(intervals) {
      // The contract may be a round ahead of the store for a moment: ask again until both tell the same.
      for (let turn = 0; ; turn++) {
        const gridAccountOnChain = await ledger.view({ contract: 'Settlement', method: 'gridAccount', args: [] }).then(
          ([amount]) => BigInt(amount as bigint),
          () => null,
        );
        const summary = await demoSummary(
          {
            db: store.read,
            community,
            chain: { id: ledger.state().chainId, client: ledger.facts().client },
            gridAccountOnChain,
            verify: (proof) => prover.verify('settle', proof.proof, proof.publicSignals),
          },
          intervals,
        );
        if (turn >= 5 || !summary.problems.some((p) => p.startsWith('the contract'))) return summary;
        await new Promise<void>((resolve) => clock.setTimeout(resolve, 1_000));
      }
    },
  };
}

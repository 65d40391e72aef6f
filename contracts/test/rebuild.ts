/** The state of meters, certificates and credits, worked out from their events and nothing else; as an index that starts from zero would. */
import { Interface, type JsonRpcApiProvider, type Result, ZeroAddress } from 'ethers';

/** Of these no state of the three is made: sums of what other events tell one by one, or the pause and the authority. */
export const aside: ReadonlySet<string> = new Set(['AuthorityUpdated', 'Paused', 'Unpaused', 'Transfer', 'PoolRolled', 'SharePaid']);

export type Event = { readonly name: string; readonly args: Result; readonly timeS: bigint };

const at = <V>(map: Map<string, V>, key: unknown, empty: V): V => {
  const found = map.get(String(key));
  if (found !== undefined) return found;
  map.set(String(key), empty);
  return empty;
};
const add = (map: Map<string, bigint>, key: unknown, value: bigint): void => {
  map.set(String(key), at(map, key, 0n) + value);
};

const later = (a: bigint, b: bigint): bigint => [a, b].reduce((x, y) => (y > x ? y : x));

/** All events of one contract, oldest first, with the time of their block. */
export const eventsOf = async (
  provider: JsonRpcApiProvider,
  address: string,
  abi: ConstructorParameters<typeof Interface>[0],
): Promise<Event[]> => {
  const face = new Interface(abi);
  const times = new Map<number, bigint>();
  const events: Event[] = [];
  for (const log of await provider.getLogs({ address, fromBlock: 0, toBlock: 'latest' })) {
    const parsed = face.parseLog(log);
    if (!parsed) throw new Error(`no event of the interface: ${log.topics[0]}`);
    if (!times.has(log.blockNumber)) times.set(log.blockNumber, BigInt((await provider.getBlock(log.blockNumber))?.timestamp ?? 0));
    events.push({ name: parsed.name, args: parsed.args, timeS: times.get(log.blockNumber) as bigint });
  }
  return events;
};

// ── meters ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const POSTED = 0n;
const VALIDATED = 1n;
const REJECTED = 2n;
const INSTALLED = 3n;
const [REGISTERED, ACTIVE, MAINTENANCE, RETIRED] = [1n, 2n, 3n, 4n];

type Reading = { postedAt: bigint; interval: bigint; exportWh: bigint; importWh: bigint; previous: bigint; epoch: bigint; status: bigint };
type Source = { owner: string; deviceClass: bigint; technology: bigint; renewableOnly: boolean; backing: bigint };
type Sums = { importWh: bigint; exportWh: bigint };
type MeterState = {
  device: Source & { device: string; registeredAt: bigint; epoch: bigint; status: bigint; ratedPowerW: bigint } & {
    openTamperReports: bigint;
    keyX: bigint;
    keyY: bigint;
    gridNode: string;
  };
  readings: Reading[];
  sources: Source[]; // by epoch, from 1
  verified: Sums[]; // by epoch, from 1
  next: bigint;
  last: bigint;
  installed: bigint;
  lastCommitted: bigint;
  commitments: Map<string, string>;
  leaf: bigint;
  firmware: { version: string; imageHash: string; since: bigint } | null;
  maintenance: { dueAt: bigint; workOrder: string } | null;
};
type Served = Sums & { known: boolean; deviceClass: bigint; backing: bigint; interval: bigint };

export const rebuildMeters = (events: readonly Event[]) => {
  const meters = new Map<string, MeterState>();
  const meterOf = new Map<string, bigint>();
  const served = new Map<string, Served>();
  let [root, version] = [0n, 0n];
  for (const { name, args, timeS } of events) {
    if (name === 'DeviceRegistered') {
      const { data } = args;
      const before = meters.get(String(args.meterId));
      const readings = before?.readings ?? [];
      const index = BigInt(readings.length);
      const source: Source = {
        owner: data.owner,
        deviceClass: data.deviceClass,
        technology: data.technology,
        renewableOnly: data.renewableOnly,
        backing: data.backing,
      };
      const { importWh, exportWh, interval } = data;
      readings.push({ postedAt: timeS, interval, exportWh, importWh, previous: index, epoch: args.epoch, status: INSTALLED });
      meters.set(String(args.meterId), {
        device: {
          ...source,
          device: args.device,
          registeredAt: timeS,
          epoch: args.epoch,
          status: REGISTERED,
          ratedPowerW: data.ratedPowerW,
          openTamperReports: 0n,
          keyX: data.keyX,
          keyY: data.keyY,
          gridNode: data.gridNode,
        },
        readings,
        sources: [...(before?.sources ?? []), source],
        verified: [...(before?.verified ?? []), { importWh: 0n, exportWh: 0n }],
        next: index + 1n,
        last: index,
        installed: index,
        lastCommitted: before?.lastCommitted ?? 0n,
        commitments: before?.commitments ?? new Map(),
        leaf: before?.leaf ?? 0n,
        firmware: before?.firmware ?? null,
        maintenance: before?.maintenance ?? null,
      });
      meterOf.set(args.device, args.meterId);
      served.set(args.device, { known: true, deviceClass: data.deviceClass, backing: data.backing, interval, importWh, exportWh });
      continue;
    }
    if (aside.has(name)) continue;
    const meter = meters.get(String(args.meterId)) as MeterState;
    const { device } = meter;
    const reading = meter.readings[Number(args.readingId ?? 0)] as Reading;
    if (name === 'DeviceVerified') device.status = ACTIVE;
    else if (name === 'RegistryRootChanged') [root, version, meter.leaf] = [args.root, args.version, args.leaf];
    else if (name === 'KeyRotated') [device.keyX, device.keyY, device.status] = [args.keyX, args.keyY, REGISTERED];
    else if (name === 'EpochClosed') {
      meterOf.delete(args.device);
      meter.next = BigInt(meter.readings.length); // what nobody judged stays unjudged
      const { importWh, exportWh, interval } = meter.readings[Number(meter.last)] as Reading;
      Object.assign(served.get(args.device) as Served, {
        importWh,
        exportWh,
        interval: later(meter.lastCommitted, interval),
      });
    } else if (name === 'DeviceRetired') device.status = RETIRED;
    else if (name === 'ReadingPosted') {
      const { interval, importWh, exportWh } = args;
      meter.readings.push({ postedAt: timeS, interval, exportWh, importWh, previous: 0n, epoch: device.epoch, status: POSTED });
    } else if (name === 'ReadingValidated' || name === 'ReadingRejected') {
      [reading.previous, meter.next] = [meter.last, args.readingId + 1n];
      reading.status = name === 'ReadingValidated' ? VALIDATED : REJECTED;
      if (reading.status === VALIDATED) {
        meter.last = args.readingId;
        const sums = meter.verified.at(-1) as Sums;
        sums.importWh += args.importGrowthWh;
        sums.exportWh += args.exportGrowthWh;
      }
    } else if (name === 'CommitmentPosted') {
      meter.lastCommitted = args.interval;
      meter.commitments.set(String(args.interval), args.commitment);
    } else if (name === 'TamperReported') device.openTamperReports = args.open;
    else if (name === 'TamperCleared') device.openTamperReports = 0n;
    else if (name === 'MaintenanceSet') {
      device.status = args.inMaintenance ? MAINTENANCE : ACTIVE;
      meter.maintenance = { dueAt: args.dueAt, workOrder: args.workOrder };
    } else if (name === 'FirmwareRecorded') meter.firmware = { version: args.version, imageHash: args.imageHash, since: timeS };
    else throw new Error(`an event of SmartMeter that nothing is made of: ${name}`);
  }
  return { meters, meterOf, served, root, version };
};

// ── certificates ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const MIXED = 7n; // only a settled group is: no public device that is mixed backs certificates
const [GC_ACTIVE, GC_CANCELLED, GC_CLAIMED, GC_EXPIRED, GC_WITHDRAWN, GC_SPLIT] = [1n, 4n, 5n, 6n, 7n, 8n];

type BundleState = {
  owner: string;
  state: bigint;
  technology: bigint;
  expiresAt: bigint;
  interval: bigint;
  energyWh: bigint;
  firstSerial: bigint;
  issuanceId: bigint;
};

export const rebuildCertificates = (events: readonly Event[]) => {
  const bundles: BundleState[] = [];
  const issuances = new Map<string, { issuanceId: bigint; issuedAt: bigint; energyWh: bigint; proven: boolean }>();
  const reservations = new Map<string, { party: string; until: bigint }>();
  const claimedBy = new Map<string, bigint>();
  const operators = new Map<string, boolean>();
  const pullOnly = new Map<string, boolean>();
  const totals = { issuedWh: 0n, cancelledWh: 0n, claimedWh: 0n, lapsedWh: 0n };
  for (const { name, args, timeS } of events) {
    const bundle = bundles[Number(args.bundleId ?? 0) - 1] as BundleState;
    if (name === 'CertificateIssued') {
      const { owner, technology, expiresAt, interval, energyWh, firstSerial, issuanceId } = args;
      bundles.push({ owner, state: GC_ACTIVE, technology, expiresAt, interval, energyWh, firstSerial, issuanceId });
      issuances.set(args.source, { issuanceId, issuedAt: timeS, energyWh, proven: technology === MIXED });
      totals.issuedWh += energyWh;
    } else if (name === 'CertificateSplit') {
      bundles.push({ ...bundle, energyWh: args.firstWh });
      bundles.push({ ...bundle, firstSerial: bundle.firstSerial + args.firstWh, energyWh: bundle.energyWh - args.firstWh });
      bundle.state = GC_SPLIT;
    } else if (name === 'CertificateTransferred') bundle.owner = args.to;
    else if (name === 'CertificateStateChanged') {
      bundle.state = args.state;
      if (args.state === GC_ACTIVE) reservations.delete(String(args.bundleId));
      if (args.state === GC_CANCELLED) totals.cancelledWh += bundle.energyWh;
      if (args.state === GC_CLAIMED) totals.claimedWh += bundle.energyWh;
      if (args.state === GC_EXPIRED || args.state === GC_WITHDRAWN) totals.lapsedWh += bundle.energyWh;
    } else if (name === 'CertificateReserved') reservations.set(String(args.bundleId), { party: args.party, until: args.until });
    else if (name === 'CertificateClaimed') add(claimedBy, args.beneficiary, args.energyWh);
    else if (name === 'OperatorSet') operators.set(`${args.owner} ${args.operator}`, args.allowed);
    else if (name === 'PullOnlySet') pullOnly.set(args.account, args.pullOnly);
    else if (!aside.has(name)) throw new Error(`an event of GranularCertificate that nothing is made of: ${name}`);
  }
  return { bundles, issuances, reservations, claimedBy, operators, pullOnly, totals };
};

// ── credits ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const rebuildCredits = (events: readonly Event[], periodS: bigint) => {
  const certificates: Result[] = [];
  const bundles: { owner: string; amountMg: bigint; label: string }[] = [];
  const lots = new Map<string, Map<string, bigint>>();
  const [issued, assessed, owed, retired] = [0, 1, 2, 3].map(() => new Map<string, bigint>()) as [
    Map<string, bigint>,
    Map<string, bigint>,
    Map<string, bigint>,
    Map<string, bigint>,
  ];
  const entered = new Set<string>();
  const reports = new Map<string, { issuedMg: bigint; retiredMg: bigint; leviedMg: bigint }>();
  const held = new Map<string, boolean>();
  const allowances = new Map<string, bigint>();
  const flows = { minted: 0n, burnt: 0n, expired: 0n };
  const escrowed = new Map<string, bigint>();
  const lotsOf = (holder: string) => at(lots, holder, new Map<string, bigint>());
  for (const { name, args, timeS } of events) {
    const report = at(reports, timeS / periodS, { issuedMg: 0n, retiredMg: 0n, leviedMg: 0n });
    if (name === 'CreditsIssued') {
      certificates.push(args.data);
      add(issued, `${args.meterId} ${args.data.readingId}`, args.data.amountMg);
      report.issuedMg += args.data.amountMg;
    } else if (name === 'CreditsRetired') {
      add(retired, args.beneficiary, args.amountMg);
      report.retiredMg += args.amountMg;
    } else if (name === 'CreditsBundled') bundles.push({ owner: args.owner, amountMg: args.amountMg, label: args.label });
    else if (name === 'BundleTransferred') (bundles[Number(args.bundleId) - 1] as { owner: string }).owner = args.to;
    else if (name === 'CreditsUnbundled') (bundles[Number(args.bundleId) - 1] as { owner: string }).owner = ZeroAddress;
    else if (name === 'LevyAssessed') {
      add(assessed, `${args.meterId} ${args.epoch}`, args.energyWh);
      owed.set(args.owner, args.owedMg);
    } else if (name === 'LevyCollected') {
      owed.set(args.owner, args.stillOwedMg);
      report.leviedMg += args.amountMg;
    } else if (name === 'ShareEntered') entered.add(`${args.meterId} ${args.readingId}`);
    else if (name === 'VintageMinted') {
      add(lotsOf(args.to), args.vintage, args.amount);
      flows.minted += args.amount;
    } else if (name === 'VintageMoved') {
      add(lotsOf(args.from), args.vintage, 0n - args.amount);
      if (args.to === ZeroAddress) flows.burnt += args.amount;
      else add(lotsOf(args.to), args.vintage, args.amount);
    } else if (name === 'VintageExpired') {
      add(lotsOf(args.holder), args.vintage, 0n - args.amount);
      flows.expired += args.amount;
    } else if (name === 'EscrowedIn' || name === 'EscrowedOut') {
      add(escrowed, args.account, name === 'EscrowedIn' ? args.amount : 0n - args.amount);
    } else if (name === 'HoldPlaced' || name === 'HoldReleased') held.set(args.account, name === 'HoldPlaced');
    else if (name === 'Approval') allowances.set(`${args.owner} ${args.spender}`, args.value);
    else if (!aside.has(name)) throw new Error(`an event of CarbonCredit that nothing is made of: ${name}`);
  }
  return { certificates, bundles, lots, issued, assessed, owed, retired, entered, reports, held, allowances, flows, escrowed };
};

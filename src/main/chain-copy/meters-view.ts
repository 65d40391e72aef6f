/** What the chain says of meters: registration, class, key, state, care, posted readings and what was made of them. */
import { AbiCoder, keccak256 } from 'ethers';
import { TECHNOLOGY_CODE } from '../../shared/plant-file.ts';
import type { Store } from '../kernel/ports.ts';
import type { ChainEvent } from '../wallet/chain-events.ts';
import { type ChainFold, createChainFold, fieldsOf, shortText } from './chain-fold.ts';

export interface PostedReading {
  readonly id: number;
  readonly epoch: number;
  readonly interval: number;
  readonly importWh: number;
  readonly exportWh: number;
  state: 'posted' | 'validated' | 'rejected' | 'installed';
  /** Export since the validated reading before it, Wh. */
  growthWh: number;
  /** Interval of the reading it grew from. */
  fromInterval: number;
  mintedWh: number;
  creditsMg: string;
  certificate: number | null;
  readonly block: number;
  readonly transaction: string;
  readonly timeS: number | null;
}
export interface MeterHistoryLine {
  readonly block: number;
  readonly transaction: string;
  readonly timeS: number | null;
  readonly text: string;
}
export interface MeterOnChain {
  readonly meterId: number;
  device: string;
  owner: string;
  epoch: number;
  deviceClass: 'private' | 'public';
  technology: string;
  renewableOnly: boolean;
  backing: 'none' | 'certificates' | 'credits';
  ratedW: number;
  gridNode: string;
  publicKey: readonly [string, string];
  state: 'registered' | 'active' | 'maintenance' | 'retired';
  verified: { by: string; record: string; timeS: number | null } | null;
  /** Of a private meter: its leaf in the registry's tree. */
  leaf: string | null;
  tamper: { kind: string; evidence: string; timeS: number | null }[];
  maintenance: { dueS: number; workOrder: string } | null;
  firmware: { version: string; imageHash: string; timeS: number | null } | null;
  readings: PostedReading[];
  /** Number of the validated or installed reading the next one grows from. */
  base: number;
  commitments: number;
  history: MeterHistoryLine[];
}
export interface MetersPicture {
  readonly meters: Map<number, MeterOnChain>;
  readonly byDevice: Map<string, number>;
  readonly bySource: Map<string, { meterId: number; readingId: number }>;
  /** Root of the tree of settling meters; null before the first came into service. */
  readonly registry: { root: string | null };
}

const TECHNOLOGY = new Map(Object.entries(TECHNOLOGY_CODE).map(([name, code]) => [String(code), name]));
const BACKING = ['none', 'certificates', 'credits'] as const;
const HISTORY = 60;

/** Names a reading's energy where it is certified, as the contract does. */
export const readingSource = (meterId: number, readingId: number): string =>
  keccak256(AbiCoder.defaultAbiCoder().encode(['string', 'uint256', 'uint256'], ['reading', meterId, readingId]));

export const metersView = (store: Pick<Store, 'read'>): ChainFold<MetersPicture> =>
  createChainFold<MetersPicture>(store, {
    contracts: ['SmartMeter', 'EnergyToken', 'CarbonCredit', 'GranularCertificate'],
    empty: () => ({ meters: new Map(), byDevice: new Map(), bySource: new Map(), registry: { root: null } }),
    apply,
  });

function apply(picture: MetersPicture, event: ChainEvent): void {
  const { name, args, timeS } = event;
  if (event.contract === 'GranularCertificate') {
    const source = name === 'CertificateIssued' ? picture.bySource.get(args.source ?? '') : undefined;
    const reading = source && picture.meters.get(source.meterId)?.readings[source.readingId];
    if (reading) reading.certificate = Number(args.bundleId);
    return;
  }
  const meterId = Number(args.meterId);
  if (name === 'DeviceRegistered') return register(picture, event, meterId);
  if (name === 'RegistryRootChanged') picture.registry.root = args.root ?? null;
  const meter = picture.meters.get(meterId);
  if (!meter) return;
  const note = (text: string): void => {
    meter.history.push({ block: event.block, transaction: event.transaction, timeS, text });
    if (meter.history.length > HISTORY) meter.history.shift();
  };
  const reading = meter.readings[Number(args.readingId)];
  switch (name) {
    case 'DeviceVerified':
      meter.state = 'active';
      meter.verified = { by: args.technician ?? '', record: args.testRecord ?? '', timeS };
      return note('Verified by a technician.');
    case 'RegistryRootChanged':
      meter.leaf = args.leaf === '0' ? null : (args.leaf ?? null);
      return;
    case 'KeyRotated':
      meter.publicKey = [args.keyX ?? '', args.keyY ?? ''];
      // Whoever enters a key does not put it into service: it is verified again.
      meter.state = 'registered';
      return note('Given a new key; it waits to be verified.');
    case 'EpochClosed':
      picture.byDevice.delete(meter.device.toLowerCase());
      // What nobody judged in it can back nothing any more.
      meter.base = meter.readings.length - 1;
      return note(`Epoch ${args.epoch} closed.`);
    case 'DeviceRetired':
      meter.state = 'retired';
      return note('Taken out of service.');
    case 'TamperReported':
      meter.tamper.push({ kind: shortText(args.kind), evidence: args.evidence ?? '', timeS });
      return note(`Tampering reported: ${shortText(args.kind)}.`);
    case 'TamperCleared':
      meter.tamper = [];
      return note('Tamper reports cleared after inspection.');
    case 'MaintenanceSet':
      meter.state = args.inMaintenance === 'true' ? 'maintenance' : 'active';
      meter.maintenance = { dueS: Number(args.dueAt), workOrder: shortText(args.workOrder) };
      return note(meter.state === 'maintenance' ? 'Put into maintenance.' : 'Back in service.');
    case 'FirmwareRecorded':
      meter.firmware = { version: shortText(args.version), imageHash: args.imageHash ?? '', timeS };
      return note(`Firmware ${meter.firmware.version} recorded.`);
    case 'CommitmentPosted':
      meter.commitments++;
      return;
    case 'ReadingPosted': {
      const id = Number(args.readingId);
      meter.readings[id] = {
        ...{
          id,
          epoch: meter.epoch,
          interval: Number(args.interval),
          importWh: Number(args.importWh),
          exportWh: Number(args.exportWh),
          state: 'posted',
        },
        ...{ growthWh: 0, fromInterval: 0, mintedWh: 0, creditsMg: '0', certificate: null },
        ...{ block: event.block, transaction: event.transaction, timeS },
      };
      if (meter.backing === 'certificates') picture.bySource.set(readingSource(meterId, id), { meterId, readingId: id });
      return;
    }
    case 'ReadingValidated':
      if (!reading) return;
      reading.state = 'validated';
      reading.growthWh = Number(args.exportGrowthWh);
      reading.fromInterval = meter.readings[meter.base]?.interval ?? reading.interval;
      meter.base = reading.id;
      return;
    case 'ReadingRejected':
      if (reading) reading.state = 'rejected';
      return note(`Reading ${args.readingId} rejected: it grew by ${args.growthWh} Wh, at most ${args.plausibleWh} Wh are plausible.`);
    case 'EnergyMinted':
      if (reading) reading.mintedWh += Number(args.amountWh);
      return;
    case 'CreditsIssued': {
      const [, readingId, , , , , , amountMg] = fieldsOf(args.data);
      const backed = meter.readings[Number(readingId)];
      if (backed) backed.creditsMg = String(BigInt(backed.creditsMg) + BigInt(amountMg ?? 0));
      return;
    }
  }
}

function register(picture: MetersPicture, event: ChainEvent, meterId: number): void {
  const { args, timeS, block, transaction } = event;
  const [, , deviceClass, technology, renewableOnly, backing, ratedW, gridNode, importWh, exportWh, interval, keyX, keyY] = fieldsOf(
    args.data,
  );
  const before = picture.meters.get(meterId);
  const readings = before?.readings ?? [];
  const epoch = Number(args.epoch);
  readings.push({
    ...{
      id: readings.length,
      epoch,
      interval: Number(interval),
      importWh: Number(importWh),
      exportWh: Number(exportWh),
      state: 'installed',
    },
    ...{ growthWh: 0, fromInterval: Number(interval), mintedWh: 0, creditsMg: '0', certificate: null, block, transaction, timeS },
  });
  picture.byDevice.set((args.device ?? '').toLowerCase(), meterId);
  picture.meters.set(meterId, {
    meterId,
    device: args.device ?? '',
    owner: args.owner ?? '',
    epoch,
    deviceClass: deviceClass === '1' ? 'public' : 'private',
    technology: TECHNOLOGY.get(technology ?? '') ?? 'unknown',
    renewableOnly: renewableOnly === 'true',
    backing: BACKING[Number(backing)] ?? 'none',
    ratedW: Number(ratedW),
    gridNode: shortText(gridNode),
    publicKey: [keyX ?? '', keyY ?? ''],
    state: 'registered',
    verified: null,
    leaf: null,
    tamper: [],
    maintenance: before?.maintenance ?? null,
    firmware: before?.firmware ?? null,
    readings,
    base: readings.length - 1,
    commitments: before?.commitments ?? 0,
    history: [...(before?.history ?? []), { block, transaction, timeS, text: `Registered, epoch ${epoch}.` }],
  });
}

/**
 * Signed readings in: parse → signature against the meter's key → plausibility → one durable transaction → acknowledgement. What is refused
 * goes to quarantine with its reason, raises an alarm at the meter, and is acknowledged, so that it is not sent for ever. When the disk
 * cannot keep it there is no acknowledgement and the meter sends it again.
 */
import { parseMeterReading } from '../../../drivers/mqtt/messages.ts';
import { validateReading } from '../../domain/metering/validate-reading.ts';
import { type Point, unpackSignature, verifySignature } from '../../domain/settlement/babyjubjub.ts';
import { readingMessage } from '../../domain/settlement/leaves.ts';
import { TECHNOLOGY_CODE } from '../../shared/plant-file.ts';
import type { BrokerService, InboundMessage, InboundVerdict } from '../broker/broker-service.ts';
import type { Kernel, MarketClock, Service } from '../kernel/ports.ts';
import { loadKeys, type MeterKey, parseIdentity, putKey } from './meter-keys.ts';
import { insertReading, lastReading, quarantine, quarantined, type Refusal, type StoredReading } from './reading-store.ts';

export interface MeteringService extends Service {
  keys(): readonly MeterKey[];
  keyOf(meterId: number): MeterKey | undefined;
  /** Called after the transaction that registers keys; reads them again. */
  reloadKeys(): void;
  /** The key the registry on the chain has for a settling meter: it is the one that counts. Does nothing when it is known. */
  takeChainKey(meterId: number, publicKey: Point): void;
  /** What a meter showed last, while the console has run. */
  shown(deviceId: string): ShownIdentity | undefined;
  onReading(listener: (reading: StoredReading) => void): () => void;
  onKey(listener: (key: MeterKey) => void): () => void;
  facts(deviceId: string): { lastReadingInterval: number | null; quarantined: number };
  /** Takes one message as the broker would hand it over. */
  take(message: Pick<InboundMessage, 'topic' | 'payload'>): InboundVerdict;
}

export interface ShownIdentity {
  readonly publicKey: Point;
  readonly serial: string;
  readonly firmware: string;
}

export interface MeteringDeps {
  readonly broker: Pick<BrokerService, 'onPublish'>;
  readonly marketClock: Pick<MarketClock, 'plantNowMs'>;
}

const sameKey = (a: Point, b: Point): boolean => a[0] === b[0] && a[1] === b[1];
const TOPIC = /^busbar\/meters\/([^/]+)\/(reading|identity)$/;

export function readingSignatureValid(
  reading: { meterId: number; interval: number; importWh: number; exportWh: number; sequence: number; signature: string },
  publicKey: Point,
): boolean {
  const signature = unpackSignature(Buffer.from(reading.signature, 'hex'));
  if (!signature) return false;
  const message = readingMessage(BigInt(reading.meterId), {
    interval: BigInt(reading.interval),
    importWh: BigInt(reading.importWh),
    exportWh: BigInt(reading.exportWh),
    sequence: BigInt(reading.sequence),
  });
  return verifySignature(message, signature, publicKey);
}

export function createMeteringService(kernel: Kernel, deps: MeteringDeps): MeteringService {
  const { store, clock, plant, alarms } = kernel;
  const log = kernel.log.child('metering');
  const meters = new Map(plant.devices.flatMap((d) => (d.meter ? [[d.id, { ...d.meter, name: d.name, kind: d.kind }] as const] : [])));
  const readingListeners = new Set<(reading: StoredReading) => void>();
  const keyListeners = new Set<(key: MeterKey) => void>();
  let keys = new Map<string, MeterKey>();
  const shown = new Map<string, ShownIdentity>();
  let off = () => {};

  alarms.define({
    kind: 'meter.readingRefused',
    priority: 3,
    title: 'A reading was refused',
    cause: 'The meter sent a reading with a wrong signature, a register that ran backwards, or an amount its rating cannot carry.',
    consequence: 'The reading does not count. The member is carried and trued up with its next valid reading.',
    action: 'Look at the device page for the reason. If it repeats, have the meter inspected; suspect tampering or a swapped meter.',
    respondWithinS: 3600,
  });
  alarms.define({
    kind: 'meter.keyChanged',
    priority: 2,
    title: 'A meter shows another key',
    cause: 'The meter announces another public key than the one registered.',
    consequence: 'The new key was not accepted; readings signed with it are refused and the member is carried.',
    action:
      'Find out on site whether the meter was swapped or given a new key. Commission it on the device page (Chain); do not accept its key untested.',
    respondWithinS: 3600,
  });

  alarms.define({
    kind: 'meter.firstKey',
    priority: 3,
    title: 'A meter showed its key for the first time',
    cause: 'A meter of the plant file announced a public key and none was known for it.',
    consequence: 'The key is taken and registered on the chain; whoever holds it can sign readings and orders for this member.',
    action:
      'Compare the key on the device page with the one shown at the meter. Acknowledge when they agree; otherwise disconnect the meter’s account.',
    respondWithinS: 86_400,
  });

  const refuse = (deviceId: string, refusal: Omit<Refusal, 'source'>): InboundVerdict => {
    store.write((db) => quarantine(db, { ...refusal, source: deviceId }, clock.nowMs()));
    alarms.raise('meter.readingRefused', deviceId, {
      sourceName: meters.get(deviceId)?.name ?? deviceId,
      page: `devices:${deviceId}`,
      value: refusal.detail,
    });
    log.warn(`a ${refusal.kind} of ${deviceId} was refused`, { reason: refusal.reason, detail: refusal.detail });
    return { kind: 'discard', reason: refusal.detail };
  };

  const takeIdentity = (deviceId: string, payload: Buffer): InboundVerdict => {
    const meter = meters.get(deviceId);
    const text = payload.toString();
    if (!meter) return { kind: 'discard', reason: `the plant file has no meter ${deviceId}` };
    const parsed = parseIdentity(payload);
    if (parsed.kind === 'invalid') return refuse(deviceId, { kind: 'identity', reason: 'malformed', detail: parsed.reason, payload: text });
    if (parsed.identity.meter !== meter.meterId) {
      return refuse(deviceId, {
        kind: 'identity',
        reason: 'wrong-meter',
        detail: `it says it is meter ${parsed.identity.meter}; the plant file says ${meter.meterId}`,
        payload: text,
      });
    }
    const { serial, firmware } = parsed.identity;
    shown.set(deviceId, { publicKey: parsed.publicKey, serial, firmware });
    const known = keys.get(deviceId);
    if (known) {
      const same = sameKey(known.publicKey, parsed.publicKey);
      alarms.set('meter.keyChanged', deviceId, !same, { sourceName: meter.name, page: `devices:${deviceId}` });
      if (same) return { kind: 'accept' };
      store.write((db) =>
        quarantine(
          db,
          {
            kind: 'identity',
            source: deviceId,
            reason: 'key-changed',
            detail: 'another public key than the registered one',
            payload: text,
          },
          clock.nowMs(),
        ),
      );
      return { kind: 'discard', reason: 'another public key than the registered one' };
    }
    const key: MeterKey = {
      meterId: meter.meterId,
      deviceId,
      publicKey: parsed.publicKey,
      flags: (meter.renewableOnly ? 1 : 0) | (TECHNOLOGY_CODE[meter.technology] << 1),
      serial,
      firmware,
      acceptedMs: clock.nowMs(),
      registration: null,
      afterInterval: -1,
    };
    store.write((db) => {
      putKey(db, key);
      kernel.journal.record({
        who: 'metering',
        kind: 'decision',
        title: 'Accept a meter’s public key',
        text: kernel.simulated
          ? `${meter.name} (meter ${meter.meterId}) showed its key for the first time. The simulated plant is commissioned automatically.`
          : `${meter.name} (meter ${meter.meterId}) showed its key for the first time; compare it with the one shown at the meter.`,
        target: deviceId,
        outcome: 'done',
      });
    });
    keys.set(deviceId, key);
    // A simulated plant is commissioned automatically; on a real one somebody has to look.
    if (!kernel.simulated) alarms.raise('meter.firstKey', deviceId, { sourceName: meter.name, page: `devices:${deviceId}` });
    for (const listener of keyListeners) listener(key);
    return { kind: 'accept' };
  };

  const takeReading = (deviceId: string, payload: Buffer): InboundVerdict => {
    const meter = meters.get(deviceId);
    if (!meter) return { kind: 'discard', reason: `the plant file has no meter ${deviceId}` };
    const text = payload.toString();
    const no = (reason: string, detail: string): InboundVerdict => refuse(deviceId, { kind: 'reading', reason, detail, payload: text });
    const parsed = parseMeterReading(payload);
    if (parsed.kind === 'invalid') return no('malformed', parsed.reason);
    const { message } = parsed;
    const key = keys.get(deviceId);
    // Its identity was not heard yet (it is retained and comes first): the meter keeps the reading and sends it again.
    if (!key) return { kind: 'retry', reason: `the key of ${deviceId} is not known yet` };
    if (message.meter !== meter.meterId)
      return no('wrong-meter', `it is signed for meter ${message.meter}, but this is meter ${meter.meterId}`);
    const previous = lastReading(store.read, meter.meterId);
    if (previous && previous.sequence === message.sequence && previous.signature === message.signature) return { kind: 'accept' };
    const { schema: _, signature, ...registers } = message;
    if (!readingSignatureValid({ meterId: message.meter, ...registers, signature }, key.publicKey))
      return no('bad-signature', 'the signature does not belong to this meter’s registered key');
    // The first reading under a new key is a baseline: another device may count from elsewhere, and the rounds measure nothing by it.
    const grownFrom = previous && previous.interval > key.afterInterval ? previous : undefined;
    if (previous && !grownFrom && message.interval <= previous.interval)
      return no('interval-not-increasing', `interval ${message.interval} is not after ${previous.interval}, the last one`);
    const verdict = validateReading(
      grownFrom
        ? {
            meter: meter.meterId,
            interval: grownFrom.interval,
            importWh: grownFrom.importWh,
            exportWh: grownFrom.exportWh,
            sequence: grownFrom.sequence,
          }
        : null,
      registers,
      { maxImportW: meter.ratedW, maxExportW: meter.ratedW, intervalMs: plant.market.intervalMs },
      { receivedPlantTimeMs: deps.marketClock.plantNowMs() },
    );
    if (verdict.kind === 'duplicate') return { kind: 'accept' };
    if (verdict.kind === 'refused') return no(verdict.reason, verdict.detail);
    const stored: StoredReading = {
      meterId: meter.meterId,
      sequence: message.sequence,
      deviceId,
      interval: message.interval,
      importWh: message.importWh,
      exportWh: message.exportWh,
      signature,
      receivedMs: clock.nowMs(),
      importDeltaWh: grownFrom ? verdict.importDeltaWh : null,
      exportDeltaWh: grownFrom ? verdict.exportDeltaWh : null,
      intervalsCovered: verdict.intervalsCovered,
    };
    store.write((db) => insertReading(db, stored));
    alarms.clear('meter.readingRefused', deviceId);
    for (const listener of readingListeners) listener(stored);
    return { kind: 'accept' };
  };

  const takeChainKey = (meterId: number, publicKey: Point): void => {
    const [deviceId, meter] = [...meters].find(([, m]) => m.settling && m.meterId === meterId) ?? [];
    if (!deviceId || !meter) return;
    const known = keys.get(deviceId);
    if (known && sameKey(known.publicKey, publicKey)) return;
    const seen = shown.get(deviceId);
    const isShown = seen !== undefined && sameKey(seen.publicKey, publicKey);
    const key: MeterKey = {
      meterId,
      deviceId,
      publicKey,
      flags: (meter.renewableOnly ? 1 : 0) | (TECHNOLOGY_CODE[meter.technology] << 1),
      serial: isShown ? seen.serial : (known?.serial ?? ''),
      firmware: isShown ? seen.firmware : (known?.firmware ?? ''),
      acceptedMs: clock.nowMs(),
      registration: 'chain',
      afterInterval: lastReading(store.read, meterId)?.interval ?? -1,
    };
    store.write((db) => {
      putKey(db, key);
      kernel.journal.record({
        who: 'metering',
        kind: 'decision',
        title: 'Take a meter’s key from the chain',
        text: `The registry on the chain has ${known ? 'another key' : 'a key'} for ${meter.name} (meter ${meterId}). Readings and orders are checked with it from now on; the next reading is the baseline of a new epoch.`,
        target: deviceId,
        outcome: 'done',
      });
    });
    keys.set(deviceId, key);
    alarms.set('meter.keyChanged', deviceId, seen !== undefined && !isShown, { sourceName: meter.name, page: `devices:${deviceId}` });
    for (const listener of keyListeners) listener(key);
  };

  const take = (message: Pick<InboundMessage, 'topic' | 'payload'>): InboundVerdict => {
    const [, deviceId, what] = TOPIC.exec(message.topic) ?? [];
    if (!deviceId) return { kind: 'discard', reason: 'not a meter’s topic' };
    try {
      return what === 'identity' ? takeIdentity(deviceId, message.payload) : takeReading(deviceId, message.payload);
    } catch (cause) {
      log.error('a message of a meter could not be committed; the meter will send it again', { deviceId, cause: String(cause) });
      return { kind: 'retry', reason: cause instanceof Error ? cause.message : String(cause) };
    }
  };
  const reloadKeys = (): void => {
    keys = new Map(loadKeys(store.read).map((k) => [k.deviceId, k]));
  };

  return {
    name: 'metering',
    async start() {
      reloadKeys();
      off = deps.broker.onPublish(TOPIC, take);
    },
    async stop() {
      off();
    },
    keys: () => [...keys.values()].sort((a, b) => a.meterId - b.meterId),
    keyOf: (meterId) => [...keys.values()].find((k) => k.meterId === meterId),
    reloadKeys,
    takeChainKey,
    shown: (deviceId) => shown.get(deviceId),
    onReading(listener) {
      readingListeners.add(listener);
      return () => readingListeners.delete(listener);
    },
    onKey(listener) {
      keyListeners.add(listener);
      return () => keyListeners.delete(listener);
    },
    facts(deviceId) {
      const meter = meters.get(deviceId);
      return {
        lastReadingInterval: meter ? (lastReading(store.read, meter.meterId)?.interval ?? null) : null,
        quarantined: quarantined(store.read, deviceId),
      };
    },
    take,
  };
}

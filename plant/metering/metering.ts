/**
 * All meters and gateways of the field at work: books each physics step, makes and signs readings and orders, saves, then sends.
 * Signing takes milliseconds, so it is spread over the steps.
 */
import type { PlantFile } from '../../src/shared/plant-file.ts';
import { FIRMWARE } from '../devices/device.ts';
import { uniformAt } from '../physics/noise.ts';
import type { PlantState, UnitState } from '../physics/state.ts';
import type { FieldBus, MeterIdentity } from './field-bus.ts';
import { answerRequest, createGateway, type Gateway, type OrderRequest, stepGateway, type UnsignedOrder } from './gateway.ts';
import { bookMeter, createMeter, type IntervalEnd, type Meter, takeReading } from './meter.ts';
import { type SigningKey, signOrder, signReading } from './signer.ts';
import type { Tariffs } from './strategy.ts';

/** What a training fault does to a meter's readings. */
export interface MeterTamper {
  rollbackWh: number;
  badSignature: boolean;
  coverOpen: boolean;
  intervalShift: number;
}

export interface Metering {
  readonly meters: readonly Meter[];
  readonly gateways: readonly Gateway[];
  /** What each meter shows of itself now. */
  identities(): ReadonlyMap<string, MeterIdentity>;
  /** The gateway of this meter's member signs anew what it has standing: its key has changed. */
  keyChanged(deviceId: string): void;
  tamper(deviceId: string): MeterTamper;
  /** Registers as the display shows them. */
  shown(meter: Meter): { importWh: number; exportWh: number };
  /** Books the step that ends at `toMs`. */
  book(fromMs: number, toMs: number, intervalMs: number): void;
  /** The first time a plant clock is heard: a meter that missed the last boundary while it was off reads now what it would have read then. */
  catchUp(plantTimeMs: number, intervalMs: number): void;
  /** Signs waiting readings and orders for at most about `budgetMs`. */
  sign(budgetMs: number, nowMs: () => number): void;
  /** Something is signed and waits for its save. */
  waiting(): boolean;
  /** After a save: hands everything signed to the bus. */
  release(bus: FieldBus | null): void;
  request(memberId: string, request: OrderRequest, bus: FieldBus): void;
  setMarketRunning(intervalMs: number): void;
}

const NO_TAMPER: MeterTamper = { rollbackWh: 0, badSignature: false, coverOpen: false, intervalShift: 0 };

export function createMetering(options: {
  file: PlantFile;
  state: PlantState;
  seed: number;
  key: (deviceId: string) => SigningKey;
  /** Why a member lets nobody ask its gateway for orders; null when one may. */
  orderObjection?: (memberId: string) => string | null;
}): Metering {
  const { file, state, seed, key } = options;
  const tariffs: Tariffs = {
    importMilliCentsPerKwh: file.market.importTariffMilliCentsPerKwh,
    feedInMilliCentsPerKwh: file.market.feedInTariffMilliCentsPerKwh,
  };
  const ordersCloseBeforeEndMs = file.market.ordersCloseBeforeGateMs + file.market.gateClosesBeforeEndMs;
  let market = { intervalMs: file.market.intervalMs, ordersCloseBeforeEndMs, tariffs, seed };
  const devices = file.devices.filter((d) => d.meter);
  const meters = devices.map((device, i) => {
    const used = (k: number) => Math.floor(200_000 + 9_000_000 * uniformAt(seed, 4242, 2 * i + k));
    return createMeter(device.id, device.meter?.meterId ?? 0, used(0), used(1));
  });
  const meterOf = new Map(meters.map((m) => [m.deviceId, m]));
  const behind = new Map<string, UnitState[]>(
    meters.map((m) => [m.deviceId, state.units.filter((u) => u.definition.meter === m.deviceId)]),
  );
  const gateways = file.members.map((member) => {
    const meter = devices.find((d) => d.id === member.meter)?.meter;
    return createGateway(member.id, meter?.meterId ?? 0, meter?.ratedW ?? 0, !member.operatorOwned);
  });
  const meterOfMember = new Map(file.members.map((member) => [member.id, meterOf.get(member.meter) as Meter]));
  const tampers = new Map<string, MeterTamper>(meters.map((m) => [m.deviceId, { ...NO_TAMPER }]));
  const tamperOf = (id: string): MeterTamper => tampers.get(id) as MeterTamper;
  const readingsToSign: { meter: Meter; end: IntervalEnd }[] = [];
  const ordersToSign: { gateway: Gateway; order: UnsignedOrder }[] = [];
  const metersToRelease = new Set<Meter>();
  const ordersToSend: { memberId: string; order: ReturnType<typeof signOrder> }[] = [];
  const responsesToSend: { memberId: string; response: ReturnType<typeof answerRequest>['response'] }[] = [];

  const powerOf = (meter: Meter): number =>
    meter.deviceId === file.grid.interconnectionMeter
      ? state.pccPowerW
      : (behind.get(meter.deviceId) as UnitState[]).reduce((sum, unit) => sum + unit.activePowerW, 0);

  const signOne = (): void => {
    const due = readingsToSign.shift();
    if (due) {
      const { meter } = due;
      const t = tamperOf(meter.deviceId);
      const shifted = {
        interval: due.end.interval + t.intervalShift,
        importWh: Math.max(0, due.end.importWh - t.rollbackWh),
        exportWh: due.end.exportWh,
      };
      const reading = takeReading(meter, due.end);
      if (!reading) return;
      const told = {
        ...reading,
        interval: Math.max(0, shifted.interval),
        importWh: Math.floor(shifted.importWh),
        exportWh: Math.floor(shifted.exportWh),
      };
      const signed = signReading(told, key(meter.deviceId));
      // A tampered register: what was signed is not what is sent.
      meter.pending.push(t.badSignature ? { ...signed, importWh: signed.importWh + 1000 } : signed);
      metersToRelease.add(meter);
      return;
    }
    const next = ordersToSign.shift();
    if (!next) return;
    const meter = meterOfMember.get(next.gateway.memberId) as Meter;
    ordersToSend.push({ memberId: next.gateway.memberId, order: signOrder(next.order, key(meter.deviceId)) });
  };

  return {
    meters,
    gateways,
    identities: () =>
      new Map(
        devices.map((device) => {
          const [ax, ay] = key(device.id).publicKey;
          return [
            device.id,
            {
              schema: 'meter-identity/1',
              meter: device.meter?.meterId ?? 0,
              ax: ax.toString(),
              ay: ay.toString(),
              serial: device.serial,
              firmware: FIRMWARE,
            },
          ];
        }),
      ),
    keyChanged(deviceId) {
      for (const gateway of gateways) {
        if (meterOfMember.get(gateway.memberId)?.deviceId !== deviceId) continue;
        gateway.standing = null;
        gateway.consideredIn = null;
      }
    },
    tamper: tamperOf,
    shown(meter) {
      return { importWh: Math.max(1, meter.storedImportWh - tamperOf(meter.deviceId).rollbackWh), exportWh: meter.storedExportWh };
    },
    setMarketRunning(intervalMs) {
      market = { ...market, intervalMs };
    },
    book(fromMs, toMs, intervalMs) {
      for (const meter of meters) {
        const end = bookMeter(meter, powerOf(meter), fromMs, toMs, intervalMs);
        if (end) readingsToSign.push({ meter, end });
      }
      for (const gateway of gateways) {
        const meter = meterOfMember.get(gateway.memberId) as Meter;
        const order = stepGateway(gateway, meter.importWh - meter.exportWh, toMs, market);
        if (order) ordersToSign.push({ gateway, order });
      }
    },
    catchUp(plantTimeMs, intervalMs) {
      const ended = Math.floor(plantTimeMs / intervalMs) - 1;
      for (const meter of meters) {
        if (meter.lastInterval !== null && meter.lastInterval >= ended) continue;
        readingsToSign.push({ meter, end: { interval: ended, importWh: meter.importWh, exportWh: meter.exportWh } });
      }
    },
    sign(budgetMs, nowMs) {
      const until = nowMs() + budgetMs;
      while (readingsToSign.length + ordersToSign.length > 0 && nowMs() < until) signOne();
    },
    waiting: () => metersToRelease.size + ordersToSend.length + responsesToSend.length > 0,
    release(bus) {
      if (!bus) {
        // Nobody listens: a meter's memory for unsent readings is finite (96 intervals, a day), the oldest go first.
        for (const meter of metersToRelease) meter.pending = meter.pending.slice(-96);
        metersToRelease.clear();
        ordersToSend.length = 0;
        return;
      }
      for (const meter of metersToRelease) bus.release(meter);
      metersToRelease.clear();
      for (const { memberId, order } of ordersToSend.splice(0)) bus.publishOrder(memberId, order);
      for (const { memberId, response } of responsesToSend.splice(0)) bus.respond(memberId, response);
    },
    request(memberId, request) {
      const gateway = gateways.find((g) => g.memberId === memberId);
      if (!gateway) return;
      const { response, order } = answerRequest(gateway, request, market, options.orderObjection?.(memberId) ?? null);
      responsesToSend.push({ memberId, response });
      if (order) ordersToSign.unshift({ gateway, order });
    },
  };
}

/** Puts together what a round is settled from: registry, committed orders, clearing, readings, the chain's queue, fresh salts. */
import type { Database } from 'better-sqlite3';
import { unpackSignature } from '../../domain/settlement/babyjubjub.ts';
import { type BatchLayout, capacityOf } from '../../domain/settlement/limits.ts';
import type { SignedReading } from '../../domain/settlement/readings.ts';
import { genesisState, type SettlementState } from '../../domain/settlement/state.ts';
import type { Flow } from '../../domain/settlement/words.ts';
import { openingOf, randomFieldElement } from '../market/gate-closure.ts';
import { committedOrders, type StoredRound } from '../market/round-store.ts';
import { readingAt, type StoredReading } from '../metering/reading-store.ts';
import { type BatchInput, latestState } from './batch-store.ts';
import type { Places } from './registry.ts';

export interface BatchSources {
  readonly domain: bigint;
  /** milli-cents per kWh */
  readonly tariffs: { readonly buy: number; readonly sell: number };
  readonly layout: BatchLayout;
  readonly meters: Places;
  readonly flows: readonly Flow[];
}

export function signedReading(reading: StoredReading): SignedReading | null {
  const signature = unpackSignature(Buffer.from(reading.signature, 'hex'));
  if (!signature) return null;
  const { interval, importWh, exportWh, sequence } = reading;
  return { interval: BigInt(interval), importWh: BigInt(importWh), exportWh: BigInt(exportWh), sequence: BigInt(sequence), signature };
}

export function batchInput(
  db: Database,
  round: StoredRound,
  sources: BatchSources,
): { input: BatchInput; state: SettlementState; sequence: number } {
  const { layout, meters } = sources;
  const indices = meters.map((_, i) => i);
  const orderAt = new Map(committedOrders(db, round.interval).map((o) => [o.meterId - 1, o]));
  const latest = latestState(db);
  return {
    sequence: (latest?.sequence ?? 0) + 1,
    state: latest?.state ?? genesisState(capacityOf(layout)),
    input: {
      layout,
      domain: sources.domain,
      interval: BigInt(round.interval),
      buyTariff: BigInt(sources.tariffs.buy),
      sellTariff: BigInt(sources.tariffs.sell),
      meters,
      numbered: true,
      orders: indices.map((i) => {
        const order = orderAt.get(i);
        return order && order.quantityWh > 0 ? openingOf(order, order.salt) : null;
      }),
      clearing: {
        price: round.price === null ? null : BigInt(round.price),
        filledWh: indices.map((i) => BigInt(orderAt.get(i)?.filledWh ?? 0)),
      },
      readings: indices.map((i) => {
        const reading = meters[i] ? readingAt(db, i + 1, round.interval) : undefined;
        return reading ? signedReading(reading) : null;
      }),
      flows: sources.flows,
      salts: indices.map(() => randomFieldElement()),
      carrySalts: Array.from({ length: layout.parts - 1 }, randomFieldElement),
    },
  };
}

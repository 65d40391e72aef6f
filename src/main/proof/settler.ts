/** Admits and settles rounds, hashes roots and checks signatures in a worker thread. */
import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Admission, AdmissionRefusal, AdmitInput } from '../../domain/settlement/admit-round.ts';
import type { Point, Signature } from '../../domain/settlement/babyjubjub.ts';
import { FIELD } from '../../domain/settlement/field.ts';
import type { Order, OrderOpening } from '../../domain/settlement/leaves.ts';
import type { SignedReading } from '../../domain/settlement/readings.ts';
import type { RoundInput, RoundRefusal, SettledRound } from '../../domain/settlement/settle-round.ts';
import { Fault } from '../../shared/errors.ts';
import { entryFile } from '../host/entries.ts';

/** What stands at one place under the orders root: number of the registered meter (0: none) and its order. */
export interface OrderPlace {
  readonly meterId: bigint;
  readonly order: OrderOpening | null;
}

type Question =
  | { readonly kind: 'settle'; readonly input: RoundInput }
  | { readonly kind: 'admit'; readonly input: AdmitInput }
  | { readonly kind: 'orders-root'; readonly places: readonly OrderPlace[] }
  | { readonly kind: 'reading'; readonly meterId: bigint; readonly publicKey: Point; readonly reading: SignedReading }
  | { readonly kind: 'order'; readonly meterId: bigint; readonly publicKey: Point; readonly order: Order; readonly signature: Signature };
export type SettlerRequest = Question & { readonly id: number };
export type SettlerReply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly message: string };

export interface Settler {
  settle(input: RoundInput): Promise<SettledRound | RoundRefusal>;
  admit(input: AdmitInput): Promise<Admission | AdmissionRefusal>;
  /** The root the chain is to have before the gate closes. */
  ordersRoot(places: readonly OrderPlace[]): Promise<bigint>;
  verifyReading(meterId: bigint, publicKey: Point, reading: SignedReading): Promise<boolean>;
  verifyOrder(meterId: bigint, publicKey: Point, order: Order, signature: Signature): Promise<boolean>;
  close(): Promise<void>;
}

/** Uniform field element from the system's generator; hides a leaf from guessing. */
export function randomSalt(): bigint {
  return BigInt(`0x${randomBytes(48).toString('hex')}`) % FIELD;
}

export function createSettler(entry: string = entryFile('settler')): Settler {
  let worker: Worker | null = null;
  let nextId = 1;
  let isClosed = false;
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();

  function running(): Worker {
    if (worker !== null) return worker;
    const started = new Worker(entry);
    worker = started;
    started.unref();
    started.on('message', (reply: SettlerReply) => {
      const entryWaiting = waiting.get(reply.id);
      waiting.delete(reply.id);
      if (waiting.size === 0) started.unref();
      if (reply.ok) entryWaiting?.resolve(reply.value);
      else entryWaiting?.reject(new Error(reply.message));
    });
    const gone = (error: Error) => {
      if (worker === started) worker = null;
      for (const one of waiting.values()) one.reject(error);
      waiting.clear();
    };
    started.on('error', gone);
    started.on('exit', () => gone(new Error('the settling thread ended')));
    return started;
  }

  function ask<T>(question: Question): Promise<T> {
    const id = nextId++;
    return new Promise<T>((resolve, reject) => {
      if (isClosed)
        return reject(new Fault('engine.internal', 'The settling thread is closed because the console is stopping.', { retry: 'later' }));
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      const target = running();
      target.ref();
      target.postMessage({ ...question, id });
    });
  }

  return {
    settle: (input) => ask({ kind: 'settle', input }),
    admit: (input) => ask({ kind: 'admit', input }),
    ordersRoot: (places) => ask({ kind: 'orders-root', places }),
    verifyReading: (meterId, publicKey, reading) => ask({ kind: 'reading', meterId, publicKey, reading }),
    verifyOrder: (meterId, publicKey, order, signature) => ask({ kind: 'order', meterId, publicKey, order, signature }),
    async close() {
      isClosed = true;
      await worker?.terminate();
      worker = null;
    },
  };
}

/**
 * Admission: after the book is frozen it is shown that every committed order is its member's own, and the book of standing orders moves. Made in the
 * clear in the order of the rounds, because each begins with the book the one before it left; then proven part by part and queued for the
 * chain. An admission that cannot be made ends its own round; those after it are made on the book before it.
 */
import type { AdmissionRefusal } from '../../domain/settlement/admit-round.ts';
import { settlementDomain } from '../../domain/settlement/words.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { Community } from '../market/community.ts';
import * as rounds from '../market/round-store.ts';
import type { MeterKey } from '../metering/meter-keys.ts';
import type { Prover } from '../proof/prover.ts';
import type { Settler } from '../proof/settler.ts';
import type { Proven } from '../proof/types.ts';
import { admissionInput } from './admission-input.ts';
import * as store from './admission-store.ts';
import { admitEntry } from './outbox-entries.ts';
import type { ProofTask } from './proof-desk.ts';
import { insertProof, nextPart } from './proof-store.ts';
import type { Places, Registry } from './registry.ts';

export interface AdmissionDeps {
  readonly community: Community;
  readonly registry: Pick<Registry, 'inStep'>;
  /** When the console took a meter's present key, wall time. */
  readonly metering: { keyOf(meterId: number): Pick<MeterKey, 'acceptedMs'> | undefined };
  readonly ledger: Pick<LedgerService, 'enqueue' | 'kick' | 'deployed'>;
  readonly prover: Pick<Prover, 'circuit'>;
  readonly settler: Pick<Settler, 'admit'>;
  /** Ends the round with this sentence; nothing of it is proven or sent any more. */
  readonly fail: (interval: number, message: string) => void;
  readonly onChange: () => void;
  /** A part has been proven and timed. */
  readonly onProven: () => void;
}

export interface AdmissionService {
  /** Makes the next admission that is due, in the clear. */
  advance(open: readonly rounds.StoredRound[]): Promise<void>;
  /** The next part to be proven. */
  task(open: readonly rounds.StoredRound[]): ProofTask | null;
  isProven(interval: number): boolean;
}

export function createAdmissionService(kernel: Pick<Kernel, 'store' | 'clock' | 'log'>, deps: AdmissionDeps): AdmissionService {
  const { clock } = kernel;
  const { community, ledger } = deps;
  const db = kernel.store.read;
  const log = kernel.log.child('admission');
  const { parts } = community.layout;

  /** In the operator's words; a meter that left or changed its key since the gate is the usual reason. */
  const whyNot = (round: rounds.StoredRound, meters: Places, refusal: AdmissionRefusal): string => {
    if (refusal.reason !== 'bad-order') return `Its orders cannot be admitted: ${refusal.detail}.`;
    const meterId = refusal.index + 1;
    const name = community.byMeter(meterId)?.name ?? `meter ${meterId}`;
    if (!meters[refusal.index])
      return `The chain’s registry has no meter in service for ${name} any more, whose order was in the frozen book. Without its meter the orders cannot be admitted; the round is ended.`;
    if ((deps.metering.keyOf(meterId)?.acceptedMs ?? 0) > round.committedMs)
      return `The meter of ${name} was given another key after orders had closed, and its order is signed with the one before (${refusal.detail}). The orders cannot be admitted; the round is ended.`;
    return `Its orders cannot be admitted: ${refusal.detail}.`;
  };

  const admit = async (round: rounds.StoredRound): Promise<void> => {
    const deployed = ledger.deployed();
    if (!deployed?.contracts.has('Settlement')) return;
    const domain = settlementDomain(deployed.chainId, deployed.contracts.address('Settlement'));
    const { interval } = round;
    const meters = await deps.registry.inStep();
    if (meters === null) return;
    const given = readable(() => admissionInput(db, round, { domain, layout: community.layout, meters }));
    if (given === null) return deps.fail(interval, 'The orders of this round in the database are not legible. Somebody has changed them.');
    const { book, sequence } = given;
    let { input } = given;
    let result = await deps.settler.admit({ ...input, book });
    // What was withdrawn under a key that is gone is withdrawn: its leaf is empty, and with the key went the standing order.
    for (let tries = 0; result.kind === 'refused' && result.reason === 'bad-order' && tries < input.orders.length; tries++) {
      const { index } = result;
      if (input.orders[index]?.quantityWh !== 0n) break;
      input = { ...input, orders: input.orders.map((order, i) => (i === index ? null : order)) };
      result = await deps.settler.admit({ ...input, book });
    }
    if (result.kind === 'refused') return deps.fail(interval, whyNot(round, meters, result));
    if (result.ordersRoot.toString() !== round.ordersRoot) {
      // What was committed before places were numbered is admitted as it was committed.
      const unnumbered = { ...input, numbered: false };
      const older = await deps.settler.admit({ ...unnumbered, book });
      if (older.kind === 'admitted' && older.ordersRoot.toString() === round.ordersRoot) [input, result] = [unnumbered, older];
    }
    if (result.ordersRoot.toString() !== round.ordersRoot)
      return deps.fail(interval, 'The orders in the database are not those that were committed. Somebody has changed them.');
    kernel.store.write((write) => {
      const state = rounds.roundAt(write, interval)?.state;
      if (state === undefined || state === 'failed') return;
      // What it begins with may have been taken back meanwhile.
      if ((store.latestBook(write)?.sequence ?? 0) + 1 !== sequence) return;
      const { ordersRoot, bookRoot, batches } = result;
      store.insertAdmission(
        write,
        {
          interval,
          sequence,
          idle: input.idle,
          bookBefore: book,
          input,
          result: { ordersRoot, bookRoot, batches },
          bookAfter: result.book,
        },
        clock.nowMs(),
      );
    });
    deps.onChange();
  };

  const keep = (admission: store.StoredAdmission, part: number, proven: Proven): void => {
    const { interval, idle } = admission;
    const words = admission.result.batches[part]?.words;
    kernel.store.write((write) => {
      // It may have been taken back while its proof was made.
      if (!words || store.admissionBrief(write, interval)?.createdMs !== admission.createdMs) return;
      const circuit = deps.prover.circuit('admit');
      insertProof(write, 'admit', interval, {
        part,
        circuit: circuit.name,
        verificationKeyHash: circuit.verificationKeyHash,
        proof: proven.proof,
        publicSignals: [...proven.publicSignals],
        provingMs: proven.proveMs,
        verifiedMs: clock.nowMs(),
      });
      if (nextPart(write, 'admit', interval, parts) === parts) store.setProven(write, interval, clock.nowMs());
      ledger.enqueue(admitEntry({ interval, part, parts, idle, words, proof: proven.calldata.flat }));
    });
    ledger.kick();
    deps.onProven();
    log.info('orders admitted', { interval, part, provingMs: Math.round(proven.proveMs) });
  };

  return {
    async advance(open) {
      for (const round of open) {
        if (store.admissionBrief(db, round.interval)) continue;
        // Books build on one another, so that only the first one without an admission can have its own.
        await admit(round);
        return;
      }
    },
    task(open) {
      const round = open.find((r) => store.admissionBrief(db, r.interval)?.provenMs == null);
      if (!round || !store.admissionBrief(db, round.interval)) return null;
      const { interval } = round;
      const part = nextPart(db, 'admit', interval, parts);
      let admission: store.StoredAdmission | undefined;
      return {
        statement: 'admit',
        interval,
        part,
        begin() {
          admission = store.admissionAt(db, interval);
          const batch = admission?.result.batches[part];
          return batch?.witnessInput ? { witness: batch.witnessInput, publicSignals: batch.publicSignals } : null;
        },
        keep: (proven) => admission && keep(admission, part, proven),
        failed: (fault) => {
          if (fault.retry === 'never') deps.fail(interval, fault.message);
        },
      };
    },
    isProven: (interval) => (store.admissionBrief(db, interval)?.provenMs ?? null) !== null,
  };
}

/** Null when what is stored is no number where one belongs: it would be so at every turn. */
function readable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof RangeError || cause instanceof TypeError) return null;
    throw cause;
  }
}

/** Verifies again that a round's orders are its members' own: signatures, root, admission in the clear, its proofs, and the book on the chain. */
import type { AdmitInput } from '../../domain/settlement/admit-round.ts';
import { Fault } from '../../shared/errors.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import { placesOf } from '../market/gate-closure.ts';
import { orderSignatureValid } from '../market/order-intake.ts';
import { committedOrders, type StoredRound } from '../market/round-store.ts';
import type { MeterKey } from '../metering/meter-keys.ts';
import type { Prover } from '../proof/prover.ts';
import type { Settler } from '../proof/settler.ts';
import { admissionAt, type StoredAdmission } from './admission-store.ts';
import { proofsOf } from './proof-store.ts';
import type { RoundViewDeps } from './round-view.ts';

export type Check = (name: string, ok: boolean, detail: string) => void;

export interface VerifyAdmissionDeps extends Pick<RoundViewDeps, 'store' | 'community'> {
  readonly ledger: Pick<LedgerService, 'view'>;
  readonly prover: Pick<Prover, 'verify'>;
  readonly settler: Pick<Settler, 'admit' | 'ordersRoot'>;
  readonly keyOf: (meterId: number) => MeterKey | undefined;
}

const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export async function verifyAdmission(deps: VerifyAdmissionDeps, round: StoredRound, check: Check): Promise<void> {
  const db = deps.store.read;
  const { community, settler } = deps;
  const { interval } = round;
  const admission = admissionAt(db, interval);
  const orders = committedOrders(db, interval);
  // The keys are those under which the round was admitted.
  const keyAt = new Map((admission?.input.meters ?? []).flatMap((m) => (m ? [[Number(m.meterId), m.publicKey] as const] : [])));
  let bad = 0;
  for (const order of orders) {
    await breathe();
    const key = keyAt.get(order.meterId) ?? deps.keyOf(order.meterId)?.publicKey;
    if (!key || !orderSignatureValid(order, key)) bad++;
  }
  check(
    'Orders are signed by their members',
    bad === 0,
    bad === 0 ? `${orders.length} signatures hold.` : `${bad} of ${orders.length} signatures do not hold.`,
  );

  const registered = admission && !admission.input.numbered ? new Set(keyAt.keys()) : undefined;
  const root = (await settler.ordersRoot(placesOf(community.layout, orders, registered))).toString();
  check(
    'Orders root',
    root === round.ordersRoot,
    root === round.ordersRoot
      ? 'The root of the orders is the one that was committed.'
      : `Recomputed ${root}, committed ${round.ordersRoot}.`,
  );
  if (!admission) return check('Admission', false, 'The orders have not been admitted yet.');

  const again = await settler.admit({ ...admission.input, book: admission.bookBefore } as AdmitInput);
  const signalsOf = (batches: readonly { readonly publicSignals: readonly string[] }[]) =>
    batches.map((b) => b.publicSignals.join()).join('|');
  const same =
    again.kind === 'admitted' &&
    signalsOf(again.batches) === signalsOf(admission.result.batches) &&
    again.ordersRoot.toString() === round.ordersRoot;
  check(
    'Admission',
    same,
    same
      ? admission.idle
        ? 'Nobody could trade: every leaf is empty, standing orders rest.'
        : `Admitted again: the same ${orders.length} orders and the same book of standing orders.`
      : again.kind === 'refused'
        ? `The orders are refused: ${again.detail}.`
        : 'Admitting again gives another book or other orders.',
  );

  const proofs = proofsOf(db, 'admit', interval);
  const { parts } = community.layout;
  if (proofs.length < parts) check('Admission proof', false, 'It is not proven yet.');
  else {
    let valid = 0;
    for (const proof of proofs) {
      const expected = admission.result.batches[proof.part]?.publicSignals.join();
      if (proof.publicSignals.join() === expected && (await deps.prover.verify('admit', proof.proof, proof.publicSignals))) valid++;
    }
    check(
      'Admission proof',
      valid === parts,
      valid === parts
        ? `${parts > 1 ? `${parts} proofs verify` : 'Verifies'} under the key ${proofs[0]?.verificationKeyHash.slice(0, 16)}…`
        : `${parts - valid} of ${parts} proofs do not verify for this round.`,
    );
  }
  await checkBook(deps, admission, parts, check);
}

async function checkBook(deps: VerifyAdmissionDeps, admission: StoredAdmission, parts: number, check: Check): Promise<void> {
  const name = 'Book on the chain';
  const expected = admission.result.bookRoot.toString();
  try {
    const [admitted] = (await deps.ledger.view({ contract: 'Settlement', method: 'isAdmitted', args: [admission.interval] })) as [boolean];
    if (!admitted) return check(name, false, 'The contract has not admitted these orders yet.');
    const event = deps.store.read
      .prepare(
        "SELECT json_extract(arguments, '$.newBook') AS book, block FROM chain_event WHERE contract = 'Settlement' AND name = 'OrdersAdmitted' AND json_extract(arguments, '$.interval') = ? AND json_extract(arguments, '$.part') = ? ORDER BY block DESC LIMIT 1",
      )
      .get(String(admission.interval), String(parts - 1)) as { book: string; block: number } | undefined;
    if (!event)
      return check(name, false, 'The contract admitted the orders; the event is not in the indexed copy yet. Try again in a moment.');
    const isNewest =
      deps.store.read
        .prepare('SELECT 1 FROM admission WHERE sequence > (SELECT sequence FROM admission WHERE interval = ?)')
        .get(admission.interval) === undefined;
    const [now] = (await deps.ledger.view({ contract: 'Settlement', method: 'bookRoot', args: [] })) as [bigint];
    const ok = event.book === expected && (!isNewest || now.toString() === expected);
    check(
      name,
      ok,
      ok
        ? `The contract took the same book of standing orders in block ${event.block}.`
        : `The chain has the book ${isNewest ? now.toString() : event.book} for this round.`,
    );
  } catch (cause) {
    check(name, false, cause instanceof Fault ? cause.message : `The chain could not be asked: ${String(cause)}`);
  }
}

/** Verifies a round from what it rests on, trusting no stored result: signatures, roots, admission, clearing, settlement, proofs, and what the chain holds. */
import type { z } from 'zod';
import { unpackTotals } from '../../domain/settlement/words.ts';
import type { Verification } from '../../shared/contract/exchange.ts';
import { Fault } from '../../shared/errors.ts';
import type { Clock } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import { clearBook } from '../market/gate-closure.ts';
import * as rounds from '../market/round-store.ts';
import type { MeterKey } from '../metering/meter-keys.ts';
import { readingSignatureValid } from '../metering/metering-service.ts';
import { readingAt } from '../metering/reading-store.ts';
import type { Prover } from '../proof/prover.ts';
import type { Settler } from '../proof/settler.ts';
import { batchAt } from './batch-store.ts';
import { proofsOf } from './proof-store.ts';
import type { RoundViewDeps } from './round-view.ts';
import { type Check, verifyAdmission } from './verify-admission.ts';

export interface VerifyDeps extends RoundViewDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly ledger: Pick<LedgerService, 'entry' | 'view'>;
  readonly prover: Pick<Prover, 'verify'>;
  readonly settler: Pick<Settler, 'settle' | 'admit' | 'ordersRoot'>;
  readonly keyOf: (meterId: number) => MeterKey | undefined;
}

const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export async function verifyRound(deps: VerifyDeps, interval: number): Promise<z.infer<typeof Verification>> {
  const db = deps.store.read;
  const round = rounds.roundAt(db, interval);
  if (!round) throw new Fault('not.found', `There is no round for interval ${interval}.`);
  const checks: { name: string; ok: boolean; detail: string }[] = [];
  const check: Check = (name, ok, detail) => void checks.push({ name, ok, detail });
  const done = () => ({ valid: checks.length > 0 && checks.every((c) => c.ok), checkedMs: deps.clock.nowMs(), checks });
  const batch = batchAt(db, interval);

  await verifyAdmission(deps, round, check);

  const orders = rounds.roundOrders(db, interval);
  const cleared = clearBook(orders);
  const fillsAgree = round.clearedMs !== null && orders.every((o) => (cleared.fills.get(o.id) ?? 0) === o.filledWh);
  check(
    'Clearing',
    fillsAgree && cleared.price === round.price && cleared.tradedWh === round.tradedWh,
    fillsAgree
      ? `Cleared again: ${cleared.tradedWh} Wh ${cleared.price === null ? 'without a price' : `at ${(cleared.price / 1000).toFixed(3)} ct/kWh`}.`
      : 'Clearing again gives other fills.',
  );
  if (!batch) {
    check('Settlement', false, 'The round has not been settled yet.');
    return done();
  }

  const members = rounds.roundMembers(db, interval);
  let badReadings = 0;
  let counted = 0;
  for (const member of members) {
    if (member.readingSequence === null) continue;
    counted++;
    await breathe();
    const reading = readingAt(db, member.meterId, interval);
    const key = batch.input.meters[member.meterId - 1];
    if (!reading || !key || reading.sequence !== member.readingSequence || !readingSignatureValid(reading, key.publicKey)) badReadings++;
  }
  check(
    'Readings are signed by their meters',
    badReadings === 0,
    badReadings === 0
      ? `${counted} signatures hold; ${members.length - counted} members were carried.`
      : `${badReadings} of ${counted} do not hold.`,
  );

  const again = await deps.settler.settle({ ...batch.input, state: batch.stateBefore });
  const signalsOf = (parts: readonly { readonly publicSignals: readonly string[] }[]) => parts.map((b) => b.publicSignals.join()).join('|');
  const same = again.kind === 'settled' && signalsOf(again.batches) === signalsOf(batch.result.batches);
  check(
    'Settlement',
    same,
    same
      ? 'Settled again from its inputs: the same roots, money and certificates.'
      : again.kind === 'refused'
        ? `The inputs are refused: ${again.detail}.`
        : 'Settling again gives other public signals.',
  );
  const linesAgree = again.kind === 'settled' && members.every((m) => again.lines[m.meterId - 1]?.delivery.money.toString() === m.money);
  check(
    'Members’ lines',
    linesAgree,
    linesAgree ? `${members.length} lines show what was proven.` : 'A stored line differs from what was proven.',
  );
  const totals = unpackTotals(batch.result.words.totals);
  const sum = members.reduce((t, m) => t + BigInt(m.money), 0n) - totals.gridMoney;
  check(
    'Money',
    sum === 0n,
    sum === 0n ? 'Members and grid account together: exactly 0.' : `Members and grid account together: ${sum} micro-cents.`,
  );

  const { parts } = deps.community.layout;
  const proofs = proofsOf(db, 'settle', interval);
  if (proofs.length < parts) check('Proof', false, 'There is no proof yet.');
  else {
    let valid = 0;
    for (const proof of proofs) {
      const expected = batch.result.batches[proof.part]?.publicSignals.join();
      if (proof.publicSignals.join() === expected && (await deps.prover.verify('settle', proof.proof, proof.publicSignals))) valid++;
    }
    check(
      'Proof',
      valid === parts,
      valid === parts
        ? `${parts > 1 ? `${parts} proofs verify` : 'Verifies'} under the key ${proofs[0]?.verificationKeyHash.slice(0, 16)}…`
        : `${parts > 1 ? `${parts - valid} of ${parts} proofs do` : 'The proof does'} not verify for this round.`,
    );
  }
  await checkChain(deps, batch, check);
  return done();
}

async function checkChain(deps: VerifyDeps, batch: NonNullable<ReturnType<typeof batchAt>>, check: Check): Promise<void> {
  const name = 'Chain';
  try {
    const event = deps.store.read
      .prepare(
        "SELECT arguments, block FROM chain_event WHERE contract = 'Settlement' AND name = 'Settled' AND json_extract(arguments, '$.interval') = ? ORDER BY block DESC LIMIT 1",
      )
      .get(String(batch.interval)) as { arguments: string; block: number } | undefined;
    const [root] = (await deps.ledger.view({ contract: 'Settlement', method: 'rootAfter', args: [batch.interval] })) as [bigint];
    if (root === 0n) return check(name, false, 'The contract does not hold this round yet.');
    // The indexed copy of the events must tell the same.
    const inEvents = event ? String((JSON.parse(event.arguments) as { newRoot: string }).newRoot) : null;
    const onChain =
      inEvents === null || inEvents === root.toString() ? root.toString() : `two roots (${root} and, in its events, ${inEvents})`;
    const ok = onChain === batch.result.words.newRoot.toString();
    check(
      name,
      ok,
      ok
        ? `The contract holds the same root${event ? `; settled in block ${event.block}` : ''}.`
        : `The chain holds ${onChain} for this round.`,
    );
  } catch (cause) {
    check(name, false, cause instanceof Fault ? cause.message : `The chain could not be asked: ${String(cause)}`);
  }
}

/** What a round sends to the chain: the admission of its orders, its settlement, its certificates; in parts where the layout has several. */
import { AbiCoder, keccak256 } from 'ethers';
import type { AdmitWords } from '../../domain/settlement/admit-round.ts';
import { entryId } from '../ledger/entry-ids.ts';
import type { DoneCheck, NewEntry } from '../ledger/outbox-store.ts';
import type { Batch } from './batch-store.ts';

const SETTLEMENT = 'Settlement';
const view = (method: string, args: DoneCheck['args'], equals: DoneCheck['equals']): DoneCheck => ({
  contract: SETTLEMENT,
  method,
  args,
  equals,
});

const partOf = (part: number, parts: number): string => (parts === 1 ? '' : `, part ${part + 1} of ${parts}`);

export function admitEntry(a: {
  readonly interval: number;
  readonly part: number;
  readonly parts: number;
  readonly idle: boolean;
  readonly words: AdmitWords;
  readonly proof: readonly string[];
}): NewEntry {
  const { interval, part, parts } = a;
  const book = a.words.newBook.toString();
  const admitted = view('isAdmitted', [interval], 'true');
  return {
    id: entryId('admit', interval, part, parts),
    kind: 'admit-orders',
    title: `Admit the orders of interval ${interval}${partOf(part, parts)}`,
    body: {
      contract: SETTLEMENT,
      method: 'admitOrders',
      args: [interval, part, a.idle, book, [...a.proof]],
      doneWhen: [...(part === parts - 1 ? [] : [view('admissionUnderWay', [], [String(interval), String(part + 1), book])]), admitted],
    },
  };
}

export function settleEntry(batch: Batch, part: number, parts: number, proof: readonly string[]): NewEntry {
  const { interval } = batch;
  const { price } = batch.result.terms;
  const words = batch.result.batches[part]?.words;
  if (!words) throw new Error(`interval ${interval} has no part ${part}`);
  const root = words.newRoot.toString();
  const args = [interval, (price ?? 0n).toString(), price !== null, batch.input.flows.length, root, words.totals.toString()];
  const settled = view('rootAfter', [interval], batch.result.words.newRoot.toString());
  const carryOut = (words.carryOut ?? 0n).toString();
  return {
    id: entryId('settle', interval, part, parts),
    kind: 'settle',
    title: `Settle interval ${interval}${partOf(part, parts)}`,
    body: {
      contract: SETTLEMENT,
      ...(parts === 1
        ? { method: 'settle', args: [args, [...proof]] }
        : { method: 'settlePart', args: [args, part, carryOut, [...proof]] }),
      doneWhen: [...(part === parts - 1 ? [] : [view('roundUnderWay', [], [String(interval), String(part + 1), root, carryOut])]), settled],
    },
  };
}

export function certificatesEntry(interval: number, domain: bigint): NewEntry {
  return {
    id: `certificates:${interval}`,
    kind: 'issue-certificates',
    title: `Issue the certificates of interval ${interval}`,
    body: {
      contract: SETTLEMENT,
      method: 'issueCertificates',
      args: [interval],
      doneWhen: { contract: 'GranularCertificate', method: 'isIssued', args: [certificateSource(domain, interval)], equals: 'true' },
    },
  };
}

/** Names the round's certificates on the chain, as Settlement.issueCertificates does. */
export const certificateSource = (domain: bigint, interval: number): string =>
  keccak256(AbiCoder.defaultAbiCoder().encode(['uint256', 'uint40'], [domain, interval]));

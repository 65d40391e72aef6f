/** What a member's own folder holds, read and checked; the member commands work from this and never from anything of the operator's. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Wallet } from 'ethers';
import type { LedgerContracts } from '../../drivers/mqtt/account-messages.ts';
import type { Opening } from '../../drivers/mqtt/opening-messages.ts';
import { type AccountFile, readMemberFile } from '../../plant/metering/member-folder.ts';
import { CARRIED_OFFSET } from '../../src/domain/settlement/leaves.ts';
import { type RoundVerification, verifyRound } from '../../src/domain/settlement/verify-round.ts';
import { PUBLIC_SIGNALS } from '../../src/domain/settlement/words.ts';
import { RoundLine } from '../../src/shared/round-line.ts';

export interface CheckedOpening {
  readonly chain: Opening['chain'];
  readonly line: RoundLine;
  readonly verification: RoundVerification;
}
export interface MemberStore {
  readonly folder: string;
  readonly account: AccountFile;
  readonly address: string;
  readonly ledger: LedgerContracts | null;
  /** The newest one. */
  readonly opening: CheckedOpening | null;
  /** Those kept from before it, oldest first. */
  readonly earlier: readonly Pick<CheckedOpening, 'chain' | 'line'>[];
}

export type ReadStore =
  | { readonly kind: 'ok'; readonly store: MemberStore }
  | { readonly kind: 'refused'; readonly exitCode: 1 | 2; readonly problem: string };

export function readMemberStore(folder: string): ReadStore {
  const refused = (problem: string, exitCode: 1 | 2 = 1) => ({ kind: 'refused', exitCode, problem }) as const;
  const path = resolve(process.env.INIT_CWD ?? '.', folder);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    return refused(`there is no folder ${folder}: name the member's own folder, where its gateway keeps account.json and opening.json`, 2);
  try {
    const account = readMemberFile(path, 'account');
    if (!account)
      return refused(
        `${folder} holds no account.json: it is not the folder of a member's gateway, or the member has no account of its own`,
      );
    const kept = readMemberFile(path, 'opening');
    const line = kept ? RoundLine.safeParse(kept.line) : null;
    if (line && !line.success) {
      const [issue] = line.error.issues;
      return refused(`opening.json in ${folder} is damaged: ${issue?.path.join('.')}: ${issue?.message}. Restore it from a backup`);
    }
    const opening = kept && line?.success ? { chain: kept.chain, line: line.data, verification: verifyRound(line.data) } : null;
    const earlier = (readMemberFile(path, 'earlierOpenings')?.openings ?? []).flatMap(({ chain, line: document }) => {
      const one = RoundLine.safeParse(document);
      return one.success ? [{ chain, line: one.data }] : [];
    });
    return {
      kind: 'ok',
      store: { folder: path, account, address: new Wallet(account.privateKey).address, ledger: account.ledger, opening, earlier },
    };
  } catch (error) {
    return refused((error as Error).message);
  }
}

/** The opening that leads to the last root on the chain: the newest one, or, when another line was slipped in after it, one before. */
export function openingUnder(root: bigint, { opening, earlier }: Pick<MemberStore, 'opening' | 'earlier'>): CheckedOpening | null {
  if (opening?.verification.valid && signalOf(opening.line, 'newRoot') === root) return opening;
  const others = earlier.filter(({ line }) => signalOf(line, 'newRoot') === root);
  return others.map((one) => ({ ...one, verification: verifyRound(one.line) })).find(({ verification }) => verification.valid) ?? null;
}

/** Name and value of a public signal of the member's line. */
export const signalOf = (line: RoundLine, name: (typeof PUBLIC_SIGNALS)[number]): bigint =>
  line.publicSignals[PUBLIC_SIGNALS.indexOf(name)] as bigint;

/** The eight values of a member's leaf, as the contract's `exit` takes them. */
export function leafOpening({ next }: RoundLine): bigint[] {
  return [next.epoch, next.balance, next.debt, next.importWh, next.exportWh, next.sequence, next.carriedWh + CARRIED_OFFSET, next.salt];
}

/** The store as a document: everything but the keys. */
export function describeStore({ account, address, ledger, opening, earlier }: MemberStore) {
  return {
    member: account.member,
    meter: account.meter,
    account: address,
    ledger: ledger && {
      chainId: ledger.chainId,
      settlement: ledger.contracts.Settlement ?? null,
      money: ledger.contracts.CommunityMoney ?? null,
    },
    opening: opening && {
      interval: opening.line.round,
      balanceMicroCents: opening.line.next.balance.toString(),
      debtMicroCents: opening.line.next.debt.toString(),
      stateRoot: signalOf(opening.line, 'newRoot').toString(),
      transaction: opening.chain.transaction,
      block: opening.chain.block,
      valid: opening.verification.valid,
      problems: opening.verification.checks.filter((c) => !c.ok).map((c) => `${c.name}: ${c.detail}`),
    },
    /** Intervals of the openings kept from before it. */
    earlierOpenings: earlier.map(({ line }) => line.round),
  };
}

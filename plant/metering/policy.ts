/**
 * What a member lets its gateway sign when the console asks for it: the member's own word, in its own folder (`policy.json`). The console
 * cannot change it. It is read anew for every request, so that a change holds at once.
 */
import { existsSync } from 'node:fs';
import { moneyWords } from '../../src/domain/wallet/money-acts.ts';
import { type MemberPolicy, memberFolder, readMemberFile, writeMemberFile } from './member-folder.ts';

/** On the simulated plant, until the member says otherwise: a plant to learn on takes orders, and small money. */
export const TRAINING_POLICY: MemberPolicy = {
  schema: 'member-policy/1',
  orders: true,
  mostMoneyAtOnce: '10000000000',
  mostMoneyADay: '50000000000',
};
export const DAY_MS = 86_400_000;

export type PolicyNow = { readonly kind: 'ok'; readonly policy: MemberPolicy } | { readonly kind: 'damaged'; readonly reason: string };

/** A policy that cannot be read allows nothing: the member wrote it to forbid something. */
export function policyOf(plantDir: string, memberId: string): PolicyNow {
  try {
    return { kind: 'ok', policy: readMemberFile(memberFolder(plantDir, memberId), 'policy') ?? TRAINING_POLICY };
  } catch {
    return { kind: 'damaged', reason: 'the member’s policy.json is damaged, so this gateway signs nothing it is asked for' };
  }
}

/** So that a member finds in its folder what holds. */
export async function layOutPolicy(folder: string): Promise<void> {
  if (!existsSync(folder) || readablePolicy(folder)) return;
  await writeMemberFile(folder, 'policy', TRAINING_POLICY);
}
const readablePolicy = (folder: string): boolean => {
  try {
    return readMemberFile(folder, 'policy') !== null;
  } catch {
    // Damaged is not missing: it stays for the member to mend.
    return true;
  }
};

/** Why an order the console asks for is not signed; null when it may ask. */
export function orderObjection(now: PolicyNow): string | null {
  if (now.kind === 'damaged') return now.reason;
  return now.policy.orders ? null : 'the member’s policy lets nobody ask for orders; its own strategy goes on';
}

export interface Moved {
  readonly atMs: number;
  /** micro-cents */
  readonly money: string;
}
export const recent = (moved: readonly Moved[], nowMs: number): Moved[] => moved.filter((m) => nowMs - m.atMs < DAY_MS);

/** Why so much money is not put to use on request; null when it is within the policy. */
export function moneyObjection(now: PolicyNow, money: bigint, moved: readonly Moved[], nowMs: number): string | null {
  if (now.kind === 'damaged') return now.reason;
  if (money === 0n) return null;
  const [atOnce, aDay] = [BigInt(now.policy.mostMoneyAtOnce), BigInt(now.policy.mostMoneyADay)];
  if (money > atOnce) return `it moves ${moneyWords(money)}; this member’s policy allows at most ${moneyWords(atOnce)} at once`;
  const before = recent(moved, nowMs).reduce((sum, m) => sum + BigInt(m.money), 0n);
  if (before + money > aDay)
    return `it moves ${moneyWords(money)} after ${moneyWords(before)} in the last 24 hours; this member’s policy allows at most ${moneyWords(aDay)} in a day`;
  return null;
}

/** A member leaves: ends batching when that is due, proves its account under the last root, takes back what no batch applied, and is paid. */
import type { ContractTransactionResponse } from 'ethers';
import type { Chain } from './settlement.ts';
import { reasonOf } from './settlement.ts';
import { leafOpening, type MemberStore, openingUnder, signalOf } from './store.ts';

export interface LeaveStep {
  readonly step: 'escape' | 'exit' | 'reclaim' | 'claim';
  /** already: it had been done before; refused: it was not done, and why. */
  readonly state: 'done' | 'already' | 'refused';
  readonly detail: string;
  readonly transaction: string | null;
}
export interface Leaving {
  readonly steps: readonly LeaveStep[];
  /** micro-cents paid to the member's account by this run */
  readonly claimedMicroCents: string;
  readonly problems: readonly string[];
}

export async function leave(store: MemberStore, { provider, settlement, wallet }: Chain): Promise<Leaving> {
  const steps: LeaveStep[] = [];
  const call = (name: string) => settlement.getFunction(name);
  const act = async (step: LeaveStep['step'], detail: string, name: string, ...args: unknown[]): Promise<boolean> => {
    try {
      const sent = (await call(name)(...args)) as ContractTransactionResponse;
      const receipt = await sent.wait(1, 180_000);
      steps.push({ step, state: 'done', detail, transaction: receipt?.hash ?? sent.hash });
      return true;
    } catch (error) {
      steps.push({ step, state: 'refused', detail: reasonOf(error), transaction: null });
      return false;
    }
  };
  let claimed = 0n;
  const ended = (...more: string[]): Leaving => ({
    steps,
    claimedMicroCents: claimed.toString(),
    problems: [...more, ...steps.filter((s) => s.state === 'refused').map((s) => `${s.step}: ${s.detail}`)],
  });

  const root = (await call('stateRoot')()) as bigint;
  const opening = openingUnder(root, store) ?? store.opening;
  if (!opening) return ended('this gateway has never received an opening: there is nothing to prove');
  const { line, verification } = opening;
  const wrong = verification.checks.filter((check) => !check.ok);
  if (wrong.length > 0)
    return ended(`opening.json was changed or is damaged: ${wrong.map((c) => `${c.name}: ${c.detail}`).join(' ')} Nothing was sent`);

  const seat = String(await call('accountOf')(line.index));
  if (seat !== wallet.address)
    return ended(
      /^0x0+$/.test(seat)
        ? 'the contract knows no account of this member yet, so it cannot be paid; nothing was sent'
        : `the contract pays this member to ${seat}, not to the account of this folder; nothing was sent`,
    );
  if ((await provider.getBalance(wallet.address)) === 0n)
    return ended(`the account ${wallet.address} cannot pay the chain’s fees: send it some of the chain’s own currency first`);

  const left = (await call('exited')(line.index)) as boolean;
  const head = await call('head')();
  if (!left && root !== signalOf(line, 'newRoot'))
    return ended(
      `the newest opening here is of interval ${line.round}, but accounts have moved on to interval ${head.lastInterval}: only the opening of that round leads to the last root, and none of those here does`,
    );

  if (head.escaped) steps.push({ step: 'escape', state: 'already', detail: 'exits are open', transaction: null });
  else if (!(await act('escape', 'no batch came for the set time: batching is ended, exits are open', 'escape'))) {
    // Somebody else may have done it in the same moment.
    if (!(await call('head')()).escaped) return ended();
    steps.splice(-1, 1, { step: 'escape', state: 'already', detail: 'exits are open', transaction: null });
  }

  if (left) steps.push({ step: 'exit', state: 'already', detail: 'this member has left already', transaction: null });
  else if (
    !(await act(
      'exit',
      `balance of ${line.next.balance} micro-cents proven by the opening of interval ${line.round} and granted`,
      'exit',
      line.index,
      leafOpening(line),
      line.nextPath,
    ))
  )
    return ended();

  for (let at = BigInt(head.queueHead); at < BigInt(head.queueTail); at++) {
    const flow = await call('flowAt')(at);
    if (flow.amount === 0n || flow.withdrawal || flow.account !== wallet.address) continue;
    await act('reclaim', `deposit of ${flow.amount} micro-cents that no batch applied is granted back`, 'reclaim', at);
  }

  const granted = (await call('claimable')(wallet.address)) as bigint;
  if (granted === 0n) steps.push({ step: 'claim', state: 'already', detail: 'nothing is left to claim', transaction: null });
  else if (await act('claim', `paid to ${wallet.address}`, 'claim')) {
    // The contract pays what it holds, and keeps the rest of the claim.
    const kept = (await call('claimable')(wallet.address)) as bigint;
    claimed = granted - kept;
    if (kept > 0n)
      return ended(
        `${claimed} of ${granted} micro-cents were paid, more the contract does not hold; the other ${kept} stay this account’s and are paid when money has come in: run this again then`,
      );
  }
  return ended(...(left && granted === 0n ? ['this member has left already and was paid; nothing is left to do'] : []));
}

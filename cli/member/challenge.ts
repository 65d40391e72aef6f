/** Challenges of late commitments: what the operator had shown this member, held against what it committed. */
import type { ContractTransactionResponse } from 'ethers';
import type { NoticesFile } from '../../plant/metering/member-folder.ts';
import { type Chain, reasonOf } from './settlement.ts';

export interface CheckedNotice {
  readonly interval: number;
  readonly shownRoot: string;
  /** not-late: no late commitment of this interval; same: what was shown is what was committed; settled, closed: the window is over; voided: done before. */
  readonly state: 'not-late' | 'same' | 'settled' | 'closed' | 'voided' | 'challenged' | 'refused';
  readonly detail: string;
  readonly transaction: string | null;
}

export async function challengeNotices(notices: NoticesFile['notices'], { provider, settlement, wallet }: Chain): Promise<CheckedNotice[]> {
  const call = (name: string) => settlement.getFunction(name);
  const checked: CheckedNotice[] = [];
  for (const { notice } of notices) {
    const { interval, ordersRoot } = notice;
    const note = (state: CheckedNotice['state'], detail: string, transaction: string | null = null) =>
      void checked.push({ interval, shownRoot: ordersRoot, state, detail, transaction });
    const { openUntil } = await call('lateOf')(interval);
    if (openUntil === 0n) {
      note('not-late', 'no late commitment of this interval is on the chain');
      continue;
    }
    if (await call('isVoided')(interval)) {
      note('voided', 'this interval was challenged before: it is never settled');
      continue;
    }
    const committed = String(await call('ordersRootOf')(interval));
    const nowS = BigInt((await provider.getBlock('latest'))?.timestamp ?? 0);
    if (committed === '0') {
      note('settled', 'the round is settled: nothing can be challenged any more');
      continue;
    }
    if (committed === ordersRoot) {
      note('same', 'the orders committed are those this member was shown');
      continue;
    }
    if (nowS >= openUntil) {
      note('closed', `the window closed ${nowS - openUntil} s ago: the commitment stands`);
      continue;
    }
    if ((await provider.getBalance(wallet.address)) === 0n) {
      note(
        'refused',
        `it differs, but the account ${wallet.address} cannot pay the chain’s fees: send it some of the chain’s own currency now`,
      );
      continue;
    }
    try {
      const sent = (await call('challengeLate')(interval, ordersRoot, notice.signature)) as ContractTransactionResponse;
      const receipt = await sent.wait(1, 180_000);
      note('challenged', 'the operator had signed other orders for this interval: its round is never settled', receipt?.hash ?? sent.hash);
    } catch (error) {
      note('refused', reasonOf(error));
    }
  }
  return checked;
}

/**
 * What a gateway does when the operator shows it the orders of an interval while the chain is away: it keeps the operator's word, and if that
 * came in time and is the only one for the interval, it signs a receipt. A receipt says no more than: this root was shown to me before
 * the gate closed. It is worth something because a gateway gives one for each interval, ever.
 */
import { verifyTypedData } from 'ethers';
import type { LedgerContracts } from '../../drivers/mqtt/account-messages.ts';
import { noticeTypes, OrdersNotice, type OrdersReceipt, signingDomain } from '../../drivers/mqtt/late-commitment-messages.ts';
import type { MemberAccounts } from './accounts.ts';
import { memberFolder, type NoticesFile, readMemberFile, writeMemberFile } from './member-folder.ts';

export interface NoticeKeeper {
  /** null: nothing to answer, because it is no notice of this member's operator; the reason was told to `onProblem`. */
  take(memberId: string, payload: Buffer | string): Promise<OrdersReceipt | null>;
}

/** Rounds are settled or failed long before; older notices show nothing any more. */
const KEPT = 500;
/** Orders trade one interval ahead; nobody can know those of a later one. */
const FARTHEST_AHEAD = 1;

export function openNoticeKeeper(options: {
  dir: string;
  accounts: Pick<MemberAccounts, 'ledgerOf' | 'signReceipt'>;
  /** The market's time as the member's own gateway follows it; null before it was heard. */
  clock: () => { plantTimeMs: number; intervalMs: number; gateLeadMs: number } | null;
  onProblem: (sentence: string) => void;
}): NoticeKeeper {
  const turns = new Map<string, Promise<unknown>>();

  const isOperators = (notice: OrdersNotice, ledger: LedgerContracts): boolean => {
    const settlement = ledger.contracts.Settlement;
    if (!settlement || !ledger.operator || notice.operator.toLowerCase() !== ledger.operator.toLowerCase()) return false;
    try {
      const { interval, ordersRoot } = notice;
      const signer = verifyTypedData(signingDomain(ledger.chainId, settlement), noticeTypes, { interval, ordersRoot }, notice.signature);
      return signer.toLowerCase() === ledger.operator.toLowerCase();
    } catch {
      return false;
    }
  };

  /** Why no receipt can be given yet: another time there may be. */
  const notYet = (notice: OrdersNotice): string | null => {
    const now = options.clock();
    if (!now) return 'this gateway has not heard the market’s clock yet';
    return notice.interval > Math.floor(now.plantTimeMs / now.intervalMs) + FARTHEST_AHEAD
      ? `it is for interval ${notice.interval}, whose orders are not taken yet`
      : null;
  };
  /** Why no receipt is given, ever. */
  const objection = (notice: OrdersNotice, known: NoticesFile['notices']): string | null => {
    const other = known.find((k) => k.notice.interval === notice.interval && k.notice.ordersRoot !== notice.ordersRoot);
    if (other)
      return `the operator has signed another root for interval ${notice.interval}; both are kept, and the first one can be challenged with the second`;
    const now = options.clock();
    if (now && now.plantTimeMs >= notice.interval * now.intervalMs - now.gateLeadMs)
      return `it came too late: the gate of interval ${notice.interval} has closed`;
    return null;
  };

  const take = async (memberId: string, payload: Buffer | string): Promise<OrdersReceipt | null> => {
    const notice = parse(payload);
    if (!notice) {
      options.onProblem(`a notice to ${memberId} was not understood and ignored`);
      return null;
    }
    const ledger = options.accounts.ledgerOf(memberId);
    if (!ledger) return null;
    if (!isOperators(notice, ledger)) {
      options.onProblem(`a notice to ${memberId} is not signed by the operator its gateway knows and was ignored`);
      return null;
    }
    const { interval, ordersRoot } = notice;
    const answer = (receipt: string | null, reason: string | null): OrdersReceipt => ({
      schema: 'orders-receipt/1',
      interval,
      ordersRoot,
      ...(receipt === null ? { result: 'refused', ...(reason === null ? {} : { reason }) } : { result: 'signed', signature: receipt }),
    });
    const folder = memberFolder(options.dir, memberId);
    const known = readMemberFile(folder, 'notices')?.notices ?? [];
    const before = known.find((k) => k.notice.interval === interval && k.notice.ordersRoot === ordersRoot);
    if (before) return answer(before.receipt, before.reason);
    const early = notYet(notice);
    if (early !== null) return answer(null, early);
    let reason = objection(notice, known);
    if (reason !== null) options.onProblem(`${memberId} gives no receipt for the orders of interval ${interval}: ${reason}`);
    const receipt =
      reason === null ? await options.accounts.signReceipt(memberId, { interval, ordersRoot, operator: notice.operator }) : null;
    if (receipt === null) reason ??= 'this member has no account to sign with';
    // On disk before it leaves: after a restart no second root of this interval gets a receipt.
    await writeMemberFile(folder, 'notices', { schema: 'notices-file/1', notices: [...known, { notice, receipt, reason }].slice(-KEPT) });
    return answer(receipt, reason);
  };

  return {
    take(memberId, payload) {
      const next = (turns.get(memberId) ?? Promise.resolve()).catch(() => {}).then(() => take(memberId, payload));
      turns.set(memberId, next);
      return next;
    },
  };
}

function parse(payload: Buffer | string): OrdersNotice | null {
  try {
    const parsed = OrdersNotice.safeParse(JSON.parse(payload.toString()));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

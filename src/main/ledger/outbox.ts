/**
 * The way to the chain: in order, exactly once. One entry is under way at a time. Its nonce and signed bytes are durable before
 * they are sent; whatever happens then, their hash, the account's nonce or the effect itself tells what became of them:
 *
 *  receipt there            → final (after the wanted confirmations) or, reverted, failed
 *  no receipt, nonce unused → the same bytes are sent again (the chain takes a transaction once)
 *  no receipt, nonce used   → another transaction took it: final if the effect is on the chain, else signed anew
 *  fee too low              → signed anew with the same nonce and higher fees, though the contract may refuse it by now: only one of them is
 *                             mined, and frees the nonce
 *  chain forgot a final one → it waits again, and is sent again in its old place; so does one that another had made true
 *
 *  never signed in its time   → over, with its reason: a report that would come late says nothing true
 *  past its time of the market → not signed, and not sent if no node has it; it keeps its place until who queued it has decided. A commitment that still has time goes before
 *                             all that is not signed: it builds on none of it
 *
 * An entry that would revert holds up those behind it, because they build on it; it is tried again later and on request.
 */
import type { Database } from 'better-sqlite3';
import { keccak256, Transaction, type Wallet } from 'ethers';
import type { Kernel } from '../kernel/ports.ts';
import * as rows from './outbox-store.ts';
import { RpcError, rpcCall } from './rpc.ts';

export interface OutboxChain {
  /** Endpoint of a chain that was checked to be the right one and holds the contracts, else null. */
  url(): string | null;
  chainId(): number;
  readonly confirmations: number;
  encode(call: rows.ContractCall): { to: string; data: string };
  /** The view's values as text. */
  decode(call: rows.ContractCall, result: string): readonly string[];
  /** The market's time; without it entries with a time of the market are begun whenever it is their turn. */
  plantNowMs?(): number;
  /** Explains a refusal by the contract in words. */
  explain(call: rows.ContractCall, error: unknown): string;
}

export type StepOutcome = 'idle' | 'again' | 'wait' | 'blocked';

export interface Outbox {
  /** Does the next thing that can be done; never two at once. */
  step(): Promise<StepOutcome>;
  /** After the chain was away or restarted: finds entries it forgot and puts them back in line. Returns how many. */
  recheck(): Promise<number>;
  /** Lets a blocked entry be tried at once. */
  retry(): void;
  waiting(): number;
}

interface Receipt {
  transactionHash: string;
  blockNumber: string;
  blockHash: string;
  gasUsed: string;
  status: string;
}

const FORGOTTEN = 'the chain forgot it';
const RETRY_BLOCKED_MS = 30_000;
const BUMP_AFTER_MS = 90_000;
/** No more is offered than so many times what the market asks. */
const MOST_FEE_FACTOR = 64;

export function createOutbox(kernel: Pick<Kernel, 'clock' | 'store' | 'log'>, chain: OutboxChain, wallet: Wallet): Outbox {
  const { store, clock } = kernel;
  const log = kernel.log.child('outbox');
  let blockedUntilMs = 0;
  let filler: { readonly nonce: number; readonly sinceMs: number } | null = null;
  let busy: Promise<unknown> = Promise.resolve();

  const plantNowMs = (): number => chain.plantNowMs?.() ?? 0;
  const call = async <T>(method: string, params: readonly unknown[]): Promise<T> => {
    const url = chain.url();
    if (url === null) throw new Away();
    return rpcCall<T>(url, method, params, 10_000);
  };
  const receiptOf = (hash: string): Promise<Receipt | null> => call<Receipt | null>('eth_getTransactionReceipt', [hash]);
  const blockAt = (height: number): Promise<{ hash: string } | null> => call('eth_getBlockByNumber', [hex(height), false]);
  const nonceNow = async (): Promise<number> => Number(await call<string>('eth_getTransactionCount', [wallet.address, 'latest']));

  const holds = async (check: rows.DoneCheck, block: string): Promise<boolean> => {
    const { to, data } = chain.encode(check);
    const result = await call<string>('eth_call', [{ to, data }, block]);
    if (result === '0x') return false;
    const values = chain.decode(check, result);
    const wanted = typeof check.equals === 'string' ? [check.equals] : check.equals;
    return wanted.every((value, i) => values[i] === value);
  };
  const effective = async ({ body }: rows.OutboxRow, block: string): Promise<boolean> => {
    const checks = body.doneWhen === undefined ? [] : 'method' in body.doneWhen ? [body.doneWhen] : body.doneWhen;
    for (const check of checks) if (await holds(check, block)) return true;
    return false;
  };

  /** Writes what the chain answered, unless the entry was replaced, withdrawn or ended while it was asked: then the answer is of another call. */
  const ifSame = (row: rows.OutboxRow, write: (db: Database) => void): boolean =>
    store.write((db) => {
      const now = rows.bySequence(db, row.sequence);
      if (!now || now.state === 'final' || JSON.stringify(now.body) !== JSON.stringify(row.body)) return false;
      write(db);
      return true;
    });
  const finish = (row: rows.OutboxRow, mined: rows.Mined, state: 'sent' | 'final'): void =>
    void ifSame(row, (db) => rows.setMined(db, row.sequence, state, mined, clock.nowMs()));

  /** The effect may be there by another's transaction: final when it is as deep as our own would have to be. Null: it is not there. */
  const broughtByOther = async (row: rows.OutboxRow): Promise<StepOutcome | null> => {
    if (!(await effective(row, 'latest'))) return null;
    const deep = Number(await call<string>('eth_blockNumber', [])) - chain.confirmations + 1;
    const block = deep > 0 ? await blockAt(deep) : null;
    if (!block || !(await effective(row, hex(deep)))) return 'wait';
    finish(row, { hash: null, block: deep, blockHash: block.hash, gasUsed: null }, 'final');
    return 'again';
  };

  const block = (row: rows.OutboxRow, why: string): StepOutcome => {
    const notBeforeMs = cureTime(why, clock.nowMs());
    if (notBeforeMs !== null) {
      ifSame(row, (db) => rows.setNotBefore(db, row.sequence, notBeforeMs, why));
      return 'again';
    }
    const written = ifSame(row, (db) => {
      if (row.body.mayFail) rows.giveUp(db, row.sequence, why, clock.nowMs());
      else rows.setState(db, row.sequence, 'failed', why);
    });
    if (!written) return 'again';
    if (row.lastError !== why) log.warn(`${row.title} cannot be written to the chain: ${why}`);
    if (row.body.mayFail) return 'again';
    blockedUntilMs = clock.monotonicMs() + RETRY_BLOCKED_MS;
    const next = rows.firstOpen(store.read, clock.nowMs(), plantNowMs());
    return next && next.sequence !== row.sequence ? 'again' : 'blocked';
  };

  const send = async (row: rows.OutboxRow, raw: string): Promise<StepOutcome> => {
    try {
      await call<string>('eth_sendRawTransaction', [raw]);
      return 'again';
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (/already (known|imported)/i.test(error.message)) return 'wait';
      if (/nonce too low/i.test(error.message)) return 'again';
      if (/underpriced|fee (cap|too low)|max fee|gas price/i.test(error.message)) {
        // Until the market's fees have come to it, no more is offered than so many times their height.
        return (await signOver(row, Transaction.from(raw), 2n)).raw === raw ? 'wait' : 'again';
      }
      return block(row, chain.explain(row.body, error));
    }
  };

  /** Its time of the market is over. What the chain had and forgot goes there again. */
  const tooLate = (row: rows.OutboxRow): boolean => plantNowMs() >= (row.body.beginBeforePlantMs ?? Infinity) && !rows.wasOnChain(row);
  /**
   * Signed before its time was over, but no node that is asked has it: it was never sent, or dropped. It is not sent then, either, unless signed
   * bytes with later nonces need its nonce filled. A copy that comes to the chain all the same does what the entry wanted, or binds the orders of a round that is over.
   */
  const neverArrived = async (row: rows.OutboxRow, attempts: readonly rows.Attempt[]): Promise<boolean> => {
    if (!tooLate(row) || rows.countSigned(store.read) > 1) return false;
    try {
      for (const { hash } of attempts) if ((await call<unknown>('eth_getTransactionByHash', [hash])) !== null) return false;
      return true;
    } catch (error) {
      if (error instanceof RpcError) return false;
      throw error;
    }
  };

  const attemptOf = (raw: string, nonce: number): rows.Attempt => ({ hash: keccak256(raw), nonce, raw, signedMs: clock.nowMs() });
  /** The same call and nonce at higher fees; the bytes before, when no higher are offered or the node does not tell what it asks. */
  const signOver = async (row: rows.OutboxRow, before: Transaction, feeFactor: bigint): Promise<rows.Attempt> => {
    const raw = await signed(chain.encode(row.body), before.nonce, feeFactor, before).catch((error) => {
      if (error instanceof RpcError) return before.serialized;
      throw error;
    });
    const attempt = attemptOf(raw, before.nonce);
    if (raw !== before.serialized) store.write((db) => rows.recordAttempt(db, row.sequence, attempt));
    return attempt;
  };
  /** The chain was asked meanwhile: an entry that was replaced or withdrawn, or is too late by now, is not begun. null: so it is. */
  const signFirst = async (row: rows.OutboxRow, nonce: number): Promise<rows.Attempt | null> => {
    const attempt = attemptOf(await signed(chain.encode(row.body), nonce, 1n), nonce);
    let begun = false;
    ifSame(row, (db) => {
      begun = !tooLate(row);
      if (begun) rows.recordAttempt(db, row.sequence, attempt);
    });
    return begun ? attempt : null;
  };

  const signed = async (
    { to, data }: { to: string; data: string },
    nonce: number,
    feeFactor: bigint,
    before: Transaction | null = null,
  ): Promise<string> => {
    const estimate = await call<string>('eth_estimateGas', [{ from: wallet.address, to, data }]).catch((error) => {
      // It would be refused by now: mined it frees its nonce, for those behind it, and its receipt tells what became of it.
      if (before && error instanceof RpcError) return null;
      throw error;
    });
    const latest = await call<{ baseFeePerGas?: string; gasLimit: string }>('eth_getBlockByNumber', ['latest', false]);
    const tip = BigInt(await call<string>('eth_maxPriorityFeePerGas', []).catch(() => '0x3b9aca00'));
    const base = BigInt(latest.baseFeePerGas ?? '0x0');
    const gas = BigInt(estimate ?? 0);
    const wanted = estimate === null && before ? before.gasLimit : gas + gas / 4n;
    const limit = BigInt(latest.gasLimit);
    const market = { tip, fee: base * 2n + tip };
    const fees = before ? feesOver(before, market, feeFactor) : { tip: tip * feeFactor, fee: market.fee * feeFactor };
    if (before && fees === null) return before.serialized;
    const transaction = Transaction.from({
      type: 2,
      chainId: chain.chainId(),
      nonce,
      to,
      data,
      gasLimit: wanted < limit ? wanted : limit,
      maxPriorityFeePerGas: fees?.tip,
      maxFeePerGas: fees?.fee,
    });
    return wallet.signTransaction(transaction);
  };

  const begin = async (row: rows.OutboxRow): Promise<StepOutcome> => {
    if (row.body.validUntilMs !== undefined && row.attempts === 0 && clock.nowMs() > row.body.validUntilMs) {
      store.write((db) => rows.giveUp(db, row.sequence, 'its time was over before the chain could take it', clock.nowMs()));
      return 'again';
    }
    const brought = await broughtByOther(row);
    if (brought) return brought;
    if (tooLate(row)) return 'wait';
    try {
      const attempt = await signFirst(row, await nonceNow());
      return attempt === null ? 'again' : await send(row, attempt.raw);
    } catch (error) {
      if (error instanceof RpcError) return block(row, chain.explain(row.body, error));
      throw error;
    }
  };

  /** What the chain says of any of the attempts; null when it knows none of them. */
  const findReceipt = async (row: rows.OutboxRow, attempts: readonly rows.Attempt[]): Promise<StepOutcome | null> => {
    for (const attempt of attempts.toReversed()) {
      const receipt = await receiptOf(attempt.hash);
      if (!receipt) continue;
      const mined = {
        hash: receipt.transactionHash,
        block: Number(receipt.blockNumber),
        blockHash: receipt.blockHash,
        gasUsed: Number(receipt.gasUsed),
      };
      if (receipt.status !== '0x1') {
        if (attempt !== attempts.at(-1)) continue;
        // The block stays known with one that is given up: it has used a nonce.
        const noted = ifSame(row, (db) =>
          row.body.mayFail ? rows.setMined(db, row.sequence, 'sent', mined, clock.nowMs()) : rows.startAnew(db, row.sequence),
        );
        if (!noted) return 'again';
        return block(row, 'the contract refused it when it was mined');
      }
      const head = Number(await call<string>('eth_blockNumber', []));
      const deep = head - mined.block + 1 >= chain.confirmations;
      finish(row, mined, deep ? 'final' : 'sent');
      return deep ? 'again' : 'wait';
    }
    return null;
  };

  /** The chain forgot what had the nonce before: the next entry takes it, or nothing at all, so that those behind it can be mined. */
  const fillGap = async (nonce: number): Promise<StepOutcome> => {
    const next = rows.firstUnsigned(store.read, clock.nowMs(), plantNowMs());
    if (next?.state === 'waiting') return begin(next);
    // The longer it takes, the more it offers.
    if (filler?.nonce !== nonce) filler = { nonce, sinceMs: clock.nowMs() };
    const factor = 2n ** BigInt(Math.min(6, Math.floor((clock.nowMs() - filler.sinceMs) / BUMP_AFTER_MS)));
    const raw = await signed({ to: wallet.address, data: '0x' }, nonce, factor);
    try {
      await call<string>('eth_sendRawTransaction', [raw]);
    } catch (error) {
      // It is on its way already, or its fee will do later.
      if (!(error instanceof RpcError)) throw error;
    }
    return (await nonceNow()) > nonce ? 'again' : 'wait';
  };

  const follow = async (row: rows.OutboxRow): Promise<StepOutcome> => {
    const attempts = rows.attemptsOf(store.read, row.sequence);
    const seen = await findReceipt(row, attempts);
    if (seen) return seen;
    const last = attempts.at(-1);
    if (!last) {
      store.write((db) => rows.setState(db, row.sequence, 'waiting'));
      return 'again';
    }
    const nonce = await nonceNow();
    if (nonce < last.nonce) return fillGap(nonce);
    if (nonce > last.nonce) {
      // It may have been mined between the two questions.
      const late = await findReceipt(row, attempts);
      if (late) return late;
      const givenUp = row.body.mayFail && row.lastError !== FORGOTTEN ? row.lastError : null;
      const brought = await broughtByOther(row);
      if (brought) return brought;
      ifSame(row, (db) => (givenUp ? rows.giveUp(db, row.sequence, givenUp, clock.nowMs()) : rows.startAnew(db, row.sequence)));
      return 'again';
    }
    if (await neverArrived(row, attempts)) {
      ifSame(row, (db) => rows.startAnew(db, row.sequence, 'signed, but in no node when its time was over'));
      return 'again';
    }
    if (clock.nowMs() - last.signedMs <= BUMP_AFTER_MS) return send(row, last.raw);
    return send(row, (await signOver(row, Transaction.from(last.raw), BigInt(Math.min(2 ** attempts.length, MOST_FEE_FACTOR)))).raw);
  };

  const stepNow = async (): Promise<StepOutcome> => {
    const row = rows.firstOpen(store.read, clock.nowMs(), plantNowMs());
    if (!row) return 'idle';
    if (chain.url() === null) return 'wait';
    if (row.state === 'failed') {
      if (clock.monotonicMs() < blockedUntilMs) return 'blocked';
      store.write((db) => rows.setState(db, row.sequence, row.nonce === null ? 'waiting' : 'sending', row.lastError));
      return 'again';
    }
    return row.state === 'waiting' ? begin(row) : follow(row);
  };

  /** Newest first, by what the chain orders them by; the first that stands where it stood tells that all before it do. */
  const forgottenOf = async (
    newer: (before: rows.OutboxRow | null) => readonly rows.OutboxRow[],
    stands: (row: rows.OutboxRow) => Promise<boolean>,
  ): Promise<rows.OutboxRow[]> => {
    const forgotten: rows.OutboxRow[] = [];
    for (let batch = newer(null); batch.length > 0; batch = newer(batch.at(-1) ?? null))
      for (const row of batch) {
        if (await stands(row)) return forgotten;
        forgotten.push(row);
      }
    return forgotten;
  };

  const recheckNow = async (): Promise<number> => {
    // A transaction that stands in another block may have another fate there: it is looked at again, too.
    const ours = await forgottenOf(
      (before) => rows.minedBefore(store.read, before, 50),
      async (row) => (await receiptOf(row.transactionHash as string))?.blockHash === row.blockHash,
    );
    const others = await forgottenOf(
      (before) => rows.broughtBefore(store.read, before, 50),
      async (row) => (await blockAt(row.block as number))?.hash === row.blockHash,
    );
    if (ours.length + others.length === 0) return 0;
    store.write((db) => {
      for (const row of ours) rows.setState(db, row.sequence, 'sending', (row.body.mayFail ? row.lastError : null) ?? FORGOTTEN);
      for (const row of others) rows.startAnew(db, row.sequence, FORGOTTEN);
    });
    log.warn(`The chain forgot ${ours.length + others.length} transactions; they are sent again in their order.`);
    return ours.length + others.length;
  };

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = busy.then(work, work);
    busy = next.catch(() => undefined);
    return next;
  };

  return {
    step: () =>
      inTurn(async () => {
        try {
          return await stepNow();
        } catch (error) {
          if (error instanceof Away || (error as { code?: string }).code === 'chain.away') return 'wait';
          throw error;
        }
      }),
    recheck: () => inTurn(recheckNow),
    retry() {
      blockedUntilMs = 0;
    },
    waiting: () => rows.countOpen(store.read),
  };
}

class Away extends Error {}

interface Fees {
  readonly tip: bigint;
  readonly fee: bigint;
}
/** A node takes other bytes for a nonce only at higher fees than those it has: a quarter more, or what the market asks. null: that were too much. */
function feesOver(before: Transaction, market: Fees, factor: bigint): Fees | null {
  const over = (had: bigint | null, asked: bigint): bigint => {
    const more = ((had ?? 0n) * 5n) / 4n + 1n;
    return more > asked * factor ? more : asked * factor;
  };
  const fees = { tip: over(before.maxPriorityFeePerGas, market.tip), fee: over(before.maxFeePerGas, market.fee) };
  return fees.fee > market.fee * BigInt(MOST_FEE_FACTOR) ? null : fees;
}

const hex = (n: number): string => `0x${n.toString(16)}`;

/**
 * When the chain refuses something only for now, the time it says; asked again at least once a minute, because its clock is not ours. null:
 * time alone does not cure it.
 */
function cureTime(why: string, nowMs: number): number | null {
  const window = /InChallengeWindow\(\d+, (\d+)\)/.exec(why);
  if (!window) return null;
  return Math.min(Math.max(Number(window[1]) * 1000, nowMs + 2_000), nowMs + 60_000);
}

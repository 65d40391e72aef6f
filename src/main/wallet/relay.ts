/**
 * Relays what members' gateways signed. Each account's transactions go in the order of their numbers, each until it is mined, always the
 * same bytes: the chain takes a number once, so nothing happens twice. A transaction that fails ends there; accounts do not wait for one
 * another, and the console's own outbox waits for none of them.
 */
import type { Kernel } from '../kernel/ports.ts';
import type { LedgerRelay } from '../ledger/ledger-service.ts';
import { RpcError, rpcCall } from '../ledger/rpc.ts';
import * as rows from './transaction-store.ts';

interface Receipt {
  blockNumber: string;
  blockHash: string;
  gasUsed: string;
  status: string;
}

/** A node may count a transaction a moment before it shows its receipt; only a receipt missing for longer means that another was taken. */
const RECEIPT_LATE_MS = 10_000;

export function createRelay(
  kernel: Pick<Kernel, 'store' | 'log' | 'journal' | 'clock'>,
  options: {
    confirmations: () => number;
    /** Pays for fees where that is the console's to do: on its own development node. */
    fuel?: (account: string, url: string) => Promise<boolean>;
    why?: (transaction: rows.MemberTransaction, url: string) => Promise<string>;
  },
): LedgerRelay {
  const { store, clock } = kernel;
  /** Since when a transaction whose number is used has had no receipt, by hash. */
  const missingSince = new Map<string, number>();
  const receiptOf = (url: string, hash: string): Promise<Receipt | null> => rpcCall(url, 'eth_getTransactionReceipt', [hash]);
  const set = (t: rows.MemberTransaction, outcome: Parameters<typeof rows.setOutcome>[2]): boolean => {
    if (t.state === outcome.state && t.lastError === (outcome.error ?? null)) return false;
    store.write((db) => {
      rows.setOutcome(db, t.hash, outcome);
      if (outcome.state !== 'failed') return;
      kernel.journal.record({
        who: 'wallet',
        kind: 'fault',
        title: t.title,
        text: `The chain did not do it: ${outcome.error}.`,
        // A public meter's own transactions name their page themselves.
        target: t.memberId.includes(':') ? t.memberId : `participants:${t.memberId}`,
        outcome: 'failed',
      });
    });
    return true;
  };

  const stepOne = async (url: string, t: rows.MemberTransaction): Promise<boolean> => {
    let receipt = await receiptOf(url, t.hash);
    if (!receipt) {
      const used = Number(await rpcCall<string>(url, 'eth_getTransactionCount', [t.account, 'latest']));
      if (used > t.nonce) {
        // It may have been mined between the two questions.
        receipt = await receiptOf(url, t.hash);
        const since = missingSince.get(t.hash) ?? clock.monotonicMs();
        missingSince.set(t.hash, since);
        if (!receipt && clock.monotonicMs() - since < RECEIPT_LATE_MS) return false;
        missingSince.delete(t.hash);
        if (!receipt) return set(t, { state: 'failed', error: `the account used its number ${t.nonce} for something else` });
      }
    }
    if (receipt) {
      missingSince.delete(t.hash);
      const mined = { block: Number(receipt.blockNumber), blockHash: receipt.blockHash, gasUsed: Number(receipt.gasUsed) };
      const head = Number(await rpcCall<string>(url, 'eth_blockNumber', []));
      if (head - mined.block + 1 < options.confirmations()) return set(t, { ...mined, state: 'sent' });
      if (receipt.status === '0x1') return set(t, { ...mined, state: 'final' });
      const error = (await options.why?.(t, url)) ?? 'the contract refused it when it was mined';
      return set(t, { ...mined, state: 'failed', error });
    }
    try {
      await rpcCall<string>(url, 'eth_sendRawTransaction', [t.raw], 10_000);
      return set(t, { state: 'sent' });
    } catch (cause) {
      if (!(cause instanceof RpcError)) throw cause;
      if (/already (known|imported)|nonce too low/i.test(cause.message)) return set(t, { state: 'sent' });
      if (/insufficient funds/i.test(cause.message) && (await options.fuel?.(t.account, url))) return true;
      return set(t, { state: 'waiting', error: `the node does not take it: ${cause.message.slice(0, 200)}` });
    }
  };

  return {
    async step(url) {
      let changed = false;
      // A few turns, so that an allowance and what builds on it go through together.
      for (let turn = 0; turn < 8; turn++) {
        let moved = false;
        for (const t of rows.nextOpen(store.read)) moved = (await stepOne(url, t)) || moved;
        if (!moved) break;
        changed = true;
      }
      return changed;
    },
    async recheck(url) {
      let changed = false;
      for (const account of rows.accountsWithTransactions(store.read)) {
        for (const t of rows.endedOf(store.read, account)) {
          if (t.block === null) continue;
          const receipt = await receiptOf(url, t.hash);
          // Older ones stand when this one stands where it stood.
          if (receipt?.blockHash === t.blockHash) break;
          changed = set(t, { state: 'waiting', error: 'the chain forgot it' }) || changed;
        }
      }
      if (changed) kernel.log.warn('The chain forgot transactions of members; the same bytes are sent again.');
      return changed;
    },
  };
}

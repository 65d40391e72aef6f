/** Transactions that were sent, by this run or by one that died. */
import type { Provider, TransactionReceipt } from 'ethers';
import { DeployError, type DeployedContract } from './manifest.ts';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The receipt, once a block has taken the transaction. Throws DeployError 'reverted' when the chain refused or the node dropped it. */
export const waitFor = async (provider: Provider, hash: string, what: string): Promise<TransactionReceipt> => {
  for (let attempt = 0; ; attempt += 1) {
    const receipt = await provider.getTransactionReceipt(hash);
    if (receipt) {
      if (receipt.status === 1) return receipt;
      throw new DeployError(
        'reverted',
        `The chain refused "${what}" (transaction ${hash}). Nothing after it was sent; run the deployment again.`,
      );
    }
    // A node that has not heard of it for a minute has dropped it.
    if (attempt > 50 && (await provider.getTransaction(hash)) === null)
      throw new DeployError(
        'reverted',
        `The node has dropped "${what}" (transaction ${hash}) before a block took it. Run the deployment again.`,
      );
    await sleep(Math.min(50 + attempt * 50, 2000));
  }
};

/** If the transaction with this nonce was sent by a run that died, waits until the chain has decided it: it must not be sent twice. */
export const waitForNonce = async (provider: Provider, account: string, nonce: number): Promise<void> => {
  for (let attempt = 0; (await provider.getTransactionCount(account, 'latest')) <= nonce; attempt += 1) {
    // Never heard of, or dropped since.
    if ((await provider.getTransactionCount(account, 'pending')) <= nonce) return;
    await sleep(Math.min(50 + attempt * 50, 2000));
  }
};

/** Block and transaction of `nonce`, which a run that died had sent after block `from`: usually one of the next few. Null: the node does not have it. */
export const findSent = async (
  provider: Provider,
  { account, nonce, from }: { account: string; nonce: number; from: number },
): Promise<Omit<DeployedContract, 'address'> | null> => {
  const latest = await provider.getBlockNumber();
  for (let number = from; number <= latest; number += 1) {
    const block = await provider.getBlock(number, true);
    const sent = block?.prefetchedTransactions.find((transaction) => transaction.from === account && transaction.nonce === nonce);
    if (sent) return { block: number, transaction: sent.hash };
  }
  return null;
};

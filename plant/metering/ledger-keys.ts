/** What a gateway asks a node of the chain, if it was given one: whether the ledger's keys are known ones, and which round of an interval counts. */
import { Contract, JsonRpcProvider, Network } from 'ethers';
import { isTrusted, keysOnChain } from '../../contracts/deploy/known-keys.ts';
import type { LedgerContracts } from '../../drivers/mqtt/account-messages.ts';

const ANSWER_MS = 10_000;

/** A sentence for each of the two keys, or one that says why they are not known. Never throws: a gateway without a node still signs for its member. */
export async function keySentences(ledger: LedgerContracts, rpcUrl: string | undefined): Promise<string[]> {
  const settlement = ledger.contracts.Settlement;
  if (!settlement) return ['this ledger has no settlement, so there are no proofs to trust'];
  const how = 'busbar member show FOLDER --rpc URL looks at them';
  if (!rpcUrl)
    return [
      `the keys of this ledger's proofs are UNKNOWN to the gateways: they were given no node of the chain to ask (--rpc URL); ${how}`,
    ];
  try {
    const keys = await onNode(ledger, rpcUrl, (provider) => keysOnChain(provider, { chainId: ledger.chainId, rpcUrl }, settlement));
    return keys.map((key) => {
      const what = `the ledger's key of ${key.circuit} (${key.keyHash}) is ${key.detail}`;
      return isTrusted(key) ? what : `NOT TO BE TRUSTED: the ledger's key of ${key.circuit} (${key.keyHash}): ${key.detail}`;
    });
  } catch (error) {
    return [`the keys of this ledger's proofs are UNKNOWN to the gateways: ${(error as Error).message.slice(0, 200)}; ${how}`];
  }
}

/** The accounts' root that the chain has after an interval, 0 if it has not settled it; null: no node to ask, or it does not answer. Never throws. */
export async function rootOnChain(ledger: LedgerContracts, interval: number, rpcUrl: string | undefined): Promise<bigint | null> {
  const settlement = ledger.contracts.Settlement;
  if (!settlement || !rpcUrl) return null;
  const abi = ['function rootAfter(uint40) view returns (uint256)'];
  return onNode<bigint>(ledger, rpcUrl, (provider) => new Contract(settlement, abi, provider).getFunction('rootAfter')(interval)).catch(
    () => null,
  );
}

/** Asks a node of the ledger's chain; throws when it is none or does not answer in time. */
async function onNode<T>(ledger: LedgerContracts, rpcUrl: string, ask: (provider: JsonRpcProvider) => Promise<T>): Promise<T> {
  const provider = new JsonRpcProvider(rpcUrl, Network.from(ledger.chainId), { staticNetwork: true, cacheTimeout: -1, polling: false });
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in 10 s')), ANSWER_MS);
    });
    const look = async (): Promise<T> => {
      const chainId = Number(await provider.send('eth_chainId', []));
      if (chainId !== ledger.chainId) throw new Error(`the node serves chain ${chainId}, the ledger lives on chain ${ledger.chainId}`);
      return ask(provider);
    };
    return await Promise.race([look(), late]);
  } finally {
    clearTimeout(timer);
    provider.destroy();
  }
}

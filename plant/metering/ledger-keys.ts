/** What a gateway looks at when it is commissioned: whether the keys under which the ledger takes proofs are known ones. */
import { JsonRpcProvider, Network } from 'ethers';
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
  const provider = new JsonRpcProvider(rpcUrl, Network.from(ledger.chainId), { staticNetwork: true, cacheTimeout: -1, polling: false });
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in 10 s')), ANSWER_MS);
    });
    const look = async () => {
      const chainId = Number(await provider.send('eth_chainId', []));
      if (chainId !== ledger.chainId) throw new Error(`the node serves chain ${chainId}, the ledger lives on chain ${ledger.chainId}`);
      return keysOnChain(provider, chainId, settlement);
    };
    const keys = await Promise.race([look(), late]);
    return keys.map((key) => {
      const what = `the ledger's key of ${key.circuit} (${key.keyHash}) is ${key.detail}`;
      return isTrusted(key) ? what : `NOT TO BE TRUSTED: the ledger's key of ${key.circuit} (${key.keyHash}): ${key.detail}`;
    });
  } catch (error) {
    return [`the keys of this ledger's proofs are UNKNOWN to the gateways: ${(error as Error).message.slice(0, 200)}; ${how}`];
  } finally {
    clearTimeout(timer);
    provider.destroy();
  }
}

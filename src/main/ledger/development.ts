/**
 * On the console's own development chain the other signers' keys are public (or made up), so that a person who learns can play them. Nowhere
 * else: on any other chain this refuses, and a signer signs with his own key in his own place.
 */
import { Fault } from '../../shared/errors.ts';
import { DEVELOPMENT_CHAIN_ID } from './chain-node.ts';
import type { LedgerService } from './ledger-service.ts';
import type { ContractCall } from './outbox-store.ts';
import { RpcError, rpcCall } from './rpc.ts';

type Ledger = Pick<LedgerService, 'endpoint' | 'deployed'>;

export const mayPlay = (ledger: Ledger, simulated: boolean): boolean =>
  simulated && ledger.endpoint()?.own === true && ledger.deployed()?.chainId === DEVELOPMENT_CHAIN_ID;

interface Receipt {
  blockNumber: string;
  status: string;
}
/** Sends one call as another account of the development chain and waits until it is mined. */
export async function playAs(
  ledger: Ledger,
  simulated: boolean,
  as: string,
  call: ContractCall,
): Promise<{ transaction: string; block: number }> {
  const endpoint = ledger.endpoint();
  const deployed = ledger.deployed();
  if (!endpoint || !deployed) throw new Fault('chain.away', 'The chain is away. Try again when the status bar says that it is in step.');
  if (!mayPlay(ledger, simulated))
    throw new Fault(
      'conflict',
      'Other signers can be played on the development chain of the simulated plant only. Here they sign with their own keys.',
    );
  const { url } = endpoint;
  const transaction = { from: as, ...deployed.contracts.encode(call) };
  try {
    await rpcCall(url, 'eth_call', [transaction, 'latest']);
  } catch (error) {
    if (error instanceof RpcError)
      throw new Fault('chain.reverted', `Not possible now: ${deployed.contracts.explain(call, error)}. Nothing was sent.`);
    throw error;
  }
  await rpcCall(url, 'anvil_setBalance', [as, '0xde0b6b3a7640000']);
  await rpcCall(url, 'anvil_impersonateAccount', [as]);
  try {
    const hash = await rpcCall<string>(url, 'eth_sendTransaction', [transaction]);
    for (let attempt = 0; attempt < 50; attempt++) {
      const receipt = await rpcCall<Receipt | null>(url, 'eth_getTransactionReceipt', [hash]);
      if (receipt?.status === '0x1') return { transaction: hash, block: Number(receipt.blockNumber) };
      if (receipt) throw new Fault('chain.reverted', 'The contract refused it when it was mined.');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Fault('timeout', 'The chain took the transaction but has not mined it yet. Look again in a moment.');
  } finally {
    await rpcCall(url, 'anvil_stopImpersonatingAccount', [as]).catch(() => {});
  }
}

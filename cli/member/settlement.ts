/** The contract Settlement as a member meets it: through any node of the chain, with the addresses its own gateway was commissioned with. */
import { Contract, Interface, isError, JsonRpcProvider, Network, Wallet } from 'ethers';
import type { MemberStore } from './store.ts';

/** What members use of it; indexes of members are 16 bits wide. */
export const SETTLEMENT_ABI = [
  'function head() view returns (uint40 lastInterval, uint40 lastSettledAt, uint32 buyTariff, uint32 sellTariff, uint32 number, uint32 queueHead, uint32 queueTail, bool escaped, bool tariffsKnown)',
  'function stateRoot() view returns (uint256)',
  'function escapeAfterS() view returns (uint256)',
  'function tokenUnitsPerMicroCent() view returns (uint256)',
  'function accountOf(uint256) view returns (address)',
  'function exited(uint256) view returns (bool)',
  'function claimable(address) view returns (uint256)',
  'function flowAt(uint256) view returns (address account, uint64 amount, uint16 index, bool withdrawal, uint8 batch)',
  'function lateOf(uint256) view returns (uint40 openUntil, address operator)',
  'function isVoided(uint40) view returns (bool)',
  'function ordersRootOf(uint40) view returns (uint256)',
  'function challengeLate(uint40 interval, uint256 otherRoot, bytes operatorSignature)',
  'function escape()',
  'function exit(uint16 index, uint256[8] opening, uint256[] siblings)',
  'function reclaim(uint256 position)',
  'function money() view returns (address)',
  'function deposit(uint16 index, uint64 amount)',
  'function requestWithdrawal(uint16 index, uint64 amount)',
  'function moveAccount(uint16 index, address account)',
  'function claim()',
  'error NotYetEscape(uint256 waitS)',
  'error InEscape()',
  'error NotInEscape()',
  'error AlreadyExited(uint16 index)',
  'error BadOpening(uint16 index)',
  'error NotTheAccount(address caller, address account)',
  'error NotInChallengeWindow(uint40 interval, uint40 openUntil)',
  'error SameRoot(uint40 interval, uint256 root)',
  'error BadNotice(uint40 interval, uint256 root, address operator)',
  'error OrdersVoided(uint40 interval)',
  'error NothingToClaim(address account)',
  'error NothingHeld(address account, uint256 granted)',
  'error FlowPending(uint16 index)',
  'error EnforcedPause()',
  'error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)',
] as const;
const INTERFACE = new Interface([...SETTLEMENT_ABI]);

export interface Chain {
  readonly provider: JsonRpcProvider;
  readonly settlement: Contract;
  readonly wallet: Wallet;
  close(): void;
}
export type OpenChain = { readonly kind: 'ok'; readonly chain: Chain } | { readonly kind: 'refused'; readonly problem: string };

/** Connects and makes sure that it is the ledger the member's gateway was commissioned with. */
export async function openChain(store: MemberStore, url: string): Promise<OpenChain> {
  const refused = (problem: string) => ({ kind: 'refused', problem }) as const;
  const { ledger } = store;
  const address = ledger?.contracts.Settlement;
  if (!ledger || !address)
    return refused('this gateway has never been told the ledger’s contracts, so there is nothing it could leave; nothing was sent');
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) return refused(`${url} is no address of a node: use http://HOST:PORT`);
  const provider = new JsonRpcProvider(url, Network.from(ledger.chainId), {
    staticNetwork: true,
    cacheTimeout: -1,
    polling: true,
    pollingInterval: 250,
  });
  const problem = await wrongChain(provider, ledger.chainId, ledger.genesisHash, address).catch(
    (error: unknown) => `the node at ${url} does not answer: ${reasonOf(error)}`,
  );
  if (problem === null) {
    const wallet = new Wallet(store.account.privateKey, provider);
    return {
      kind: 'ok',
      chain: { provider, wallet, settlement: new Contract(address, INTERFACE, wallet), close: () => provider.destroy() },
    };
  }
  provider.destroy();
  return refused(problem);
}

async function wrongChain(provider: JsonRpcProvider, chainId: number, genesisHash: string, address: string): Promise<string | null> {
  const within = async <T>(ask: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in 10 s')), 10_000);
    });
    return Promise.race([ask, late]).finally(() => clearTimeout(timer));
  };
  const found = Number(await within(provider.send('eth_chainId', [])));
  if (found !== chainId) return `the node serves chain ${found}; this member's ledger lives on chain ${chainId}`;
  const genesis = (await within(provider.send('eth_getBlockByNumber', ['0x0', false]))) as { hash?: string } | null;
  if (genesis?.hash?.toLowerCase() !== genesisHash.toLowerCase())
    return 'the node serves another chain of the same number: its first block is not that of this member’s ledger';
  if ((await within(provider.getCode(address))) === '0x') return `the node knows no contract at ${address}: it is behind, or another chain`;
  return null;
}

/** Why a call or transaction was refused, in words. */
export function reasonOf(error: unknown): string {
  const data = isError(error, 'CALL_EXCEPTION') ? error.data : null;
  const parsed = data && data !== '0x' ? INTERFACE.parseError(data) : null;
  if (parsed)
    return (
      EXPLAINED[parsed.name]?.(parsed.args.map(String)) ?? `the contract refuses it: ${parsed.name}(${parsed.args.map(String).join(', ')})`
    );
  if (isError(error, 'CALL_EXCEPTION')) return `the contract refuses it${data && data !== '0x' ? ` (${data.slice(0, 10)})` : ''}`;
  if (isError(error, 'INSUFFICIENT_FUNDS')) return 'the account cannot pay the chain’s fees';
  return error instanceof Error ? error.message.slice(0, 200) : String(error);
}

const EXPLAINED: Record<string, (args: string[]) => string> = {
  NotYetEscape: ([waitS]) => `rounds have not been missing for long enough: members may leave in ${waitS} s at the earliest`,
  AlreadyExited: () => 'this member has left already',
  BadOpening: () => 'the opening does not lead to the last root on the chain',
  NotInEscape: () => 'exits are not open',
  NotInChallengeWindow: () => 'the time to challenge is over: the commitment stands',
  SameRoot: () => 'the orders committed are those this member was shown',
  BadNotice: ([, , operator]) => `the notice is signed neither by ${operator}, who committed the orders, nor by another operator`,
  OrdersVoided: () => 'this interval was challenged before: it is never settled',
  InEscape: () => 'rounds have ended for good: leave with `busbar member exit`',
  FlowPending: () => 'this member has an entry waiting already; one at a time, until a round has applied it',
  EnforcedPause: () => 'the contract that settles is paused',
  ERC20InsufficientBalance: ([, balance, needed]) => `the account holds ${balance} of the ${needed} token units that this needs`,
  NothingToClaim: () => 'nothing is granted to this account',
  NothingHeld: ([, granted]) =>
    `the contract holds no money now; the claim of ${granted} micro-cents stays and can be made when money has come in`,
};

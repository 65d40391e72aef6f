/** A member's money in and out of the settlement, by its own key and any node of the chain: neither gateway nor operator is asked. */
import { Contract, type ContractTransactionResponse, getAddress, isAddress, ZeroAddress } from 'ethers';
import { moneyWords } from '../../src/domain/wallet/money-acts.ts';
import { type Chain, reasonOf } from './settlement.ts';
import { type MemberStore, openingUnder } from './store.ts';

export type Wanted =
  | { readonly kind: 'deposit' | 'withdraw'; readonly amount: bigint }
  | { readonly kind: 'claim' }
  | { readonly kind: 'move'; readonly to: string };
export interface Moved {
  readonly steps: readonly { readonly step: 'allow' | Wanted['kind']; readonly detail: string; readonly transaction: string }[];
  readonly problems: readonly string[];
}

const MONEY_ABI = [
  'function balanceOf(address) view returns (uint256)',
  'function allowance(address owner, address spender) view returns (uint256)',
  'function approve(address spender, uint256 value) returns (bool)',
] as const;
const METHOD = { deposit: 'deposit', withdraw: 'requestWithdrawal', move: 'moveAccount' } as const;

/** "12.5" in micro-cents; null when it is no amount above 0, or has more than eight decimals. */
export function amountOf(text: string): bigint | null {
  const [, whole, decimals = ''] = /^(\d{1,10})(?:\.(\d{1,8}))?$/.exec(text) ?? [];
  if (whole === undefined) return null;
  const amount = BigInt(whole) * 100_000_000n + BigInt(decimals.padEnd(8, '0'));
  return amount > 0n ? amount : null;
}

export async function moveMoney(store: MemberStore, chain: Chain, wanted: Wanted): Promise<Moved> {
  const { settlement, wallet } = chain;
  const steps: Moved['steps'][number][] = [];
  const index = store.account.meter - 1;
  const call = (name: string) => settlement.getFunction(name);
  const send = async (
    step: Moved['steps'][number]['step'],
    detail: string | (() => Promise<string>),
    asked: Promise<unknown>,
  ): Promise<void> => {
    const sent = (await asked) as ContractTransactionResponse;
    const receipt = await sent.wait(1, 180_000);
    steps.push({ step, detail: typeof detail === 'string' ? detail : await detail(), transaction: receipt?.hash ?? sent.hash });
  };
  const granted = (): Promise<bigint> => call('claimable')(wallet.address) as Promise<bigint>;
  try {
    const no = await objection(store, chain, wanted, index);
    if (no !== null) return { steps, problems: [`${no}; nothing was sent`] };
    if (wanted.kind === 'deposit') await allow(chain, wanted.amount, send);
    if (wanted.kind === 'claim') {
      const before = await granted();
      const paid = async (): Promise<string> => paidWords(before, await granted(), wallet.address);
      await send('claim', paid, call('claim')());
    } else {
      await send(wanted.kind, doneWords(wanted), call(METHOD[wanted.kind])(index, wanted.kind === 'move' ? wanted.to : wanted.amount));
    }
    return { steps, problems: [] };
  } catch (error) {
    return { steps, problems: [reasonOf(error)] };
  }
}

/** The contract pays as far as it holds money. */
const paidWords = (before: bigint, left: bigint, address: string): string =>
  `${moneyWords(before - left)} paid to ${address}${left > 0n ? `; ${moneyWords(left)} stay granted, to be claimed when the contract holds more` : ''}`;

const doneWords = (wanted: Exclude<Wanted, { kind: 'claim' }>): string => {
  switch (wanted.kind) {
    case 'deposit':
      return `${moneyWords(wanted.amount)} paid in; one of the next rounds applies it`;
    case 'withdraw':
      return `${moneyWords(wanted.amount)} asked for; one of the next rounds grants it if the balance covers it, then claim it`;
    case 'move':
      return `the balance belongs to ${wanted.to} from now on; only that account can pay in, be paid or leave`;
  }
};

async function objection(
  store: MemberStore,
  { provider, settlement, wallet }: Chain,
  wanted: Wanted,
  index: number,
): Promise<string | null> {
  const call = (name: string) => settlement.getFunction(name);
  if ((await provider.getBalance(wallet.address)) === 0n)
    return `the account ${wallet.address} cannot pay the chain’s fees: send it some of the chain’s own currency first`;
  if (wanted.kind === 'claim') return (await call('claimable')(wallet.address)) === 0n ? 'nothing is granted to this account' : null;
  const seat = String(await call('accountOf')(index));
  if (seat === ZeroAddress) return 'the contract knows no account of this member yet';
  if (seat !== wallet.address) return `the contract pays this member to ${seat}, not to the account of this folder`;
  if (wanted.kind === 'move') {
    if (!isAddress(wanted.to) || wanted.to === ZeroAddress) return `${wanted.to} is no account`;
    if (getAddress(wanted.to) === wallet.address) return 'that is the account of this folder already';
    return (await provider.getCode(wanted.to)) === '0x' ? null : `${wanted.to} is a contract: the balance could be lost there`;
  }
  if ((await call('head')()).escaped) return 'rounds have ended for good: leave with `busbar member exit`';
  if (wanted.kind === 'withdraw') {
    const root = (await call('stateRoot')()) as bigint;
    const balance = openingUnder(root, store)?.line.next.balance;
    return balance !== undefined && wanted.amount > balance
      ? `the balance is ${moneyWords(balance)}: a payout of ${moneyWords(wanted.amount)} would not be granted`
      : null;
  }
  const { money, units } = await moneyOf({ settlement, wallet });
  const held = (await money.getFunction('balanceOf')(wallet.address)) as bigint;
  return held < wanted.amount * units ? `the account holds ${moneyWords(held / units)}, less than ${moneyWords(wanted.amount)}` : null;
}

async function moneyOf({ settlement, wallet }: Pick<Chain, 'settlement' | 'wallet'>): Promise<{ money: Contract; units: bigint }> {
  const address = String(await settlement.getFunction('money')());
  const units = (await settlement.getFunction('tokenUnitsPerMicroCent')()) as bigint;
  return { money: new Contract(address, [...MONEY_ABI], wallet), units };
}

/** Allows exactly what is paid in, if that much is not allowed yet. */
async function allow(
  chain: Pick<Chain, 'settlement' | 'wallet'>,
  amount: bigint,
  send: (step: 'allow', detail: string, asked: Promise<unknown>) => Promise<void>,
): Promise<void> {
  const { money, units } = await moneyOf(chain);
  const spender = await chain.settlement.getAddress();
  if (((await money.getFunction('allowance')(chain.wallet.address, spender)) as bigint) >= amount * units) return;
  await send('allow', `the contract may take ${moneyWords(amount)}`, money.getFunction('approve')(spender, amount * units));
}

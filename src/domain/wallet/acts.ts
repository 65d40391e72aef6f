/**
 * The calls an act is made of, and what it may cost. Whoever asks and whoever signs both work it out from the act, so that neither has to
 * trust the other's bytes. An act that spends first allows the contract exactly what it costs, never more.
 */
import type { WalletAct } from '../../shared/wallet-act.ts';
import { DEMAND_ABI, demandCalls } from './demand-acts.ts';

export { Address, WalletAct } from '../../shared/wallet-act.ts';

export type WalletContract = 'CommunityMoney' | 'EnergyToken' | 'EnergyTrade' | 'EnergyDeals' | 'GridManagement';
export interface WalletCall {
  readonly contract: WalletContract;
  readonly method: string;
  /** Contract names stand for their addresses as `@EnergyTrade`; whole numbers in decimal. */
  readonly args: readonly (string | boolean)[];
  readonly title: string;
}

/** Solidity signatures of all methods used here. */
export const WALLET_ABI: Readonly<Record<WalletContract, readonly string[]>> = {
  CommunityMoney: [
    'function transfer(address to, uint256 value) returns (bool)',
    'function approve(address spender, uint256 value) returns (bool)',
  ],
  EnergyToken: [
    'function transferEnergy(address to, uint256 amount) returns (bool)',
    'function approve(address spender, uint256 value) returns (bool)',
  ],
  EnergyTrade: [
    'function createOffer(uint256 amount, uint256 price, uint256 duration, bool isSelling) returns (uint256)',
    'function executeTrade(uint256 offerId, uint256 amount) returns (bool)',
    'function closeOffer(uint256 offerId)',
    'function withdraw()',
  ],
  EnergyDeals: [
    'function createAuction(uint96 amountWh, uint64 reservePrice, uint40 durationS, uint40 drawS) returns (uint256)',
    'function bid(uint256 auctionId, uint64 price)',
    'function settleAuction(uint256 auctionId) returns (uint256)',
    'function draw(uint256 dealId, uint96 amountWh)',
    'function closeConnection(uint256 dealId)',
    'function withdraw()',
  ],
  GridManagement: DEMAND_ABI,
};

/** The most the act takes from the account: money in micro-cents, energy in Wh. Chain fees come on top. */
export function spendOf(act: WalletAct): { money: bigint; energyWh: bigint } {
  const pays = (energyWh: number, price: number) => ({ money: BigInt(energyWh) * BigInt(price), energyWh: 0n });
  const gives = (energyWh: number) => ({ money: 0n, energyWh: BigInt(energyWh) });
  switch (act.kind) {
    case 'transfer':
      return act.asset === 'money' ? { money: BigInt(act.amount), energyWh: 0n } : { money: 0n, energyWh: BigInt(act.amount) };
    case 'place-offer':
    case 'take-offer':
      return act.side === 'buy' ? pays(act.energyWh, act.price) : gives(act.energyWh);
    case 'create-auction':
      return gives(act.energyWh);
    case 'bid':
      return pays(act.energyWh, act.price);
    default:
      return { money: 0n, energyWh: 0n };
  }
}

/** Calls in the order they have to be made. */
export function callsOf(act: WalletAct): WalletCall[] {
  const { money, energyWh } = spendOf(act);
  const allow = (venue: 'EnergyTrade' | 'EnergyDeals'): WalletCall[] => [
    ...(money > 0n ? [allowance('CommunityMoney', venue, money)] : []),
    ...(energyWh > 0n ? [allowance('EnergyToken', venue, energyWh)] : []),
  ];
  const call = (contract: WalletContract, method: string, args: (string | number | boolean)[], title: string): WalletCall => ({
    contract,
    method,
    args: args.map((a) => (typeof a === 'number' ? String(a) : a)),
    title,
  });
  switch (act.kind) {
    case 'transfer':
      return act.asset === 'money'
        ? [call('CommunityMoney', 'transfer', [act.to, act.amount], 'Transfer money')]
        : [call('EnergyToken', 'transferEnergy', [act.to, act.amount], 'Transfer energy tokens')];
    case 'place-offer':
      return [
        ...allow('EnergyTrade'),
        call('EnergyTrade', 'createOffer', [act.energyWh, act.price, act.durationS, act.side === 'sell'], `Place an offer to ${act.side}`),
      ];
    case 'take-offer':
      return [...allow('EnergyTrade'), call('EnergyTrade', 'executeTrade', [act.offer, act.energyWh], `Take offer ${act.offer}`)];
    case 'close-offer':
      return [call('EnergyTrade', 'closeOffer', [act.offer], `Close offer ${act.offer}`)];
    case 'create-auction':
      return [
        ...allow('EnergyDeals'),
        call('EnergyDeals', 'createAuction', [act.energyWh, act.price, act.durationS, act.drawS], 'Auction energy'),
      ];
    case 'bid':
      return [...allow('EnergyDeals'), call('EnergyDeals', 'bid', [act.auction, act.price], `Bid in auction ${act.auction}`)];
    case 'settle-auction':
      return [call('EnergyDeals', 'settleAuction', [act.auction], `End auction ${act.auction}`)];
    case 'draw':
      return [call('EnergyDeals', 'draw', [act.connection, act.energyWh], `Draw from connection ${act.connection}`)];
    case 'close-connection':
      return [call('EnergyDeals', 'closeConnection', [act.connection], `Close connection ${act.connection}`)];
    case 'enrol':
    case 'collect-response':
      return demandCalls(act);
    case 'withdraw':
      return [call(act.venue === 'offers' ? 'EnergyTrade' : 'EnergyDeals', 'withdraw', [], `Withdraw money owed by ${act.venue}`)];
  }
}

const allowance = (token: 'CommunityMoney' | 'EnergyToken', venue: string, amount: bigint): WalletCall => ({
  contract: token,
  method: 'approve',
  args: [`@${venue}`, amount.toString()],
  title: token === 'CommunityMoney' ? 'Allow the payment' : 'Allow the energy to be set aside',
});

/** With contracts' names in arguments replaced by their addresses. */
export const resolveArgs = (call: WalletCall, addressOf: (contract: string) => string): (string | boolean)[] =>
  call.args.map((a) => (typeof a === 'string' && a.startsWith('@') ? addressOf(a.slice(1)) : a));

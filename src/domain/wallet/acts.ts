/**
 * The calls an act is made of. Whoever asks and whoever signs both work them out from the act, so that neither has to trust the other's
 * bytes. An act that spends first allows the contract exactly what it costs, never more.
 */
import type { DemandAct } from '../../shared/demand-act.ts';
import type { MoneyAct } from '../../shared/money-act.ts';
import type { WalletAct } from '../../shared/wallet-act.ts';
import type { WalletContract } from './abi.ts';
import { demandCalls } from './demand-acts.ts';
import { isMoneyAct, settlementCall } from './money-acts.ts';
import { spendOf } from './spend.ts';
import { metricCode, shortText } from './terms.ts';

export { Address, WalletAct } from '../../shared/wallet-act.ts';
export { WALLET_ABI, type WalletContract } from './abi.ts';
export { spendOf } from './spend.ts';

/** Contract names stand for their addresses as `@EnergyTrade`; whole numbers in decimal; a struct is a list. */
export type CallValue = string | boolean | readonly CallValue[];
export interface WalletCall {
  readonly contract: WalletContract;
  readonly method: string;
  readonly args: readonly CallValue[];
  readonly title: string;
}
const NOBODY = `0x${'0'.repeat(40)}`;
const IN_MONEY = '0';

/** Calls in the order they have to be made. */
export function callsOf(act: WalletAct): WalletCall[] {
  if (act.kind === 'enrol' || act.kind === 'collect-response') return demandCalls(act);
  const call = isMoneyAct(act) ? settlementCall(act) : mainCallOf(act);
  if (act.kind === 'transfer') return [call];
  const { money, energyWh } = spendOf(act);
  return [
    ...(money > 0n ? [allowance('CommunityMoney', call.contract, money)] : []),
    ...(energyWh > 0n ? [allowance('EnergyToken', call.contract, energyWh)] : []),
    call,
  ];
}

function mainCallOf(act: Exclude<WalletAct, DemandAct | MoneyAct>): WalletCall {
  const call = (contract: WalletContract, method: string, args: readonly (CallValue | number)[], title: string): WalletCall => ({
    contract,
    method,
    args: args.map((a) => (typeof a === 'number' ? String(a) : a)),
    title,
  });
  const trade = (method: string, args: readonly (CallValue | number)[], title: string) => call('EnergyTrade', method, args, title);
  const deals = (method: string, args: readonly (CallValue | number)[], title: string) => call('EnergyDeals', method, args, title);
  switch (act.kind) {
    case 'transfer':
      return act.asset === 'money'
        ? call('CommunityMoney', 'transfer', [act.to, act.amount], 'Transfer money')
        : call('EnergyToken', 'transferEnergy', [act.to, act.amount], 'Transfer energy tokens');
    case 'place-offer':
      return placeOffer(act);
    case 'take-offer':
      return trade('executeTrade', [act.offer, act.energyWh], `Take offer ${act.offer}`);
    case 'close-offer':
      return trade('closeOffer', [act.offer], `Close offer ${act.offer}`);
    case 'open-group':
      return trade('openGroup', [act.offer, act.targetWh, act.durationS], `Open a group purchase of offer ${act.offer}`);
    case 'join-group':
      return trade('joinGroup', [act.group, act.energyWh], `Join group ${act.group}`);
    case 'leave-group':
      return trade('leaveGroup', [act.group], `Leave group ${act.group}`);
    case 'execute-group':
      return trade('executeGroup', [act.group], `Buy for group ${act.group}`);
    case 'claim-group':
      return trade('claimGroup', [act.group], `Take the energy of group ${act.group}`);
    case 'create-auction':
      return deals('createAuction', [act.energyWh, act.price, act.durationS, act.drawS], 'Auction energy');
    case 'bid':
      return deals('bid', [act.auction, act.price], `Bid in auction ${act.auction}`);
    case 'settle-auction':
      return deals('settleAuction', [act.auction], `End auction ${act.auction}`);
    case 'draw':
      return deals('draw', [act.connection, act.energyWh], `Draw from connection ${act.connection}`);
    case 'close-connection':
      return deals('closeConnection', [act.connection], `Close connection ${act.connection}`);
    case 'propose-delivery': {
      const terms = [act.energyWh, act.price, act.startsAtS, act.windowS, act.periodS, act.count].map(String);
      return deals('proposeFuture', [terms], act.count === 1 ? 'Propose a delivery' : `Propose ${act.count} deliveries`);
    }
    case 'withdraw-proposal':
      return deals('withdrawProposal', [act.deal], `Withdraw proposal ${act.deal}`);
    case 'accept-delivery':
      return deals('acceptFuture', [act.deal], `Accept proposal ${act.deal}`);
    case 'deliver':
      return deals('deliver', [act.deal], `Deliver for deal ${act.deal}`);
    case 'stop-deliveries':
      return deals('closeConnection', [act.deal], `Stop the deliveries of deal ${act.deal}`);
    case 'pay-instalments':
      return deals('payInstalments', [act.deal], `Pay the instalments of deal ${act.deal}`);
    case 'end-deal':
      return deals('endDeal', [act.deal], `End deal ${act.deal}`);
    case 'settle-deal':
      return act.instalment === undefined
        ? deals('settleDeal', [act.deal], `Settle deal ${act.deal}`)
        : deals('settleInstalment', [act.deal, act.instalment], `Settle instalment ${act.instalment} of deal ${act.deal}`);
    case 'dispute':
      return act.instalment === undefined
        ? deals('dispute', [act.deal, shortText(act.reason)], `Dispute deal ${act.deal}`)
        : deals(
            'disputeInstalment',
            [act.deal, act.instalment, shortText(act.reason)],
            `Dispute instalment ${act.instalment} of deal ${act.deal}`,
          );
    case 'resolve-dispute':
      return act.instalment === undefined
        ? deals('resolve', [act.deal, act.sellerBps], `Decide the dispute over deal ${act.deal}`)
        : deals(
            'resolveInstalment',
            [act.deal, act.instalment, act.sellerBps],
            `Decide the dispute over instalment ${act.instalment} of deal ${act.deal}`,
          );
    case 'withdraw':
      return act.venue === 'offers'
        ? trade('withdraw', [], 'Withdraw money owed by offers')
        : deals('withdraw', [], 'Withdraw money owed by deals');
  }
}

function placeOffer(act: WalletAct & { kind: 'place-offer' }): WalletCall {
  const title = `Place an offer to ${act.side}`;
  const [energyWh, price, durationS, selling] = [String(act.energyWh), String(act.price), String(act.durationS), act.side === 'sell'];
  if (!act.gridBalanced && !act.condition && !act.partner)
    return { contract: 'EnergyTrade', method: 'createOffer', args: [energyWh, price, durationS, selling], title };
  const { metric, atLeast, threshold } = act.condition ?? { metric: null, atLeast: false, threshold: 0 };
  const code = String(metric === null ? 0 : metricCode(metric));
  const conditions = [act.gridBalanced === true, code, atLeast, String(threshold), act.partner ?? NOBODY];
  return {
    contract: 'EnergyTrade',
    method: 'createOfferWith',
    args: [[energyWh, price, durationS, selling, IN_MONEY, ...conditions]],
    title: `${title}${act.partner ? ' to one partner' : ''}${act.gridBalanced || act.condition ? ', with a condition' : ''}`,
  };
}

const allowance = (token: 'CommunityMoney' | 'EnergyToken', venue: WalletContract, amount: bigint): WalletCall => ({
  contract: token,
  method: 'approve',
  args: [`@${venue}`, amount.toString()],
  title: token === 'CommunityMoney' ? 'Allow the payment' : 'Allow the energy to be set aside',
});

/** With contracts' names in arguments replaced by their addresses. */
export const resolveArgs = (call: WalletCall, addressOf: (contract: string) => string): CallValue[] =>
  call.args.map((a) => (typeof a === 'string' && a.startsWith('@') ? addressOf(a.slice(1)) : a));

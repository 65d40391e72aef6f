/** The most an act takes from the account: money in micro-cents, energy in Wh. Chain fees come on top. */
import type { WalletAct } from '../../shared/wallet-act.ts';

export interface Spend {
  readonly money: bigint;
  readonly energyWh: bigint;
}
const NOTHING: Spend = { money: 0n, energyWh: 0n };
const pays = (energyWh: number, price: number): Spend => ({ money: BigInt(energyWh) * BigInt(price), energyWh: 0n });
const gives = (energyWh: number): Spend => ({ money: 0n, energyWh: BigInt(energyWh) });

export function spendOf(act: WalletAct): Spend {
  switch (act.kind) {
    case 'transfer':
      return act.asset === 'money' ? { money: BigInt(act.amount), energyWh: 0n } : { money: 0n, energyWh: BigInt(act.amount) };
    case 'place-offer':
    case 'take-offer':
      return act.side === 'buy' ? pays(act.energyWh, act.price) : gives(act.energyWh);
    case 'create-auction':
    case 'deliver':
      return gives(act.energyWh);
    case 'bid':
    case 'join-group':
    case 'accept-delivery':
      return pays(act.energyWh, act.price);
    case 'propose-delivery':
      return { money: BigInt(act.bond), energyWh: 0n };
    case 'pay-in':
    case 'pay-in-grid':
      return { money: BigInt(act.amount), energyWh: 0n };
    default:
      return NOTHING;
  }
}

/** The price an act buys or sells at, milli-cents per kWh; null when it does neither. */
export function tradeOf(act: WalletAct): { side: 'buy' | 'sell'; price: number } | null {
  switch (act.kind) {
    case 'place-offer':
    case 'take-offer':
      return { side: act.side, price: act.price };
    case 'bid':
    case 'join-group':
    case 'accept-delivery':
      return { side: 'buy', price: act.price };
    case 'create-auction':
    case 'propose-delivery':
      return { side: 'sell', price: act.price };
    default:
      return null;
  }
}

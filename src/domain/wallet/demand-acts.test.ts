import { describe, expect, it } from 'vitest';
import { WalletAct } from '../../shared/wallet-act.ts';
import { WALLET_ABI } from './abi.ts';
import { callsOf } from './acts.ts';
import { demandObjection } from './demand-acts.ts';
import { spendOf } from './spend.ts';

const enrol = { kind: 'enrol', request: 3, node: 7, offeredW: 600, fromS: 1000, untilS: 1900 } as const;

describe('an enrolment in demand response', () => {
  it('puts the offer on the books as the load, and nothing else of what the member draws', () => {
    expect(WalletAct.parse(enrol)).toEqual(enrol);
    expect(callsOf(enrol).map((c) => [c.contract, c.method, ...c.args])).toEqual([
      ['GridManagement', 'updateLoadBalance', '7', '600'],
      ['GridManagement', 'enroll', '3', '7', '600'],
    ]);
  });
  it('is made, as the collection of the pay is, of calls that the contract has, and costs nothing', () => {
    for (const act of [enrol, { kind: 'collect-response' } as const]) {
      expect(spendOf(act)).toEqual({ money: 0n, energyWh: 0n });
      for (const { contract, method } of callsOf(act))
        expect(WALLET_ABI[contract].some((text) => text.startsWith(`function ${method}(`))).toBe(true);
    }
  });
  it('is refused by the gateway when the member cannot draw that much, or the event is no event', () => {
    expect(demandObjection(enrol, 4000)).toBeNull();
    expect(demandObjection({ kind: 'collect-response' }, 4000)).toBeNull();
    expect(demandObjection({ ...enrol, offeredW: 4001 }, 4000)).toMatch(/more than this member can draw/);
    expect(demandObjection({ ...enrol, untilS: 1000 }, 4000)).toMatch(/no time/);
    expect(demandObjection({ ...enrol, untilS: 1000 + 86_401 }, 4000)).toMatch(/longer than a day/);
  });
});

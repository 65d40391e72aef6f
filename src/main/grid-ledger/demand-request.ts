/** Calling an event: the console's account sets the compensation aside and asks, both tried on the chain before anything is signed. */
import { randomUUID } from 'node:crypto';
import type { DemandRequest, LedgerCheck } from '../../shared/contract/ledger.ts';
import { Fault } from '../../shared/errors.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { CallArgument } from '../ledger/outbox-store.ts';
import { moneyOf } from '../wallet/chain-view.ts';
import { tryCalls } from '../wallet/simulate.ts';
import { ENROLMENT_S } from './demand-events.ts';
import type { DemandDeps } from './demand-nodes.ts';

type Body = { contract: string; method: string; args: CallArgument[] };

export function createDemandRequest(kernel: Pick<Kernel, 'store'>, deps: Pick<DemandDeps, 'ledger' | 'leastDurationS'>) {
  const { store } = kernel;
  const { ledger } = deps;
  const operator = ledger.operatorAddress;

  const callsOf = (wanted: DemandRequest): { title: string; body: Body }[] => [
    {
      title: 'Set the compensation aside',
      body: {
        contract: 'CommunityMoney',
        method: 'approve',
        args: [ledger.deployed()?.contracts.address('GridManagement') ?? '', wanted.compensation],
      },
    },
    {
      title: `Call a demand-response event of ${wanted.reductionW} W`,
      body: {
        contract: 'GridManagement',
        method: 'requestDemandResponse',
        args: [wanted.reductionW, wanted.durationS, wanted.compensation],
      },
    },
  ];

  const check = async (wanted: DemandRequest): Promise<LedgerCheck> => {
    const deployed = ledger.deployed();
    const endpoint = ledger.endpoint();
    if (!deployed || !endpoint) throw new Fault('chain.away', 'The chain is away. Try again when the status bar says that it is in step.');
    const calls = callsOf(wanted);
    const answer = (possible: boolean, message: string): LedgerCheck => ({
      possible,
      message,
      signedBy: 'the console’s account, which pays',
      steps: calls.map((c) => c.title),
      effects: [
        `Members have ${ENROLMENT_S / 60} minutes to enrol; then the event runs for ${Math.round(wanted.durationS / 60)} minutes.`,
        'The whole compensation is set aside now; what nobody earns comes back a day after the event.',
        'Who delivers part of what it offered is paid that part, by its validated readings.',
      ],
    });
    const least = deps.leastDurationS();
    if (wanted.durationS < least)
      return answer(
        false,
        `The event is too short: it must last at least ${Math.ceil(least / 60)} minutes, so that a whole interval is metered within it.`,
      );
    const money = moneyOf(store.read, operator);
    if (money < BigInt(wanted.compensation))
      return answer(false, 'The console’s account does not hold that much money. Pay some in, or offer less.');
    const trial = await tryCalls(
      endpoint.url,
      operator,
      calls.map((c) => deployed.contracts.encode(c.body)),
    );
    if (trial.kind === 'ok') return answer(true, 'The contracts would do this now.');
    const refused = calls[trial.at]?.body ?? { contract: 'GridManagement', method: '', args: [] };
    return answer(false, `Not possible now: ${deployed.contracts.explain(refused, trial.error)}.`);
  };

  const request = async (wanted: DemandRequest): Promise<{ message: string; transaction: null }> => {
    const checked = await check(wanted);
    if (!checked.possible) throw new Fault('chain.reverted', `${checked.message} Nothing was signed.`);
    const id = randomUUID();
    store.write(() => {
      for (const [i, { title, body }] of callsOf(wanted).entries())
        ledger.enqueue({ id: `demand:${id}:${i}`, kind: 'demand', title, body: { ...body, mayFail: true } });
    });
    ledger.kick();
    return { message: 'It is in the outbox. Members can enrol as soon as it stands on the chain.', transaction: null };
  };

  return { check, request };
}

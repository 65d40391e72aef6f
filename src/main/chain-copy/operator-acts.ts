/**
 * Acts of the console's own account: tried on the chain without a trace first, then queued in the outbox, where a refusal ends them and
 * holds nothing up. What the account holds no role for is refused by the contracts and told before anything is signed.
 */
import { randomUUID } from 'node:crypto';
import type { ChainActCheck } from '../../shared/contract/chain-copy.ts';
import { Fault } from '../../shared/errors.ts';
import type { Kernel } from '../kernel/ports.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import { type CallArgument, toEntry } from '../ledger/outbox-store.ts';
import { tryCalls } from '../wallet/simulate.ts';

export interface OperatorCall {
  readonly title: string;
  readonly contract: string;
  readonly method: string;
  readonly args: readonly CallArgument[];
}
export interface OperatorAct {
  readonly calls: readonly OperatorCall[];
  /** What it does, in sentences, before it is confirmed. */
  readonly effect: readonly string[];
}
type Done = { message: string; entries: ReturnType<typeof toEntry>[] };

export function createOperatorActs(
  kernel: Pick<Kernel, 'store'>,
  ledger: Pick<LedgerService, 'deployed' | 'endpoint' | 'enqueue' | 'entry' | 'kick' | 'operatorAddress'>,
) {
  const refusalOf = async ({ calls }: OperatorAct): Promise<string | null> => {
    const deployed = ledger.deployed();
    const endpoint = ledger.endpoint();
    if (!deployed || !endpoint) throw new Fault('chain.away', 'The chain is away. Try again when the status bar says that it is in step.');
    const trial = await tryCalls(
      endpoint.url,
      ledger.operatorAddress,
      calls.map((call) => deployed.contracts.encode(call)),
    );
    const failed = trial.kind === 'refused' ? calls[trial.at] : undefined;
    return trial.kind === 'refused' && failed ? deployed.contracts.explain(failed, trial.error) : null;
  };
  return {
    async check(act: OperatorAct): Promise<ChainActCheck> {
      const refusal = await refusalOf(act);
      const message = refusal === null ? 'The contracts would do this now.' : `Not possible now: ${refusal}.`;
      return { possible: refusal === null, message, effect: [...act.effect] };
    },
    /** `about` names what it concerns (`device:meter-carport`), so that its entries are found again. */
    async act(about: string, act: OperatorAct): Promise<Done> {
      const refusal = await refusalOf(act);
      if (refusal !== null) throw new Fault('chain.reverted', `Not possible now: ${refusal}. Nothing was signed.`);
      const ids = act.calls.map((_, i) => `act:${about}:${randomUUID()}:${i}`);
      kernel.store.write(() => {
        for (const [i, { title, ...call }] of act.calls.entries())
          ledger.enqueue({ id: ids[i] as string, kind: 'operator-act', title, body: { ...call, mayFail: true } });
      });
      ledger.kick();
      const entries = ids.flatMap((id) => ledger.entry(id) ?? []).map(toEntry);
      return { message: 'It is in the outbox, behind what was there before.', entries };
    },
  };
}
export type OperatorActs = ReturnType<typeof createOperatorActs>;

/**
 * Acts of the console's own account: tried on the chain without a trace first, then queued in the outbox, where a refusal ends them and
 * holds nothing up. What the account holds no role for is refused by the contracts and told before anything is signed.
 */
import { randomUUID } from 'node:crypto';
import { roleTable } from '../../../contracts/deploy/role-table.ts';
import type { ChainActCheck } from '../../shared/contract/chain-copy.ts';
import { Fault } from '../../shared/errors.ts';
import { ROLE_TEXT } from '../governance/roles-text.ts';
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
  /** While the chain is away it waits in the outbox, untried; a refusal then ends it. */
  readonly mayWait?: true;
}
const WAITS =
  'The chain is away, so that it cannot be tried now. It waits in the outbox and is sent when the chain is back; a refusal is shown here.';

/** A missing role is the one refusal that somebody else can cure: it is named. */
export function inWords(call: OperatorCall, refusal: string): string {
  if (!refusal.includes('AccessManagedUnauthorized')) return refusal;
  const role = roleTable[call.contract]?.[call.method];
  const needed = role ? `of a ${ROLE_TEXT[role].name}` : 'that the contract asks for';
  return `“${call.title}” takes the role ${needed}, which the console’s account does not hold. Somebody who holds it has to do it, or the council grants it`;
}
type Done = { message: string; entries: ReturnType<typeof toEntry>[] };

export function createOperatorActs(
  kernel: Pick<Kernel, 'store'>,
  ledger: Pick<LedgerService, 'deployed' | 'endpoint' | 'enqueue' | 'entry' | 'kick' | 'operatorAddress'>,
) {
  /** `waits`: the chain is away, and the act may wait for it. */
  const tried = async (act: OperatorAct): Promise<{ refusal: string | null; waits: boolean }> => {
    try {
      return { refusal: await refusalOf(act), waits: false };
    } catch (cause) {
      if (!act.mayWait || !ledger.deployed() || !(cause instanceof Fault && cause.code === 'chain.away')) throw cause;
      return { refusal: null, waits: true };
    }
  };
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
    return trial.kind === 'refused' && failed ? inWords(failed, deployed.contracts.explain(failed, trial.error)) : null;
  };
  return {
    async check(act: OperatorAct): Promise<ChainActCheck> {
      const { refusal, waits } = await tried(act);
      const message = waits ? WAITS : refusal === null ? 'The contracts would do this now.' : `Not possible now: ${refusal}.`;
      return { possible: refusal === null, message, effect: [...act.effect] };
    },
    /** `about` names what it concerns (`device:meter-carport`), so that its entries are found again. */
    async act(about: string, act: OperatorAct): Promise<Done> {
      const { refusal, waits } = await tried(act);
      if (refusal !== null) throw new Fault('chain.reverted', `Not possible now: ${refusal}. Nothing was signed.`);
      const ids = act.calls.map((_, i) => `act:${about}:${randomUUID()}:${i}`);
      kernel.store.write(() => {
        for (const [i, { title, ...call }] of act.calls.entries())
          ledger.enqueue({ id: ids[i] as string, kind: 'operator-act', title, body: { ...call, mayFail: true } });
      });
      ledger.kick();
      const entries = ids.flatMap((id) => ledger.entry(id) ?? []).map(toEntry);
      return { message: waits ? WAITS : 'It is in the outbox, behind what was there before.', entries };
    },
  };
}
export type OperatorActs = ReturnType<typeof createOperatorActs>;

/** An act on the chain: chosen, then checked against the contracts without a trace, then confirmed by a second press. */
import { type ReactNode, useEffect, useState } from 'react';
import type { ChainActCheck } from '../../shared/contract/chain-copy.ts';
import { asFault } from '../app/hooks.ts';
import type { LinkFault } from '../app/link.ts';
import { Confirm } from './Confirm.tsx';
import { State } from './Facts.tsx';

export function ConfirmedChainAct({
  title,
  wanted,
  ask,
  run,
  busy,
  fault,
  onClose,
  children,
}: {
  title: string;
  /** What would be done, as text; null while it is not complete. What was checked is what is confirmed: another text is checked again. */
  wanted: string | null;
  ask: () => Promise<ChainActCheck>;
  run: () => Promise<{ message: string } | null>;
  busy: boolean;
  fault: LinkFault | null;
  onClose: () => void;
  children: ReactNode;
}) {
  const [check, setCheck] = useState<{ of: string; result: ChainActCheck } | null>(null);
  const [checking, setChecking] = useState(false);
  const [problem, setProblem] = useState<LinkFault | null>(null);
  const [answer, setAnswer] = useState<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another wish drops what was said of the one before
  useEffect(() => setProblem(null), [wanted]);
  const valid = check !== null && check.of === wanted ? check.result : null;
  const confirm = () => {
    if (answer !== null) return onClose();
    if (wanted === null) return;
    if (valid?.possible) return void run().then((done) => done !== null && setAnswer(done.message));
    setChecking(true);
    setProblem(null);
    ask()
      .then(
        (result) => setCheck({ of: wanted, result }),
        (error: unknown) => setProblem(asFault(error)),
      )
      .finally(() => setChecking(false));
  };
  return (
    <Confirm
      opened
      title={title}
      confirmLabel={answer !== null ? 'Done' : valid?.possible ? 'Confirm' : 'Check'}
      busy={checking || busy}
      fault={problem ?? fault}
      disabled={answer === null && wanted === null}
      onClose={onClose}
      onConfirm={confirm}
    >
      {answer !== null ? (
        <p role="status">{answer}</p>
      ) : (
        <>
          {children}
          {valid && (
            <div role="status" className="stack">
              <State kind={valid.possible ? 'good' : 'bad'}>{valid.message}</State>
              {valid.possible && (
                <ul className="act-effects">
                  {valid.effect.map((line) => (
                    <li key={line}>{line}</li>
                  ))}
                </ul>
              )}
            </div>
          )}
        </>
      )}
    </Confirm>
  );
}

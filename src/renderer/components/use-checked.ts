/** Select, check, confirm: what was checked is what is confirmed; another input has to be checked again. */
import { useState } from 'react';
import type { CallInput, CallOutput, QueryName } from '../../shared/contract/contract.ts';
import { asFault, useEngine } from '../app/hooks.ts';
import type { LinkFault } from '../app/link.ts';

export function useChecked<N extends QueryName>(name: N) {
  const { link } = useEngine();
  const [check, setCheck] = useState<CallOutput<N> | null>(null);
  const [checking, setChecking] = useState(false);
  const [fault, setFault] = useState<LinkFault | null>(null);
  return {
    check,
    checking,
    fault,
    reset() {
      setCheck(null);
      setFault(null);
    },
    run(input: CallInput<N>) {
      setChecking(true);
      setFault(null);
      link
        .call(name, input)
        .then(setCheck, (error: unknown) => setFault(asFault(error)))
        .finally(() => setChecking(false));
    },
  };
}

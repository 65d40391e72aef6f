/** Acts of governance: chosen, checked against the contracts without a trace, then confirmed. */
import { NumberInput, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import type { Governance, GovernanceAct } from '../../../shared/contract/ledger.ts';
import { fixed } from '../../app/format.ts';
import { useAct } from '../../app/hooks.ts';
import { CheckResult } from '../../components/CheckResult.tsx';
import { Confirm } from '../../components/Confirm.tsx';
import { Facts } from '../../components/Facts.tsx';
import { useChecked } from '../../components/use-checked.ts';

function ActDialog({
  act,
  title,
  onClose,
  reset,
  children,
}: {
  act: GovernanceAct | null;
  title: string;
  onClose: () => void;
  reset?: string;
  children?: ReactNode;
}) {
  const checked = useChecked('governance.check');
  const run = useAct('governance.act');
  const [answer, setAnswer] = useState<string | null>(null);
  const [checkedFor, setCheckedFor] = useState<string | undefined>(undefined);
  // What was checked is what is confirmed: another input has to be checked again.
  const check = checkedFor === reset ? checked.check : null;
  const confirm = () => {
    if (answer !== null) return onClose();
    if (act === null) return;
    if (check?.possible) return void run.run({ act }).then((done) => done && setAnswer(done.message));
    setCheckedFor(reset);
    checked.reset();
    run.reset();
    checked.run({ act });
  };
  return (
    <Confirm
      opened
      title={title}
      confirmLabel={answer !== null ? 'Done' : check?.possible ? 'Confirm' : 'Check'}
      busy={checked.checking || run.busy}
      fault={(checkedFor === reset ? checked.fault : null) ?? run.fault}
      disabled={answer === null && act === null}
      onClose={onClose}
      onConfirm={confirm}
    >
      {answer !== null ? (
        <p role="status">{answer}</p>
      ) : (
        <>
          {children}
          {check ? (
            <CheckResult check={check} />
          ) : (
            <p className="dim">The check tries it on the chain without a trace, and says what it would do.</p>
          )}
        </>
      )}
    </Confirm>
  );
}

export const GovernanceDialog = (props: { act: GovernanceAct; title: string; onClose: () => void }) => <ActDialog {...props} />;

export function ParameterDialog({ parameter: p, onClose }: { parameter: Governance['parameters'][number]; onClose: () => void }) {
  const [value, setValue] = useState<number | string>(p.value);
  const [source, setSource] = useState('');
  const n = Number(value);
  const right = value !== '' && Number.isInteger(n) && n >= p.min && n <= p.max && n !== p.value && source.trim().length >= 5;
  const act: GovernanceAct | null = right ? { kind: 'propose-parameter', key: p.key, value: n, source: source.trim() } : null;
  return (
    <ActDialog act={act} title={`Propose another value: ${p.name}`} onClose={onClose} reset={`${n} ${source.trim()}`}>
      <Facts
        facts={[
          ['Now', `${fixed(p.value, 0)} ${p.unit}`],
          ['Bounds', `${fixed(p.min, 0)} to ${fixed(p.max, 0)}, for good`],
          ['Source of the present value', p.source],
        ]}
      />
      <NumberInput label={`New value, ${p.unit}`} min={p.min} max={p.max} allowDecimal={false} value={value} onChange={setValue} />
      <TextInput
        label="Where the new value comes from, with its date"
        placeholder="Community assembly, 1 March"
        value={source}
        onChange={(e) => setSource(e.currentTarget.value)}
        maxLength={200}
      />
    </ActDialog>
  );
}

/** What the console is connected to, with a live test of each. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { milliseconds } from '../../app/format.ts';
import { useAct, useQuery } from '../../app/hooks.ts';
import { useMay } from '../../app/session.ts';
import { Facts, State } from '../../components/Facts.tsx';
import { Answer, Empty, FaultLine, Panel } from '../../components/Page.tsx';

const STATE = { ok: ['good', 'Well'], degraded: ['work', 'Degraded'], down: ['bad', 'Down'] } as const;
type Connection = CallOutput<'settings.connections'>[number];

export function Connections() {
  const query = useQuery('settings.connections', {}, { refreshMs: 3000 });
  return (
    <Answer query={query} rows={8}>
      {(list) => (
        <div className="settings-grid">
          {list.length === 0 && <Empty what="Nothing is connected." />}
          {list.map((c) => (
            <ConnectionPanel key={c.id} connection={c} />
          ))}
        </div>
      )}
    </Answer>
  );
}

function ConnectionPanel({ connection: c }: { connection: Connection }) {
  const test = useAct('settings.testConnection');
  const [result, setResult] = useState<CallOutput<'settings.testConnection'> | null>(null);
  const { may, why } = useMay('settings.testConnection');
  return (
    <Panel
      title={c.name}
      note={<State kind={STATE[c.state][0]}>{STATE[c.state][1]}</State>}
      actions={
        <Button
          disabled={!may}
          title={why}
          loading={test.busy}
          aria-label={`Test the connection: ${c.name}`}
          onClick={() => void test.run({ id: c.id }).then(setResult)}
        >
          Test
        </Button>
      }
    >
      <div className="stack">
        <p>{c.text}</p>
        <Facts
          facts={[
            [
              'Address',
              <span key="a" className="mono">
                {c.address}
              </span>,
            ],
            ...c.facts.map((f) => [f.label, f.value] as const),
          ]}
        />
        <FaultLine fault={test.fault} />
        {result !== null && (
          <p className="outcome" role="status">
            <State kind={result.ok ? 'good' : 'bad'}>{result.ok ? 'Answered' : 'No answer'}</State>
            <span>
              {result.message} {milliseconds(result.ms)}
            </span>
          </p>
        )}
      </div>
    </Panel>
  );
}

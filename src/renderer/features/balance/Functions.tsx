/** Each control function: its mode, what it last decided, why, and whether the devices took it. */
import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import type { FunctionState } from '../../../shared/contract/grid.ts';
import { useAct, useTopic } from '../../app/hooks.ts';
import { useMay } from '../../app/session.ts';
import { Confirm } from '../../components/Confirm.tsx';
import { State } from '../../components/Facts.tsx';
import { Watts } from '../../components/Num.tsx';
import { Empty, Loading } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { Ago } from '../../components/Time.tsx';

const STATE = {
  idle: ['wait', 'Idle'],
  acting: ['work', 'Acting'],
  limited: ['bad', 'At its limit'],
  overrun: ['bad', 'Took too long, last value holds'],
  blind: ['bad', 'Blind: its measurements are old'],
} as const;
const EFFECT: Record<FunctionState['mode'], string> = {
  auto: 'decides and acts every second',
  manual: 'shows what it would do, but sends nothing; set-points stay as an operator set them',
  off: 'decides nothing and sends nothing; devices fall back to their own safe values when set-points expire',
};

export function Functions() {
  const functions = useTopic('balance', {}, (b) => b.functions);
  const [asked, setAsked] = useState<{ fn: FunctionState; mode: FunctionState['mode'] } | null>(null);
  const act = useAct('control.setMode');
  const { may, why } = useMay('control.setMode');
  if (functions === undefined) return <Loading rows={5} />;
  if (functions.length === 0)
    return <Empty what="No control function is configured." how="Functions appear here when the plant file has a control part." />;
  return (
    <>
      <Table
        caption="Control functions"
        rows={functions}
        keyOf={(f) => f.id}
        columns={[
          { id: 'name', head: 'Function', width: 170, cell: (f) => f.name },
          {
            id: 'mode',
            head: 'Mode',
            width: 210,
            cell: (f) => (
              <SegmentedControl
                withItemsBorders={false}
                size="xs"
                aria-label={`Mode of ${f.name}`}
                title={why}
                disabled={!may}
                value={f.mode}
                onChange={(mode) => setAsked({ fn: f, mode: mode as FunctionState['mode'] })}
                data={[
                  { value: 'auto', label: 'Auto' },
                  { value: 'manual', label: 'Manual' },
                  { value: 'off', label: 'Off' },
                ]}
              />
            ),
          },
          { id: 'state', head: 'State', width: 150, cell: (f) => <State kind={STATE[f.state][0]}>{STATE[f.state][1]}</State> },
          { id: 'decision', head: 'Last decision', cell: (f) => f.decision },
          { id: 'why', head: 'Why', cell: (f) => <span className="dim">{f.why}</span> },
          { id: 'since', head: 'Since', width: 90, cell: (f) => <Ago ms={f.sinceMs} /> },
          {
            id: 'out',
            head: 'Set → read back',
            align: 'right',
            width: 230,
            cell: (f) =>
              f.outputs.length === 0 ? (
                <span className="dim">nothing set</span>
              ) : (
                f.outputs.slice(0, 2).map((o) => (
                  <span key={o.target} className="nowrap" title={`${o.label}: ${o.verified ? 'verified' : 'not verified'}`}>
                    <Watts w={o.setW} /> → <Watts w={o.readBackW} /> {o.verified ? '✓' : '?'}{' '}
                  </span>
                ))
              ),
          },
        ]}
      />
      {asked !== null && (
        <Confirm
          opened
          title={`Set ${asked.fn.name} to ${asked.mode}?`}
          confirmLabel={`Set to ${asked.mode}`}
          busy={act.busy}
          fault={act.fault}
          onClose={() => {
            act.reset();
            setAsked(null);
          }}
          onConfirm={() => void act.run({ id: asked.fn.id, mode: asked.mode }).then((r) => r !== null && setAsked(null))}
        >
          <p>
            In {asked.mode} it {EFFECT[asked.mode]}. It is now in {asked.fn.mode}: {asked.fn.decision.toLowerCase()}.
          </p>
        </Confirm>
      )}
    </>
  );
}

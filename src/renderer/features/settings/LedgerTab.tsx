/** Who may do what on the ledger: contracts, roles, parameters, the council, and what is recorded of the grid. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import type { Governance, GovernanceAct } from '../../../shared/contract/ledger.ts';
import { fixed } from '../../app/format.ts';
import { useQuery } from '../../app/hooks.ts';
import { useMay } from '../../app/session.ts';
import { Evidence, partyName, SendingState } from '../../components/Evidence.tsx';
import { Facts, Hash, State } from '../../components/Facts.tsx';
import { Answer, Empty, Panel } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { Council } from './Council.tsx';
import { GovernanceDialog, ParameterDialog } from './GovernanceDialogs.tsx';
import { GridRecordPanel } from './GridRecordPanel.tsx';

/** What the buttons of this page open; null: not now, and `why` says it. */
export interface Acting {
  readonly start: ((act: GovernanceAct, title: string) => void) | null;
  readonly why: string | undefined;
}
type Parameter = Governance['parameters'][number];
type Open = { kind: 'act'; act: GovernanceAct; title: string } | { kind: 'parameter'; parameter: Parameter } | null;

export function LedgerTab() {
  const query = useQuery('governance.get', {}, { refreshMs: 2500 });
  const { may, why } = useMay('governance.act');
  const [open, setOpen] = useState<Open>(null);
  return (
    <Answer query={query} rows={10}>
      {(g) => {
        if (!g.deployed)
          return (
            <Panel>
              <Empty
                what="The contracts are not on the chain yet."
                how="They are deployed at the first start with a chain; progress stands in the top bar. Contracts, roles, parameters and the council appear here then."
              />
            </Panel>
          );
        const blocked = g.chainInStep ? why : 'The chain is away.';
        const acting: Acting = { start: may && g.chainInStep ? (act, title) => setOpen({ kind: 'act', act, title }) : null, why: blocked };
        const member = g.council.members.some((m) => m.mine);
        return (
          <div className="stack">
            <Account g={g} />
            <Council g={g} acting={acting} />
            <Contracts g={g} acting={acting} member={member} />
            <Parameters
              g={g}
              open={may && g.chainInStep && member ? (parameter) => setOpen({ kind: 'parameter', parameter }) : null}
              why={blocked}
            />
            <Roles g={g} />
            <GridRecordPanel />
            {open?.kind === 'act' && <GovernanceDialog act={open.act} title={open.title} onClose={() => setOpen(null)} />}
            {open?.kind === 'parameter' && <ParameterDialog parameter={open.parameter} onClose={() => setOpen(null)} />}
          </div>
        );
      }}
    </Answer>
  );
}

function Account({ g }: { g: Governance }) {
  const open = g.sending.filter((s) => s.state !== 'final').slice(0, 3);
  return (
    <Panel
      title="This console’s account"
      note={g.indexedBlock === null ? undefined : `chain read up to block ${g.indexedBlock}${g.chainInStep ? '' : ', chain away'}`}
    >
      <div className="stack">
        <Facts facts={[['Address', <Hash key="a" value={g.account.address} head={20} />]]} />
        <div className="two-lists">
          <div>
            <h3>It may, alone</h3>
            <ul className="dots">
              {g.account.may.map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          </div>
          <div>
            <h3>It needs others for</h3>
            <ul className="dots">
              {g.account.needsOthers.map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          </div>
        </div>
        {open.map((s) => (
          <div key={`${s.createdMs}${s.title}`} className="row wrap">
            <span>{s.title}</span>
            <SendingState sending={s} />
          </div>
        ))}
      </div>
    </Panel>
  );
}

function Contracts({ g, acting, member }: { g: Governance; acting: Acting; member: boolean }) {
  return (
    <Panel title="Contracts" note="a guardian pauses one at once; only the council lets it run again" flush>
      <Table
        caption="Contracts"
        dense
        rows={g.contracts}
        keyOf={(c) => c.name}
        columns={[
          { id: 'n', head: 'Contract', cell: (c) => c.name, sort: (c) => c.name },
          {
            id: 's',
            head: 'State',
            sort: (c) => c.state,
            cell: (c) =>
              c.state === 'paused' ? (
                <State kind="bad">Paused</State>
              ) : c.state === 'running' ? (
                <State kind="good">Running</State>
              ) : (
                <span className="dim">runs always</span>
              ),
          },
          { id: 'a', head: 'Address', cell: (c) => <Hash value={c.address} /> },
          { id: 'b', head: 'Since block', align: 'right', cell: (c) => c.block, sort: (c) => c.block },
          {
            id: 'p',
            head: 'Last pause or its end',
            cell: (c) =>
              c.since ? (
                <span>
                  {partyName(c.since.by)}, <Evidence at={c.since} />
                </span>
              ) : (
                <span className="dim">never</span>
              ),
          },
          {
            id: 'x',
            head: '',
            align: 'right',
            cell: (c) =>
              c.state === 'running' ? (
                <Button
                  size="compact-sm"
                  disabled={acting.start === null}
                  title={acting.why}
                  onClick={() => acting.start?.({ kind: 'pause', contract: c.name }, `Pause ${c.name}`)}
                >
                  Pause…
                </Button>
              ) : c.state === 'paused' ? (
                <Button
                  size="compact-sm"
                  disabled={acting.start === null || !member}
                  title={member ? acting.why : 'Only members of the council propose.'}
                  onClick={() => acting.start?.({ kind: 'propose-unpause', contract: c.name }, `Propose that ${c.name} runs again`)}
                >
                  Propose to run again…
                </Button>
              ) : null,
          },
        ]}
      />
    </Panel>
  );
}

function Parameters({ g, open, why }: { g: Governance; open: ((p: Parameter) => void) | null; why: string | undefined }) {
  return (
    <Panel title="Parameters" note="each within bounds that can never be widened" flush>
      <Table
        caption="Parameters"
        dense
        rows={g.parameters}
        keyOf={(p) => p.key}
        columns={[
          {
            id: 'n',
            head: 'Parameter',
            sort: (p) => p.name,
            cell: (p) => <span title={p.key}>{p.name}</span>,
          },
          { id: 'v', head: 'Value', align: 'right', cell: (p) => fixed(p.value, 0) },
          { id: 'u', head: 'Unit', cell: (p) => <span className="dim">{p.unit}</span> },
          { id: 'b', head: 'Bounds', align: 'right', cell: (p) => `${fixed(p.min, 0)} to ${fixed(p.max, 0)}` },
          { id: 's', head: 'Source', width: '26%', cell: (p) => p.source },
          { id: 'e', head: 'Since', cell: (p) => <Evidence at={p.since} /> },
          {
            id: 'x',
            head: '',
            align: 'right',
            cell: (p) => (
              <Button
                size="compact-sm"
                disabled={open === null}
                title={why ?? (open === null ? 'Only members of the council propose.' : undefined)}
                onClick={() => open?.(p)}
                aria-label={`Propose another value of ${p.name}…`}
              >
                Propose…
              </Button>
            ),
          },
        ]}
      />
    </Panel>
  );
}

function Roles({ g }: { g: Governance }) {
  return (
    <Panel title="Roles on the chain" note="not the roles of people at this console" flush>
      <Table
        caption="Roles on the chain"
        dense
        rows={g.roles}
        keyOf={(r) => String(r.id)}
        columns={[
          { id: 'n', head: 'Role', cell: (r) => r.name, sort: (r) => r.name },
          { id: 'w', head: 'May', cell: (r) => r.what },
          {
            id: 'h',
            head: 'Held by',
            cell: (r) =>
              r.holders.length === 0 ? (
                <span className="dim">nobody</span>
              ) : (
                r.holders.map((h) => (
                  <span key={h.address} className="holder" title={`${h.address}, since block ${h.since.block}`}>
                    {partyName(h)}
                  </span>
                ))
              ),
          },
        ]}
      />
    </Panel>
  );
}

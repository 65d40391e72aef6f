/** The council: who sits in it, what it takes, and each proposal from proposed to executed. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import type { Governance, PlayedAct, Proposal } from '../../../shared/contract/ledger.ts';
import { count, countdown } from '../../app/format.ts';
import { useAct, useNow } from '../../app/hooks.ts';
import { useMay } from '../../app/session.ts';
import { Evidence, partyName } from '../../components/Evidence.tsx';
import { Facts, State } from '../../components/Facts.tsx';
import { Empty, FaultLine, Panel } from '../../components/Page.tsx';
import { Time } from '../../components/Time.tsx';
import type { Acting } from './LedgerTab.tsx';

const STATE = {
  proposed: ['wait', 'Approvals missing'],
  waiting: ['work', 'Waits for its delay'],
  ready: ['work', 'Can be executed'],
  executed: ['good', 'Executed'],
  vetoed: ['off', 'Vetoed'],
  lapsed: ['off', 'Lapsed'],
  void: ['off', 'Void: other members since'],
} as const;
const OPEN = new Set(['proposed', 'waiting', 'ready']);
const ENDED_SHOWN = 4;

export function Council({ g, acting }: { g: Governance; acting: Acting }) {
  const { members, threshold, delayS, proposals } = g.council;
  const open = proposals.filter((p) => OPEN.has(p.state));
  const ended = proposals.filter((p) => !OPEN.has(p.state));
  return (
    <Panel
      title="Council"
      note={`${threshold} of ${members.length} must agree; then ${delayS < 120 ? `${delayS} s` : `${Math.round(delayS / 60)} min`} of waiting; ${members.length - threshold + 1} can veto`}
    >
      <div className="stack">
        <Facts
          facts={[
            [
              'Members',
              <span key="m">
                {members.map((m) => (
                  <span key={m.address} className="holder" title={m.address}>
                    {partyName(m)}
                  </span>
                ))}
              </span>,
            ],
          ]}
        />
        {proposals.length === 0 && (
          <Empty
            what="Nothing has been proposed."
            how="Propose another value at a parameter, or that a paused contract runs again; it appears here with its approvals."
          />
        )}
        {open.map((p) => (
          <Row key={p.id} p={p} g={g} acting={acting} />
        ))}
        {ended.slice(0, ENDED_SHOWN).map((p) => (
          <Row key={p.id} p={p} g={g} acting={acting} />
        ))}
        {ended.length > ENDED_SHOWN && <p className="dim small">{count(ended.length - ENDED_SHOWN, 'older proposal')} on the chain.</p>}
      </div>
    </Panel>
  );
}

function Row({ p, g, acting }: { p: Proposal; g: Governance; acting: Acting }) {
  const now = useNow(1000) + Math.max(0, g.chainNowMs - Date.now());
  const member = g.council.members.some((m) => m.mine);
  const why = member ? acting.why : 'Only members of the council act on proposals.';
  const button = (kind: 'approve' | 'execute' | 'veto', label: string) => (
    <Button
      key={kind}
      disabled={acting.start === null || !member}
      title={why}
      aria-label={`${label} proposal ${p.id}…`}
      onClick={() => acting.start?.({ kind, proposal: p.id }, `${label} proposal ${p.id}`)}
    >
      {label}…
    </Button>
  );
  return (
    <section className="chain-record" aria-label={`Proposal ${p.id}`}>
      <div className="row between wrap">
        <strong className="grow">
          {p.id}. {p.title}
        </strong>
        <State kind={STATE[p.state][0]}>{STATE[p.state][1]}</State>
      </div>
      <Facts
        facts={[
          [
            'Proposed',
            <span key="p">
              {partyName(p.proposed.by)}, <Evidence at={p.proposed} />
            </span>,
          ],
          [
            'Approved',
            <span key="a">
              {p.approvals.length} of {g.council.threshold}
              {p.approvals.map((a) => (
                <span key={a.by.address} className="block small">
                  {partyName(a.by)}, <Evidence at={a} />
                </span>
              ))}
            </span>,
          ],
          ...(p.vetoes.length > 0
            ? ([
                [
                  'Vetoes',
                  <span key="v">
                    {p.vetoes.length} of {g.council.members.length - g.council.threshold + 1}:{' '}
                    {p.vetoes.map((v) => partyName(v.by)).join(', ')}
                  </span>,
                ],
              ] as const)
            : []),
          ...(p.state === 'waiting' && p.readyMs !== null ? ([['Can be executed', `in ${countdown(p.readyMs - now)}`]] as const) : []),
          ...(p.state === 'ready' ? ([['Lapses', <Time key="l" ms={p.lapsesMs} kind="dayMinute" />]] as const) : []),
          ...(p.ended
            ? ([
                [
                  'Ended',
                  <span key="e">
                    {partyName(p.ended.by)}, <Evidence at={p.ended} />
                  </span>,
                ],
              ] as const)
            : []),
        ]}
      />
      {OPEN.has(p.state) && (
        <div className="row wrap">
          {p.mayApprove && button('approve', 'Approve')}
          {p.state === 'ready' && button('execute', 'Execute')}
          {!p.vetoes.some((v) => v.by.mine) && button('veto', 'Veto')}
        </div>
      )}
      {p.state === 'proposed' && <Others p={p} g={g} />}
    </section>
  );
}

function Others({ p, g }: { p: Proposal; g: Governance }) {
  const approved = new Set(p.approvals.map((a) => a.by.address));
  const others = g.council.members.filter((m) => !m.mine && !approved.has(m.address));
  return (
    <div>
      <p>
        {count(p.missing, 'approval')} missing{others.length > 0 ? ', of:' : '.'}
      </p>
      <ul className="guardians">
        {others.map((m) => (
          <li key={m.address} className="row wrap">
            {partyName(m)}
            {g.canPlay && <Play as={m.address} act={{ kind: 'approve', proposal: p.id }} label="Play: approve" />}
          </li>
        ))}
      </ul>
      <p className="dim small">
        {g.canPlay
          ? 'On this development chain the console can play them. On any other chain each approves with his own key.'
          : `Each approves with his own key: approve(${p.id}) of the contract Council.`}
      </p>
    </div>
  );
}

function Play({ as, act, label }: { as: string; act: PlayedAct; label: string }) {
  const play = useAct('governance.play');
  const { may, why } = useMay('governance.play');
  const [done, setDone] = useState<string | null>(null);
  return (
    <>
      <Button
        size="compact-sm"
        disabled={!may || done !== null}
        title={why}
        loading={play.busy}
        onClick={() => void play.run({ as, act }).then((d) => d && setDone(d.message))}
      >
        {label}
      </Button>
      <FaultLine fault={play.fault} />
      {done !== null && (
        <span className="dim small" role="status">
          {done}
        </span>
      )}
    </>
  );
}

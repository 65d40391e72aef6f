/** What the chain keeps of emergencies: tripped, signed by whom, lifted. Everything local goes on without it. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import type { EmergencyLedger } from '../../../shared/contract/ledger.ts';
import { count } from '../../app/format.ts';
import { useAct, useQuery } from '../../app/hooks.ts';
import { useMay } from '../../app/session.ts';
import { Evidence, partyName, SendingState } from '../../components/Evidence.tsx';
import { Facts, State } from '../../components/Facts.tsx';
import { Answer, FaultLine, Panel } from '../../components/Page.tsx';
import { Time } from '../../components/Time.tsx';

type Row = EmergencyLedger['records'][number];
const LEVEL = { normal: 'normal', alert: 'alert', restricted: 'restricted to critical loads', shutdown: 'shutdown' } as const;
const SHOWN = 4;

export function OnChain() {
  const query = useQuery('emergency.ledger', {}, { refreshMs: 1500 });
  return (
    <Panel
      title="Record on the chain"
      note={query.data?.chainInStep === false ? 'the chain is away; what is new waits in the outbox' : undefined}
    >
      <Answer query={query} rows={3}>
        {(ledger) => (
          <div className="stack">
            <Facts
              facts={[
                ['Level on the chain', ledger.level === null ? '— the contracts are not there yet' : LEVEL[ledger.level]],
                [
                  'To lift it',
                  ledger.needed === null ? '—' : `${ledger.needed} of ${count(ledger.guardians.length, 'guardian')} must sign`,
                ],
              ]}
            />
            {ledger.records.length === 0 && (
              <p className="dim">
                A level executed here is recorded on the chain, with the journal’s entry as its cause. Drills are not. The shutdown itself
                never waits for the chain.
              </p>
            )}
            {ledger.records.slice(0, SHOWN).map((r) => (
              <Record key={r.id} record={r} ledger={ledger} />
            ))}
            {ledger.records.length > SHOWN && (
              <p className="dim small">{count(ledger.records.length - SHOWN, 'older record')} on the chain.</p>
            )}
          </div>
        )}
      </Answer>
    </Panel>
  );
}

const stands = (r: Row): boolean => r.recorded !== null && r.lifted === null && !r.replaced;

function Record({ record: r, ledger }: { record: Row; ledger: EmergencyLedger }) {
  const name = r.levelName ?? LEVEL[r.level];
  return (
    <section className="chain-record" aria-label={`Emergency ${r.emergency ?? 'not recorded yet'}: ${name}`}>
      <div className="row between wrap">
        <strong>
          {r.emergency === null ? '' : `${r.emergency}. `}
          {name}
        </strong>
        {r.recorded === null ? (
          r.sending ? (
            <SendingState sending={r.sending} />
          ) : null
        ) : r.lifted ? (
          <State kind="good">Lifted</State>
        ) : r.replaced ? (
          <State kind="off">Replaced by a higher level</State>
        ) : (
          <State kind="work">In force on the chain</State>
        )}
      </div>
      <Facts
        facts={[
          [
            'Tripped by',
            <>
              {r.by}
              {r.startedMs !== null && (
                <>
                  {' '}
                  at <Time ms={r.startedMs} kind="dayMinute" />
                </>
              )}
            </>,
          ],
          ['Recorded', <Evidence key="e" at={r.recorded} />],
          ...(r.journal === null ? [] : ([['Cause', `entry ${r.journal} of the journal, by its hash`]] as const)),
          ...(r.recorded === null ? [] : ([['Signed to lift', <Signatures key="s" record={r} needed={ledger.needed} />]] as const)),
          ...(r.lifted ? ([['Lifted', <Evidence key="l" at={r.lifted} />]] as const) : []),
        ]}
      />
      {stands(r) && <Lift record={r} ledger={ledger} />}
    </section>
  );
}

function Signatures({ record: r, needed }: { record: Row; needed: number | null }) {
  return (
    <>
      {r.signatures.length} of {needed ?? '—'}
      {r.signatures.map((s) => (
        <span key={s.by.address} className="block small">
          {partyName(s.by)}, <Evidence at={s} />
        </span>
      ))}
    </>
  );
}

function Lift({ record: r, ledger }: { record: Row; ledger: EmergencyLedger }) {
  const sign = useAct('emergency.signLift');
  const { may, why } = useMay('emergency.signLift');
  const signed = new Set(r.signatures.map((s) => s.by.address));
  const missing = Math.max(0, (ledger.needed ?? 0) - r.signatures.length);
  const others = ledger.guardians.filter((g) => !g.mine && !signed.has(g.address));
  const words = {
    given: 'This console has signed.',
    'on-its-way': 'The console’s signature is on its way.',
    'not-needed': r.why,
    possible: r.why,
  }[r.mySignature];
  return (
    <div className="stack">
      {words !== null && <p className="dim">{words}</p>}
      {r.mySignature === 'possible' && (
        <div>
          <Button
            disabled={!may || r.why !== null}
            title={r.why ?? why}
            loading={sign.busy}
            onClick={() => r.emergency !== null && void sign.run({ emergency: r.emergency })}
          >
            Sign the lifting as this console
          </Button>
        </div>
      )}
      <FaultLine fault={sign.fault} />
      {missing > 0 && others.length > 0 && (
        <div>
          <p>
            {count(missing, 'signature')} missing.{' '}
            {r.mySignature === 'given' || r.mySignature === 'on-its-way' ? 'It must come from one of:' : 'Others who can sign:'}
          </p>
          <ul className="guardians">
            {others.map((g) => (
              <li key={g.address} className="row wrap">
                {partyName(g)}
                {ledger.canPlay && r.emergency !== null && r.why === null && <Play as={g.address} emergency={r.emergency} />}
              </li>
            ))}
          </ul>
          <p className="dim small">
            {ledger.canPlay
              ? 'On this development chain the console can play them. On any other chain each signs with his own key.'
              : 'Each signs with his own key: signLift of the contract GridManagement.'}
          </p>
        </div>
      )}
    </div>
  );
}

function Play({ as, emergency }: { as: string; emergency: number }) {
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
        onClick={() => void play.run({ as, act: { kind: 'sign-lift', emergency } }).then((d) => d && setDone(d.message))}
      >
        Play: sign
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

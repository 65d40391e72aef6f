/** While and after it acts: every relay from sent to verified, the clock, what is not verified, and the way back. */
import { Button } from '@mantine/core';
import type { EmergencyState } from '../../../shared/contract/operations.ts';
import { fixed, milliseconds } from '../../app/format.ts';
import { useAct } from '../../app/hooks.ts';
import { useMay } from '../../app/session.ts';
import { State } from '../../components/Facts.tsx';
import { FaultLine, Panel } from '../../components/Page.tsx';
import { Time } from '../../components/Time.tsx';

const RELAY = {
  waiting: ['wait', 'Waiting'],
  sent: ['work', 'Sent'],
  verified: ['good', 'Verified open'],
  unverified: ['bad', 'Not verified'],
  'already-open': ['off', 'Was open'],
} as const;
const STEP = { waiting: 'wait', possible: 'work', done: 'good', blocked: 'wait' } as const;

export function Acting({ state, levelName }: { state: EmergencyState; levelName: string }) {
  const verified = state.relays.filter((r) => r.state === 'verified' || r.state === 'already-open').length;
  const title = {
    acting: 'Opening',
    done: state.drill
      ? 'All relays rehearsed'
      : state.unverified.length === 0
        ? 'All relays verified'
        : 'Finished, not everything verified',
    recovering: 'Recovering',
    ready: '',
    armed: '',
  }[state.phase];
  const failed = state.relays.filter((r) => r.state === 'unverified');
  return (
    <div className="emergency-grid acting">
      <div className="stack">
        <Panel className={state.drill ? 'arm is-drill' : 'arm is-armed'}>
          {state.drill && <p className="drill-plate">DRILL. No relay was switched.</p>}
          <div className="acting-head" role="status">
            <div>
              <span className="dim small">{levelName}</span>
              <h2 className="step-title">{title}</h2>
              <span className="dim small">
                started <Time ms={state.startedMs} kind="time" /> by {state.by}
              </span>
            </div>
            <div className="acting-clock">
              {state.elapsedMs === null ? '—' : `${fixed(Math.min(state.elapsedMs, 999_000) / 1000, 1)} s`}
              <span className="dim small block">deadline {milliseconds(state.deadlineMs)}</span>
            </div>
            <div className="acting-clock">
              {verified} / {state.relays.length}
              <span className="dim small block">{state.drill ? 'rehearsed' : 'verified open'}</span>
            </div>
          </div>
        </Panel>
        {failed.length > 0 && (
          <Panel title={`Not verified (${failed.length}): look on site`}>
            <div role="alert">
              <ul className="stack">
                {failed.map((r) => (
                  <li key={r.switch}>
                    <strong>
                      {r.number}. {r.name}
                    </strong>
                    <span className="block">{r.message ?? 'The relay did not confirm. Open it by hand and check that it is open.'}</span>
                  </li>
                ))}
              </ul>
            </div>
          </Panel>
        )}
        {(state.phase === 'done' || state.phase === 'recovering') && <Recovery state={state} />}
      </div>
      <Panel title="Relays">
        <ul className="relays">
          {state.relays.map((r) => (
            <li key={r.switch} data-state={r.state} title={r.message ?? undefined}>
              <span className="relay-number">{r.number}</span>
              <span className="relay-name clip">{r.name}</span>
              <span className="relay-state">
                <State kind={RELAY[r.state][0]}>{state.drill && r.state === 'verified' ? 'Rehearsed' : RELAY[r.state][1]}</State>
                {r.state === 'verified' && r.ms !== null && <span className="dim small">{milliseconds(r.ms)}</span>}
              </span>
            </li>
          ))}
        </ul>
      </Panel>
    </div>
  );
}

function Recovery({ state }: { state: EmergencyState }) {
  const act = useAct('emergency.recover');
  const { may, why } = useMay('emergency.recover');
  return (
    <Panel title="Recovery, step by step">
      <FaultLine fault={act.fault} />
      {state.recovery.length === 0 ? (
        <p className="dim">Steps appear here as soon as they are possible.</p>
      ) : (
        <ol className="recovery">
          {state.recovery.map((r, i) => (
            <li key={r.id}>
              <span className="story-number" aria-hidden="true">
                {i + 1}
              </span>
              <span className="grow">
                {r.title}
                {r.why !== null && <span className="dim small block">{r.why}</span>}
              </span>
              {r.state === 'possible' ? (
                <Button disabled={!may} title={why} loading={act.busy} onClick={() => void act.run({ step: r.id })}>
                  Take this step
                </Button>
              ) : (
                <State kind={STEP[r.state]}>{{ waiting: 'Not yet', done: 'Done', blocked: 'Not yet' }[r.state]}</State>
              )}
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}

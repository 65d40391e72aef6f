/** Arm by holding for 1.5 s or by pressing Shift and X together, then confirm within the time the arming lasts. */
import { Button, Switch } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { EmergencyState } from '../../../shared/contract/operations.ts';
import { count, countdown } from '../../app/format.ts';
import { useAct, useNow } from '../../app/hooks.ts';
import { useMay } from '../../app/session.ts';
import { HoldButton } from '../../components/HoldButton.tsx';
import { FaultLine, Panel } from '../../components/Page.tsx';
import { type Level, LevelEffects } from './LevelCard.tsx';

const HOLD_MS = 1500;
/** The token of the arming made in this window; another window's arming can only be seen or ended here. */
let heldToken: string | null = null;

export function ArmPanel({ state, level }: { state: EmergencyState; level: Level }) {
  const [drill, setDrill] = useState(false);
  const arm = useAct('emergency.arm');
  const disarm = useAct('emergency.disarm');
  const execute = useAct('emergency.execute');
  const { may, why } = useMay('emergency.arm');
  const now = useNow(250);
  const confirmButton = useRef<HTMLButtonElement>(null);
  const armed = state.phase === 'armed';
  const isDrill = armed ? state.drill : drill;
  const doArm = () => {
    if (!may || armed || arm.busy) return;
    void arm.run({ level: level.id, drill }).then((r) => {
      if (r !== null) heldToken = r.token;
    });
  };
  const latest = useRef(doArm);
  latest.current = doArm;
  useEffect(() => {
    // Two keys at once, far apart, so that neither a leaning elbow nor a single slip arms.
    const onKey = (event: KeyboardEvent) => {
      if (event.shiftKey && event.code === 'KeyX' && !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat) {
        const target = event.target as HTMLElement | null;
        if (target !== null && ['TEXTAREA', 'SELECT'].includes(target.tagName)) return;
        if (target instanceof HTMLInputElement && !['radio', 'checkbox'].includes(target.type)) return;
        event.preventDefault();
        latest.current();
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  useEffect(() => {
    if (armed) confirmButton.current?.focus();
  }, [armed]);
  return (
    <Panel className={isDrill ? 'arm is-drill' : armed ? 'arm is-armed' : 'arm'}>
      <div className="stack">
        <div className="row between">
          <h2 className="step-title">{armed ? `Armed: ${level.name}` : `2. Arm “${level.name}”`}</h2>
          <Switch
            label="Drill: rehearse, switch nothing"
            checked={isDrill}
            disabled={armed}
            onChange={(e) => setDrill(e.currentTarget.checked)}
            size="md"
          />
        </div>
        {isDrill && (
          <p className="drill-plate" role="status">
            DRILL. No relay is switched and no unit is stopped; every step is rehearsed and journalled as a drill.
          </p>
        )}
        {armed ? (
          <div className="stack" role="alertdialog" aria-label={`Confirm: open ${level.opens.length} switches`}>
            <p className="arm-question">
              {isDrill ? 'Rehearse opening' : 'Open'} {count(level.opens.length, 'switch', 'switches')} now? {level.goesDark.length} loads
              go dark{level.keepsCritical ? ', critical loads stay fed' : ''}.
            </p>
            <div className="row wrap">
              <button
                ref={confirmButton}
                type="button"
                className="shutdown"
                disabled={heldToken === null || execute.busy || !may}
                onClick={() => heldToken !== null && void execute.run({ token: heldToken })}
              >
                3. {isDrill ? 'Start the drill' : 'Shut down now'}
              </button>
              <Button loading={disarm.busy} onClick={() => void disarm.run({})} h={52}>
                Disarm
              </Button>
              <span className="dim">
                {state.armedUntilMs === null ? '' : `Disarms by itself in ${countdown(state.armedUntilMs - now)}.`} Armed by {state.by}.
                {heldToken === null && ' It was armed elsewhere: only that window can confirm it.'}
              </span>
            </div>
          </div>
        ) : (
          <div className="row wrap">
            <HoldButton holdMs={HOLD_MS} onDone={doArm} disabled={!may || arm.busy}>
              Hold to arm{drill ? ' the drill' : ''}
            </HoldButton>
            <span className="dim">
              {why ?? (
                <>
                  Hold 1.5 s, or press <kbd>Shift</kbd> <kbd>X</kbd> together. Nothing is opened yet.
                </>
              )}
            </span>
          </div>
        )}
        <FaultLine fault={arm.fault ?? execute.fault ?? disarm.fault} />
        <LevelEffects level={level} />
      </div>
    </Panel>
  );
}

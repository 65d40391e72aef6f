/** Emergency shutdown in two steps: choose and arm, then confirm. Shows what each level opens before, and every relay verified after. */
import { IconInfoCircle } from '@tabler/icons-react';
import { useState } from 'react';
import { useQuery, useTopic } from '../../app/hooks.ts';
import { Answer, Empty, Loading, PageFrame, Panel } from '../../components/Page.tsx';
import { Acting } from './Acting.tsx';
import { ArmPanel } from './ArmPanel.tsx';
import { LevelCard } from './LevelCard.tsx';
import { OnChain } from './OnChain.tsx';

export default function EmergencyPage() {
  const state = useTopic('emergency');
  const levels = useQuery('emergency.levels', {}, { refreshMs: 3000 });
  const [chosen, setChosen] = useState<string | null>(null);
  const level =
    levels.data?.find((l) => l.id === (state?.phase === 'armed' ? state.level : chosen)) ?? levels.data?.find((l) => l.isDefault);
  const running = state !== undefined && state.phase !== 'ready' && state.phase !== 'armed';
  return (
    <PageFrame title="Emergency">
      <p className="emergency-note">
        <IconInfoCircle size={20} aria-hidden="true" />
        <span>
          This is a <strong>supervisory stop</strong>: the console opens relays over the network and reads each one back. It is{' '}
          <strong>not a certified safety function</strong>. Where life is in danger use the emergency-stop buttons on site and switch off by
          hand.
        </span>
      </p>
      {state === undefined ? (
        <Loading rows={6} />
      ) : running ? (
        <Acting state={state} levelName={levels.data?.find((l) => l.id === state.level)?.name ?? state.level ?? ''} />
      ) : (
        <Answer query={levels} rows={8}>
          {(list) =>
            list.length === 0 || level === undefined ? (
              <Panel>
                <Empty
                  what="The plant file names no emergency level."
                  how="Add emergency levels with the switches they open; without them nothing can be shut down from here."
                />
              </Panel>
            ) : (
              <div className="emergency-grid">
                <fieldset className="levels" disabled={state.phase === 'armed'}>
                  <legend className="step-title">1. Choose what is opened</legend>
                  {list.map((l) => (
                    <LevelCard key={l.id} level={l} chosen={l.id === level.id} onChoose={() => setChosen(l.id)} />
                  ))}
                </fieldset>
                <ArmPanel state={state} level={level} />
              </div>
            )
          }
        </Answer>
      )}
      <OnChain />
    </PageFrame>
  );
}

/** The eight steps of a round with time, state and evidence. */
import { useState } from 'react';
import type { StoryStep } from '../../../shared/contract/exchange.ts';
import { Facts, Hash, State } from '../../components/Facts.tsx';
import { Time } from '../../components/Time.tsx';

const KIND = { waiting: 'wait', running: 'work', done: 'good', failed: 'bad' } as const;
const WORD = { waiting: 'Waiting', running: 'Running', done: 'Done', failed: 'Failed' } as const;

export function Story({ steps }: { steps: readonly StoryStep[] }) {
  const [chosen, setChosen] = useState<StoryStep['id'] | null>(null);
  const open = steps.find((s) => s.id === chosen);
  return (
    <div className="stack">
      <ol className="story">
        {steps.map((s, i) => (
          <li key={s.id} data-state={s.state}>
            <button type="button" aria-expanded={chosen === s.id} onClick={() => setChosen(chosen === s.id ? null : s.id)}>
              <span className="story-number" aria-hidden="true">
                {i + 1}
              </span>
              <span className="story-title">{s.title}</span>
              <State kind={KIND[s.state]}>{WORD[s.state]}</State>
              <span className="story-text">{s.text}</span>
              <span className="dim small">{s.timeMs === null ? ' ' : <Time ms={s.timeMs} />}</span>
            </button>
          </li>
        ))}
      </ol>
      {open !== undefined && (
        <section className="story-evidence" aria-label={`Evidence: ${open.title}`}>
          <strong>{open.title}</strong>
          {open.evidence.length === 0 ? (
            <p className="dim">No evidence yet: this step has not been done.</p>
          ) : (
            <Facts
              facts={open.evidence.map((e) => [e.label, e.value.length > 40 ? <Hash key={e.label} value={e.value} head={26} /> : e.value])}
            />
          )}
        </section>
      )}
    </div>
  );
}

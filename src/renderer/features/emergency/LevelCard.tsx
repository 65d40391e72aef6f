/** One level, with its effect by name and number before anything is armed. */
import type { z } from 'zod';
import type { EmergencyLevelView } from '../../../shared/contract/operations.ts';
import { count } from '../../app/format.ts';

export type Level = z.output<typeof EmergencyLevelView>;

export function LevelCard({ level, chosen, onChoose }: { level: Level; chosen: boolean; onChoose: () => void }) {
  const open = level.opens.filter((o) => o.position === 'open').length;
  return (
    <label className="level" data-chosen={chosen || undefined}>
      <input type="radio" name="emergency-level" checked={chosen} onChange={onChoose} />
      <span className="grow">
        <strong className="level-name">
          {level.name}
          {level.isDefault && <span className="dim small"> default</span>}
        </strong>
        <span className="block dim">{level.description}</span>
        <span className="block">
          Opens {count(level.opens.length, 'switch', 'switches')}
          {open > 0 && `, ${open} of them open already`}.{' '}
          {level.keepsCritical ? 'Critical loads stay fed.' : 'Critical loads are not kept.'}
        </span>
      </span>
    </label>
  );
}

export function LevelEffects({ level }: { level: Level }) {
  return (
    <div className="effects">
      <div>
        <h3>Opens, in this order</h3>
        <ol className="opens">
          {level.opens.map((o) => (
            <li key={o.switch}>
              <span className="opens-number">{o.number}</span>
              <span className="clip" title={o.name}>
                {o.name}
              </span>
              {o.position !== 'closed' && <span className="dim small">{o.position === 'open' ? 'already open' : 'not known'}</span>}
            </li>
          ))}
        </ol>
      </div>
      <div className="stack">
        <div>
          <h3>Goes dark ({level.goesDark.length})</h3>
          <p>{level.goesDark.length === 0 ? 'Nothing.' : level.goesDark.join(' · ')}</p>
        </div>
        <div>
          <h3>Remains fed ({level.remainsFed.length})</h3>
          <p>{level.remainsFed.length === 0 ? 'Nothing.' : level.remainsFed.join(' · ')}</p>
        </div>
        {level.stops.length > 0 && (
          <div>
            <h3>Told to stop</h3>
            <p>{level.stops.join(' · ')}</p>
          </div>
        )}
      </div>
    </div>
  );
}

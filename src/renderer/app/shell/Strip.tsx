/** The most important unacknowledged alarms, on every page, newest first within priority. */
import { Button } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { memo, useState } from 'react';
import type { Progress } from '../../../shared/contract/session.ts';
import { Priority } from '../../components/Priority.tsx';
import { Time } from '../../components/Time.tsx';
import { span } from '../format.ts';
import { type Act, useNews, useNow, useTopic } from '../hooks.ts';
import { setPreferences, usePreferences } from '../preferences.ts';
import { hrefOf } from '../router.ts';
import { useMay } from '../session.ts';

export const Strip = memo(function Strip({ acknowledge }: { acknowledge: Act<'alarms.acknowledge'> }) {
  const alarms = useTopic('status', {}, (s) => s.alarms);
  const { may, why } = useMay('alarms.acknowledge');
  const first = alarms?.strip[0];
  const u = alarms?.unacknowledged;
  const narrow = useMediaQuery('(max-width: 1580px)');
  const shown = alarms?.strip.slice(0, narrow ? 3 : 4) ?? [];
  const total = u === undefined ? 0 : u.p1 + u.p2 + u.p3 + u.p4;
  return (
    <section className="strip" aria-label="Unacknowledged alarms">
      <div className="strip-counts">
        {u !== undefined &&
          ([1, 2, 3, 4] as const).map((p) => {
            const n = u[`p${p}`];
            return (
              <span key={p} className="strip-count" data-none={n === 0 || undefined}>
                <Priority priority={p} size={18} hollow={n === 0} />
                {n}
              </span>
            );
          })}
      </div>
      {first === undefined ? (
        <span className="dim grow">{alarms === undefined ? 'Waiting for the engine' : 'No unacknowledged alarms'}</span>
      ) : (
        <>
          <Button
            className="strip-ack"
            disabled={!may}
            title={why ?? `Acknowledge “${first.title}” (a)`}
            loading={acknowledge.busy}
            onClick={() => void acknowledge.run({ ids: [first.id] })}
          >
            Acknowledge<kbd>a</kbd>
          </Button>
          <ol className="strip-list grow" aria-live="assertive" aria-relevant="additions">
            {shown.map((alarm) => (
              <li key={alarm.id} className="strip-item">
                <a href={hrefOf('alarms', alarm.id)} title={`${alarm.title} · ${alarm.source}`}>
                  <Priority priority={alarm.priority} size={18} blink={alarm.priority === 1 && alarm.active} hollow={!alarm.active} />
                  <span className="strip-title clip">{alarm.title}</span>
                  <span className="strip-source dim clip">{alarm.source}</span>
                  <span className="dim">
                    <Time ms={alarm.raisedMs} kind="time" />
                  </span>
                </a>
              </li>
            ))}
          </ol>
          {total > shown.length && (
            <a href={hrefOf('alarms')} className="nowrap">
              {total - shown.length} more
            </a>
          )}
        </>
      )}
      <MuteNote />
      <ProgressNote />
    </section>
  );
});

function ProgressNote() {
  const [items, setItems] = useState<readonly Progress[]>([]);
  useNews('progress', (p) => {
    setItems((old) => [...old.filter((o) => o.id !== p.id), ...(p.done && p.failed === undefined ? [] : [p])].slice(-3));
  });
  const last = items[items.length - 1];
  if (last === undefined) return null;
  return (
    <div className="strip-progress" role="status" title={last.detail}>
      <span className="clip">{last.failed ?? last.title}</span>
      {last.failed === undefined ? (
        <progress aria-label={last.title} value={last.fraction ?? undefined} max={1} />
      ) : (
        <button type="button" className="link-button" onClick={() => setItems((old) => old.filter((o) => o.id !== last.id))}>
          Dismiss
        </button>
      )}
    </div>
  );
}

/** A muted alarm sound must not be forgotten. */
function MuteNote() {
  const { sound, mutedUntilMs } = usePreferences();
  const now = useNow(1000);
  if (sound && (mutedUntilMs === null || mutedUntilMs <= now)) return null;
  return (
    <button type="button" className="link-button nowrap mute-note" onClick={() => setPreferences({ sound: true, mutedUntilMs: null })}>
      {sound ? `Sound muted ${span((mutedUntilMs ?? now) - now)}` : 'Sound is off'}, turn on
    </button>
  );
}

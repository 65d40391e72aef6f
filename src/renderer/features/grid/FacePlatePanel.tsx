/** Level 3: one element with its values, trend, alarms, tags and acts. Acts are select → check → confirm. */
import { ActionIcon, Button } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { FacePlate } from '../../../shared/contract/grid.ts';
import { useQuery } from '../../app/hooks.ts';
import { hrefOf } from '../../app/router.ts';
import { useMay } from '../../app/session.ts';
import { Num } from '../../components/Num.tsx';
import { Answer } from '../../components/Page.tsx';
import { Priority } from '../../components/Priority.tsx';
import { Time } from '../../components/Time.tsx';
import { TrendPanel } from '../../components/TrendPanel.tsx';
import { SwitchAct, TagAct, UnitAct, UntagAct } from './acts.tsx';

const KIND = { bus: 'Bus', line: 'Line', transformer: 'Transformer', switch: 'Switch', unit: 'Unit' } as const;
type ActId = FacePlate['acts'][number]['id'];

export function FacePlatePanel({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery('grid.facePlate', { id }, { refreshMs: 1000 });
  const [act, setAct] = useState<ActId | null>(null);
  const [untag, setUntag] = useState<string | null>(null);
  const { may, why } = useMay('grid.switch');
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus(), []);
  const done = () => {
    setAct(null);
    setUntag(null);
    query.reload();
  };
  return (
    <aside className="panel faceplate" aria-label="Face-plate">
      <div className="panel-head">
        <h2 ref={head} tabIndex={-1}>
          {query.data?.name ?? id}
        </h2>
        {query.data && <span className="dim">{KIND[query.data.kind]}</span>}
        <div className="panel-actions">
          <ActionIcon aria-label="Close the face-plate" onClick={onClose}>
            <IconX size={18} />
          </ActionIcon>
        </div>
      </div>
      <div className="panel-body stack">
        <Answer query={query} rows={5}>
          {(plate) => (
            <>
              <dl className="facts facts-1">
                {plate.rows.map((row) => (
                  <div className="fact" key={row.label}>
                    <dt>{row.label}</dt>
                    <dd className={row.value === null ? undefined : 'right-value'}>
                      {row.value === null ? row.text : <Num value={row.value} unit={row.unit} />}
                    </dd>
                  </div>
                ))}
              </dl>
              <Acts plate={plate} may={may} why={why} onAct={setAct} />
              <PlateTrend rows={plate.rows} />
              <h3>Alarms</h3>
              {plate.alarms.length === 0 ? (
                <p className="dim">No alarms on this element.</p>
              ) : (
                <ul className="stack">
                  {plate.alarms.map((a) => (
                    <li key={a.id}>
                      <a className="row" href={hrefOf('alarms', a.id)}>
                        <Priority priority={a.priority} size={18} />
                        {a.title}
                      </a>
                    </li>
                  ))}
                </ul>
              )}
              <h3>Lock-out tags</h3>
              {plate.tags.length === 0 ? (
                <p className="dim">No tag hangs here. A tag keeps anyone from switching until it is removed.</p>
              ) : (
                <ul className="stack">
                  {plate.tags.map((t) => (
                    <li key={t.id} className="row between">
                      <span>
                        {t.text}
                        <span className="dim small">
                          {' '}
                          {t.by}, <Time ms={t.timeMs} kind="dayMinute" />
                        </span>
                      </span>
                      <Button disabled={!may} title={why} onClick={() => setUntag(t.id)}>
                        Remove…
                      </Button>
                    </li>
                  ))}
                </ul>
              )}
              {(act === 'open' || act === 'close') && (
                <SwitchAct id={id} name={plate.name} position={act === 'open' ? 'open' : 'closed'} onDone={done} />
              )}
              {act === 'tag' && <TagAct id={id} name={plate.name} onDone={done} />}
              {act === 'setMode' && <UnitAct id={id} name={plate.name} onDone={done} />}
              {untag !== null && <UntagAct tags={plate.tags.filter((t) => t.id === untag)} onDone={done} />}
            </>
          )}
        </Answer>
      </div>
    </aside>
  );
}

const LABEL: Record<ActId, string> = {
  open: 'Open…',
  close: 'Close…',
  tag: 'Hang a lock-out tag…',
  untag: 'Remove a tag…',
  setMode: 'Set who commands it…',
};

/** Of opening and closing only the one that is possible is offered; tags are removed where they hang, below. */
function Acts({ plate, may, why, onAct }: { plate: FacePlate; may: boolean; why: string | undefined; onAct: (id: ActId) => void }) {
  const switching = plate.acts.filter((a) => a.id === 'open' || a.id === 'close');
  const offered = switching.some((a) => a.allowed) ? switching.filter((a) => a.allowed) : switching.slice(0, 1);
  const acts = [...offered, ...plate.acts.filter((a) => a.id === 'setMode' || a.id === 'tag')];
  if (acts.length === 0) return null;
  const refused = acts.filter((a) => !a.allowed && a.why !== null);
  return (
    <>
      <div className="row wrap">
        {acts.map((a) => (
          <Button key={a.id} disabled={!may || !a.allowed} title={why ?? a.why ?? undefined} onClick={() => onAct(a.id)}>
            {LABEL[a.id]}
          </Button>
        ))}
      </div>
      {refused.map((a) => (
        <p key={a.id} className="dim small">
          {LABEL[a.id].replace('…', '')}: {a.why}
        </p>
      ))}
    </>
  );
}

/** Points of at most two units, so that each has room. */
function PlateTrend({ rows }: { rows: FacePlate['rows'] }) {
  const trended = rows.filter((r) => r.point !== null && r.unit !== '');
  const units = [...new Set(trended.map((r) => r.unit))].slice(0, 2);
  const points = trended.filter((r) => units.includes(r.unit)).flatMap((r) => (r.point === null ? [] : [r.point]));
  if (points.length === 0) return null;
  return <TrendPanel points={points.slice(0, 4)} height={units.length === 1 ? 190 : 290} compact showLegend />;
}

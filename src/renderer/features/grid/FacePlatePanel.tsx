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
              {plate.acts.length > 0 && (
                <div className="row wrap">
                  {plate.acts.map((a) => (
                    <Button key={a.id} disabled={!may || !a.allowed} title={why ?? a.why ?? undefined} onClick={() => setAct(a.id)}>
                      {a.label}
                    </Button>
                  ))}
                </div>
              )}
              {plate.acts
                .filter((a) => !a.allowed && a.why !== null)
                .map((a) => (
                  <p key={a.id} className="dim small">
                    {a.label.replace('…', '')}: {a.why}
                  </p>
                ))}
              {plate.rows.some((r) => r.point !== null) && (
                <TrendPanel points={plate.rows.flatMap((r) => (r.point === null ? [] : [r.point]))} height={190} compact />
              )}
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
              {act === 'untag' && <UntagAct tags={plate.tags} onDone={done} />}
              {act === 'setMode' && <UnitAct id={id} name={plate.name} onDone={done} />}
              {untag !== null && <UntagAct tags={plate.tags.filter((t) => t.id === untag)} onDone={done} />}
            </>
          )}
        </Answer>
      </div>
    </aside>
  );
}

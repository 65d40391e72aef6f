/** Alarm rows; an open row shows its full story and acts. */
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { Fragment, useState } from 'react';
import type { AlarmRow } from '../../../shared/contract/operations.ts';
import { span } from '../../app/format.ts';
import { useAct, useNow } from '../../app/hooks.ts';
import { hrefOfPlace } from '../../app/router.ts';
import { useMay } from '../../app/session.ts';
import { Confirm } from '../../components/Confirm.tsx';
import { FaultLine } from '../../components/Page.tsx';
import { Priority } from '../../components/Priority.tsx';
import { Time } from '../../components/Time.tsx';
import { isUnacknowledged } from './AlarmsPage.tsx';

const STATE: Record<AlarmRow['state'], string> = {
  unacknowledged: 'Unacknowledged',
  acknowledged: 'Acknowledged',
  'returned-unacknowledged': 'Gone, unacknowledged',
  shelved: 'Shelved',
  suppressed: 'Suppressed',
  normal: 'Normal',
};

export function ActiveAlarms({
  rows,
  open,
  onOpen,
}: {
  rows: readonly AlarmRow[];
  open: string | null;
  onOpen: (id: string | null) => void;
}) {
  const acknowledge = useAct('alarms.acknowledge');
  const unshelve = useAct('alarms.unshelve');
  const { may, why } = useMay('alarms.acknowledge');
  const [shelving, setShelving] = useState<AlarmRow | null>(null);
  return (
    <>
      <FaultLine fault={acknowledge.fault ?? unshelve.fault} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms */}
      <div role="group" className="table-wrap alarm-table" tabIndex={0} aria-label="Alarm list">
        <table className="table">
          <caption className="visually-hidden">Alarms, the most urgent first</caption>
          <thead>
            <tr>
              <th scope="col" style={{ width: 44 }}>
                <span className="visually-hidden">Priority</span>
              </th>
              <th scope="col" style={{ width: '21%' }}>
                Alarm
              </th>
              <th scope="col">Consequence</th>
              <th scope="col">What to do</th>
              <th scope="col" style={{ width: 100 }}>
                Respond within
              </th>
              <th scope="col" style={{ width: 94 }}>
                Raised
              </th>
              <th scope="col" style={{ width: 136 }}>
                State
              </th>
              <th scope="col" style={{ width: 198 }}>
                <span className="visually-hidden">Acts</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((a) => (
              <Fragment key={a.id}>
                <tr className={`${isUnacknowledged(a) ? 'alarm-new' : ''}${open === a.id ? ' is-open' : ''}`} data-alarm={a.id}>
                  <td>
                    <Priority priority={a.priority} size={22} hollow={!a.active} blink={a.priority === 1 && a.state === 'unacknowledged'} />
                  </td>
                  <td>
                    <button
                      type="button"
                      className="row-button"
                      aria-expanded={open === a.id}
                      onClick={() => onOpen(open === a.id ? null : a.id)}
                    >
                      <strong>{a.title}</strong>
                      {a.value !== null && <span className="dim"> {a.value}</span>}
                      <span className="dim small block">
                        {a.sourceName}
                        {a.firstOut && ', came first'}
                        {a.count > 1 && `, ${a.count} times`}
                      </span>
                    </button>
                  </td>
                  <td>{a.consequence}</td>
                  <td>{a.action}</td>
                  <td className="nowrap">
                    {a.active ? <Left raisedMs={a.raisedMs} withinS={a.respondWithinS} /> : <span className="dim">gone</span>}
                  </td>
                  <td>
                    <Raised ms={a.raisedMs} />
                  </td>
                  <td>
                    {STATE[a.state]}
                    {a.state === 'acknowledged' && a.acknowledgedBy !== null && <span className="dim small block">{a.acknowledgedBy}</span>}
                    {a.state === 'shelved' && a.shelvedUntilMs !== null && (
                      <span className="dim small block">
                        until <Time ms={a.shelvedUntilMs} kind="minute" />
                      </span>
                    )}
                  </td>
                  <td>
                    <div className="row right-acts">
                      {isUnacknowledged(a) && (
                        <Button size="xs" disabled={!may} title={why} onClick={() => void acknowledge.run({ ids: [a.id] })}>
                          Acknowledge
                        </Button>
                      )}
                      {a.state === 'shelved' ? (
                        <Button size="xs" disabled={!may} title={why} onClick={() => void unshelve.run({ id: a.id })}>
                          Unshelve
                        </Button>
                      ) : (
                        a.state !== 'suppressed' && (
                          <Button size="xs" disabled={!may} title={why} onClick={() => setShelving(a)}>
                            Shelve…
                          </Button>
                        )
                      )}
                    </div>
                  </td>
                </tr>
                {open === a.id && (
                  <tr className="alarm-detail">
                    <td />
                    <td colSpan={7}>
                      <dl className="facts facts-1">
                        <div className="fact">
                          <dt>Cause</dt>
                          <dd>{a.cause}</dd>
                        </div>
                        <div className="fact">
                          <dt>Consequence</dt>
                          <dd>{a.consequence}</dd>
                        </div>
                        <div className="fact">
                          <dt>What to do</dt>
                          <dd>{a.action}</dd>
                        </div>
                        {a.shelveReason !== null && (
                          <div className="fact">
                            <dt>Shelved because</dt>
                            <dd>{a.shelveReason}</dd>
                          </div>
                        )}
                        {a.clearedMs !== null && (
                          <div className="fact">
                            <dt>Gone since</dt>
                            <dd>
                              <Time ms={a.clearedMs} kind="full" />
                            </dd>
                          </div>
                        )}
                      </dl>
                      <a href={hrefOfPlace(a.page)}>Show where it comes from</a>
                    </td>
                  </tr>
                )}
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
      {shelving !== null && <ShelveDialog alarm={shelving} onClose={() => setShelving(null)} />}
    </>
  );
}

function Raised({ ms }: { ms: number }) {
  const now = useNow(1000);
  return (
    <>
      <Time ms={ms} />
      <span className="dim small block">{span(now - ms)} ago</span>
    </>
  );
}
function Left({ raisedMs, withinS }: { raisedMs: number; withinS: number }) {
  const leftMs = raisedMs + withinS * 1000 - useNow(1000);
  return leftMs >= 0 ? <>{span(leftMs)} left</> : <strong>{span(-leftMs)} over</strong>;
}

function ShelveDialog({ alarm, onClose }: { alarm: AlarmRow; onClose: () => void }) {
  const act = useAct('alarms.shelve');
  const [minutes, setMinutes] = useState('30');
  const [reason, setReason] = useState('');
  return (
    <Confirm
      opened
      title={`Shelve “${alarm.title}”?`}
      confirmLabel="Shelve"
      busy={act.busy}
      fault={act.fault}
      disabled={reason.trim().length < 3}
      onClose={onClose}
      onConfirm={() => void act.run({ id: alarm.id, minutes: Number(minutes), reason }).then((r) => r !== null && onClose())}
    >
      <p className="dim">
        It leaves the list and the strip and makes no sound until the time is over; then it comes back by itself if it is still active.
        Consequence meanwhile: {alarm.consequence}
      </p>
      <NativeSelect
        label="For how long"
        value={minutes}
        onChange={(e) => setMinutes(e.currentTarget.value)}
        data={[
          { value: '10', label: '10 minutes' },
          { value: '30', label: '30 minutes' },
          { value: '60', label: '1 hour' },
          { value: '240', label: '4 hours' },
          { value: '480', label: '8 hours' },
        ]}
      />
      <TextInput label="Why" required value={reason} onChange={(e) => setReason(e.currentTarget.value)} data-autofocus maxLength={200} />
    </Confirm>
  );
}

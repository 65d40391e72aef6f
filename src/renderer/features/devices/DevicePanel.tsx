/** One device: identity, link, registers raw and scaled, history; a test read; maintenance. */
import { ActionIcon, Button, Tabs, TextInput } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import type { CallOutput } from '../../../shared/contract/contract.ts';
import { fixed, milliseconds, span } from '../../app/format.ts';
import { useAct, useQuery } from '../../app/hooks.ts';
import { useMay } from '../../app/session.ts';
import { Confirm } from '../../components/Confirm.tsx';
import { Facts, State } from '../../components/Facts.tsx';
import { Answer, Empty, FaultLine, Loading } from '../../components/Page.tsx';
import { Table } from '../../components/Table.tsx';
import { Time } from '../../components/Time.tsx';
import { TrendPanel } from '../../components/TrendPanel.tsx';
import { DEVICE_KIND, DEVICE_STATE } from './DevicesPage.tsx';

/** Loaded when the tab is opened, not with the first screen of the console. */
const ChainTab = lazy(() => import('./ChainTab.tsx'));

export function DevicePanel({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery('devices.get', { id }, { refreshMs: 1000 });
  const points = useQuery('points.list', {});
  const test = useAct('devices.testRead');
  const [tested, setTested] = useState<CallOutput<'devices.testRead'> | null>(null);
  const [maintaining, setMaintaining] = useState(false);
  const mayTest = useMay('devices.testRead');
  const mayMaintain = useMay('devices.setMaintenance');
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus(), []);
  const own =
    points.data
      ?.filter((p) => p.device === id)
      .slice(0, 2)
      .map((p) => p.id) ?? [];
  return (
    <aside className="panel faceplate wide" aria-label="Device">
      <div className="panel-head">
        <h2 ref={head} tabIndex={-1}>
          {query.data?.name ?? id}
        </h2>
        {query.data && <span className="dim">{DEVICE_KIND[query.data.kind]}</span>}
        <div className="panel-actions">
          <ActionIcon aria-label="Close the device" onClick={onClose}>
            <IconX size={18} />
          </ActionIcon>
        </div>
      </div>
      <div className="panel-body stack">
        <Answer query={query} rows={8}>
          {(d) => (
            <>
              <div className="row wrap">
                <State kind={DEVICE_STATE[d.state][0]}>{DEVICE_STATE[d.state][1]}</State>
                {d.why !== null && <span className="dim">{d.why}</span>}
              </div>
              <div className="row wrap">
                <Button
                  disabled={!mayTest.may}
                  title={mayTest.why}
                  loading={test.busy}
                  onClick={() => void test.run({ id }).then(setTested)}
                >
                  Test read
                </Button>
                <Button disabled={!mayMaintain.may} title={mayMaintain.why} onClick={() => setMaintaining(true)}>
                  {d.lifecycle === 'maintenance' ? 'Back into service…' : 'Set to maintenance…'}
                </Button>
              </div>
              <FaultLine fault={test.fault} />
              {tested !== null && (
                <p className="outcome" role="status">
                  <State kind={tested.ok ? 'good' : 'bad'}>{tested.ok ? 'Answered' : 'No answer'}</State>
                  <span>{tested.message}</span>
                </p>
              )}
              <Tabs defaultValue="registers">
                <Tabs.List aria-label="Device">
                  <Tabs.Tab value="registers">Registers</Tabs.Tab>
                  <Tabs.Tab value="identity">Identity and link</Tabs.Tab>
                  {d.kind === 'meter' && <Tabs.Tab value="chain">On the chain</Tabs.Tab>}
                  <Tabs.Tab value="trend">Trend</Tabs.Tab>
                  <Tabs.Tab value="history">History</Tabs.Tab>
                </Tabs.List>
                <Tabs.Panel value="registers">
                  {d.registers.length === 0 ? (
                    <Empty what="Nothing has been read from this device yet." how="Its registers appear here after the first answer." />
                  ) : (
                    <Table
                      caption="Registers"
                      dense
                      rows={d.registers}
                      keyOf={(r) => `${r.model}.${r.point}.${r.address}`}
                      columns={[
                        {
                          id: 'label',
                          head: 'Point',
                          cell: (r) => (
                            <span title={`${r.point}, ${r.model}`}>
                              {r.label}
                              {r.writable && <span className="dim small"> writable</span>}
                            </span>
                          ),
                          sort: (r) => r.label,
                        },
                        { id: 'addr', head: 'Address', align: 'right', cell: (r) => r.address ?? '—', sort: (r) => r.address ?? 0 },
                        {
                          id: 'raw',
                          head: 'Raw (hex)',
                          cell: (r) => (
                            <span className="mono raw clip" title={r.raw ?? undefined}>
                              {r.raw ?? '—'}
                            </span>
                          ),
                        },
                        {
                          id: 'value',
                          head: 'Value',
                          align: 'right',
                          cell: (r) => (
                            <span className="num" data-quality={r.quality}>
                              {r.value === null ? '—' : typeof r.value === 'number' ? trim(r.value) : r.value}
                              <span className="unit">{r.unit}</span>
                            </span>
                          ),
                        },
                        {
                          id: 'q',
                          head: 'Quality',
                          cell: (r) =>
                            r.quality === 'good' ? (
                              <span className="dim nowrap">{r.ageMs === null ? 'good' : `${milliseconds(r.ageMs)} old`}</span>
                            ) : (
                              `${r.quality}${r.ageMs === null ? '' : `, ${span(r.ageMs)}`}`
                            ),
                        },
                      ]}
                    />
                  )}
                </Tabs.Panel>
                <Tabs.Panel value="identity" pt="sm">
                  <Facts
                    facts={[
                      [
                        'Id',
                        <span key="id" className="mono">
                          {d.id}
                        </span>,
                      ],
                      ['Made by', `${d.manufacturer} ${d.model}`],
                      ['Serial', d.serial],
                      ['Firmware', d.firmware ?? 'not reported'],
                      [
                        'Address',
                        <span key="a" className="mono">
                          {d.address}
                        </span>,
                      ],
                      ['Life', d.lifecycle],
                      [
                        'Key on chain',
                        d.keyRegistered === null
                          ? 'neither a settling nor a public meter'
                          : d.keyRegistered
                            ? 'registered'
                            : 'not registered',
                      ],
                      ['Last signed reading', d.lastReadingInterval === null ? '—' : `interval ${d.lastReadingInterval}`],
                      ['Readings kept apart', fixed(d.quarantined, 0)],
                      [
                        'Requests',
                        `${fixed(d.requests.sent, 0)} sent, ${fixed(d.requests.failed, 0)} failed, ${fixed(d.requests.timeouts, 0)} timed out`,
                      ],
                      ['Reconnects', fixed(d.requests.reconnects, 0)],
                    ]}
                  />
                </Tabs.Panel>
                {d.kind === 'meter' && (
                  <Tabs.Panel value="chain" pt="sm">
                    <Suspense fallback={<Loading rows={6} />}>
                      <ChainTab id={id} name={d.name} />
                    </Suspense>
                  </Tabs.Panel>
                )}
                <Tabs.Panel value="trend" pt="sm">
                  <TrendPanel points={own} height={240} compact showLegend />
                </Tabs.Panel>
                <Tabs.Panel value="history" pt="sm">
                  {d.history.length === 0 ? (
                    <Empty what="No history yet." />
                  ) : (
                    <ul className="stack">
                      {d.history.map((h) => (
                        <li key={`${h.timeMs}${h.text}`}>
                          <Time ms={h.timeMs} kind="dayMinute" /> <span>{h.text}</span> <span className="dim small">{h.by}</span>
                        </li>
                      ))}
                    </ul>
                  )}
                </Tabs.Panel>
              </Tabs>
              {maintaining && (
                <Maintenance
                  id={id}
                  name={d.name}
                  to={d.lifecycle !== 'maintenance'}
                  onDone={() => {
                    setMaintaining(false);
                    query.reload();
                  }}
                />
              )}
            </>
          )}
        </Answer>
      </div>
    </aside>
  );
}
const trim = (v: number): string => (Number.isInteger(v) ? fixed(v, 0) : fixed(v, Math.abs(v) < 10 ? 3 : 1));

function Maintenance({ id, name, to, onDone }: { id: string; name: string; to: boolean; onDone: () => void }) {
  const act = useAct('devices.setMaintenance');
  const [note, setNote] = useState('');
  return (
    <Confirm
      opened
      title={to ? `Set ${name} to maintenance?` : `Put ${name} back into service?`}
      confirmLabel={to ? 'Set to maintenance' : 'Back into service'}
      busy={act.busy}
      fault={act.fault}
      disabled={note.trim().length < 3}
      onClose={onDone}
      onConfirm={() => void act.run({ id, maintenance: to, note }).then((r) => r !== null && onDone())}
    >
      <p className="dim">
        {to
          ? 'It is not polled and not commanded while in maintenance; its values are shown as missing and its alarms are suppressed.'
          : 'Polling and commands begin again at once.'}
      </p>
      <TextInput label="What is being done" required value={note} onChange={(e) => setNote(e.currentTarget.value)} data-autofocus />
    </Confirm>
  );
}

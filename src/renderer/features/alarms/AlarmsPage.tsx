/** Alarms: one row tells cause, consequence, action and time to respond. Active, shelved, suppressed, history, performance. */
import { Button, Tabs } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { AlarmRow } from '../../../shared/contract/operations.ts';
import { useAct, useTopic } from '../../app/hooks.ts';
import { replaceRoute, useRoute } from '../../app/router.ts';
import { useMay } from '../../app/session.ts';
import { Empty, FaultLine, Loading, PageFrame, Panel } from '../../components/Page.tsx';
import { ActiveAlarms } from './ActiveAlarms.tsx';
import { History } from './History.tsx';
import { Performance } from './Performance.tsx';

const byUrgency = (a: AlarmRow, b: AlarmRow): number =>
  Number(a.acknowledgedMs !== null) - Number(b.acknowledgedMs !== null) || a.priority - b.priority || b.raisedMs - a.raisedMs;
export const isUnacknowledged = (a: AlarmRow): boolean => a.state === 'unacknowledged' || a.state === 'returned-unacknowledged';

export default function AlarmsPage() {
  const alarms = useTopic('alarms');
  const { target, params } = useRoute();
  const tab = params.tab ?? 'active';
  const [text, setText] = useState('');
  const groups = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    const all = (alarms ?? [])
      .filter((a) => a.state !== 'normal' && (wanted === '' || `${a.title} ${a.sourceName} ${a.cause}`.toLowerCase().includes(wanted)))
      .sort(byUrgency);
    return {
      active: all.filter((a) => a.state !== 'shelved' && a.state !== 'suppressed'),
      shelved: all.filter((a) => a.state === 'shelved'),
      suppressed: all.filter((a) => a.state === 'suppressed'),
    };
  }, [alarms, text]);
  const acknowledge = useAct('alarms.acknowledge');
  const { may, why } = useMay('alarms.acknowledge');
  const visible = groups.active.filter(isUnacknowledged);
  const select = (id: string | null) => replaceRoute('alarms', id, { tab: tab === 'active' ? undefined : tab });
  const list = (rows: AlarmRow[], empty: string, how: string) =>
    alarms === undefined ? (
      <Loading rows={8} />
    ) : rows.length === 0 ? (
      <Empty what={text === '' ? empty : 'No alarm matches.'} how={text === '' ? how : undefined} />
    ) : (
      <ActiveAlarms rows={rows} open={target} onOpen={select} />
    );
  return (
    <PageFrame
      title="Alarms"
      about={
        alarms &&
        `${groups.active.filter((a) => a.active).length} active, ${visible.length} unacknowledged, ${groups.shelved.length} shelved`
      }
      actions={
        <>
          <input
            type="search"
            className="search"
            aria-label="Find an alarm"
            placeholder="Find an alarm ( / )"
            value={text}
            onChange={(e) => setText(e.target.value)}
          />
          <Button
            disabled={!may || visible.length === 0 || tab !== 'active'}
            title={why}
            loading={acknowledge.busy}
            onClick={() => void acknowledge.run({ ids: visible.map((a) => a.id) })}
          >
            Acknowledge all visible ({visible.length})
          </Button>
        </>
      }
    >
      <FaultLine fault={acknowledge.fault} />
      <Tabs value={tab} onChange={(v) => replaceRoute('alarms', null, { tab: v === 'active' || v === null ? undefined : v })}>
        <Tabs.List aria-label="Alarms">
          <Tabs.Tab value="active">Active ({groups.active.length})</Tabs.Tab>
          <Tabs.Tab value="shelved">Shelved ({groups.shelved.length})</Tabs.Tab>
          <Tabs.Tab value="suppressed">Suppressed ({groups.suppressed.length})</Tabs.Tab>
          <Tabs.Tab value="history">History</Tabs.Tab>
          <Tabs.Tab value="performance">Performance</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="active" pt="sm">
          <Panel flush>
            {list(
              groups.active,
              'No alarms.',
              'An alarm appears here with its cause, its consequence and what to do, the most urgent on top.',
            )}
          </Panel>
        </Tabs.Panel>
        <Tabs.Panel value="shelved" pt="sm">
          <Panel flush>
            {list(
              groups.shelved,
              'Nothing is shelved.',
              'A shelved alarm is out of the way for a time, with a reason; it comes back by itself.',
            )}
          </Panel>
        </Tabs.Panel>
        <Tabs.Panel value="suppressed" pt="sm">
          <Panel flush>
            {list(
              groups.suppressed,
              'Nothing is suppressed.',
              'Alarms are suppressed by design while their device is in maintenance or their cause is already alarmed.',
            )}
          </Panel>
        </Tabs.Panel>
        <Tabs.Panel value="history" pt="sm">
          <History text={text} />
        </Tabs.Panel>
        <Tabs.Panel value="performance" pt="sm">
          <Performance />
        </Tabs.Panel>
      </Tabs>
    </PageFrame>
  );
}

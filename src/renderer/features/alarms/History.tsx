/** What was raised, acknowledged, cleared and shelved, newest first. */

import { Button } from '@mantine/core';
import { useState } from 'react';
import { useQuery } from '../../app/hooks.ts';
import { Answer, Empty, Panel } from '../../components/Page.tsx';
import { Priority } from '../../components/Priority.tsx';
import { Table } from '../../components/Table.tsx';
import { Time } from '../../components/Time.tsx';

const EVENT = {
  raised: 'Raised',
  cleared: 'Gone',
  acknowledged: 'Acknowledged',
  shelved: 'Shelved',
  unshelved: 'Unshelved',
  suppressed: 'Suppressed',
} as const;

export function History({ text }: { text: string }) {
  const [limit, setLimit] = useState(200);
  const query = useQuery('alarms.history', { limit, text: text.trim() === '' ? undefined : text.trim().slice(0, 80) }, { refreshMs: 5000 });
  return (
    <Panel flush>
      <Answer query={query} rows={10}>
        {({ events, total }) =>
          events.length === 0 ? (
            <Empty
              what={text === '' ? 'No alarm has ever been raised here.' : 'No event matches.'}
              how="Every change of an alarm is kept here."
            />
          ) : (
            <>
              <Table
                caption="Alarm history"
                dense
                maxHeight="calc(100vh - 270px)"
                rows={events}
                keyOf={(e) => String(e.id)}
                columns={[
                  { id: 't', head: 'Time', width: 170, cell: (e) => <Time ms={e.timeMs} kind="full" />, sort: (e) => e.timeMs },
                  {
                    id: 'p',
                    head: 'Priority',
                    width: 80,
                    cell: (e) => <Priority priority={e.priority} size={18} hollow={e.event !== 'raised'} />,
                    sort: (e) => e.priority,
                  },
                  { id: 'e', head: 'Event', width: 140, cell: (e) => EVENT[e.event], sort: (e) => e.event },
                  { id: 'a', head: 'Alarm', cell: (e) => e.title, sort: (e) => e.title },
                  { id: 's', head: 'Source', cell: (e) => e.source, sort: (e) => e.source },
                  { id: 'v', head: 'Value', align: 'right', cell: (e) => e.value ?? '' },
                  { id: 'b', head: 'By', cell: (e) => e.by ?? '' },
                ]}
              />
              {events.length < total && events.length === limit && limit < 1000 && (
                <div className="row filter-line">
                  <Button onClick={() => setLimit((l) => Math.min(1000, l + 200))}>Show more ({total} in all)</Button>
                </div>
              )}
            </>
          )
        }
      </Answer>
    </Panel>
  );
}

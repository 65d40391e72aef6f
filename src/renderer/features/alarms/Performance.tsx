/** How well the alarm system serves its operator, against the targets of ISA-18.2. */
import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { fixed } from '../../app/format.ts';
import { useQuery } from '../../app/hooks.ts';
import { State } from '../../components/Facts.tsx';
import { Answer, Empty, Panel } from '../../components/Page.tsx';
import { Priority } from '../../components/Priority.tsx';

export function Performance() {
  const [hours, setHours] = useState('24');
  const query = useQuery('alarms.performance', { hours: Number(hours) }, { refreshMs: 15_000 });
  return (
    <Panel
      title="Against ISA-18.2"
      actions={
        <SegmentedControl
          aria-label="Window"
          value={hours}
          onChange={setHours}
          data={[
            { value: '1', label: '1 h' },
            { value: '24', label: '24 h' },
            { value: '168', label: '7 d' },
            { value: '720', label: '30 d' },
          ]}
        />
      }
    >
      <Answer query={query} rows={8}>
        {(p) => {
          const measures = [
            {
              name: 'Average rate',
              value: `${fixed(p.averagePerHour, 1)} an hour`,
              target: 'about 6, at most 12',
              ok: p.averagePerHour <= 12,
            },
            { name: 'Peak', value: `${p.peakPer10Min} in 10 minutes`, target: 'at most 10', ok: p.peakPer10Min <= 10 },
            { name: 'Time in flood', value: `${fixed(p.percentFlood, 1)} %`, target: 'below 1 %', ok: p.percentFlood < 1 },
            { name: 'Standing longer than 24 h', value: String(p.staleOver24h), target: 'fewer than 5', ok: p.staleOver24h < 5 },
            {
              name: 'Chattering',
              value: p.chattering.length === 0 ? 'none' : p.chattering.join(', '),
              target: 'none',
              ok: p.chattering.length === 0,
            },
          ];
          const mix = p.priorityPercent;
          return (
            <div className="two">
              <div className="stack">
                <table className="table">
                  <caption className="visually-hidden">Measures against their targets</caption>
                  <thead>
                    <tr>
                      <th scope="col">Measure</th>
                      <th scope="col" className="right">
                        Here
                      </th>
                      <th scope="col">Target</th>
                      <th scope="col">Met</th>
                    </tr>
                  </thead>
                  <tbody>
                    {measures.map((m) => (
                      <tr key={m.name}>
                        <td>{m.name}</td>
                        <td className="right">{m.value}</td>
                        <td className="dim">{m.target}</td>
                        <td>
                          <State kind={m.ok ? 'good' : 'bad'}>{m.ok ? 'Met' : 'Not met'}</State>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
                <p className="dim small">{p.targets}</p>
              </div>
              <div className="stack">
                <h3>Priorities</h3>
                {([1, 2, 3, 4] as const).map((n) => (
                  <div key={n} className="row">
                    <Priority priority={n} size={18} />
                    <div className="meter" aria-hidden="true">
                      <span style={{ width: `${mix[`p${n}`]}%` }} />
                    </div>
                    <span className="right" style={{ width: 48 }}>
                      {fixed(mix[`p${n}`], 0)} %
                    </span>
                  </div>
                ))}
                <h3>Most frequent</h3>
                {p.mostFrequent.length === 0 ? (
                  <Empty what="No alarm in this window." />
                ) : (
                  <ol className="stack">
                    {p.mostFrequent.map((m) => (
                      <li key={m.title} className="row between">
                        <span>{m.title}</span>
                        <span className="dim">
                          {m.count} times, {fixed(m.percent, 0)} %
                        </span>
                      </li>
                    ))}
                  </ol>
                )}
              </div>
            </div>
          );
        }}
      </Answer>
    </Panel>
  );
}

/** Trends of chosen points: range presets, zoom, minimum/maximum band, gaps as gaps, CSV. */
import { Button, SegmentedControl } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import { asFault, useEngine, useLinkState, useQuery, useTopic } from '../app/hooks.ts';
import type { LinkFault } from '../app/link.ts';
import { TrendChart, trendHue } from '../charts/TrendChart.tsx';
import { download } from './download.ts';
import { Num } from './Num.tsx';
import { Answer, Empty, FaultLine } from './Page.tsx';

const PRESETS = [
  { value: '600', label: '10 min' },
  { value: '3600', label: '1 h' },
  { value: '21600', label: '6 h' },
  { value: '86400', label: '24 h' },
  { value: '604800', label: '7 d' },
];

export function TrendPanel({
  points,
  height,
  compact = false,
  showLegend = !compact,
}: {
  points: readonly string[];
  height: number;
  compact?: boolean;
  showLegend?: boolean;
}) {
  const [seconds, setSeconds] = useState('600');
  const [zoomed, setZoomed] = useState<{ fromMs: number; toMs: number } | null>(null);
  const [endMs, setEndMs] = useState(() => Date.now());
  const [fault, setFault] = useState<LinkFault | null>(null);
  const { link } = useEngine();
  const connected = useLinkState().state === 'connected';
  const stepMs = Math.max(2000, Number(seconds) * 10);
  useEffect(() => {
    if (zoomed !== null || !connected) return;
    const timer = setInterval(() => setEndMs(Date.now()), stepMs);
    return () => clearInterval(timer);
  }, [stepMs, zoomed, connected]);
  const toMs = zoomed?.toMs ?? Math.ceil(endMs / 1000) * 1000;
  const fromMs = zoomed?.fromMs ?? toMs - Number(seconds) * 1000;
  const query = useKept(
    useQuery('trends.query', { points: [...points], fromMs, toMs, maxPoints: compact ? 300 : 800 }, { enabled: points.length > 0 }),
  );
  const onZoom = useCallback((from: number, to: number) => setZoomed({ fromMs: Math.round(from), toMs: Math.round(to) }), []);
  const csv = async () => {
    setFault(null);
    try {
      const file = await link.call('trends.csv', { points: [...points], fromMs, toMs });
      download(file.fileName, file.csv, 'text/csv');
    } catch (error) {
      setFault(asFault(error));
    }
  };
  if (points.length === 0) return <Empty what="No points chosen." how="Choose up to six points; their course appears here." />;
  return (
    <div className="trend">
      <div className="row wrap trend-head">
        <SegmentedControl
          aria-label="Range"
          size="xs"
          value={zoomed === null ? seconds : ''}
          onChange={(v) => {
            setZoomed(null);
            setSeconds(v);
            setEndMs(Date.now());
          }}
          data={compact ? PRESETS.slice(0, 4) : PRESETS}
        />
        {zoomed !== null && <Button onClick={() => setZoomed(null)}>Live again</Button>}
        <Button onClick={() => void csv()}>CSV</Button>
      </div>
      <FaultLine fault={fault} />
      <Answer query={query} height={height}>
        {({ series }) =>
          series.every((s) => s.values.every((v) => v === null)) ? (
            <div style={{ minHeight: height }}>
              <Empty what="Nothing was recorded in this range." how="Values appear here about a second after they are read." />
            </div>
          ) : (
            <TrendChart series={series} fromMs={fromMs} toMs={toMs} height={height} onZoom={onZoom} />
          )
        }
      </Answer>
      {showLegend && <TrendLegend points={points} series={query.data?.series ?? []} />}
    </div>
  );
}

/** Keeps the last answer on screen while the next range is being asked for, so that the chart does not blink. */
function useKept<T>(query: import('../app/hooks.ts').QueryState<T>): import('../app/hooks.ts').QueryState<T> {
  const [last, setLast] = useState<T | undefined>(undefined);
  useEffect(() => {
    if (query.kind === 'ok') setLast(query.data);
  }, [query.kind, query.data]);
  return query.kind === 'loading' && last !== undefined ? { kind: 'ok', data: last, reload: query.reload } : query;
}

function TrendLegend({
  points,
  series,
}: {
  points: readonly string[];
  series: readonly { id: string; label: string; unit: import('../../shared/values.ts').Unit }[];
}) {
  const values = useTopic('points', { points: [...points] });
  return (
    <div className="legend">
      {series.map((s, i) => (
        <span key={s.id}>
          <span className="swatch" style={{ background: `var(--${trendHue(i)})` }} />
          {s.label}
          <Num value={values?.[s.id]} unit={s.unit} />
        </span>
      ))}
    </div>
  );
}

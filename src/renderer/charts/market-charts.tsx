/** Charts of the exchange: step curves with their crossing, price beside the tariffs, flows between members, matching by hour. */
import { useCallback } from 'react';
import { energy, fixed, price as priceText, time } from '../app/format.ts';
import { usePlant } from '../app/session.ts';
import { axisText, timeAxis, tooltip, valueAxis } from './axes.ts';
import { Chart } from './Chart.tsx';
import type { Tokens } from './tokens.ts';

interface Step {
  fromWh: number;
  toWh: number;
  price: number;
}
/**
 * Corners of a stepped line. The second point after each corner keeps a step that is lower than a pixel from being drawn as a slope to the
 * next corner: ECharts leaves out points closer than that.
 */
const steps = (curve: readonly Step[]): [number, number][] => {
  const endWh = curve.at(-1)?.toWh ?? 0;
  return curve.flatMap((s): [number, number][] => {
    const p = s.price / 1000;
    const near = Math.min(s.toWh, s.fromWh + endWh * 0.004);
    return [
      [s.fromWh / 1000, p],
      [near / 1000, p],
      [s.toWh / 1000, p],
    ];
  });
};

/** Leaves room for the import tariff, so that its line is always in sight. */
const aboveTariff = (tariffs: { importPrice: number } | undefined) => (v: { max: number }) =>
  Math.ceil((Math.max(v.max, (tariffs?.importPrice ?? 0) / 1000) * 1.08) / 5) * 5;

export function CurvesChart({
  demand,
  supply,
  crossing,
  tariffs,
  height,
}: {
  demand: readonly Step[];
  supply: readonly Step[];
  crossing: { price: number | null; quantityWh: number };
  tariffs?: { importPrice: number; feedInPrice: number };
  height: number;
}) {
  const build = useCallback(
    (t: Tokens) => {
      const lines =
        tariffs === undefined
          ? []
          : [
              { yAxis: tariffs.importPrice / 1000, name: 'grid import tariff' },
              { yAxis: tariffs.feedInPrice / 1000, name: 'feed-in tariff' },
            ];
      const line = (name: string, colour: string, curve: readonly Step[], extra: object = {}) => ({
        name,
        type: 'line',
        symbol: 'none',
        data: steps(curve),
        lineStyle: { color: colour, width: 2.2 },
        itemStyle: { color: colour },
        ...extra,
      });
      return {
        grid: { left: 56, right: 20, top: 30, bottom: 40 },
        tooltip: tooltip(t, {
          trigger: 'item',
          formatter: (i: { seriesName: string; value: [number, number] }) =>
            `${i.seriesName}\n${fixed(i.value[0], 2)} kWh at ${fixed(i.value[1], 2)} ct/kWh`,
        }),
        xAxis: {
          ...valueAxis(t, 'kWh in this interval', { scale: false }),
          nameLocation: 'middle',
          nameGap: 24,
          nameTextStyle: axisText(t),
          min: 0,
          axisLine: { show: true, lineStyle: { color: t.edge } },
        },
        yAxis: valueAxis(t, 'ct/kWh', { scale: false, min: 0, max: aboveTariff(tariffs) }),
        series: [
          line('Supply', t.hydro, supply),
          line('Demand', t.load, demand, {
            markLine: {
              silent: true,
              symbol: 'none',
              label: { position: 'insideEndTop', color: t.dim, fontSize: 11, formatter: (p: { name: string }) => p.name },
              lineStyle: { color: t.faint, type: 'dashed', width: 1 },
              data: lines,
            },
          }),
          ...(crossing.price === null
            ? []
            : [
                {
                  name: 'Crossing',
                  type: 'line',
                  data: [[crossing.quantityWh / 1000, crossing.price / 1000]],
                  symbol: 'circle',
                  symbolSize: 11,
                  itemStyle: { color: t.panel, borderColor: t.accent, borderWidth: 3 },
                  label: {
                    show: true,
                    position: 'top',
                    distance: 8,
                    color: t.text,
                    fontSize: 12.5,
                    fontWeight: 600,
                    textBorderColor: t.panel,
                    textBorderWidth: 4,
                    formatter: `${fixed(crossing.price / 1000, 2)} ct/kWh`,
                  },
                  z: 5,
                },
              ]),
        ],
      };
    },
    [demand, supply, crossing, tariffs],
  );
  const text =
    crossing.price === null ? 'They do not cross.' : `They cross at ${priceText(crossing.price)} and ${energy(crossing.quantityWh)}.`;
  return (
    <>
      <Chart build={build} height={height} label={`Supply and demand curves. ${text}`} />
      <div className="legend">
        <span>
          <span className="swatch" style={{ height: 0, background: 'none', borderTop: '3px solid var(--hydro)' }} />
          Supply (sell orders, cheapest first)
        </span>
        <span>
          <span className="swatch" style={{ height: 0, background: 'none', borderTop: '3px solid var(--load)' }} />
          Demand (buy orders, dearest first)
        </span>
      </div>
    </>
  );
}

export function PriceChart({
  rounds,
  tariffs,
  height,
}: {
  rounds: readonly { startMs: number; price: number | null; tradedWh: number }[];
  tariffs?: { importPrice: number; feedInPrice: number };
  height: number;
}) {
  const { timeZone } = usePlant();
  const build = useCallback(
    (t: Tokens) => {
      const ordered = [...rounds].sort((a, b) => a.startMs - b.startMs);
      const from = ordered[0]?.startMs ?? 0;
      const to = (ordered[ordered.length - 1]?.startMs ?? 0) + 900_000;
      return {
        grid: [
          { left: 56, right: 18, top: 26, bottom: '36%' },
          { left: 56, right: 18, top: '74%', bottom: 26 },
        ],
        axisPointer: { link: [{ xAxisIndex: 'all' }] },
        tooltip: tooltip(t, {
          formatter: (items: { axisValue: number; seriesName: string; value: [number, number | null] }[]) =>
            [
              `${time(items[0]?.axisValue ?? 0, timeZone, 'dayMinute')} plant time`,
              ...items.map(
                (i) =>
                  `${i.seriesName}  ${i.value[1] === null ? 'no trade' : `${fixed(i.value[1], 2)} ${i.seriesName === 'Price' ? 'ct/kWh' : 'kWh'}`}`,
              ),
            ].join('\n'),
        }),
        xAxis: [
          timeAxis(t, timeZone, { min: from, max: to }, { axisLabel: { show: false } }),
          timeAxis(t, timeZone, { min: from, max: to }, { gridIndex: 1 }),
        ],
        yAxis: [
          valueAxis(t, 'ct/kWh', { scale: false, min: 0, max: aboveTariff(tariffs) }),
          valueAxis(t, 'kWh', { gridIndex: 1, splitNumber: 2, scale: false }),
        ],
        series: [
          {
            name: 'Price',
            type: 'line',
            symbol: 'none',
            lineStyle: { color: t.text, width: 1.8 },
            itemStyle: { color: t.text },
            data: ordered.flatMap((r) => [
              [r.startMs, r.price === null ? null : r.price / 1000],
              [r.startMs + 180_000, r.price === null ? null : r.price / 1000],
              [r.startMs + 899_999, r.price === null ? null : r.price / 1000],
            ]),
            markLine: {
              silent: true,
              symbol: 'none',
              label: { position: 'insideEndTop', color: t.dim, fontSize: 11, formatter: (p: { name: string }) => p.name },
              lineStyle: { color: t.faint, type: 'dashed', width: 1 },
              data:
                tariffs === undefined
                  ? []
                  : [
                      { yAxis: tariffs.importPrice / 1000, name: 'grid import tariff' },
                      { yAxis: tariffs.feedInPrice / 1000, name: 'feed-in tariff' },
                    ],
            },
          },
          {
            name: 'Traded',
            type: 'bar',
            xAxisIndex: 1,
            yAxisIndex: 1,
            itemStyle: { color: t.faint },
            barCategoryGap: '20%',
            data: ordered.map((r) => [r.startMs + 450_000, r.tradedWh / 1000]),
          },
        ],
      };
    },
    [rounds, tariffs, timeZone],
  );
  return <Chart build={build} height={height} label="Market price by interval beside the grid tariffs, and traded energy" />;
}

const HUE_WORDS = [
  [/solar|\bPV\b/i, 'solar'],
  [/wind/i, 'wind'],
  [/hydro/i, 'hydro'],
  [/battery|storage/i, 'battery'],
  [/grid/i, 'grid'],
] as const;

/** Seller or source at the left, buyer or use at the right. A name may stand on both sides. */
export function FlowChart({
  flows,
  height,
  label,
}: {
  flows: readonly { from: string; to: string; energyWh: number }[];
  height: number;
  label: string;
}) {
  const build = useCallback(
    (t: Tokens) => {
      const hue = (name: string, other: string) => {
        const key = HUE_WORDS.find(([word]) => word.test(name))?.[1];
        return key === undefined ? other : t[key];
      };
      const left = [...new Set(flows.map((f) => f.from))];
      const right = [...new Set(flows.map((f) => f.to))];
      const name = (v: string) => v.slice(2);
      const total = (side: 'from' | 'to', who: string) => flows.filter((f) => f[side] === who).reduce((s, f) => s + f.energyWh, 0);
      return {
        tooltip: tooltip(t, {
          trigger: 'item',
          formatter: (i: { dataType: string; data: { source?: string; target?: string; value?: number }; name: string }) =>
            i.dataType === 'edge'
              ? `${name(i.data.source ?? '')} to ${name(i.data.target ?? '')}\n${energy((i.data.value ?? 0) * 1000)}`
              : name(i.name),
        }),
        series: [
          {
            type: 'sankey',
            left: 8,
            right: 214,
            top: 8,
            bottom: 8,
            nodeWidth: 10,
            nodeGap: 9,
            draggable: false,
            emphasis: { focus: 'adjacency' },
            lineStyle: { color: t.faint, opacity: 0.32, curveness: 0.5 },
            label: {
              color: t.text,
              fontSize: 12,
              formatter: (i: { name: string }) =>
                `${name(i.name)}  ${energy(total(i.name.startsWith('a:') ? 'from' : 'to', name(i.name)), 1)}`,
            },
            data: [
              ...left.map((v) => ({ name: `a:${v}`, depth: 0, itemStyle: { color: hue(v, t.grid), borderWidth: 0 } })),
              ...right.map((v) => ({ name: `b:${v}`, depth: 1, itemStyle: { color: hue(v, t.load), borderWidth: 0 } })),
            ],
            labelLayout: { hideOverlap: true },
            links: flows.map((f) => ({ source: `a:${f.from}`, target: `b:${f.to}`, value: f.energyWh / 1000 })),
          },
        ],
      };
    },
    [flows],
  );
  return <Chart build={build} height={height} label={label} />;
}

export function MatchingChart({
  hours,
  height,
}: {
  hours: readonly { hourStartMs: number; percent: number | null; loadWh: number; renewableWh: number }[];
  height: number;
}) {
  const { timeZone } = usePlant();
  const build = useCallback(
    (t: Tokens) => {
      const dayOf = (ms: number) => time(ms, timeZone, 'date');
      const hourOf = (ms: number) => Number(time(ms, timeZone, 'minute').slice(0, 2));
      const days = [...new Set([...hours].sort((a, b) => a.hourStartMs - b.hourStartMs).map((h) => dayOf(h.hourStartMs)))];
      return {
        grid: { left: 64, right: 12, top: 8, ...(days.length < 6 ? { height: days.length * 34 } : { bottom: 74 }) },
        tooltip: tooltip(t, {
          trigger: 'item',
          formatter: (i: { data: { value: [number, number, number | string]; loadWh: number; renewableWh: number } }) =>
            `${days[i.data.value[1]] ?? ''} ${String(i.data.value[0]).padStart(2, '0')}:00 plant time\n${i.data.value[2] === '-' ? 'no load measured' : `${i.data.value[2]} % matched`}\nload ${energy(i.data.loadWh, 1)}\nrenewable ${energy(i.data.renewableWh, 1)}`,
        }),
        xAxis: {
          type: 'category',
          data: Array.from({ length: 24 }, (_, h) => String(h).padStart(2, '0')),
          name: 'hour of the day',
          nameLocation: 'middle',
          nameGap: 26,
          nameTextStyle: axisText(t),
          axisLabel: axisText(t),
          axisLine: { lineStyle: { color: t.edge } },
          axisTick: { show: false },
        },
        yAxis: {
          type: 'category',
          data: days,
          inverse: true,
          axisLabel: axisText(t),
          axisLine: { lineStyle: { color: t.edge } },
          axisTick: { show: false },
        },
        visualMap: {
          min: 0,
          max: 100,
          orient: 'horizontal',
          left: 64,
          ...(days.length < 6 ? { top: days.length * 34 + 56 } : { bottom: 0 }),
          itemHeight: 160,
          itemWidth: 10,
          text: ['100 % matched', '0 %'],
          textStyle: axisText(t),
          inRange: { color: [t.track, t.battery] },
          calculable: false,
          hoverLink: false,
        },
        series: [
          {
            type: 'heatmap',
            data: hours.map((h) => ({
              value: [hourOf(h.hourStartMs), days.indexOf(dayOf(h.hourStartMs)), h.percent === null ? '-' : Math.round(h.percent)],
              loadWh: h.loadWh,
              renewableWh: h.renewableWh,
            })),
            itemStyle: { borderColor: t.panel, borderWidth: 2 },
            emphasis: { itemStyle: { borderColor: t.text } },
          },
        ],
      };
    },
    [hours, timeZone],
  );
  return <Chart build={build} height={height} label="Share of each hour's load that certificates of the same hour cover" />;
}

const FEEDER_HUES = ['wind', 'solar', 'battery', 'genset', 'hydro', 'biomass'] as const;
export function VoltageChart({
  profiles,
  limits,
  height,
}: {
  profiles: readonly { feeder: string; points: readonly { bus: string; distanceKm: number; vmPu: number | null }[] }[];
  limits: { min: number; max: number };
  height: number;
}) {
  const build = useCallback(
    (t: Tokens) => {
      const hues = FEEDER_HUES.map((h) => t[h]);
      const symbols = ['circle', 'rect', 'triangle', 'diamond'];
      return {
        grid: { left: 56, right: 20, top: 26, bottom: 40 },
        tooltip: tooltip(t, {
          trigger: 'item',
          formatter: (i: { seriesName: string; data: { bus: string; value: [number, number] } }) =>
            `${i.data.bus}\n${i.seriesName}, ${fixed(i.data.value[0] * 1000, 0)} m\n${fixed(i.data.value[1], 3)} pu`,
        }),
        xAxis: {
          ...valueAxis(t, 'm along the feeder', { scale: false, min: 0 }),
          axisLabel: { ...axisText(t), formatter: (v: number) => fixed(v * 1000, 0) },
          nameLocation: 'middle',
          nameGap: 24,
          nameTextStyle: axisText(t),
          axisLine: { show: true, lineStyle: { color: t.edge } },
        },
        yAxis: valueAxis(t, 'pu', {
          min: (v: { min: number }) => Math.floor(Math.min(0.98, v.min - 0.005) * 100) / 100,
          max: (v: { max: number }) => Math.ceil(Math.max(1.02, v.max + 0.005) * 100) / 100,
        }),
        series: profiles.map((p, i) => ({
          name: p.feeder,
          type: 'line',
          symbol: symbols[i % symbols.length],
          symbolSize: 8,
          lineStyle: { width: 1.6, color: hues[i % hues.length] },
          itemStyle: { color: hues[i % hues.length] },
          data: p.points.map((x) => ({ bus: x.bus, value: [x.distanceKm, x.vmPu === null ? '-' : x.vmPu] })),
          ...(i === 0
            ? {
                markLine: {
                  silent: true,
                  symbol: 'none',
                  label: { position: 'insideStartTop', color: t.dim, fontSize: 11, formatter: (m: { name: string }) => m.name },
                  lineStyle: { color: t.faint, type: 'dashed' },
                  data: [
                    { yAxis: limits.min, name: 'lower limit' },
                    { yAxis: limits.max, name: 'upper limit' },
                    { yAxis: 1, name: '', lineStyle: { type: 'solid', color: t.edge } },
                  ],
                },
              }
            : {}),
        })),
      };
    },
    [profiles, limits],
  );
  return (
    <>
      <Chart build={build} height={height} label="Voltage along each feeder" />
      <div className="legend">
        {profiles.map((p, i) => (
          <span key={p.feeder}>
            <svg width="26" height="10" aria-hidden="true">
              <path d="M0 5h26" stroke={`var(--${FEEDER_HUES[i % FEEDER_HUES.length]})`} strokeWidth="2" />
              {i % 4 === 0 && <circle cx="13" cy="5" r="4" fill={`var(--${FEEDER_HUES[i % FEEDER_HUES.length]})`} />}
              {i % 4 === 1 && <rect x="9" y="1" width="8" height="8" fill={`var(--${FEEDER_HUES[i % FEEDER_HUES.length]})`} />}
              {i % 4 === 2 && <path d="M13 0l5 9h-10z" fill={`var(--${FEEDER_HUES[i % FEEDER_HUES.length]})`} />}
              {i % 4 === 3 && <path d="M13 0l5 5l-5 5l-5 -5z" fill={`var(--${FEEDER_HUES[i % FEEDER_HUES.length]})`} />}
            </svg>
            {p.feeder}
          </span>
        ))}
      </div>
    </>
  );
}

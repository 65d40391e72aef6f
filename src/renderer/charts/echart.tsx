/** ECharts with only the parts the console uses. Loaded when the first chart is shown. Canvas and rich-text tooltips: nothing inline for the CSP. */
import { useComputedColorScheme } from '@mantine/core';
import { BarChart, HeatmapChart, LineChart, SankeyChart } from 'echarts/charts';
import {
  DataZoomComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
} from 'echarts/components';
import * as echarts from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import type { ChartProps } from './Chart.tsx';
import { readTokens } from './tokens.ts';

echarts.use([
  BarChart,
  HeatmapChart,
  LineChart,
  SankeyChart,
  DataZoomComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
  CanvasRenderer,
]);

export default function EChart({ build, label, height, onZoom }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<echarts.ECharts | null>(null);
  const scheme = useComputedColorScheme('dark');
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  useEffect(() => {
    if (box.current === null) return;
    const made = echarts.init(box.current, undefined, { renderer: 'canvas' });
    chart.current = made;
    made.on('datazoom', () => {
      const part = (made.getOption().dataZoom as { startValue?: number; endValue?: number }[] | undefined)?.[0];
      if (part?.startValue !== undefined && part.endValue !== undefined) zoom.current?.(part.startValue, part.endValue);
    });
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(box.current);
    return () => {
      observer.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme changes the tokens that build reads
  useEffect(() => {
    chart.current?.setOption(
      { animation: false, textStyle: { fontFamily: "'Inter Variable', system-ui, sans-serif" }, ...build(readTokens()) },
      { notMerge: true },
    );
  }, [build, scheme]);
  return <div ref={box} className="chart freezes" style={{ height }} role="img" aria-label={label} />;
}

/** A chart's place on the page: keeps its height while ECharts loads, so that nothing jumps. `build` must be stable (useCallback/useMemo). */
import type { EChartsCoreOption } from 'echarts/core';
import { lazy, Suspense } from 'react';
import type { Tokens } from './tokens.ts';

export interface ChartProps {
  readonly build: (tokens: Tokens) => EChartsCoreOption;
  /** What the chart shows, in words, for those who do not see it. */
  readonly label: string;
  readonly height: number | string;
  readonly onZoom?: (fromValue: number, toValue: number) => void;
}
const EChart = lazy(() => import('./echart.tsx'));

export function Chart(props: ChartProps) {
  return (
    <Suspense fallback={<div className="bone" style={{ height: props.height }} />}>
      <EChart {...props} />
    </Suspense>
  );
}

/** Value as length: scale with its normal band, limits, set-point mark, and the last ten minutes beside it. */
import type { Bar } from '../../shared/contract/grid.ts';
import { quantity, shownUnit } from '../app/format.ts';
import { Num } from './Num.tsx';
import { Spark } from './Spark.tsx';

const at = (bar: Bar, v: number): number => Math.max(0, Math.min(100, ((v - bar.low) / (bar.high - bar.low || 1)) * 100));
/** A scale never ends before its value: a pointer stuck at the end would hide how far it is out. */
const stretched = (bar: Bar): Bar => {
  const v = bar.value.value;
  if (v === null || (v >= bar.low && v <= bar.high)) return bar;
  const step = 10 ** Math.floor(Math.log10(Math.max(1e-9, bar.high - bar.low)));
  return { ...bar, low: v < bar.low ? Math.floor(v / step) * step : bar.low, high: v > bar.high ? Math.ceil(v / step) * step : bar.high };
};

/** Limits are round numbers: shown as short as they are exact, so that the line under a narrow bar has room for all of them. */
const limitDecimals = (bar: Bar, v: number): number | undefined => {
  if (bar.unit === 'W' || bar.unit === '%') return 0;
  if (bar.unit === 'pu') return 2;
  if (bar.unit === 'Hz') return Number.isInteger(Math.round(v * 1000) / 100) ? 1 : undefined;
  return undefined;
};

export function AnalogueBar({ bar: given }: { bar: Bar }) {
  const bar = stretched(given);
  const value = bar.value.value;
  const usable = value !== null && bar.value.quality !== 'bad' && bar.value.quality !== 'missing';
  const outside = usable && ((bar.normalLow !== null && value < bar.normalLow) || (bar.normalHigh !== null && value > bar.normalHigh));
  const signed = bar.low < 0 && bar.high > 0;
  const zero = signed ? at(bar, 0) : 0;
  const here = usable ? at(bar, value) : 0;
  const limit = (v: number) => quantity(v, bar.unit, limitDecimals(bar, v)).text;
  return (
    <div className="bar" data-outside={outside || undefined}>
      <div className="bar-head">
        <span className="bar-label">{bar.label}</span>
        <span className="bar-where dim clip" title={bar.where ?? undefined}>
          {bar.where}
        </span>
      </div>
      <div className="bar-line">
        <span className="bar-value">
          <Num value={bar.value} unit={bar.unit} as={bar.unit === 'W' && signed ? 'exchange' : undefined} />
        </span>
        <Spark values={bar.spark} low={bar.low} high={bar.high} label={`${bar.label}, last ten minutes`} />
      </div>
      <div className="bar-scale freezes" aria-hidden="true">
        <div className="bar-track">
          {bar.normalLow !== null && bar.normalHigh !== null && (
            <div
              className="bar-normal"
              style={{ left: `${at(bar, bar.normalLow)}%`, width: `${at(bar, bar.normalHigh) - at(bar, bar.normalLow)}%` }}
            />
          )}
          {usable && (
            <>
              <div className="bar-fill" style={{ left: `${Math.min(zero, here)}%`, width: `${Math.abs(here - zero)}%` }} />
              <div className="bar-pointer" style={{ left: `${here}%` }} />
            </>
          )}
          {signed && <div className="bar-zero" style={{ left: `${zero}%` }} />}
          {bar.setPoint !== null && <div className="bar-set" style={{ left: `${at(bar, bar.setPoint)}%` }} />}
        </div>
        <div className="bar-ends">
          <span>{limit(bar.low)}</span>
          {bar.normalLow !== null && bar.normalHigh !== null && (
            <span>
              {outside ? 'outside' : 'normal'} {limit(bar.normalLow)} to {limit(bar.normalHigh)} {shownUnit(bar.unit)}
            </span>
          )}
          <span>{limit(bar.high)}</span>
        </div>
      </div>
    </div>
  );
}

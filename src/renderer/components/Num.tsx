/** Numbers on screen: with unit, direction in words, and their quality. A value that is not good never looks live. */
import type { Unit, Value } from '../../shared/values.ts';
import { direction, energy, money, price, quantity, span } from '../app/format.ts';
import { useNow } from '../app/hooks.ts';

interface NumProps {
  value: Value | undefined;
  unit: Unit;
  decimals?: number;
  /** Adds the direction in words and drops the sign. */
  as?: 'exchange' | 'battery' | 'unit';
}

export function Num({ value, unit, decimals, as }: NumProps) {
  if (value === undefined)
    return (
      <span className="num" data-quality="missing">
        —
      </span>
    );
  if (value.value === null || value.quality === 'bad' || value.quality === 'missing') {
    const reason =
      value.reason ?? (value.quality === 'bad' ? 'The reading was refused as implausible.' : 'This value has not been read yet.');
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the reason must be reachable by keyboard
      <span className="num" data-quality={value.quality} data-tip={reason} tabIndex={0}>
        —<span className="visually-hidden"> {reason}</span>
      </span>
    );
  }
  const shown = quantity(as === undefined ? value.value : Math.abs(value.value), unit, decimals);
  return (
    <span className="num" data-quality={value.quality} title={value.reason}>
      {value.quality === 'estimated' && <span title="estimated">~</span>}
      {shown.text}
      {shown.unit !== '' && <span className="unit">{shown.unit}</span>}
      {as !== undefined && <span className="word">{direction(value.value, as)}</span>}
      {value.quality === 'stale' && <Age sinceMs={value.timeMs} />}
    </span>
  );
}

function Age({ sinceMs }: { sinceMs: number | null }) {
  const now = useNow(1000);
  return <span className="age">{sinceMs === null ? 'old' : `${span(now - sinceMs)} old`}</span>;
}

export function Plain({ text, unit, title }: { text: string; unit?: string; title?: string }) {
  return (
    <span className="num" title={title}>
      {text}
      {unit !== undefined && unit !== '' && <span className="unit">{unit}</span>}
    </span>
  );
}
const split = (text: string): { text: string; unit: string } => {
  const at = text.lastIndexOf(' ');
  return { text: text.slice(0, at), unit: text.slice(at + 1) };
};
export const Energy = ({ wh, decimals }: { wh: number | null | undefined; decimals?: number }) =>
  wh === null || wh === undefined ? <Plain text="—" title="not known yet" /> : <Plain {...split(energy(wh, decimals))} />;
export const Price = ({ value }: { value: number | null | undefined }) =>
  value === null || value === undefined ? <Plain text="—" title="no price: nothing was traded" /> : <Plain {...split(price(value))} />;
export const Watts = ({ w }: { w: number | null | undefined }) => {
  if (w === null || w === undefined) return <Plain text="—" />;
  return <Plain {...quantity(w, 'W')} />;
};
export const Money = ({ amount, decimals = 2, currency }: { amount: string | null | undefined; decimals?: number; currency: string }) =>
  amount === null || amount === undefined ? (
    <Plain text="—" title="not known yet" />
  ) : (
    <Plain text={money(amount, decimals)} unit={currency} title={`${amount} micro-cents`} />
  );

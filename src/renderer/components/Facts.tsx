/** Label and value pairs. */
import type { ReactNode } from 'react';

export function Facts({ facts, columns = 1 }: { facts: readonly (readonly [label: string, value: ReactNode])[]; columns?: number }) {
  return (
    <dl className="facts" style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, auto) minmax(0, 1fr))` }}>
      {facts.map(([label, value]) => (
        <div className="fact" key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A hash, address or signature: shortened to read, whole in the title, copied by a click. */
export function Hash({ value, head = 10 }: { value: string | null | undefined; head?: number }) {
  if (value === null || value === undefined || value === '') return <span className="dim">—</span>;
  const shown = value.length <= head + 7 ? value : `${value.slice(0, head)}…${value.slice(-4)}`;
  return (
    <button
      type="button"
      className="hash mono"
      title={`${value}\nClick to copy`}
      onClick={() => void navigator.clipboard?.writeText(value)}
    >
      {shown}
    </button>
  );
}
export const State = ({ kind, children }: { kind: 'good' | 'work' | 'wait' | 'bad' | 'off'; children: ReactNode }) => (
  <span className="state" data-kind={kind}>
    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      {kind === 'good' && <path d="M2 6.5 5 9.5 10.5 3" fill="none" stroke="currentColor" strokeWidth="2" />}
      {kind === 'work' && <path d="M6 1.5A4.5 4.5 0 1 1 1.5 6" fill="none" stroke="currentColor" strokeWidth="2" />}
      {kind === 'wait' && <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1.5" />}
      {kind === 'bad' && <path d="M2 2 10 10M10 2 2 10" fill="none" stroke="currentColor" strokeWidth="2" />}
      {kind === 'off' && <path d="M2 6h8" stroke="currentColor" strokeWidth="2" />}
    </svg>
    {children}
  </span>
);

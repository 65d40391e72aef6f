/** One-line symbols after IEC 60617, drawn about their centre. Stroke is the text colour, so that they read in black and white. */
import type { z } from 'zod';
import type { SourceKind } from '../../../shared/contract/grid.ts';

const S = { fill: 'none', stroke: 'var(--text)', strokeWidth: 1.6, strokeLinecap: 'round' as const, strokeLinejoin: 'round' as const };

/** Source, store or load in a 36 × 36 field. `colour` tints a small plate so that the same hue means the same thing as in the charts. */
export function UnitSymbol({ kind, colour, dim = false }: { kind: z.output<typeof SourceKind>; colour?: string; dim?: boolean }) {
  const plate = colour === undefined || dim ? 'var(--panel)' : `color-mix(in srgb, ${colour} 34%, var(--panel))`;
  const s = { ...S, opacity: dim ? 0.55 : 1 };
  switch (kind) {
    case 'load':
      return (
        <g {...s}>
          <path d="M0 -16V4" />
          <path d="M-9 4h18L0 17z" fill={plate} />
        </g>
      );
    case 'battery':
      return (
        <g {...s}>
          <rect x="-16" y="-16" width="32" height="32" rx="2" fill={plate} />
          <path d="M-10 -4h20M-5 3h10M0 -16v12M0 3v13" strokeWidth="2" />
        </g>
      );
    case 'grid':
      return (
        <g {...s}>
          <rect x="-16" y="-16" width="32" height="32" fill={plate} />
          <path d="M-16 -5.5h32M-16 5.5h32M-5.5 -16v32M5.5 -16v32" strokeWidth="1.1" />
        </g>
      );
    case 'solar':
      return (
        <g {...s}>
          <rect x="-16" y="-16" width="32" height="32" fill={plate} />
          <path d="M-16 16 16 -16" strokeWidth="1.1" />
          <path d="M-11 -11l5 5M-12 -4l5 5" strokeWidth="1.3" />
          <path d="M-6.5 -9.5v3.5h-3.5M-7.5 -2.5v3.5h-3.5" strokeWidth="1.3" />
          <path d="M3 10h4M9 10h4M3 13c3 -2 6 2 10 0" strokeWidth="1.2" />
        </g>
      );
    case 'wind':
      return (
        <g {...s}>
          <circle r="16" fill={plate} />
          <path d="M0 1V12M0 1 0 -11M0 1 10.5 7M0 1 -10.5 7" strokeWidth="2" />
          <circle cy="1" r="1.6" fill="var(--text)" stroke="none" />
        </g>
      );
    case 'hydro':
      return (
        <g {...s}>
          <circle r="16" fill={plate} />
          <path
            d="M-10 -4c3.3 -4 6.6 4 10 0s6.6 4 10 0M-10 3c3.3 -4 6.6 4 10 0s6.6 4 10 0M-8 9.5c2.6 -3 5.3 3 8 0s5.3 3 8 0"
            strokeWidth="1.5"
          />
        </g>
      );
    default:
      return (
        <g {...s}>
          <circle r="16" fill={plate} />
          <text textAnchor="middle" y="0.5" fontSize="13" fontWeight="650" fill="var(--text)" stroke="none">
            {kind === 'biomass' ? 'GB' : 'G'}
          </text>
          <path d="M-7 8c2.3 -5 4.6 -5 7 0s4.6 5 7 0" strokeWidth="1.5" />
        </g>
      );
  }
}

/** Breaker (interconnection, feeder) as a square with cross-mark, switch (unit, tie) as a blade. Vertical: its line runs from -h to +h. */
export function SwitchSymbol({
  position,
  breaker,
  tagged,
}: {
  position: 'open' | 'closed' | 'unknown';
  breaker: boolean;
  tagged: boolean;
}) {
  return (
    <g {...S} strokeWidth={1.8}>
      <rect x="-13" y="-15" width="26" height="30" fill="var(--panel)" stroke="none" />
      <path d="M0 -16v6M0 10v6" />
      {breaker && <path d="M-3.5 -13.5l7 7M3.5 -13.5l-7 7" />}
      {position === 'closed' && <path d="M0 10V-10" strokeWidth="2.4" />}
      {position === 'open' && <path d="M0 10 -10 -8" strokeWidth="2.4" />}
      {position === 'unknown' && (
        <>
          <path d="M0 10V-10" strokeDasharray="1.5 4" />
          <text x="6" y="5" fontSize="14" fontWeight="700" fill="var(--text)" stroke="none">
            ?
          </text>
        </>
      )}
      <circle cy="10" r="1.8" fill="var(--text)" stroke="none" />
      {tagged && (
        <g transform="translate(15 -10)">
          <path d="M0 0h11v9H0z" fill="var(--text)" stroke="none" />
          <path d="M0 0 -3 -3" />
          <text x="5.5" y="7.6" textAnchor="middle" fontSize="8.5" fontWeight="700" fill="var(--ground)" stroke="none">
            T
          </text>
        </g>
      )}
    </g>
  );
}
export function TransformerSymbol() {
  return (
    <g {...S} strokeWidth={1.8}>
      <rect x="-16" y="-26" width="32" height="52" fill="var(--panel)" stroke="none" />
      <circle cy="-9" r="14" fill="var(--panel)" />
      <circle cy="9" r="14" />
    </g>
  );
}
export function EarthSymbol() {
  return (
    <g {...S} strokeWidth={1.8}>
      <path d="M0 0v8M-9 8H9M-6 12H6M-3 16H3" />
    </g>
  );
}

/** Times: the plant's local time to read, UTC in the title. Plant time (what market and weather follow) is always labelled as such. */
import { span, type TimeKind, time, utc } from '../app/format.ts';
import { useNow } from '../app/hooks.ts';
import { usePlant } from '../app/session.ts';

export function Time({ ms, kind = 'time' }: { ms: number | null | undefined; kind?: TimeKind }) {
  const { timeZone } = usePlant();
  if (ms === null || ms === undefined) return <span>—</span>;
  return (
    <time className="nowrap" dateTime={new Date(ms).toISOString()} title={utc(ms)}>
      {time(ms, timeZone, kind)}
    </time>
  );
}
export function PlantTime({ ms, kind = 'minute' }: { ms: number | null | undefined; kind?: TimeKind }) {
  const { timeZone } = usePlant();
  if (ms === null || ms === undefined) return <span>—</span>;
  return (
    <time className="nowrap" dateTime={new Date(ms).toISOString()} title={`plant time · ${utc(ms)}`}>
      {time(ms, timeZone, kind)}
    </time>
  );
}
export function Ago({ ms }: { ms: number | null | undefined }) {
  const now = useNow(1000);
  if (ms === null || ms === undefined) return <span>—</span>;
  return (
    <span className="nowrap" title={utc(ms)}>
      {span(now - ms)} ago
    </span>
  );
}

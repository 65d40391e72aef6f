/** A small line without axes: the shape of the last minutes. Gaps stay gaps. */
interface SparkProps {
  values: readonly (number | null)[];
  low?: number;
  high?: number;
  label: string;
  width?: number;
  height?: number;
}
export function Spark({ values, label, width = 120, height = 28, low, high }: SparkProps) {
  const known = values.filter((v): v is number => v !== null);
  if (known.length < 2) return <svg className="spark" width={width} height={height} role="img" aria-label={`${label}: no values yet`} />;
  // Zoom to what happened, but never so far that noise fills the height.
  const span = Math.max(...known) - Math.min(...known);
  const scale = low !== undefined && high !== undefined ? (high - low) * 0.12 : 0;
  const middle = (Math.max(...known) + Math.min(...known)) / 2;
  const half = Math.max(span, scale, 1e-9) / 2;
  const x = (i: number) => (i / Math.max(1, values.length - 1)) * (width - 4) + 2;
  const y = (v: number) => height / 2 - ((v - middle) / half) * (height / 2 - 3);
  let path = '';
  let pen = false;
  values.forEach((v, i) => {
    if (v === null) {
      pen = false;
      return;
    }
    path += `${pen ? 'L' : 'M'}${x(i).toFixed(1)} ${y(v).toFixed(1)}`;
    pen = true;
  });
  const last = known[known.length - 1] as number;
  return (
    <svg className="spark freezes" width={width} height={height} role="img" aria-label={label}>
      <path d={path} fill="none" stroke="var(--dim)" strokeWidth="1.2" />
      <circle cx={x(values.length - 1)} cy={y(last)} r="2" fill="var(--text)" />
    </svg>
  );
}

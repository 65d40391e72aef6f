/**
 * The 1 s history: its own file (`history.sqlite`, synchronous=NORMAL: a power cut may cost the last second of trends, never a reading).
 * A sample is stored when it changed or 15 s after the last one, so a hole longer than 20 s is a hole. Minute means with
 * minimum and maximum are kept beside. The file is held under its disk budget by forgetting the oldest 1 s values first.
 */
import Database from 'better-sqlite3';
import type { Quality, Series } from '../../shared/values.ts';
import type { Clock, Historian, Log, Sample } from '../kernel/ports.ts';

const HEARTBEAT_MS = 15_000;
const GAP_MS = 20_000;
const QUALITIES: readonly Quality[] = ['good', 'stale', 'estimated', 'bad', 'missing'];

export interface OpenHistory extends Historian {
  /** Commits what is queued; called once a second and before closing. */
  flush(): void;
  close(): void;
  /** Told when writing fails (`SQLITE_FULL`) and when it works again. */
  onTrouble(listener: (problem: string | null) => void): void;
}

export interface HistoryOptions {
  readonly file: string;
  readonly budgetBytes: number;
  readonly clock: Clock;
  readonly log: Log;
}

interface Last {
  timeMs: number;
  value: number | null;
  quality: number;
}

interface Bucket {
  minute: number;
  sum: number;
  count: number;
  min: number;
  max: number;
}

export function openHistory(options: HistoryOptions): OpenHistory {
  const db = new Database(options.file);
  // Before anything else: it only takes hold on an empty file.
  db.pragma('auto_vacuum = INCREMENTAL');
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.pragma('journal_size_limit = 16777216');
  db.exec(`
    CREATE TABLE IF NOT EXISTS point (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE IF NOT EXISTS sample (point INTEGER NOT NULL, time_ms INTEGER NOT NULL, value REAL, quality INTEGER NOT NULL, PRIMARY KEY (point, time_ms)) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS minute (point INTEGER NOT NULL, time_ms INTEGER NOT NULL, mean REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (point, time_ms)) STRICT, WITHOUT ROWID;
  `);
  const pointIds = new Map<string, number>(
    (db.prepare('SELECT id, name FROM point').all() as { id: number; name: string }[]).map((p) => [p.name, p.id]),
  );
  const insertPoint = db.prepare('INSERT INTO point (name) VALUES (?)');
  const insertSample = db.prepare('INSERT OR REPLACE INTO sample (point, time_ms, value, quality) VALUES (?, ?, ?, ?)');
  const insertMinute = db.prepare('INSERT OR REPLACE INTO minute (point, time_ms, mean, low, high, count) VALUES (?, ?, ?, ?, ?, ?)');
  const lasts = new Map<string, Last>();
  const buckets = new Map<string, Bucket>();
  let queue: Sample[] = [];
  let trouble: string | null = null;
  let listener: (problem: string | null) => void = () => {};
  let flushes = 0;

  const idOf = (name: string): number => {
    const known = pointIds.get(name);
    if (known !== undefined) return known;
    const id = Number(insertPoint.run(name).lastInsertRowid);
    pointIds.set(name, id);
    return id;
  };

  const roll = (sample: Sample): void => {
    if (sample.value === null) return;
    const minute = Math.floor(sample.timeMs / 60_000);
    const bucket = buckets.get(sample.point);
    if (bucket && bucket.minute === minute) {
      bucket.sum += sample.value;
      bucket.count++;
      bucket.min = Math.min(bucket.min, sample.value);
      bucket.max = Math.max(bucket.max, sample.value);
      return;
    }
    if (bucket)
      insertMinute.run(idOf(sample.point), bucket.minute * 60_000, bucket.sum / bucket.count, bucket.min, bucket.max, bucket.count);
    buckets.set(sample.point, { minute, sum: sample.value, count: 1, min: sample.value, max: sample.value });
  };

  const commit = db.transaction((samples: readonly Sample[]) => {
    for (const sample of samples) {
      roll(sample);
      const quality = QUALITIES.indexOf(sample.quality);
      const last = lasts.get(sample.point);
      if (last && last.value === sample.value && last.quality === quality && sample.timeMs - last.timeMs < HEARTBEAT_MS) continue;
      insertSample.run(idOf(sample.point), sample.timeMs, sample.value, quality);
      lasts.set(sample.point, { timeMs: sample.timeMs, value: sample.value, quality });
    }
  });

  const usedBytes = (): number =>
    (db.pragma('page_count', { simple: true }) as number) * (db.pragma('page_size', { simple: true }) as number);
  const freeBytes = (): number =>
    (db.pragma('freelist_count', { simple: true }) as number) * (db.pragma('page_size', { simple: true }) as number);

  /** Forgets a tenth of the span at a time, 1 s values first and minute means only when there are none left, until the file fits. */
  const forgetOldest = (): void => {
    for (let turn = 0; turn < 12 && usedBytes() - freeBytes() > options.budgetBytes; turn++) {
      const table = rangeOf('sample') ? 'sample' : 'minute';
      const range = rangeOf(table);
      if (!range) break;
      const until = range.low + Math.max(60_000, (range.high - range.low) / 10);
      db.prepare(`DELETE FROM ${table} WHERE time_ms < ?`).run(until);
      options.log.info('history: forgot the oldest values to stay within the disk budget', { table, until });
    }
    if (freeBytes() > 0) db.pragma('incremental_vacuum');
  };
  const rangeOf = (table: 'sample' | 'minute'): { low: number; high: number } | null => {
    const range = db.prepare(`SELECT min(time_ms) AS low, max(time_ms) AS high FROM ${table}`).get() as {
      low: number | null;
      high: number | null;
    };
    return range.low === null || range.high === null || range.low === range.high ? null : { low: range.low, high: range.high };
  };

  const tell = (problem: string | null): void => {
    if (problem === trouble) return;
    trouble = problem;
    listener(problem);
  };

  return {
    append(samples) {
      queue.push(...samples);
      if (queue.length > 100_000) queue = queue.slice(-50_000);
    },
    flush() {
      if (queue.length === 0) return;
      const batch = queue;
      queue = [];
      try {
        commit(batch);
        if (++flushes % 60 === 0) forgetOldest();
        tell(null);
      } catch (cause) {
        const full = (cause as { code?: string }).code === 'SQLITE_FULL';
        tell(
          full ? 'The disk is full: trends are not being kept. Free some space.' : `Trends cannot be written: ${(cause as Error).message}`,
        );
      }
    },
    onTrouble(fn) {
      listener = fn;
    },
    query(points, fromMs, toMs, maxPoints) {
      return points.map((point) => readSeries(db, pointIds.get(point.id), point, fromMs, toMs, maxPoints));
    },
    usedBytes,
    close() {
      this.flush();
      db.close();
    },
  };
}

interface Row {
  time_ms: number;
  value: number | null;
  quality: number;
}

function readSeries(
  db: Database.Database,
  id: number | undefined,
  point: { id: string; label: string; unit: Series['unit'] },
  fromMs: number,
  toMs: number,
  maxPoints: number,
): Series {
  const empty: Series = { id: point.id, label: point.label, unit: point.unit, timesMs: [], values: [] };
  if (id === undefined || toMs <= fromMs) return empty;
  const long = toMs - fromMs > 6 * 3_600_000;
  if (long) {
    const minutes = db
      .prepare('SELECT time_ms, mean AS value, low, high FROM minute WHERE point = ? AND time_ms >= ? AND time_ms <= ? ORDER BY time_ms')
      .all(id, fromMs, toMs) as {
      time_ms: number;
      value: number;
      low: number;
      high: number;
    }[];
    return bucketise(
      point,
      minutes.map((m) => ({ timeMs: m.time_ms, value: m.value, low: m.low, high: m.high })),
      fromMs,
      toMs,
      maxPoints,
      150_000,
    );
  }
  const rows = db
    .prepare('SELECT time_ms, value, quality FROM sample WHERE point = ? AND time_ms >= ? AND time_ms <= ? ORDER BY time_ms')
    .all(id, fromMs, toMs) as Row[];
  const good = rows.map((r) => ({
    timeMs: r.time_ms,
    value: r.quality === 0 || r.quality === 2 ? r.value : null,
    low: r.value,
    high: r.value,
  }));
  return bucketise(point, good, fromMs, toMs, maxPoints, GAP_MS);
}

interface Raw {
  timeMs: number;
  value: number | null;
  low: number | null;
  high: number | null;
}

/** Buckets a long series; holes stay holes (null), nothing is carried forward past `gapMs`. */
function bucketise(
  point: { id: string; label: string; unit: Series['unit'] },
  rows: readonly Raw[],
  fromMs: number,
  toMs: number,
  maxPoints: number,
  gapMs: number,
): Series {
  const series: Series = { id: point.id, label: point.label, unit: point.unit, timesMs: [], values: [] };
  const wide = rows.length > maxPoints;
  if (wide) {
    series.min = [];
    series.max = [];
  }
  const width = wide ? (toMs - fromMs) / maxPoints : 0;
  let previous: number | null = null;
  const push = (timeMs: number, value: number | null, low: number | null, high: number | null): void => {
    if (previous !== null && timeMs - previous > Math.max(gapMs, width * 2)) {
      series.timesMs.push(previous + 1);
      series.values.push(null);
      series.min?.push(null);
      series.max?.push(null);
    }
    series.timesMs.push(timeMs);
    series.values.push(value);
    series.min?.push(low);
    series.max?.push(high);
    previous = timeMs;
  };
  if (!wide) {
    for (const row of rows) push(row.timeMs, row.value, row.low, row.high);
    return series;
  }
  let index = 0;
  while (index < rows.length) {
    const bucket = Math.floor(((rows[index] as Raw).timeMs - fromMs) / width);
    let sum = 0;
    let count = 0;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    const start = (rows[index] as Raw).timeMs;
    for (; index < rows.length; index++) {
      const row = rows[index] as Raw;
      if (Math.floor((row.timeMs - fromMs) / width) !== bucket) break;
      if (row.value === null) continue;
      sum += row.value;
      count++;
      low = Math.min(low, row.low ?? row.value);
      high = Math.max(high, row.high ?? row.value);
    }
    push(start, count > 0 ? sum / count : null, count > 0 ? low : null, count > 0 ? high : null);
  }
  return series;
}

/**
 * Measured 15-minute profiles (see data/NOTICE.md): four weeks, one per season, looked up for any plant date.
 * A date takes the week of its season (by day of year) and in it the day of its weekday, so the same date always gives the same day.
 */
import { readFileSync } from 'node:fs';

const STEP_S = 900;
const STEPS_PER_WEEK = 672;
const DAY_MS = 86_400_000;
/** Rows hold ten-thousandths of the rated power. */
const UNIT = 1e-4;

export interface Profiles {
  readonly columns: ReadonlyMap<string, Float64Array>;
  readonly weeks: number;
}

export function loadProfiles(path: string | URL): Profiles {
  return parseProfiles(readFileSync(path, 'utf8'));
}

/** CSV with `timestamp` and integer columns; whole weeks from Mondays, 15 minutes apart. Throws on any other shape. */
export function parseProfiles(csv: string): Profiles {
  const [header, ...rows] = csv.trim().split('\n');
  const names = (header ?? '').split(',');
  if (names[0] !== 'timestamp' || rows.length === 0 || rows.length % STEPS_PER_WEEK !== 0) {
    throw new Error(`the profile file must hold whole weeks of 15-minute rows after its header; it has ${rows.length} rows`);
  }
  const columns = names.slice(1).map(() => new Float64Array(rows.length));
  rows.forEach((row, r) => {
    const cells = row.split(',');
    columns.forEach((column, c) => {
      const value = Number(cells[c + 1]);
      if (!Number.isFinite(value)) throw new Error(`the profile file has no number in row ${r + 2}, column ${names[c + 1]}`);
      column[r] = value * UNIT;
    });
  });
  return { columns: new Map(columns.map((column, c) => [names[c + 1] as string, column])), weeks: rows.length / STEPS_PER_WEEK };
}

/**
 * Which of the four weeks (winter, early spring, late spring, summer) stands for a day of the year. Autumn takes the spring weeks
 * with the same height of the sun (the data end in August).
 */
export function weekOfDay(dayOfYear: number): number {
  const fromWinterSolstice = Math.min((dayOfYear + 10) % 365, 365 - ((dayOfYear + 10) % 365));
  if (fromWinterSolstice < 55) return 0;
  if (fromWinterSolstice < 110) return 1;
  return fromWinterSolstice < 155 ? 2 : 3;
}

/** Row index (fractional) of a plant time, measured from the middle of each quarter hour, for linear interpolation. */
function rowsOf(plantTimeMs: number, weeks: number): [number, number, number] {
  const shifted = plantTimeMs - (STEP_S * 1000) / 2;
  const rowAt = (ms: number): number => {
    const dayMs = Math.floor(ms / DAY_MS) * DAY_MS;
    const date = new Date(dayMs);
    const dayOfYear = Math.floor((dayMs - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS);
    const weekday = (date.getUTCDay() + 6) % 7;
    return (weekOfDay(dayOfYear) % weeks) * STEPS_PER_WEEK + weekday * 96 + Math.floor((ms - dayMs) / (STEP_S * 1000));
  };
  const fraction = (shifted / (STEP_S * 1000)) % 1;
  return [rowAt(shifted), rowAt(shifted + STEP_S * 1000), fraction < 0 ? fraction + 1 : fraction];
}

export interface ProfileReader {
  /** Relative value of a column now; throws for an unknown column. */
  value(column: string): number;
  moveTo(plantTimeMs: number): void;
}

/** A reader that works out the rows once per time and then serves any number of columns. */
export function createProfileReader(profiles: Profiles): ProfileReader {
  let rows: [number, number, number] = [0, 0, 0];
  return {
    moveTo(plantTimeMs) {
      rows = rowsOf(plantTimeMs, profiles.weeks);
    },
    value(column) {
      const values = profiles.columns.get(column);
      if (!values) throw new Error(`the profile file has no column ${column}`);
      const [a, b, t] = rows;
      return (values[a] as number) * (1 - t) + (values[b] as number) * t;
    },
  };
}

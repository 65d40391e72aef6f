/**
 * Reads untrusted JSON into typed data and says, by name and place, everything that is wrong with it.
 * Unknown fields are refused: a misspelt `pkW` must not become a load of zero.
 */
export type Problems = string[];

/** Returns the value, or `undefined` after adding at least one sentence to `problems`. */
export type Reader<T> = (value: unknown, path: string, problems: Problems) => T | undefined;

export type Read<R> = R extends Reader<infer T> ? T : never;

interface Optional<T> {
  readonly optional: Reader<T>;
}

type Field = Reader<unknown> | Optional<unknown>;
type Fields = Record<string, Field>;
type RequiredKeys<F extends Fields> = { [K in keyof F]: F[K] extends Optional<unknown> ? never : K }[keyof F];
type OptionalKeys<F extends Fields> = Exclude<keyof F, RequiredKeys<F>>;
type Shape<F extends Fields> = { [K in RequiredKeys<F>]: F[K] extends Reader<infer T> ? T : never } & {
  [K in OptionalKeys<F>]?: F[K] extends Optional<infer T> ? T : never;
};

const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
};

const fail = (problems: Problems, sentence: string): undefined => {
  problems.push(sentence);
  return undefined;
};

/** A finite number within the bounds. JSON has no NaN, but programs that call the parser do. */
export const number =
  (bounds: { above?: number; min?: number; max?: number } = {}): Reader<number> =>
  (value, path, problems) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) return fail(problems, `${path} must be a finite number, not ${shown(value)}`);
    if (bounds.above !== undefined && value <= bounds.above) return fail(problems, `${path} must be above ${bounds.above}, not ${value}`);
    if (bounds.min !== undefined && value < bounds.min) return fail(problems, `${path} must be at least ${bounds.min}, not ${value}`);
    if (bounds.max !== undefined && value > bounds.max) return fail(problems, `${path} must be at most ${bounds.max}, not ${value}`);
    return value;
  };

/** An integer that a double holds exactly. */
export const integer =
  (bounds: { min?: number; max?: number } = {}): Reader<number> =>
  (value, path, problems) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
      return fail(problems, `${path} must be a whole number below 2^53, not ${shown(value)}`);
    }
    if (bounds.min !== undefined && value < bounds.min) return fail(problems, `${path} must be at least ${bounds.min}, not ${value}`);
    if (bounds.max !== undefined && value > bounds.max) return fail(problems, `${path} must be at most ${bounds.max}, not ${value}`);
    return Object.is(value, -0) ? 0 : value;
  };

export const boolean: Reader<boolean> = (value, path, problems) =>
  typeof value === 'boolean' ? value : fail(problems, `${path} must be true or false, not ${shown(value)}`);

export const text: Reader<string> = (value, path, problems) =>
  typeof value === 'string' ? value : fail(problems, `${path} must be a text, not ${shown(value)}`);

export const identifier: Reader<string> = (value, path, problems) =>
  typeof value === 'string' && value.length > 0 ? value : fail(problems, `${path} must be a text that is not empty, not ${shown(value)}`);

export const oneOf =
  <const T extends string>(...allowed: readonly T[]): Reader<T> =>
  (value, path, problems) =>
    allowed.includes(value as T)
      ? (value as T)
      : fail(problems, `${path} must be ${allowed.map((a) => `"${a}"`).join(' or ')}, not ${shown(value)}`);

export const nullable =
  <T>(reader: Reader<T>): Reader<T | null> =>
  (value, path, problems) =>
    value === null ? null : reader(value, path, problems);

export const optional = <T>(reader: Reader<T>): Optional<T> => ({ optional: reader });

export const listOf =
  <T>(reader: Reader<T>): Reader<T[]> =>
  (value, path, problems) => {
    if (!Array.isArray(value)) return fail(problems, `${path} must be a list, not ${shown(value)}`);
    const before = problems.length;
    const items = value.map((item, index) => reader(item, `${path}[${index}]`, problems) as T);
    return problems.length === before ? items : undefined;
  };

export const object =
  <F extends Fields>(fields: F): Reader<Shape<F>> =>
  (value, path, problems) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return fail(problems, `${path || 'the document'} must be an object, not ${shown(value)}`);
    }
    const before = problems.length;
    const source = value as Record<string, unknown>;
    const prefix = path === '' ? '' : `${path}.`;
    for (const key of Object.keys(source)) {
      if (!Object.hasOwn(fields, key)) problems.push(`unknown field "${key}"${path === '' ? '' : ` in ${path}`}`);
    }
    const result: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(fields)) {
      const present = Object.hasOwn(source, key) && source[key] !== undefined;
      if (typeof field === 'function') {
        if (present) result[key] = field(source[key], prefix + key, problems);
        else problems.push(`${prefix}${key} is missing`);
      } else if (present) {
        result[key] = field.optional(source[key], prefix + key, problems);
      }
    }
    return problems.length === before ? (result as Shape<F>) : undefined;
  };

/** Sentences for a person: the first `limit`, then how many more there are. */
export const firstProblems = (problems: Problems, limit = 20): string[] =>
  problems.length <= limit ? [...problems] : [...problems.slice(0, limit), `and ${problems.length - limit} more problems`];

/** Ids that occur twice, each once. */
export const duplicates = (ids: Iterable<string>): string[] => {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const id of ids) (seen.has(id) ? twice : seen).add(id);
  return [...twice];
};

/** "is this the document I was told it is", with a sentence that names what was found. */
export const schemaProblem = (json: unknown, schema: string): string | null => {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return `the file must hold a ${schema} object, not ${shown(json)}`;
  const found = (json as { schema?: unknown }).schema;
  if (found === schema) return null;
  return `the file must say "schema": "${schema}", but ${found === undefined ? 'it names no schema' : `it says ${shown(found)}`}`;
};

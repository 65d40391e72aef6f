// SPDX-License-Identifier: GPL-3.0-only
/**
 * Constraint groups of two kinds. Checks are marked in the circuits by `//@group name` and `//@end`. Values are what every other constraint defines:
 * `signal <== arithmetic` and the components of circomlib; such a group is called `Template.signal` and needs no mark.
 */
const GROUP = /^[ \t]*\/\/@group ([\w-]+)\n([\s\S]*?)^[ \t]*\/\/@end\n/gm;

export type CircuitSources = ReadonlyMap<string, string>;

/** Names of the marked groups. */
export function constraintGroups(files: CircuitSources): string[] {
  const names = [...files.values()].flatMap((text) => [...text.matchAll(GROUP)].map((match) => match[1] as string));
  const marks = [...files.values()].reduce((sum, text) => sum + (text.match(/\/\/@group/g)?.length ?? 0), 0);
  if (names.length !== marks || new Set(names).size !== names.length) throw new Error('group marks in the circuits are not well-formed');
  return names;
}

/** The circuits without the marked groups for which `remove` says so. */
export function withoutGroups(remove: (name: string) => boolean, files: CircuitSources): Map<string, string> {
  return new Map([...files].map(([path, text]) => [path, text.replace(GROUP, (whole, name: string) => (remove(name) ? '' : whole))]));
}

const TEMPLATE = /^template (\w+)\(.*?\) \{\n[\s\S]*?^\}\n/gm;
/** `component name = Template(…);`, `name[i] = Template(…);` and `signal[i] <== …;`, in order. */
const STATEMENT =
  /(?<declares>component )?(?<left>[A-Za-z]\w*(?:\[[^\]=]+\]|\.\w+)*) (?:= (?<made>[A-Z]\w*)\((?<with>.*?)\)|<== (?<right>[^;]+));/g;

export interface Statement {
  readonly template: string;
  /** the text on the left, with its indices */
  readonly left: string;
  readonly declares: boolean;
  /** the template that is instantiated, and its arguments */
  readonly made: string | null;
  readonly with: string;
  readonly right: string;
  readonly inGroup: boolean;
}

/** Comments as long as they are, but empty: positions stay. */
const blanked = (text: string): string => text.replace(/\/\/.*$/gm, (comment) => ' '.repeat(comment.length));

function statementsOf(template: string, body: string): { at: number; length: number; statement: Statement }[] {
  const groups = [...body.matchAll(GROUP)].map((match) => [match.index, match.index + match[0].length] as const);
  return [...blanked(body).matchAll(STATEMENT)].map((match) => {
    const found = match.groups as Record<string, string | undefined>;
    return {
      at: match.index,
      length: match[0].length,
      statement: {
        template,
        left: found.left as string,
        declares: found.declares !== undefined,
        made: found.made ?? null,
        with: found.with ?? '',
        right: found.right ?? '',
        inGroup: groups.some(([from, to]) => match.index > from && match.index < to),
      },
    };
  });
}

const templatesOf = (text: string) => [...text.matchAll(TEMPLATE)].map((match) => ({ name: match[1] as string, body: match[0] }));

/** What instantiates or defines something, in all templates. */
export const statements = (files: CircuitSources): Statement[] =>
  [...files.values()].flatMap(templatesOf).flatMap(({ name, body }) => statementsOf(name, body).map(({ statement }) => statement));

/** Templates that stand only in marked groups (range checks, signatures): what they consist of is removed with the group. */
export function templatesInGroups(files: CircuitSources): Set<string> {
  const all = statements(files);
  const own = new Set([...files.values()].flatMap(templatesOf).map(({ name }) => name));
  return new Set([...own].filter((name) => all.some((one) => one.made === name) && all.every((one) => one.made !== name || one.inGroup)));
}

/** The value group that a statement belongs to: null if it only wires (a copy, or the linear input of a component) or stands in a marked group. */
function valueGroup(statement: Statement, own: ReadonlySet<string>, covered: ReadonlySet<string>): string | null {
  if (statement.inGroup || covered.has(statement.template)) return null;
  const ofComponent = statement.left.includes('.');
  const makes = statement.made !== null && !own.has(statement.made);
  const defines = statement.made === null && (ofComponent ? /\*/ : /[-+*]/).test(statement.right.replace(/\[[^\]]*\]/g, ''));
  return makes || defines ? `${statement.template}.${statement.left.replace(/\[[^\]]*\]/g, '')}` : null;
}

function scope(files: CircuitSources) {
  const own = new Set([...files.values()].flatMap(templatesOf).map(({ name }) => name));
  return { own, covered: templatesInGroups(files) };
}

/** Names of the value groups, in the order of the circuits. */
export function valueGroups(files: CircuitSources): string[] {
  const { own, covered } = scope(files);
  return [...new Set(statements(files).flatMap((one) => valueGroup(one, own, covered) ?? []))];
}

const COMMENT = /\/\/.*$/gm;
/** A product that is not one by a number: hidden in a `var`, it would look like wiring where it is used. */
const PRODUCT = /(?<!\d )\*(?! \(1 <<)/;

/** What stands in the circuits and would escape the groups: each is to be written in another way. */
export function escapes(files: CircuitSources): string[] {
  const all = statements(files);
  const code = [...files.values()].map((text) => text.replace(COMMENT, '')).join('\n');
  const count = (pattern: RegExp) => code.match(pattern)?.length ?? 0;
  const checks = [...withoutGroups(() => true, files).values()].map((text) => text.replace(COMMENT, '')).join('\n');
  const names = new Set(all.flatMap(({ left }) => steps(left).map(({ name }) => name)));
  return [
    ...(count(/<==/g) === all.filter((one) => one.made === null).length ? [] : ['a `<==` that is no statement of its own']),
    ...(count(/(?<!template )\b[A-Z]\w*\(/g) === all.filter((one) => one.made !== null).length ? [] : ['a component made in another way']),
    ...(/<--|-->|==>/.test(code) ? ['an arrow that is not <=='] : []),
    ...(checks.includes('===') ? ['a check outside the marked groups'] : []),
    ...(code.match(/\b\w+(?:\[\w+\])? \+?= [^;]*;/g) ?? []).filter((assigned) => PRODUCT.test(assigned)),
    ...(new Set([...names].map(codeOf)).size === names.size ? [] : ['two names with one code']),
  ];
}

/** How many lies a forger may tell about values at once. */
export const LIES = 6;
const STEP = 2n ** 40n;
const TOLD = 'signal input where; signal input lieAt[LIES]; signal input lieTo[LIES];'.replaceAll('LIES', String(LIES));

function nameCode(name: string): bigint {
  let hash = 0x811c9dc5;
  for (const letter of name) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  return BigInt(hash >>> 8) << 16n;
}
const steps = (path: string): { name: string; indices: string[] }[] =>
  [...path.matchAll(/(\w+)((?:\[[^\]]*\])*)/g)].map((match) => ({
    name: match[1] as string,
    indices: [...(match[2] as string).matchAll(/\[([^\]]*)\]/g)].map((index) => index[1] as string),
  }));

/** The number under which a value is lied about, from its name as circom gives it: `market.atLow.against[2].less.out`. */
export const codeOf = (path: string): bigint =>
  steps(path).reduce(
    (code, { name, indices }) => code * STEP + nameCode(name) + BigInt(indices[0] ?? 0) * 256n + BigInt(indices[1] ?? 0),
    0n,
  );

/** The same number, as circom works it out below `where`. */
const codeText = (left: string): string =>
  steps(left).reduce(
    (code, { name, indices }) => `((${code}) * ${STEP} + ${nameCode(name)} + (${indices[0] ?? 0}) * 256 + (${indices[1] ?? 0}))`,
    'where',
  );

const passOn = (left: string): string =>
  ` ${left}.where <== ${codeText(left)}; for (var lie = 0; lie < ${LIES}; lie++) { ${left}.lieAt[lie] <== lieAt[lie]; ${left}.lieTo[lie] <== lieTo[lie]; }`;

/**
 * The circuits with the groups loosened for which `loosen` says so: a check is gone, a value is only assigned, and may be lied about through
 * two more inputs of the circuit, `lieAt` (codes) and `lieTo` (what is said instead). `loose` is the text of circomlib's loose twins.
 */
export function loosened(loosen: (name: string) => boolean, files: CircuitSources, entry: string, loose: string): Map<string, string> {
  const { own, covered } = scope(files);
  const rewritten = ({ name, body }: { name: string; body: string }): string => {
    if (covered.has(name)) return body;
    let [text, end] = ['', 0];
    for (const { at, length, statement } of statementsOf(name, body)) {
      text += body.slice(end, at);
      end = at + length;
      const whole = body.slice(at, end);
      const group = valueGroup(statement, own, covered);
      const lies = group !== null && loosen(group);
      const { left, made } = statement;
      if (made === null) text += lies ? `${left} <-- told(${codeText(left)}, ${statement.right}, lieAt, lieTo);` : whole;
      else if (own.has(made)) text += covered.has(made) ? whole : whole + passOn(left);
      else text += lies ? `${statement.declares ? 'component ' : ''}${left} = Loose${made}(${statement.with});${passOn(left)}` : whole;
    }
    text += body.slice(end);
    const main = `${name.toLowerCase()}.circom` === entry;
    return text.replace(/\{\n/, `{ ${main ? `${TOLD.replace('signal input where;', 'var where = 0;')}` : TOLD}\n`);
  };
  const changed = new Map(
    [...files].map(([path, text]) => [path, text.replace(TEMPLATE, (body, name: string) => rewritten({ name, body }))] as const),
  );
  const range = changed.get('lib/range.circom');
  if (range === undefined) throw new Error('every circuit includes lib/range.circom');
  changed.set('lib/range.circom', `${range}\n${loose.replaceAll('LIES', String(LIES)).replaceAll('OUT', codeText('out'))}`);
  return withoutGroups(loosen, changed);
}

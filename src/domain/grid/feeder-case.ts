/**
 * feeder-case/1: a balanced three-phase network at one instant.
 *
 * Consumption is positive, generation negative. `gKw`/`bKvar` are shunts at 1 pu, `bKvar` positive when capacitive; `bUs` is a
 * line's total charging in microsiemens. The network is told in SI units (`lines`, `transformers`), in per unit (`branchesPu`), or in
 * both, and then both must agree on what is closed.
 */
import {
  boolean,
  duplicates,
  firstProblems,
  identifier,
  integer,
  listOf,
  nullable,
  number,
  object,
  oneOf,
  optional,
  type Problems,
  type Read,
  schemaProblem,
  text,
} from '../json/shape.ts';

const any = number();

const bus = object({
  id: identifier,
  vnKv: number({ above: 0 }),
  pKw: any,
  qKvar: any,
  gKw: optional(any),
  bKvar: optional(any),
  vminPu: optional(any),
  vmaxPu: optional(any),
  lon: optional(any),
  lat: optional(any),
  drawX: optional(any),
  drawY: optional(any),
});

const line = object({
  id: identifier,
  from: identifier,
  to: identifier,
  rOhm: any,
  xOhm: any,
  bUs: optional(any),
  ratedA: optional(nullable(number({ min: 0 }))),
  closed: optional(boolean),
  type: optional(nullable(text)),
  lengthKm: optional(nullable(number({ min: 0 }))),
});

const transformer = object({
  id: identifier,
  hv: identifier,
  lv: identifier,
  snKva: number({ above: 0 }),
  vnHvKv: number({ above: 0 }),
  vnLvKv: number({ above: 0 }),
  vkPercent: number({ above: 0 }),
  vkrPercent: number({ min: 0 }),
  pfeKw: optional(number({ min: 0 })),
  i0Percent: optional(number({ min: 0 })),
  tapSide: optional(nullable(oneOf('hv', 'lv'))),
  tapStepPercent: optional(nullable(any)),
  tapNeutral: optional(nullable(any)),
  tapPos: optional(nullable(any)),
  vectorShiftDegIgnored: optional(nullable(any)),
  parallel: optional(integer({ min: 1 })),
  closed: optional(boolean),
});

const branchPu = object({
  id: identifier,
  kind: optional(oneOf('line', 'transformer')),
  from: identifier,
  to: identifier,
  r: any,
  x: any,
  gFrom: optional(any),
  bFrom: optional(any),
  gTo: optional(any),
  bTo: optional(any),
  ratio: optional(number({ above: 0 })),
  shiftDeg: optional(any),
  closed: optional(boolean),
});

const profiled = { id: identifier, bus: identifier, profile: optional(nullable(text)), pKw: any, qKvar: optional(any) };

const feederCase = object({
  schema: oneOf('feeder-case/1'),
  id: identifier,
  name: optional(text),
  source: optional(text),
  licence: optional(text),
  notes: optional(text),
  baseMVA: number({ above: 0 }),
  slack: listOf(object({ bus: identifier, vmPu: number({ above: 0 }), vaDeg: optional(any) })),
  buses: listOf(bus),
  lines: optional(listOf(line)),
  transformers: optional(listOf(transformer)),
  branchesPu: optional(listOf(branchPu)),
  loads: optional(listOf(object({ ...profiled, snKva: optional(any), type: optional(text) }))),
  generators: optional(listOf(object({ ...profiled, snKva: optional(any), type: optional(text) }))),
  storages: optional(
    listOf(
      object({
        ...profiled,
        type: optional(text),
        snKva: optional(any),
        eKwh: optional(number({ min: 0 })),
        pMinKw: optional(any),
        pMaxKw: optional(any),
        efficiency: optional(any),
        initialChargeLevel: optional(any),
        selfDischarge: optional(any),
      }),
    ),
  ),
});

export type FeederCase = Read<typeof feederCase>;
export type FeederBus = Read<typeof bus>;
export type FeederLine = Read<typeof line>;
export type FeederTransformer = Read<typeof transformer>;
export type FeederBranchPu = Read<typeof branchPu>;

export type ParsedFeederCase =
  | { readonly kind: 'ok'; readonly feederCase: FeederCase }
  | { readonly kind: 'refused'; readonly problems: string[] };

/** Reads a feeder-case/1 document; every problem is a sentence that names the field and the element. */
export const parseFeederCase = (json: unknown): ParsedFeederCase => {
  const wrongSchema = schemaProblem(json, 'feeder-case/1');
  if (wrongSchema !== null) return { kind: 'refused', problems: [wrongSchema] };
  const problems: Problems = [];
  const parsed = feederCase(json, '', problems);
  if (parsed !== undefined) problems.push(...structureProblems(parsed));
  return parsed !== undefined && problems.length === 0
    ? { kind: 'ok', feederCase: parsed }
    : { kind: 'refused', problems: firstProblems(problems) };
};

interface End {
  readonly what: string;
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly zero: boolean;
}

const structureProblems = (feeder: FeederCase): Problems => {
  const problems: Problems = [];
  const buses = new Set(feeder.buses.map((b) => b.id));
  const known = (id: string, who: string): void => {
    if (!buses.has(id)) problems.push(`${who} is connected to bus "${id}", which is not in buses`);
  };
  const unique = (what: string, ids: string[]): void => {
    for (const id of duplicates(ids)) problems.push(`${what} "${id}" is listed more than once`);
  };

  if (feeder.slack.length === 0) problems.push('slack is empty: name at least one bus that holds the voltage');
  unique(
    'bus',
    feeder.buses.map((b) => b.id),
  );
  unique(
    'slack bus',
    feeder.slack.map((s) => s.bus),
  );
  for (const s of feeder.slack) if (!buses.has(s.bus)) problems.push(`slack bus "${s.bus}" is not in buses`);
  unique(
    'line',
    (feeder.lines ?? []).map((l) => l.id),
  );
  unique(
    'transformer',
    (feeder.transformers ?? []).map((t) => t.id),
  );
  unique(
    'branch',
    (feeder.branchesPu ?? []).map((b) => `${b.kind ?? 'line'} ${b.id}`),
  );

  const ends: End[] = [
    ...(feeder.lines ?? []).map((l) => ({ what: 'line', id: l.id, from: l.from, to: l.to, zero: l.rOhm === 0 && l.xOhm === 0 })),
    ...(feeder.transformers ?? []).map((t) => ({ what: 'transformer', id: t.id, from: t.hv, to: t.lv, zero: false })),
    ...(feeder.branchesPu ?? []).map((b) => ({ what: 'branch', id: b.id, from: b.from, to: b.to, zero: b.r === 0 && b.x === 0 })),
  ];
  for (const end of ends) {
    const who = `${end.what} "${end.id}"`;
    known(end.from, who);
    known(end.to, who);
    if (end.from === end.to) problems.push(`${who} has both ends on bus "${end.from}"`);
    if (end.zero) problems.push(`${who} has no impedance: give it its resistance, or merge its two buses`);
  }
  for (const t of feeder.transformers ?? []) {
    if (t.vkrPercent > t.vkPercent) problems.push(`transformer "${t.id}": vkrPercent ${t.vkrPercent} is above vkPercent ${t.vkPercent}`);
  }
  for (const [what, items] of [
    ['load', feeder.loads],
    ['generator', feeder.generators],
    ['storage', feeder.storages],
  ] as const) {
    unique(
      what,
      (items ?? []).map((i) => i.id),
    );
    for (const item of items ?? []) known(item.bus, `${what} "${item.id}"`);
  }
  problems.push(...disagreements(feeder));
  return problems;
};

/** Where `branchesPu` and the SI lists tell the same element differently, nobody can know which is meant. */
const disagreements = (feeder: FeederCase): Problems => {
  const problems: Problems = [];
  const perUnit = new Map((feeder.branchesPu ?? []).map((b) => [`${b.kind ?? 'line'} ${b.id}`, b]));
  const compare = (kind: 'line' | 'transformer', id: string, from: string, to: string, closed: boolean): void => {
    const other = perUnit.get(`${kind} ${id}`);
    if (other === undefined) return;
    const otherClosed = other.closed ?? true;
    if (otherClosed !== closed) {
      const state = (isClosed: boolean): string => (isClosed ? 'closed' : 'open');
      problems.push(`${kind} "${id}" is ${state(closed)} in ${kind}s but ${state(otherClosed)} in branchesPu: make both say the same`);
    }
    if (!(other.from === from && other.to === to) && !(other.from === to && other.to === from)) {
      problems.push(`${kind} "${id}" joins "${from}" and "${to}" in ${kind}s but "${other.from}" and "${other.to}" in branchesPu`);
    }
  };
  for (const l of feeder.lines ?? []) compare('line', l.id, l.from, l.to, l.closed ?? true);
  for (const t of feeder.transformers ?? []) compare('transformer', t.id, t.hv, t.lv, t.closed ?? true);
  return problems;
};

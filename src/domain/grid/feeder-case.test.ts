import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseFeederCase } from './feeder-case.ts';

const load = (id: string): Record<string, unknown> => JSON.parse(readFileSync(new URL(`./fixtures/${id}.json`, import.meta.url), 'utf8'));

const tiny = () => ({
  schema: 'feeder-case/1',
  id: 'tiny',
  baseMVA: 1,
  slack: [{ bus: 'a', vmPu: 1, vaDeg: 0 }],
  buses: [
    { id: 'a', vnKv: 0.4, pKw: 0, qKvar: 0, gKw: 0, bKvar: 0 },
    { id: 'b', vnKv: 0.4, pKw: 10, qKvar: 2, gKw: 0, bKvar: 0 },
  ],
  lines: [{ id: 'l', from: 'a', to: 'b', rOhm: 0.01, xOhm: 0.01, bUs: 0, ratedA: null, closed: true }],
});

const problemsOf = (json: unknown): string[] => {
  const parsed = parseFeederCase(json);
  return parsed.kind === 'refused' ? parsed.problems : [];
};

describe('a feeder case', () => {
  it.each(['case33bw', 'case533mt_hi', 'cigre-mv', 'simbench-rural1-sc1'])('is read as published: %s', (id) => {
    expect(problemsOf(load(id))).toEqual([]);
  });

  it('needs only lines in SI units', () => {
    expect(problemsOf(tiny())).toEqual([]);
  });

  it.each<[string, (c: ReturnType<typeof tiny>) => unknown, string]>([
    ['another schema', (c) => ({ ...c, schema: 'order-book/1' }), 'it says "order-book/1"'],
    ['no schema', ({ schema: _, ...c }) => c, 'names no schema'],
    ['an unknown field at the top', (c) => ({ ...c, frequency: 50 }), 'unknown field "frequency"'],
    ['a misspelt load', (c) => ({ ...c, buses: [c.buses[0], { ...c.buses[1], pkW: 3 }] }), 'unknown field "pkW" in buses[1]'],
    [
      'a voltage that is not a number',
      (c) => ({ ...c, buses: [c.buses[0], { ...c.buses[1], vnKv: '0.4' }] }),
      'buses[1].vnKv must be a finite number, not "0.4"',
    ],
    ['NaN', (c) => ({ ...c, buses: [c.buses[0], { ...c.buses[1], pKw: Number.NaN }] }), 'buses[1].pKw must be a finite number'],
    ['a missing number', (c) => ({ ...c, buses: [c.buses[0], { id: 'b', vnKv: 0.4, qKvar: 0 }] }), 'buses[1].pKw is missing'],
    ['the same bus twice', (c) => ({ ...c, buses: [...c.buses, c.buses[1]] }), 'bus "b" is listed more than once'],
    ['the same line twice', (c) => ({ ...c, lines: [...c.lines, c.lines[0]] }), 'line "l" is listed more than once'],
    [
      'a line to nowhere',
      (c) => ({ ...c, lines: [{ ...c.lines[0], to: 'z' }] }),
      'line "l" is connected to bus "z", which is not in buses',
    ],
    ['a line from a bus to itself', (c) => ({ ...c, lines: [{ ...c.lines[0], to: 'a' }] }), 'both ends on bus "a"'],
    ['a line without impedance', (c) => ({ ...c, lines: [{ ...c.lines[0], rOhm: 0, xOhm: 0 }] }), 'has no impedance'],
    ['no source', (c) => ({ ...c, slack: [] }), 'slack is empty'],
    ['a source on an unknown bus', (c) => ({ ...c, slack: [{ bus: 'q', vmPu: 1, vaDeg: 0 }] }), 'slack bus "q" is not in buses'],
    ['a load on an unknown bus', (c) => ({ ...c, loads: [{ id: 'x', bus: 'q', pKw: 1 }] }), 'load "x" is connected to bus "q"'],
    ['a list that is an object', (c) => ({ ...c, lines: {} }), 'lines must be a list'],
  ])('is refused with a sentence when it has %s', (_, spoil, sentence) => {
    expect(problemsOf(spoil(tiny())).join('; ')).toContain(sentence);
  });

  it('is refused when the per-unit list contradicts a switch of the SI list', () => {
    const spoilt = load('case33bw') as { lines: { id: string; closed: boolean }[] };
    const first = spoilt.lines[0] as { id: string; closed: boolean };
    first.closed = !first.closed;
    expect(problemsOf(spoilt).join()).toContain(`line "${first.id}" is open in lines but closed in branchesPu`);
  });

  it.each([null, 7, 'text', [], undefined])('is refused when the file holds %j', (json) => {
    expect(problemsOf(json)).toHaveLength(1);
  });
});

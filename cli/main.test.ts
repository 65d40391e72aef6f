import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = join(root, 'node_modules', '.bin', 'node');
const fixture = (name: string): string => join(root, 'src', 'domain', name);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'busbar-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, content: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

const busbar = (args: readonly string[], input?: string) => {
  const { INIT_CWD: _, ...env } = process.env;
  const run = spawnSync(node, [join(root, 'cli', 'main.ts'), ...args], { encoding: 'utf8', input: input ?? '', cwd: folder, env });
  return { code: run.status, out: run.stdout, err: run.stderr };
};
const answer = (args: readonly string[], input?: string) => {
  const { code, out, err } = busbar(args, input);
  // Exactly one document: the whole of standard output parses as one.
  return { code, err, document: JSON.parse(out) };
};

const book = {
  schema: 'order-book/1',
  orders: [
    { id: 'b1', side: 'buy', quantityWh: 1500, limitPrice: 20000 },
    { id: 's1', side: 'sell', quantityWh: 1000, limitPrice: 10000 },
  ],
};

describe('busbar powerflow', () => {
  it('solves a published feeder', () => {
    const { code, document, err } = answer(['powerflow', fixture('grid/fixtures/case33bw.json')]);
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(document).toMatchObject({ schema: 'feeder-solution/1', case: 'case33bw', converged: true });
    expect(document.totals.lossKw).toBeCloseTo(202.677, 3);
    expect(document.buses).toHaveLength(33);
    expect(document.branches).toHaveLength(37);
    expect(document.maxMismatchPu).toBeLessThan(1e-9);
  });

  it('ends with 1 and prints no voltages when there is no operating point', () => {
    const feeder = JSON.parse(readFileSync(fixture('grid/fixtures/case33bw.json'), 'utf8'));
    for (const bus of feeder.buses) bus.pKw *= 20;
    const { code, document } = answer(['powerflow', write('collapse.json', feeder)]);
    expect(code).toBe(1);
    expect(document.converged).toBe(false);
    expect(JSON.stringify(document)).not.toContain('vmPu');
  });

  it('refuses an unknown field by name', () => {
    const feeder = JSON.parse(readFileSync(fixture('grid/fixtures/case12da.json'), 'utf8'));
    feeder.buses[3].pkw = 7;
    const { code, document } = answer(['powerflow', write('unknown.json', feeder)]);
    expect(code).toBe(1);
    expect(document).toMatchObject({ schema: 'refusal/1', command: 'powerflow', problems: ['unknown field "pkw" in buses[3]'] });
  });
});

describe('busbar reconfigure', () => {
  it('names the lines to open on the 33-bus feeder', () => {
    const { code, document } = answer(['reconfigure', fixture('grid/fixtures/case33bw.json')]);
    expect(code).toBe(0);
    expect(document).toMatchObject({ open: ['7', '9', '14', '32', '37'] });
    expect(document.lossKw).toBeCloseTo(139.55, 2);
    expect(document.vminPu).toBeCloseTo(0.9378, 4);
  });

  it('ends with 1 when no state can carry the load', () => {
    const feeder = JSON.parse(readFileSync(fixture('grid/fixtures/case33bw.json'), 'utf8'));
    for (const bus of feeder.buses) bus.pKw *= 50;
    const { code, document } = answer(['reconfigure', write('heavy.json', feeder)]);
    expect(code).toBe(1);
    expect(document.problems[0]).toContain('no radial state');
  });
});

describe('busbar clear', () => {
  it('clears a book from a file and from standard input', () => {
    const expected = {
      schema: 'clearing/1',
      price: 20000,
      quantityWh: 1000,
      welfare: '10000',
      fills: [
        { id: 'b1', quantityWh: 1000 },
        { id: 's1', quantityWh: 1000 },
      ],
    };
    expect(answer(['clear', write('book.json', book)])).toMatchObject({ code: 0, document: expected });
    expect(answer(['clear', '-'], JSON.stringify(book)).document).toEqual(expected);
  });

  it('prints a large answer whole, through a pipe', () => {
    const orders = Array.from({ length: 20_000 }, (_, i) => ({
      id: `order-${i}`,
      side: i % 2 === 0 ? 'buy' : 'sell',
      quantityWh: 10,
      limitPrice: i % 2 === 0 ? 50 : 20,
    }));
    expect(answer(['clear', write('large.json', { ...book, orders })]).document.fills).toHaveLength(20_000);
  });

  it.each<[string, () => readonly string[], number, string]>([
    ['a file that is not there', () => ['clear', 'nowhere.json'], 2, 'there is no file nowhere.json'],
    ['a folder', () => ['clear', folder], 2, 'is a folder'],
    ['an empty file', () => ['clear', write('empty.json', '')], 1, 'is empty'],
    ['a file that is not JSON', () => ['clear', write('broken.json', '{"schema":')], 1, 'is not JSON'],
    [
      'NaN, which JSON does not know',
      () => ['clear', write('nan.json', '{"schema":"order-book/1","orders":[{"id":"a","side":"buy","quantityWh":NaN,"limitPrice":1}]}')],
      1,
      'is not JSON',
    ],
    ['another schema', () => ['clear', write('schema.json', { ...book, schema: 'order-book/2' })], 1, 'it says "order-book/2"'],
    [
      'the same id twice',
      () => ['clear', write('twice.json', { ...book, orders: [book.orders[0], book.orders[0]] })],
      1,
      'order "b1" is in the book more than once',
    ],
    [
      'a negative quantity',
      () => ['clear', write('negative.json', { ...book, orders: [{ ...book.orders[0], quantityWh: -5 }] })],
      1,
      'must be at least 0, not -5',
    ],
    ['no file', () => ['clear'], 2, 'name an order-book/1 file'],
    ['two files', () => ['clear', 'a.json', 'b.json'], 2, 'one file at a time'],
    ['an option it does not have', () => ['clear', 'a.json', '--fast'], 2, 'unknown option --fast'],
  ])('refuses %s', (_, args, code, sentence) => {
    const refused = answer(args());
    expect(refused.code).toBe(code);
    expect(refused.document.schema).toBe('refusal/1');
    expect(refused.document.problems.join()).toContain(sentence);
  });
});

describe('busbar member', () => {
  const address = `0x${'5e'.repeat(20)}`;
  const account = {
    schema: 'member-account-file/1',
    member: 'mill-1',
    meter: 9,
    privateKey: `0x${'00'.repeat(31)}05`,
    ledger: { schema: 'ledger-contracts/1', chainId: 31337, genesisHash: '0xaa', contracts: { Settlement: address } },
    signed: {},
  };
  const folderWith = (files: Record<string, unknown>): string => {
    const path = mkdtempSync(join(folder, 'member-'));
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(path, name), typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };

  it('shows what the folder holds, and never the key', () => {
    const { code, document } = answer(['member', 'show', folderWith({ 'account.json': account })]);
    expect(code).toBe(0);
    expect(document).toMatchObject({
      schema: 'member-store/1',
      member: 'mill-1',
      ledger: { settlement: address },
      opening: null,
      keys: null,
      terms: null,
    });
    expect(JSON.stringify(document)).not.toContain(account.privateKey.slice(2));
  });

  it('shows and changes what the gateway may sign on request', () => {
    const path = folderWith({ 'account.json': account });
    expect(answer(['member', 'policy', path]).document).toMatchObject({ changed: false, orders: true, mostMoneyAtOnce: '10000000000' });
    const { code, document } = answer(['member', 'policy', path, '--orders', 'no', '--at-once', '2.50', '--a-day', '0']);
    expect(code).toBe(0);
    expect(document).toMatchObject({
      schema: 'member-policy/1',
      changed: true,
      orders: false,
      mostMoneyAtOnce: '250000000',
      mostMoneyADay: '0',
    });
    expect(document.says).toMatch(/^Nobody may ask for orders; .* at most 2.50 at once and 0.00 in 24 hours/);
    expect(answer(['member', 'policy', path]).document).toMatchObject({ changed: false, orders: false });
  });

  it.each<[string, () => readonly string[], number, string]>([
    ['a policy that is neither', () => ['member', 'policy', folderWith({}), '--orders', 'maybe'], 2, 'say yes or no'],
    ['a limit that is no amount', () => ['member', 'policy', folderWith({}), '--a-day', 'much'], 2, 'are amounts of money'],
    [
      'a payment of nothing',
      () => ['member', 'deposit', folderWith({ 'account.json': account }), '--rpc', 'http://127.0.0.1:9', '--amount', '0'],
      2,
      'no amount of money above 0',
    ],
    ['a payout of no amount', () => ['member', 'withdraw', folderWith({}), '--rpc', 'http://127.0.0.1:9'], 2, '--amount is missing'],
    [
      'a claim at a node that does not answer',
      () => ['member', 'claim', folderWith({ 'account.json': account }), '--rpc', 'http://127.0.0.1:9'],
      1,
      'does not answer',
    ],
    [
      'a move to nobody',
      () => ['member', 'move', folderWith({}), '--rpc', 'http://127.0.0.1:9', '--to', 'bob'],
      2,
      'no address of an account',
    ],
    ['no folder', () => ['member', 'show'], 2, "name the member's own folder"],
    ['a folder that is not there', () => ['member', 'show', 'nowhere'], 2, 'there is no folder nowhere'],
    ['a folder of somebody else', () => ['member', 'show', folderWith({})], 1, 'holds no account.json'],
    ['a damaged account', () => ['member', 'show', folderWith({ 'account.json': '{' })], 1, 'is damaged: it is not JSON'],
    [
      'a key that is none',
      () => ['member', 'show', folderWith({ 'account.json': { ...account, privateKey: '0x12' } })],
      1,
      'is damaged: privateKey',
    ],
    [
      'keys asked of a node that does not answer',
      () => ['member', 'show', folderWith({ 'account.json': account }), '--rpc', 'http://127.0.0.1:9'],
      1,
      'does not answer',
    ],
    ['an exit without a node', () => ['member', 'exit', folderWith({ 'account.json': account })], 2, '--rpc is missing'],
    [
      'a node that is no address',
      () => ['member', 'exit', folderWith({ 'account.json': account }), '--rpc', 'the-node'],
      1,
      'is no address of a node',
    ],
    [
      'a node that does not answer',
      () => ['member', 'exit', folderWith({ 'account.json': account }), '--rpc', 'http://127.0.0.1:9'],
      1,
      'does not answer',
    ],
    [
      'a challenge for an interval that is none',
      () => ['member', 'challenge', folderWith({ 'account.json': account }), '--rpc', 'http://127.0.0.1:9', '--interval', 'now'],
      2,
      "is no interval's number",
    ],
    [
      'notices that are damaged',
      () => ['member', 'challenge', folderWith({ 'account.json': account, 'notices.json': '[]' }), '--rpc', 'http://127.0.0.1:9'],
      1,
      'is damaged',
    ],
    [
      'a gateway that was never told its ledger',
      () => ['member', 'exit', folderWith({ 'account.json': { ...account, ledger: null } }), '--rpc', 'http://127.0.0.1:9'],
      1,
      'never been told',
    ],
  ])('refuses %s', (_, args, code, sentence) => {
    const refused = answer(args());
    expect(refused.document.problems.join()).toContain(sentence);
    expect(refused.code).toBe(code);
    expect(refused.document.schema).toBe('refusal/1');
  });
});

describe('busbar', () => {
  it('names its commands when called without one, or with one it does not have', () => {
    for (const args of [[], ['fly']]) {
      const { code, document, err } = answer(args);
      expect(code).toBe(2);
      expect(document.problems[0]).toMatch(/powerflow, .*clear/);
      expect(err).toContain('Usage: npm run -s busbar -- COMMAND');
    }
  });

  it('explains itself', () => {
    const { code, out } = busbar(['--help']);
    expect(code).toBe(0);
    expect(out).toMatch(/powerflow CASE\.json/);
  });
});

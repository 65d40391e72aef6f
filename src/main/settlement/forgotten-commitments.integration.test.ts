/** A real node and the contracts with their gate; only the verifiers are replaced by ones that take everything, so that words need no proofs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Contract, JsonRpcProvider, Network, Wallet } from 'ethers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildContracts } from '../../../contracts/build.ts';
import { deployAll, loadArtifacts } from '../../../contracts/deploy/deploy.ts';
import { anyVerificationKey } from '../../../contracts/test/any-key.ts';
import type { AdmitWords } from '../../domain/settlement/admit-round.ts';
import { anvilBinary } from '../ledger/anvil-binary.ts';
import { type LedgerContracts, openContracts } from '../ledger/contracts.ts';
import { createOutbox, type Outbox } from '../ledger/outbox.ts';
import * as outboxRows from '../ledger/outbox-store.ts';
import { communityOf } from '../market/community.ts';
import { insertReceipt } from '../market/late-store.ts';
import { insertRound, roundAt, setRoundState } from '../market/round-store.ts';
import { insertAdmission } from './admission-store.ts';
import { type Batch, insertBatch } from './batch-store.ts';
import { forgottenCommitments } from './forgotten-commitments.ts';
import { admitEntry, settleEntry } from './outbox-entries.ts';
import { createSettlementService, type SettlementDeps, type SettlementService } from './settlement-service.ts';
import { type TestKernel, testKernel } from './testing/test-kernel.ts';
import { testPlant } from './testing/test-plant.ts';

const INTERVAL_S = 900;
const NO_TOTALS = (1n << 91n) | (1n << 183n);
const PROOF = new Array<string>(8).fill('0');
/** Answers 1, whatever it is asked. */
const TAKES_ALL = '0x60015f5260205ff3';
const wallet = new Wallet('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80');
const plant = testPlant({ simulated: false });
const community = communityOf(plant, { batchMembers: 16, parts: 1 });

let dataDir: string;
let node: ChildProcess;
let provider: JsonRpcProvider;
let settlement: Contract;
let kernel: TestKernel;
let outbox: Outbox;
let service: SettlementService;
let unsettled: number[];
/** As the copy of the chain knows it. */
let height: number;
/** The first interval that is committed. */
let first: number;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-forgotten-'));
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  const url = `http://127.0.0.1:${port}`;
  node = spawn(anvilBinary(), ['--port', String(port), '--silent'], { stdio: 'ignore' });
  provider = new JsonRpcProvider(url, Network.from(31337), { staticNetwork: true, cacheTimeout: -1, pollingInterval: 50 });
  for (let tries = 0; tries < 100 && !(await provider.send('eth_chainId', []).catch(() => null)); tries++)
    await new Promise((done) => setTimeout(done, 100));
  const { dir } = await buildContracts();
  const manifest = await deployAll({
    provider,
    signer: wallet.connect(provider),
    rpcUrl: url,
    manifestPath: join(dataDir, 'manifest.json'),
    artifactsDir: dir,
    options: { settlement: { settle: anyVerificationKey(8), admit: anyVerificationKey(6), gate: { intervalS: INTERVAL_S, leadS: 0 } } },
  });
  const contracts: LedgerContracts = openContracts(manifest, dir);
  for (const verifier of ['SettleVerifier', 'AdmitVerifier'])
    await provider.send('anvil_setCode', [contracts.address(verifier), TAKES_ALL]);
  settlement = new Contract(contracts.address('Settlement'), loadArtifacts(dir).get('Settlement').abi, provider);
  kernel = testKernel({ dataDir, plant });
  outbox = createOutbox(
    kernel,
    {
      url: () => url,
      chainId: () => 31337,
      confirmations: 1,
      encode: contracts.encode,
      decode: contracts.decode,
      explain: contracts.explain,
    },
    wallet,
  );
  unsettled = [];
  height = await provider.getBlockNumber();
  service = createSettlementService(kernel, {
    community,
    marketClock: { plantNowMs: () => 0, setLeastIntervalMs: () => {}, requiredIntervalMs: () => 0 },
    ledger: {
      deployed: () => null,
      entry: (id: string) => outboxRows.byId(kernel.store.read, id),
      onChange: () => () => {},
      view: async ({ method, args }: { method: string; args: number[] }) => [await settlement.getFunction(method)(...args)],
      endpoint: () => ({ url, own: false, confirmations: 1 }),
      indexedHeight: () => height,
    },
    // Never ready: what has to be made anew waits for the test.
    prover: { prepare: () => new Promise(() => {}), close: async () => {} },
    issueCertificates: () => 0,
    onEnded: () => {},
    onUnsettled: (_db: unknown, interval: number) => void unsettled.push(interval),
  } as unknown as SettlementDeps);
  await service.start();
  first = Math.floor((await now()) / INTERVAL_S) + 1;
}, 240_000);
afterAll(async () => {
  node.kill('SIGKILL');
  provider.destroy();
  await service.stop();
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const now = async (): Promise<number> => (await provider.getBlock('latest'))?.timestamp ?? 0;
/** The chain's clock stands `s` after the beginning of an interval. */
const chainAt = async (interval: number, s: number): Promise<void> => {
  await provider.send('evm_setNextBlockTimestamp', [interval * INTERVAL_S + s]);
  await provider.send('evm_mine', []);
};
const drain = async (): Promise<void> => {
  for (let i = 0; i < 300; i++) if (!['again', 'wait'].includes(await outbox.step())) return;
  throw new Error('it never comes to rest');
};
const closeGate = (interval: number): void =>
  kernel.store.write((db) => {
    const root = String(7000 + interval);
    insertRound(db, { interval, kind: 'market', ordersRoot: root, message: null, nowMs: 1 }, []);
    const doneWhen = { contract: 'Settlement', method: 'ordersRootOf', args: [interval], equals: root };
    const body = { contract: 'Settlement', method: 'commitOrders', args: [interval, root], doneWhen };
    outboxRows.enqueue(db, { id: `commit:${interval}`, kind: 'commit-orders', title: 'commit', body }, 1);
  });
/** Its settlement moves the accounts from `oldRoot` to `newRoot`. */
const build = (interval: number, sequence: number, oldRoot: bigint, newRoot: bigint): void =>
  kernel.store.write((db) => {
    const admitWords = { newBook: BigInt(9000 + interval) } as AdmitWords;
    const admitted = { ordersRoot: 0n, bookRoot: admitWords.newBook, batches: [] };
    const admission = { interval, sequence, idle: false, bookBefore: [], input: {}, result: admitted, bookAfter: [] };
    insertAdmission(db, admission as unknown as Parameters<typeof insertAdmission>[1], 1);
    outboxRows.enqueue(db, admitEntry({ interval, part: 0, parts: 1, idle: false, words: admitWords, proof: PROOF }), 1);
    const words = { oldRoot, newRoot, totals: NO_TOTALS };
    const result = { terms: { price: null }, words, batches: [{ words, publicSignals: [] }] };
    const batch = { interval, sequence, stateBefore: {}, input: { flows: [] }, result, stateAfter: {} } as unknown as Batch;
    insertBatch(db, batch, 1);
    outboxRows.enqueue(db, settleEntry(batch, 0, 1, PROOF), 1);
    setRoundState(db, interval, 'sent', 1);
  });
/** The service's own turns do it. */
const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries > 60) throw new Error(`${what} did not happen`);
    await new Promise((done) => setTimeout(done, 200));
  }
};
const settled = (interval: number): Promise<void> => until(`round ${interval}`, () => stateOf(interval) === 'settled');
const stateOf = (interval: number) => roundAt(kernel.store.read, interval)?.state;
const open = () =>
  (kernel.store.read.prepare("SELECT id FROM outbox WHERE state <> 'final' ORDER BY sequence").all() as { id: string }[]).map((r) => r.id);
const commitmentOf = (interval: number) => outboxRows.byId(kernel.store.read, `commit:${interval}`);

describe('a commitment that the chain forgets after its round was settled', () => {
  it('ends its round where the contract keeps its gate, holds nothing up, and later rounds are settled once, on the accounts before it', {
    timeout: 120_000,
  }, async () => {
    const genesis = (await settlement.getFunction('stateRoot')()) as bigint;
    const [a, b, c] = [first, first + 1, first + 2] as const;
    const before = await provider.send('evm_snapshot', []);
    closeGate(a);
    await drain();
    await chainAt(a, 800);
    closeGate(b);
    await drain();
    build(a, 1, genesis, 101n);
    await chainAt(b, 100);
    await drain();
    await settled(a);
    closeGate(c);
    build(b, 2, 101n, 102n);
    await drain();
    await settled(b);
    build(c, 3, 102n, 103n);
    expect(await settlement.getFunction('stateRoot')()).toBe(102n);
    expect(forgottenCommitments(kernel.store.read, 1)).toEqual([]);

    // All of it is forgotten, and by the chain's clock it is too late to bind the first two again.
    await provider.send('evm_revert', [before]);
    await chainAt(b, 300);
    expect(await outbox.recheck()).toBeGreaterThan(5);
    await until('the end of what is past its gate', async () => {
      await drain();
      outbox.retry();
      await provider.send('anvil_mine', ['0x1']);
      height = await provider.getBlockNumber();
      // A round that is open again ends in the same way, whoever is first.
      if (stateOf(b) === 'cleared' && commitmentOf(b)?.lastError?.includes('GateClosed(')) service.endRound(b, 'past its gate');
      return stateOf(b) === 'failed';
    });
    await drain();
    expect(unsettled[0]).toBe(a);
    expect([stateOf(a), stateOf(b), stateOf(c)]).toEqual(['failed', 'failed', 'cleared']);
    expect(roundAt(kernel.store.read, a)?.message).toMatch(/^The chain has forgotten this round after it was settled, .*GateClosed\(/);
    expect(roundAt(kernel.store.read, a)?.settledMs).toBeNull();
    expect(kernel.store.read.prepare('SELECT interval FROM settlement_batch UNION SELECT interval FROM admission').all()).toEqual([]);
    // Nothing waits any more; the third commitment, whose gate is open, was bound again.
    expect(open()).toEqual([]);
    expect(await settlement.getFunction('ordersRootOf')(c)).toBe(BigInt(7000 + c));
    expect(await settlement.getFunction('stateRoot')()).toBe(genesis);

    build(c, 1, genesis, 203n);
    await drain();
    expect(open()).toEqual([]);
    const events = await settlement.queryFilter('Settled');
    expect(events.map((event) => BigInt(event.topics[1] ?? 0))).toEqual([BigInt(c)]);
    expect(await settlement.getFunction('stateRoot')()).toBe(203n);
    await settled(c);
  });

  it('is bound again, and nothing is taken back, while its gate is open', { timeout: 60_000 }, async () => {
    const d = first + 3;
    const before = await provider.send('evm_snapshot', []);
    closeGate(d);
    await drain();
    build(d, 2, 203n, 204n);
    await drain();
    await settled(d);
    await provider.send('evm_revert', [before]);
    expect(await outbox.recheck()).toBe(3);
    await drain();
    expect(forgottenCommitments(kernel.store.read, 1)).toEqual([]);
    expect(open()).toEqual([]);
    expect([stateOf(d), await settlement.getFunction('stateRoot')()]).toEqual(['settled', 204n]);
  });

  it('ends a round that is not settled yet, too, once its commitment was said to be in time', () => {
    const e = first + 9;
    closeGate(e);
    const refused = "UPDATE outbox SET state = 'failed', last_error = 'the contract refused it: GateClosed(1, 2)' WHERE id = ?";
    kernel.store.write((db) => db.prepare(refused).run(`commit:${e}`));
    // Without that word it is the market's, which may still have receipts to wait for.
    expect(forgottenCommitments(kernel.store.read, 1)).toEqual([]);
    kernel.store.write((db) =>
      db.prepare("INSERT INTO late_commitment (interval, orders_root, opened_ms, outcome) VALUES (?, '7', 1, 'in-time')").run(e),
    );
    expect(forgottenCommitments(kernel.store.read, 1)).toEqual([
      { interval: e, message: expect.stringMatching(/^The chain has forgotten its commitment, and takes its orders no more/) },
    ]);
    // More than half of the members receipted them: they are committed late instead.
    const account = `0x${'ac'.repeat(20)}`;
    const at = { block: 1_000_000, args: JSON.stringify({ index: '0', account }) };
    kernel.store.write((db) => {
      db.prepare(
        "INSERT INTO chain_event (block, log_index, contract, name, arguments, transaction_hash) VALUES (?, 0, 'Settlement', 'AccountSet', ?, '0x1')",
      ).run(at.block, at.args);
      insertReceipt(db, e, { memberId: 'm', account, signature: '0x' }, 1);
    });
    expect(forgottenCommitments(kernel.store.read, 1)).toEqual([]);
    kernel.store.write((db) => db.prepare('DELETE FROM chain_event WHERE block = ?').run(at.block));
    service.endRound(e, 'past its gate');
  });

  it('is nothing to end a round for whose settlement stands', () => {
    const d = first + 3;
    kernel.store.write((db) =>
      db
        .prepare("UPDATE outbox SET state = 'failed', nonce = NULL, last_error = 'the contract refused it: GateClosed(1, 2)' WHERE id = ?")
        .run(`commit:${d}`),
    );
    expect(forgottenCommitments(kernel.store.read, 1)).toEqual([]);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestKernel, testKernel } from '../settlement/testing/test-kernel.ts';
import { testPlant } from '../settlement/testing/test-plant.ts';
import { type ChainIndex, createChainIndex } from './chain-index.ts';
import type { LedgerContracts } from './contracts.ts';

/** A node of which each block has one event, named as the block; its branch can change right after an answer. */
let branch: readonly string[];
let afterAnswer: (method: string, height: number) => void;
let node: Server;
let url: string;
let dataDir: string;
let kernel: TestKernel;
let index: ChainIndex;

const answer = (method: string, params: unknown[]): unknown => {
  const hex = (n: number) => `0x${n.toString(16)}`;
  if (method === 'eth_blockNumber') return hex(branch.length - 1);
  if (method === 'eth_getBlockByNumber') {
    const height = Number(params[0]);
    const hash = branch[height];
    return hash === undefined ? null : { hash, parentHash: branch[height - 1] ?? '', number: hex(height), timestamp: '0x1' };
  }
  const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string };
  return branch.flatMap((name, height) =>
    height >= Number(fromBlock) && height <= Number(toBlock)
      ? [
          {
            address: '0x',
            topics: [name],
            data: '0x',
            blockNumber: hex(height),
            logIndex: '0x0',
            transactionHash: name,
            blockTimestamp: '0x1',
          },
        ]
      : [],
  );
};
const events = () =>
  (kernel.store.read.prepare('SELECT name FROM chain_event ORDER BY block').all() as { name: string }[]).map((row) => row.name);

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'busbar-index-'));
  kernel = testKernel({ dataDir, plant: testPlant() });
  branch = ['g', 'A1', 'A2'];
  afterAnswer = () => {};
  node = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] };
      const result = answer(method, params);
      afterAnswer(method, Number(params[0]));
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    });
  });
  await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(node.address() as AddressInfo).port}`;
  const contracts: Pick<LedgerContracts, 'names' | 'address' | 'parseLog'> = {
    names: () => [],
    address: () => '0x',
    parseLog: (_address, topics) => ({ contract: 'C', name: topics[0] as string, args: {} }),
  };
  index = createChainIndex(kernel, contracts as LedgerContracts, 1);
});
afterEach(async () => {
  node.closeAllConnections();
  await new Promise((resolve) => node.close(resolve));
  kernel.store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('the indexed copy', () => {
  it('reads on from where it was, and goes back to the common block when the chain has changed its past', async () => {
    expect(await index.sync(url)).toEqual({ height: 2, rewritten: false });
    branch = ['g', 'A1', 'A2', 'A3'];
    await index.sync(url);
    expect(events()).toEqual(['A1', 'A2', 'A3']);
    branch = ['g', 'A1', 'A2', 'B3', 'B4'];
    expect(await index.sync(url)).toEqual({ height: 4, rewritten: true });
    expect(events()).toEqual(['A1', 'A2', 'B3', 'B4']);
  });

  it('keeps nothing of a branch that is left between two questions', async () => {
    await index.sync(url);
    branch = ['g', 'A1', 'A2', 'A3'];
    const others = ['g', 'A1', 'B2', 'B3'];
    afterAnswer = (method, height) => {
      if (method === 'eth_getBlockByNumber' && height === 2) branch = others;
    };
    await index.sync(url);
    expect(events()).toEqual(['A1', 'A2']);
    // The common block is the one before the two branches part; it was never an end of what was read, so all is read again.
    expect(await index.sync(url)).toEqual({ height: 3, rewritten: true });
    expect(events()).toEqual(['A1', 'B2', 'B3']);
  });

  it('throws away what it has read when the branch is left while it reads', async () => {
    const others = ['g', 'B1', 'B2'];
    afterAnswer = (method) => {
      if (method === 'eth_getLogs') branch = others;
    };
    await index.sync(url);
    expect(events()).toEqual([]);
    await index.sync(url);
    expect(events()).toEqual(['B1', 'B2']);
  });
});

/**
 * A chain for tests of the outbox: one account, one contract with a counter per effect, over real HTTP. It can mine at once or on demand,
 * forget blocks, lose transactions, refuse, be unreachable, and let a stranger use the account.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { keccak256, Transaction } from 'ethers';

export interface TestingChain {
  readonly url: string;
  readonly chainId: number;
  automine: boolean;
  /** Answers nothing while true. */
  down: boolean;
  /** Takes the bytes but forgets them before mining. */
  loseNext: boolean;
  /** Mines, but drops the connection before answering. */
  hangUpAfterSend: boolean;
  /** Drops the connection when it is sent something, and takes nothing, while true. */
  cutBeforeSend: boolean;
  /** Receipts it does not show yet: so many questions for one are answered with nothing. */
  lateReceipts: number;
  /** Effects (by calldata) the contract would refuse. */
  readonly refused: Set<string>;
  /** Effects the contract refuses only when they are mined: the estimate was still good. */
  readonly reverting: Set<string>;
  minimumFee: bigint;
  /** What happens elsewhere while it is asked what a transaction costs, once. */
  onEstimate: (() => void) | null;
  /** Mined calldata in order. */
  mined(): string[];
  mine(): void;
  /** Forgets the last n blocks, as a development node does that was killed before its dump. */
  forget(blocks: number): void;
  /** The last n transactions stand in other blocks from now on. */
  remine(blocks: number): void;
  /** Another program uses the account's next nonce. */
  stranger(data: string): void;
  sends: number;
  close(): Promise<void>;
}

interface Mined {
  readonly hash: string;
  readonly nonce: number;
  readonly data: string;
  /** Tells its block from one of the same height on another branch. */
  branch?: number;
}

export async function openTestingChain(): Promise<TestingChain> {
  const chain: Mined[] = [];
  let pool: Mined[] = [];
  const hex = (n: number | bigint): string => `0x${n.toString(16)}`;
  const blockHash = (height: number): string =>
    keccak256(new TextEncoder().encode(`${height}:${chain[height - 1]?.hash}:${chain[height - 1]?.branch}`));
  const mine = (): void => {
    for (const tx of pool.sort((a, b) => a.nonce - b.nonce)) if (tx.nonce === chain.length) chain.push(tx);
    pool = pool.filter((tx) => tx.nonce >= chain.length);
  };
  const rpcError = (message: string, data?: string): { error: { code: number; message: string; data?: string } } => ({
    error: { code: -32000, message, ...(data ? { data } : {}) },
  });
  const answer = (method: string, params: unknown[]): { result: unknown } | { error: unknown } => {
    const call = params[0] as { data?: string } | undefined;
    switch (method) {
      case 'eth_getTransactionCount':
        return { result: hex(chain.length) };
      case 'eth_blockNumber':
        return { result: hex(chain.length) };
      case 'eth_getBlockByNumber': {
        const height = params[0] === 'latest' ? chain.length : Number(params[0]);
        if (height > chain.length) return { result: null };
        return { result: { number: hex(height), hash: blockHash(height), baseFeePerGas: '0x1', gasLimit: '0x1c9c380' } };
      }
      case 'eth_maxPriorityFeePerGas':
        return { result: '0x1' };
      case 'eth_estimateGas': {
        const { onEstimate } = state;
        state.onEstimate = null;
        onEstimate?.();
        return state.refused.has(call?.data ?? '') ? rpcError('execution reverted') : { result: '0x5208' };
      }
      case 'eth_call': {
        const done = chain.some((tx) => tx.data === call?.data && !state.reverting.has(tx.data));
        return { result: hex(done ? 1 : 0) };
      }
      case 'eth_getTransactionReceipt': {
        if (state.lateReceipts > 0) {
          state.lateReceipts--;
          return { result: null };
        }
        const at = chain.findIndex((tx) => tx.hash === params[0]);
        const found =
          at >= 0
            ? {
                ...{ transactionHash: params[0], blockNumber: hex(at + 1), blockHash: blockHash(at + 1), gasUsed: '0x5208' },
                status: state.reverting.has(chain[at]?.data ?? '') ? '0x0' : '0x1',
              }
            : null;
        return { result: found };
      }
      case 'eth_getTransactionByHash': {
        const known = [...pool, ...chain].some((tx) => tx.hash === params[0]);
        return { result: known ? { hash: params[0] } : null };
      }
      case 'eth_sendRawTransaction': {
        const raw = params[0] as string;
        const tx = Transaction.from(raw);
        const hash = keccak256(raw);
        state.sends++;
        if (tx.nonce < chain.length) return rpcError('nonce too low');
        if (pool.some((p) => p.hash === hash)) return rpcError('transaction already imported');
        if ((tx.maxFeePerGas ?? 0n) < state.minimumFee) return rpcError('transaction underpriced');
        if (state.loseNext) {
          state.loseNext = false;
          return { result: hash };
        }
        pool = [...pool.filter((p) => p.nonce !== tx.nonce), { hash, nonce: tx.nonce, data: tx.data }];
        if (state.automine) mine();
        return { result: hash };
      }
      default:
        return rpcError(`no ${method} here`);
    }
  };
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      if (state.down) return request.socket.destroy();
      const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] };
      if (method === 'eth_sendRawTransaction' && state.cutBeforeSend) return request.socket.destroy();
      const result = answer(method, params);
      if (method === 'eth_sendRawTransaction' && state.hangUpAfterSend) {
        state.hangUpAfterSend = false;
        return request.socket.destroy();
      }
      response.end(JSON.stringify({ jsonrpc: '2.0', id, ...result }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const state: TestingChain = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    chainId: 31337,
    automine: true,
    down: false,
    loseNext: false,
    hangUpAfterSend: false,
    cutBeforeSend: false,
    lateReceipts: 0,
    refused: new Set(),
    reverting: new Set(),
    minimumFee: 0n,
    onEstimate: null,
    sends: 0,
    mined: () => chain.map((tx) => tx.data),
    mine,
    remine: (blocks) => {
      for (const tx of chain.slice(chain.length - blocks)) tx.branch = (tx.branch ?? 0) + 1;
    },
    forget: (blocks) => void chain.splice(chain.length - blocks),
    stranger: (data) =>
      void chain.push({ hash: keccak256(new TextEncoder().encode(`stranger ${chain.length}`)), nonce: chain.length, data }),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return state;
}

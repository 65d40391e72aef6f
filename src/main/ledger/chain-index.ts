/**
 * An indexed copy of the contracts' events. It survives restarts, and when the chain rewrites its past (a reorganisation, or a development
 * node that forgot its last blocks) the copy goes back to the last block both agree on and reads on from there.
 */
import type { Kernel } from '../kernel/ports.ts';
import type { LedgerContracts } from './contracts.ts';
import { rpcCall } from './rpc.ts';

interface Block {
  hash: string;
  parentHash: string;
  timestamp: string;
  number: string;
}
interface RawLog {
  address: string;
  topics: string[];
  data: string;
  blockNumber: string;
  logIndex: string;
  transactionHash: string;
  blockTimestamp?: string;
}

const SPAN = 500;
const KEEP_BLOCKS = 256;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

export interface ChainIndex {
  /** Reads what is new. Returns the chain's height and whether its past changed. */
  sync(url: string): Promise<{ height: number; rewritten: boolean }>;
}

export function createChainIndex(kernel: Pick<Kernel, 'store' | 'log'>, contracts: LedgerContracts, firstBlock: number): ChainIndex {
  const { store } = kernel;
  const hex = (n: number): string => `0x${n.toString(16)}`;
  const blockAt = (url: string, height: number): Promise<Block | null> =>
    rpcCall<Block | null>(url, 'eth_getBlockByNumber', [hex(height), false]);
  /** When each block with an event was made, s. Most nodes say it with the event. */
  const timesOf = async (url: string, logs: readonly RawLog[]): Promise<Map<string, number>> => {
    const times = new Map<string, number>();
    for (const log of logs) {
      if (times.has(log.blockNumber)) continue;
      const text = log.blockTimestamp ?? (await blockAt(url, Number(log.blockNumber)))?.timestamp;
      if (text !== undefined) times.set(log.blockNumber, Number(text));
    }
    return times;
  };
  const addresses = contracts.names().map((name) => contracts.address(name));

  const commonHeight = async (url: string, height: number): Promise<{ at: number; hash: string | null; rewritten: boolean }> => {
    const known = store.read.prepare('SELECT height, hash FROM chain_block ORDER BY height DESC').all() as {
      height: number;
      hash: string;
    }[];
    for (const [i, row] of known.entries()) {
      if (row.height > height) continue;
      if ((await blockAt(url, row.height))?.hash === row.hash) return { at: row.height, hash: row.hash, rewritten: i > 0 };
    }
    return { at: firstBlock - 1, hash: null, rewritten: known.length > 0 };
  };

  return {
    async sync(url) {
      const height = Number(await rpcCall<string>(url, 'eth_blockNumber', []));
      const { at, hash, rewritten } = await commonHeight(url, height);
      let last = hash;
      if (rewritten) {
        store.write((db) => {
          db.prepare('DELETE FROM chain_event WHERE block > ?').run(at);
          db.prepare('DELETE FROM chain_account WHERE block > ?').run(at);
          db.prepare('DELETE FROM chain_block WHERE height > ?').run(at);
        });
      }
      for (let from = at + 1; from <= height; from += SPAN) {
        const to = Math.min(height, from + SPAN - 1);
        const end = await blockAt(url, to);
        const logs = await rpcCall<RawLog[]>(url, 'eth_getLogs', [{ fromBlock: hex(from), toBlock: hex(to), address: addresses }], 15_000);
        // The end is asked after the events, and before them: when the past changes in between, what was read is thrown away.
        const head = await blockAt(url, to);
        if (!head || head.hash !== end?.hash) return { height, rewritten };
        // Nor may it have changed before: what is read goes on from the last block that was read.
        const first = from === to ? head : await blockAt(url, from);
        if (last !== null && first?.parentHash !== last) return { height, rewritten };
        last = head.hash;
        const times = await timesOf(url, logs);
        store.write((db) => {
          const insert = db.prepare(
            'INSERT INTO chain_event (block, log_index, contract, name, arguments, transaction_hash, time_s) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
          );
          const touch = db.prepare('INSERT INTO chain_account (account, block, log_index) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
          for (const log of logs) {
            const event = contracts.parseLog(log.address, log.topics, log.data);
            if (!event) continue;
            for (const value of Object.values(event.args))
              if (ADDRESS.test(value)) touch.run(value.toLowerCase(), Number(log.blockNumber), Number(log.logIndex));
            insert.run(
              Number(log.blockNumber),
              Number(log.logIndex),
              event.contract,
              event.name,
              JSON.stringify(event.args),
              log.transactionHash,
              times.get(log.blockNumber) ?? null,
            );
          }
          db.prepare('INSERT OR REPLACE INTO chain_block (height, hash) VALUES (?, ?)').run(to, head.hash);
          db.prepare('DELETE FROM chain_block WHERE height < ?').run(to - KEEP_BLOCKS);
        });
      }
      return { height, rewritten };
    },
  };
}

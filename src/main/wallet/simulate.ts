/** Tries calls of one account on the chain as it is now, one after the other, without leaving a trace: would they go through, and with how much gas? */
import { RpcError, rpcCall } from '../ledger/rpc.ts';

export interface TriedCall {
  readonly to: string;
  readonly data: string;
}
export type Trial =
  | { readonly kind: 'ok'; readonly gas: readonly bigint[] }
  | { readonly kind: 'refused'; readonly at: number; readonly error: unknown };

interface SimulatedBlock {
  calls: { status: string; gasUsed: string; returnData: string; error?: { code: number; message: string; data?: string } }[];
}

/** Throws Fault chain.away. On a node without eth_simulateV1 only the first call can be tried; later ones get a generous gas limit. */
export async function tryCalls(url: string, from: string, calls: readonly TriedCall[]): Promise<Trial> {
  if (calls.length > 1) {
    try {
      const [block] = await rpcCall<SimulatedBlock[]>(url, 'eth_simulateV1', [
        { blockStateCalls: [{ calls: calls.map((c) => ({ from, to: c.to, data: c.data })) }], validation: false },
        'latest',
      ]);
      const results = block?.calls ?? [];
      const at = results.findIndex((r) => r.status !== '0x1');
      const failed = results[at];
      if (failed) {
        const data = failed.error?.data ?? failed.returnData;
        return {
          kind: 'refused',
          at,
          error: new RpcError('eth_simulateV1', { code: 3, message: failed.error?.message ?? 'reverted', data }),
        };
      }
      if (results.length === calls.length) return { kind: 'ok', gas: results.map((r) => BigInt(r.gasUsed)) };
    } catch (cause) {
      if (!(cause instanceof RpcError) || ![-32601, -32602].includes(cause.code)) throw cause;
    }
  }
  const gas: bigint[] = [];
  for (const [i, call] of calls.entries()) {
    if (i > 0) {
      gas.push(600_000n);
      continue;
    }
    try {
      gas.push(BigInt(await rpcCall<string>(url, 'eth_estimateGas', [{ from, to: call.to, data: call.data }])));
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      return { kind: 'refused', at: i, error };
    }
  }
  return { kind: 'ok', gas };
}

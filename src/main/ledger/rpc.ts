/** One JSON-RPC call over HTTP. The outbox speaks it bare, because it must know exactly what was sent and what came back. */
import { Fault } from '../../shared/errors.ts';

/** The node answered with an error: the request arrived and was refused. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;
  constructor(method: string, error: { code: number; message: string; data?: unknown }) {
    super(`${method}: ${error.message}`);
    this.name = 'RpcError';
    this.code = error.code;
    this.data = error.data;
  }
}

let nextId = 1;

/** Throws RpcError when the node refused, Fault chain.away when it could not be asked. */
export async function rpcCall<T>(url: string, method: string, params: readonly unknown[], timeoutMs = 5_000): Promise<T> {
  let answer: { result?: T; error?: { code: number; message: string; data?: unknown } };
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: nextId++, method, params }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    answer = (await response.json()) as typeof answer;
  } catch (cause) {
    throw new Fault(
      'chain.away',
      `The chain at ${url} does not answer. What is meant for it waits in the outbox; check the node or the network.`,
      { cause, retry: 'later' },
    );
  }
  if (answer.error) throw new RpcError(method, answer.error);
  return answer.result as T;
}

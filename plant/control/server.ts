/** Loopback control of the simulated plant: its true state, training faults, re-attachment. Bearer token, JSON. Not a field interface. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ControlHandlers {
  token: string;
  state(): unknown;
  faults(): unknown;
  startFault(body: Record<string, unknown>): { kind: 'started'; fault: unknown } | { kind: 'refused'; reason: string };
  endFault(id: string): boolean;
  attach(body: { pid?: number; mqttUrl?: string }): Promise<unknown>;
  stop(): void;
}

export interface ControlServer {
  readonly port: number;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 10_000;

export async function openControlServer(handlers: ControlHandlers): Promise<ControlServer> {
  const expected = createHash('sha256').update(`Bearer ${handlers.token}`).digest();
  const server = createServer((request, response) => {
    const given = createHash('sha256')
      .update(request.headers.authorization ?? '')
      .digest();
    if (!timingSafeEqual(given, expected)) {
      answer(response, 401, { error: 'The token is missing or wrong; it stands in control.json in the data folder.' });
      return;
    }
    route(handlers, request, response).catch((error: Error) => answer(response, 400, { error: error.message }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function route(handlers: ControlHandlers, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
  const call = `${request.method} ${path}`;
  if (call === 'GET /state') answer(response, 200, handlers.state());
  else if (call === 'GET /faults') answer(response, 200, handlers.faults());
  else if (call === 'POST /fault') {
    const started = handlers.startFault(await bodyOf(request));
    if (started.kind === 'refused') answer(response, 400, { error: started.reason });
    else answer(response, 200, started.fault);
  } else if (request.method === 'DELETE' && path.startsWith('/fault/')) {
    const ended = handlers.endFault(decodeURIComponent(path.slice('/fault/'.length)));
    answer(response, ended ? 200 : 404, ended ? { ended: true } : { error: 'That fault is not active.' });
  } else if (call === 'POST /attach') {
    const { pid, mqttUrl } = await bodyOf(request);
    answer(
      response,
      200,
      await handlers.attach({ ...(typeof pid === 'number' && { pid }), ...(typeof mqttUrl === 'string' && { mqttUrl }) }),
    );
  } else if (call === 'POST /stop') {
    answer(response, 200, { stopping: true });
    handlers.stop();
  } else answer(response, 404, { error: `There is nothing at ${call}.` });
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > MAX_BODY_BYTES) throw new Error('The request is too large.');
  }
  if (text.trim() === '') return {};
  const body: unknown = JSON.parse(text);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Error('The request body must be a JSON object.');
  return body as Record<string, unknown>;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

/**
 * The headless host: the very renderer and contract of the desktop console, served to a browser on this machine. Loopback only. A one-time
 * token in the printed address is exchanged for an HttpOnly, SameSite=Strict cookie; Host and Origin are checked on every request, on
 * the WebSocket too.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyCookie from '@fastify/cookie';
import fastifyStatic from '@fastify/static';
import fastifyWebsocket from '@fastify/websocket';
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { portIsFree } from '../src/main/broker/port-is-free.ts';
import type { BusbarConsole } from '../src/main/composition.ts';
import { contentSecurityPolicy } from '../src/shared/content-security-policy.ts';
import { MAX_CLIENT_FRAME_BYTES } from '../src/shared/contract/wire.ts';
import { Fault } from '../src/shared/errors.ts';

export interface HeadlessHost {
  readonly port: number;
  /** Address with a fresh one-time token; each token opens one browser, once, within ten minutes. */
  issueAddress(): string;
  close(): Promise<void>;
}

const COOKIE = 'busbar_session';
const TOKEN_LIFE_MS = 10 * 60_000;
const PAGE = `<!doctype html><meta charset="utf-8"><title>Busbar</title><p>`;

const portInUse = (port: number, cause?: unknown): Fault =>
  new Fault('port.inUse', `Port ${port} is in use by another program. Start with another one: --port N, or --port 0 for any free one.`, {
    cause,
  });

/** Asked before the engine starts, so that nobody waits ten seconds to read that the port is taken. */
export async function assertPortFree(port: number): Promise<void> {
  if (port !== 0 && !(await portIsFree(port))) throw portInUse(port);
}

export async function startHeadlessHost(options: { console: BusbarConsole; rendererDir: string; port: number }): Promise<HeadlessHost> {
  const { console: engine, rendererDir } = options;
  const indexFile = join(rendererDir, 'index.html');
  if (!existsSync(indexFile))
    throw new Fault('not.found', `The screens are not built (${indexFile} is missing). Run npm start, which builds them.`);
  const indexHtml = readFileSync(indexFile, 'utf8');
  const tokens = new Map<string, number>();
  let port = options.port;
  const app = Fastify({ logger: false, bodyLimit: 1024, routerOptions: { maxParamLength: 200 }, forceCloseConnections: true });

  const allowedHosts = (): string[] => [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
  const originAllowed = (origin: string | undefined): boolean =>
    origin !== undefined && allowedHosts().some((h) => origin === `http://${h}`);
  const sessionOf = (request: FastifyRequest) => {
    const id = request.cookies[COOKIE];
    return id ? engine.session(id) : undefined;
  };

  await app.register(fastifyCookie);
  await app.register(fastifyWebsocket, {
    options: {
      maxPayload: MAX_CLIENT_FRAME_BYTES,
      verifyClient: (info: { origin: string; req: { headers: { host?: string } } }) =>
        originAllowed(info.origin) && allowedHosts().includes(info.req.headers.host ?? ''),
    },
  });

  app.addHook('onRequest', async (request, reply) => {
    const nonce = randomBytes(16).toString('base64');
    (request as FastifyRequest & { nonce?: string }).nonce = nonce;
    reply.headers({
      'content-security-policy': contentSecurityPolicy(nonce),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=()',
      'x-frame-options': 'DENY',
    });
    if (!allowedHosts().includes(request.headers.host ?? '')) return refuse(reply, 403, 'This console answers on its own address only.');
    if (request.headers.origin !== undefined && !originAllowed(request.headers.origin))
      return refuse(reply, 403, 'A page from elsewhere may not call this console.');
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(reply, 405, 'Only reading is possible here.');
  });

  app.get<{ Querystring: { token?: string } }>('/', async (request, reply) => {
    const { token } = request.query;
    if (token !== undefined) {
      if (!takeToken(token))
        return refuse(
          reply,
          403,
          'This address was used already, or is too old. Start the console again, or copy the newest address from its terminal.',
        );
      const session = engine.openSession();
      return reply.setCookie(COOKIE, session.id, { httpOnly: true, sameSite: 'strict', path: '/' }).redirect('/', 303);
    }
    if (!sessionOf(request))
      return refuse(
        reply,
        403,
        'This browser is not signed on to the console. Open the address that the console printed when it started; it carries a one-time token.',
      );
    const nonce = (request as FastifyRequest & { nonce?: string }).nonce ?? '';
    return reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(indexHtml.replaceAll('__CSP_NONCE__', nonce));
  });

  await app.register(fastifyStatic, {
    root: rendererDir,
    index: false,
    serve: true,
    setHeaders: (reply, path) => {
      reply.header('cache-control', path.includes('assets') ? 'public, max-age=31536000, immutable' : 'no-store');
    },
    allowedPath: (path, _root, request) => path !== '/index.html' && sessionOf(request) !== undefined,
  });

  app.get('/link', { websocket: true }, (socket, request) => {
    const session = sessionOf(request);
    if (!session) {
      socket.close(4401, 'not signed on');
      return;
    }
    const link = engine.openLink(
      session,
      (frame) => socket.readyState === 1 && socket.send(JSON.stringify(frame)),
      () => socket.bufferedAmount,
    );
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) return socket.close(1003, 'text only');
      let frame: unknown;
      try {
        frame = JSON.parse(data.toString('utf8'));
      } catch {
        frame = null;
      }
      link.receive(frame);
    });
    socket.on('close', () => link.close());
    socket.on('error', () => link.close());
  });

  app.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'There is nothing at this address. Go back to the console’s first page.'));

  try {
    await app.listen({ host: '127.0.0.1', port });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EADDRINUSE') throw portInUse(port, cause);
    throw cause;
  }
  port = (app.server.address() as { port: number }).port;

  function takeToken(token: string): boolean {
    const given = Buffer.from(token);
    for (const [known, untilMs] of tokens) {
      const same = known.length === token.length && timingSafeEqual(Buffer.from(known), given);
      if (untilMs < Date.now()) tokens.delete(known);
      else if (same) {
        tokens.delete(known);
        return true;
      }
    }
    return false;
  }

  return {
    port,
    issueAddress() {
      const token = randomBytes(24).toString('base64url');
      tokens.set(token, Date.now() + TOKEN_LIFE_MS);
      return `http://127.0.0.1:${port}/?token=${token}`;
    },
    close: () => app.close(),
  };
}

function refuse(reply: FastifyReply, status: number, sentence: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(`${PAGE}${sentence}</p>`);
}

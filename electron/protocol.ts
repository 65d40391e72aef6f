/** `busbar://console/` serves the built renderer, and only that, with the same policy headers as the headless host. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { protocol } from 'electron';
import { contentSecurityPolicy } from '../src/shared/content-security-policy.ts';

export const APP_ORIGIN = 'busbar://console';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

/** Must run before the app is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: 'busbar', privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
}

export function serveRenderer(rendererDir: string): void {
  protocol.handle('busbar', async (request) => respond(rendererDir, request.url, request.method));
}

export async function respond(rendererDir: string, url: string, method: string): Promise<Response> {
  const nonce = randomBytes(16).toString('base64');
  const headers: Record<string, string> = {
    'content-security-policy': contentSecurityPolicy(nonce),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  };
  const refuse = (status: number) => new Response(null, { status, headers });
  const { host, pathname } = new URL(url);
  if (host !== 'console' || (method !== 'GET' && method !== 'HEAD')) return refuse(403);
  const asked = pathname === '/' ? 'index.html' : decodeURIComponent(pathname.slice(1));
  const file = normalize(join(rendererDir, asked));
  if (!file.startsWith(normalize(rendererDir) + sep)) return refuse(403);
  const type = TYPES[extname(file)];
  if (!type) return refuse(404);
  try {
    const body = await readFile(file);
    headers['content-type'] = type;
    if (asked === 'index.html') return new Response(body.toString('utf8').replaceAll('__CSP_NONCE__', nonce), { headers });
    return new Response(new Uint8Array(body), { headers });
  } catch {
    return refuse(404);
  }
}

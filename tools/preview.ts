/**
 * Serves the built screens on the in-memory engine of test/fake-engine, for designing and for screenshots. Not the product's host.
 * node tools/preview.ts [--port 4173] [--scenario calm|alarm|empty|sign-in|first-start]
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import fastifyStatic from '@fastify/static';
import fastifyWebsocket from '@fastify/websocket';
import Fastify from 'fastify';
import { parsePlantFile } from '../src/shared/plant-file.ts';
import { createFakeEngine } from '../test/fake-engine/engine.ts';
import { serveFrames } from '../test/fake-engine/frames.ts';
import type { Scenario } from '../test/fake-engine/world.ts';

const { values } = parseArgs({ options: { port: { type: 'string', default: '4173' }, scenario: { type: 'string', default: 'calm' } } });
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const parsed = parsePlantFile(JSON.parse(readFileSync(here('../plant/plants/rural1.json'), 'utf8')));
if (parsed.kind === 'invalid') throw new Error(parsed.problems.join('\n'));
const engine = createFakeEngine({ plant: parsed.plant, scenario: values.scenario as Scenario });
/** Read per request, so that a new build shows after a reload. */
const page = () => readFileSync(here('../out/renderer/index.html'), 'utf8');

const app = Fastify();
await app.register(fastifyWebsocket);
await app.register(fastifyStatic, { root: here('../out/renderer'), index: false, wildcard: true });
app.get('/', (_request, reply) => {
  const nonce = randomBytes(16).toString('base64');
  return reply
    .type('text/html; charset=utf-8')
    .header(
      'content-security-policy',
      `default-src 'none'; script-src 'self'; style-src-elem 'self' 'nonce-${nonce}'; style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; media-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
    )
    .send(page().replaceAll('__CSP_NONCE__', nonce));
});
app.get('/link', { websocket: true }, (socket) => {
  const client = serveFrames(engine, (frame) => socket.send(JSON.stringify(frame)));
  socket.on('message', (data: Buffer) => client.receive(JSON.parse(data.toString())));
  socket.on('close', () => client.close());
});
await app.listen({ host: '127.0.0.1', port: Number(values.port) });
console.log(`http://127.0.0.1:${values.port}/  scenario ${values.scenario}`);

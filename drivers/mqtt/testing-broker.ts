/**
 * A broker in a process of its own, for tests that kill it. It appends each payload to FILE and only then lets the
 * acknowledgement go; with `hang` it takes messages and never commits.
 * Usage: node testing-broker.ts PORT FILE [hang]
 */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { startBroker } from './broker.ts';

const [port = '0', path = '', mode] = process.argv.slice(2);
const file = openSync(path, 'a');
const broker = await startBroker({
  port: Number(port),
  authenticate: () => true,
  mayPublish: () => true,
  maySubscribe: () => true,
  async onPublish({ payload }) {
    process.send?.({ taken: payload.toString() });
    if (mode === 'hang') return new Promise(() => {});
    writeSync(file, `${payload}\n`);
    fsyncSync(file);
    return { kind: 'accept' };
  },
});
process.send?.({ port: broker.port });
process.on('disconnect', () => {
  closeSync(file);
  process.exit();
});

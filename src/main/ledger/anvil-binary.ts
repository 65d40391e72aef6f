/** Where npm put the development node for this platform. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Fault } from '../../shared/errors.ts';

export function anvilBinary(): string {
  if (process.env.BUSBAR_ANVIL) return process.env.BUSBAR_ANVIL;
  const require = createRequire(import.meta.url);
  const name = `@foundry-rs/anvil-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  try {
    // A packaged console keeps binaries beside its archive: what is inside cannot be run.
    const root = dirname(require.resolve(`${name}/package.json`)).replace(/app\.asar(?=[\\/])/, 'app.asar.unpacked');
    const binary = join(root, 'bin', process.platform === 'win32' ? 'anvil.exe' : 'anvil');
    if (existsSync(binary)) return binary;
  } catch {
    // falls through to the sentence below
  }
  throw new Fault(
    'chain.away',
    `The development node (anvil) is not installed for ${process.platform} ${process.arch}. Run npm install again, or name a chain with --rpc URL. Until then everything meant for the chain waits in the outbox.`,
    { retry: 'later' },
  );
}

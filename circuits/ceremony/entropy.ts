// SPDX-License-Identifier: GPL-3.0-only
/** The text that a contributor types: not echoed, not kept, never on the command line (where the shell would remember it). */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CeremonyRefusal } from './refusal.ts';

const MOST_BYTES = 1 << 20;

async function readAll(input: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MOST_BYTES) throw new CeremonyRefusal('The random text on standard input is longer than 1 MiB. A few lines are enough.');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function ask(input: NodeJS.ReadableStream, prompt: NodeJS.WritableStream): Promise<string> {
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input, output: mute, terminal: true });
  prompt.write('Type some random text that nobody can guess, then Enter (it is not shown): ');
  return new Promise((resolve, reject) => {
    terminal.once('line', (line) => {
      resolve(line);
      terminal.close();
    });
    terminal.once('close', () => {
      prompt.write('\n');
      reject(new CeremonyRefusal('No text was typed. Nothing was written.'));
    });
  });
}

/** From the terminal when there is one, else everything on standard input. */
export const readTextFrom = (
  input: NodeJS.ReadableStream & { readonly isTTY?: boolean },
  prompt: NodeJS.WritableStream,
): Promise<string> => (input.isTTY === true ? ask(input, prompt) : readAll(input));

/** Constants of Poseidon(8) from poseidon-lite (MIT), as the constructor of Poseidon8.sol takes them. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const fromHere = createRequire(import.meta.url);

/** 639 round constants and the 81 words of the matrix, big-endian, as one hex string. */
export function poseidon8Constants(): string {
  const path = join(dirname(fromHere.resolve('poseidon-lite')), 'constants', '8.js');
  const { C, M } = (fromHere(path) as { default: { C: string[]; M: string[][] } }).default;
  const words = [...C, ...M.flat()].map((text) => Buffer.from(text, 'base64').toString('hex').padStart(64, '0'));
  if (words.length !== 71 * 9 + 81) throw new Error(`Poseidon(8) has 720 constants, poseidon-lite gives ${words.length}`);
  return `0x${words.join('')}`;
}

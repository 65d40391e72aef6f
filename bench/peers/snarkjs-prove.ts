// SPDX-License-Identifier: GPL-3.0-only
/** A program: one proof as snarkjs alone makes it, witness included. Arguments: wasm, key; the input as a message; answers { seconds }. */
import { groth16 } from 'snarkjs';

const [wasmPath, keyPath] = process.argv.slice(2) as [string, string];
process.once('message', async (input) => {
  const start = performance.now();
  await groth16.fullProve(input, wasmPath, keyPath);
  process.send?.({ seconds: (performance.now() - start) / 1000 }, () => process.exit(0));
});

// SPDX-License-Identifier: GPL-3.0-only
/** Prints the verification key of a .zkey as JSON. A process of its own, because snarkjs keeps its threads alive. Arguments: zkey, output. */
import { writeFileSync } from 'node:fs';
import { zKey } from 'snarkjs';

const [zkeyPath, outputPath] = process.argv.slice(2) as [string, string];
writeFileSync(outputPath, `${JSON.stringify(await zKey.exportVerificationKey(zkeyPath), null, 1)}\n`);
process.exit(0);

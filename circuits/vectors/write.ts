// SPDX-License-Identifier: GPL-3.0-only
/** Writes the vectors' rounds anew after a wanted change of the statement: `node circuits/vectors/write.ts`. The suites then hold them to account. */
import { readFileSync, writeFileSync } from 'node:fs';
import { bookLeaf, bookRoot, emptyBook } from '../../src/domain/settlement/order-book.ts';
import { onlyBatch } from '../../src/domain/settlement/testing/community.ts';
import { holding } from '../testing/admissions.ts';
import { baseline } from '../testing/rounds.ts';
import { sharedRounds, wordsOf } from './rounds.ts';

const path = new URL('./settlement.json', import.meta.url);
const given = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
const inputsOf = ({ publicSignals, witnessInput }: { publicSignals: readonly string[]; witnessInput: object }) => ({
  publicSignals,
  witnessInput,
});
const [admission] = holding().batches;
if (admission === undefined) throw new Error('an admission has a batch');
const vectors = {
  ...given,
  bookLeaf: bookLeaf({ epoch: 1n, side: 'sell', quantityWh: 2n, limitPrice: 3n, sequence: 4n }).toString(),
  emptyBookRoot16: bookRoot(emptyBook(16)).toString(),
  baseline4: { ...(given.baseline4 as object), ...inputsOf(onlyBatch(baseline())) },
  rounds: Object.fromEntries(Object.entries(sharedRounds()).map(([name, round]) => [name, wordsOf(round)])),
  admission2: inputsOf(admission),
};
writeFileSync(path, `${JSON.stringify(vectors, null, 1)}\n`);

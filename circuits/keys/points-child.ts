// SPDX-License-Identifier: GPL-3.0-only
/** Turns scalars into points in a process of its own, so that both cores work. Arguments: jobs as group:scalars-file:points-file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { FixedBase } from './fixed-base.ts';

const jobs = process.argv.slice(2).map((text) => JSON.parse(text) as { group: 'G1' | 'G2'; scalars: string; points: string });
for (const group of ['G1', 'G2'] as const) {
  const mine = jobs.filter((job) => job.group === group);
  if (mine.length === 0) continue;
  const base = await FixedBase.create(group);
  for (const job of mine) {
    let reported = 0;
    const points = base.multiply(readFileSync(job.scalars), (done) => {
      // Points of G2 cost about three times those of G1.
      process.send?.({ cost: (done - reported) * (group === 'G1' ? 1 : 3) });
      reported = done;
    });
    writeFileSync(job.points, points);
  }
}
process.exit(0);

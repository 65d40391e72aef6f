import { describe, expect, it } from 'vitest';
import { carbonAct } from './carbon-acts.ts';
import type { MeterOnChain, PostedReading } from './meters-view.ts';
import type { RecordsPicture } from './records-view.ts';

const reading = (id: number, epoch: number, interval: number, state: PostedReading['state'], exportWh: number) =>
  ({ id, epoch, interval, state, exportWh, importWh: 0 }) as PostedReading;
const readings = [
  reading(0, 1, 100, 'installed', 0),
  reading(1, 1, 101, 'validated', 500),
  reading(2, 1, 102, 'validated', 800),
  reading(3, 2, 110, 'installed', 20),
  reading(4, 2, 111, 'validated', 60),
];
/** @param until interval at which the last record ends */
const certify = (until: number | null) => {
  const records = until === null ? [] : [{ meterId: 17, flow: 'production', toInterval: until }];
  const act = carbonAct(
    { kind: 'certify-record', device: 'meter-carport' },
    {
      account: '0x',
      records: { records, categories: new Map([[17, 'community']]) } as unknown as RecordsPicture,
      meter: () => ({ meterId: 17, base: 4, readings }) as unknown as MeterOnChain,
    },
  );
  return { range: act.calls[0]?.args.slice(2, 4), says: act.effect[0] };
};

describe('certifying production across a swap', () => {
  it('first certifies what is left of the epoch that is over', () => {
    expect(certify(null)).toMatchObject({ range: [0, 2], says: expect.stringMatching(/says 800 Wh/) });
    expect(certify(101)).toMatchObject({ range: [1, 2], says: expect.stringMatching(/says 300 Wh/) });
  });

  it('then goes on from the installation of the new device, and says when all is certified', () => {
    expect(certify(102)).toMatchObject({ range: [3, 4], says: expect.stringMatching(/says 40 Wh/) });
    expect(() => certify(111)).toThrow(/in a record already/);
  });
});

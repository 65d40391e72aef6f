import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type PlantFile, parsePlantFile } from '../../shared/plant-file.ts';
import { communityOf } from '../market/community.ts';

const rural1 = JSON.parse(readFileSync(new URL('../../../plant/plants/rural1.json', import.meta.url), 'utf8')) as PlantFile;
const problems = (change: (meter: NonNullable<PlantFile['devices'][number]['meter']>, plant: PlantFile) => void): string => {
  const plant = structuredClone(rural1);
  const meter = plant.devices.find((d) => d.id === 'meter-carport')?.meter;
  if (!meter) throw new Error('no carport');
  change(meter, plant);
  const result = parsePlantFile(plant);
  return result.kind === 'ok' ? 'ok' : result.problems.join('; ');
};

describe('a public meter in the plant file', () => {
  it('stands beside sixteen settling ones and is none of them', () => {
    expect(problems(() => {})).toBe('ok');
    const { members, byMeter, byDevice } = communityOf(rural1);
    expect(members).toHaveLength(16);
    expect([byMeter(17), byDevice('meter-carport')]).toEqual([undefined, undefined]);
  });

  it('cannot settle, nor belong to a member who trades in the rounds', () => {
    const settles = problems((meter) => {
      meter.settling = true;
    });
    expect(settles).toMatch(/meter-carport: a public meter cannot settle/);
    const owned = problems((_, plant) => {
      (plant.members[0] as PlantFile['members'][number]).meter = 'meter-carport';
    });
    expect(owned).toMatch(/belongs to the community/);
  });

  it('backs credits or certificates only with nothing but renewable generation behind it', () => {
    const diesel = problems((meter) => {
      meter.technology = 'diesel';
    });
    expect(diesel).toMatch(/diesel is not a renewable technology/);
    const mixed = problems((meter) => {
      meter.renewableOnly = false;
    });
    expect(mixed).toMatch(/only a renewableOnly meter can back credits/);
  });

  it('is numbered behind the places of a community of more than sixteen, whose round is one batch of 64', () => {
    const seventeenth = (plant: PlantFile): void => {
      const last = <T extends { id: string }>(list: T[], id: string, change: (copy: T) => void): void => {
        const copy = structuredClone(list.find((one) => one.id === id) as T);
        change(copy);
        list.push(copy);
      };
      last(plant.devices, 'meter-mill-9', (d) => {
        d.id = 'meter-new';
        if (d.meter) d.meter.meterId = 17;
      });
      last(plant.members, 'mill-9', (m) => {
        m.id = 'new-house';
        m.meter = 'meter-new';
      });
    };
    expect(problems((_, plant) => seventeenth(plant))).toMatch(/from 65 on without a gap; there is 17 instead of 65/);
    expect(
      problems((meter, plant) => {
        seventeenth(plant);
        meter.meterId = 65;
        expect(communityOf(plant)).toMatchObject({ layout: { batchMembers: 64, parts: 1 }, withoutPlace: [] });
      }),
    ).toBe('ok');
    const tooHigh = problems((meter, plant) => {
      seventeenth(plant);
      meter.meterId = 1025;
      const added = plant.devices.find((d) => d.id === 'meter-new')?.meter;
      if (added) added.meterId = 1026;
    });
    expect(tooHigh).toMatch(/meter-new: settling meters are numbered 1 to 1024/);
  });

  it('has the number that the registry on the chain will give it', () => {
    const skipped = problems((meter) => {
      meter.meterId = 18;
    });
    expect(skipped).toMatch(/from 17 on without a gap; there is 18 instead of 17/);
  });
});

import { describe, expect, it } from 'vitest';
import rural1 from '../../../../plant/plants/rural1.json' with { type: 'json' };
import { PlantModel } from '../../../../test/fake-engine/plant-model.ts';
import { PlantFile } from '../../../shared/plant-file.ts';
import { layoutGrid } from './layout.ts';

const plant = PlantFile.parse(rural1);
const topology = new PlantModel(plant, 0).topology();

describe('layout of the one-line diagram', () => {
  const layout = layoutGrid(topology);
  it('gives every bus, branch and unit a place', () => {
    expect(layout.buses.size).toBe(topology.buses.length);
    expect(layout.branches.size).toBe(topology.branches.length);
    expect(layout.units.size).toBe(topology.units.length);
  });
  it('keeps everything inside the drawing', () => {
    for (const b of layout.buses.values()) {
      expect(b.x1).toBeGreaterThanOrEqual(0);
      expect(b.x2).toBeLessThanOrEqual(layout.width);
      expect(b.y2).toBeLessThan(layout.height);
    }
  });
  it('lets no two units stand on the same spot', () => {
    const spots = [...layout.units.values()].map((u) => `${u.x},${u.busY}`);
    expect(new Set(spots).size).toBe(spots.length);
  });
  it('lets no two bars overlap in a row', () => {
    const bars = [...layout.buses.values()].filter((b) => !b.upright);
    for (const a of bars) for (const b of bars) if (a !== b && a.y1 === b.y1) expect(a.x2 <= b.x1 || b.x2 <= a.x1).toBe(true);
  });
  it('draws ties as ties and feeders as feeders', () => {
    expect([...layout.branches.values()].filter((b) => b.tie).map((b) => b.id)).toEqual(['t1', 't2']);
  });
  it('places a bus that no branch reaches instead of losing it', () => {
    const alone = layoutGrid({ ...topology, buses: [...topology.buses, { id: 'lost', name: 'Lost', nominalKv: 0.4, x: 0, y: 0 }] });
    expect(alone.buses.has('lost')).toBe(true);
  });
});

import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRow, encodeRow, loadProfile, type ProfileRow, parseProfile } from './device-profile.ts';
import { buildProfileImage } from './profile-image.ts';
import { profileTagGroups, profileWrite } from './profile-tags.ts';

const shipped = readdirSync(new URL('./profiles/', import.meta.url))
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -5));

const row = (changes: Partial<ProfileRow> & Pick<ProfileRow, 'type'>): ProfileRow => ({
  name: 'x',
  label: 'X',
  table: 'holding',
  address: 0,
  scale: 1,
  wordOrder: 'big',
  access: 'RW',
  maxAgeMs: 1000,
  ...changes,
});

describe('a register row', () => {
  it.each([
    ['a frequency in millihertz', row({ type: 'uint16', scale: 0.001 }), [50_012], 50.012],
    ['a temperature below zero', row({ type: 'int16', scale: 0.1 }), [0xff38], -20],
    ['a power the device counts the other way', row({ type: 'int32', scale: -1 }), [0x0001, 0x3880], -80_000],
    ['a counter with the low word first', row({ type: 'uint32', wordOrder: 'little' }), [0x0001, 0x0002], 0x20001],
    ['a float', row({ type: 'float32' }), [0x4248, 0x0000], 50],
    ['a contact', row({ type: 'bit', table: 'coil' }), [1], 1],
  ] as const)('reads %s and writes it back', (_what, definition, words, value) => {
    expect(decodeRow(definition, words)).toBe(value);
    expect(encodeRow(definition, value)).toEqual({ kind: 'ok', words: [...words], written: value });
  });

  it('has no value for a float that is not a number', () => expect(decodeRow(row({ type: 'float32' }), [0x7fc0, 0])).toBeNull());

  it('refuses what does not fit, with the label and the unit', () => {
    const definition = row({ type: 'int16', label: 'Droop', unit: '%', minimum: 0, maximum: 10 });
    expect(encodeRow(definition, 11)).toEqual({ kind: 'refused', reason: 'Droop: 11 % is outside 0 to 10 %' });
    expect(encodeRow(row({ type: 'int16' }), 40_000)).toMatchObject({ kind: 'refused' });
    expect(encodeRow(definition, Number.NaN)).toMatchObject({ kind: 'refused' });
  });

  it('comes back from its registers within half a step', () => {
    fc.assert(
      fc.property(fc.double({ min: -30_000, max: 30_000, noNaN: true }), fc.constantFrom(1, 0.1, 0.01, -0.1, -1), (value, scale) => {
        const definition = row({ type: 'int32', scale });
        const encoded = encodeRow(definition, value);
        if (encoded.kind !== 'ok') throw new Error(encoded.reason);
        expect(decodeRow(definition, encoded.words)).toBe(encoded.written);
        expect(Math.abs(encoded.written - value)).toBeLessThanOrEqual(Math.abs(scale) / 2 + 1e-9);
      }),
    );
  });
});

describe('a profile file', () => {
  it.each(shipped)('%s is sound, and its image, tags and writes agree', (id) => {
    const profile = loadProfile(id);
    expect(profile.id).toBe(id);
    const image = buildProfileImage(profile);
    const tags = profileTagGroups(profile, 1).flatMap((group) => {
      for (const request of group.requests) expect(request.count).toBeLessThanOrEqual(profile.limits.registersPerRead);
      return group.decode(group.requests.map(({ table, address, count }) => image.unit.read(table, address, count)));
    });
    expect(tags.map(({ tag }) => tag).sort()).toEqual(profile.rows.map(({ name }) => name).sort());
    for (const { tag, value } of tags) expect(value, tag).toBe(image.get(tag));
    for (const writable of profile.rows.filter(({ access }) => access === 'RW')) {
      const value = Math.min(writable.maximum ?? 1, Math.max(writable.minimum ?? 0, 1));
      const prepared = profileWrite(profile, 1, writable.name, value);
      if (prepared.kind !== 'ok') throw new Error(prepared.reason);
      image.unit.write(prepared.request.table, prepared.request.address, prepared.request.values);
      expect(image.get(writable.name), writable.name).toBe(prepared.written);
      const { table, address, count } = prepared.readBack;
      expect(prepared.matches(image.unit.read(table, address, count))).toBe(true);
    }
  });

  it('includes a genset, feeder relays and an interconnection relay', () => {
    expect(shipped).toEqual(expect.arrayContaining(['genset', 'relay-unit', 'interconnection-relay']));
  });

  it('names every problem: overlap, wrong table, writable input, double name, unknown field', () => {
    const base = { label: 'X', maxAgeMs: 1000, access: 'R' };
    const parsed = parseProfile({
      schema: 'device-profile/1',
      id: 'bad',
      title: 'Bad',
      limits: {},
      rows: [
        { ...base, name: 'a', table: 'holding', address: 0, type: 'uint32' },
        { ...base, name: 'b', table: 'holding', address: 1, type: 'uint16' },
        { ...base, name: 'c', table: 'coil', address: 0, type: 'uint16' },
        { ...base, name: 'd', table: 'input', address: 0, type: 'uint16', access: 'RW' },
        { ...base, name: 'a', table: 'input', address: 9, type: 'uint16' },
      ],
    });
    expect(parsed).toEqual({
      kind: 'invalid',
      problems: ['a stands in two rows', 'b and a both use holding 1', 'c: a coil cannot hold a uint16', 'd: a input cannot be written'],
    });
    expect(parseProfile({ schema: 'device-profile/1', id: 'x', title: 'X', limits: {}, rows: [], colour: 'red' })).toMatchObject({
      kind: 'invalid',
    });
  });
});

describe('a device built from a profile', () => {
  const genset = loadProfile('genset');

  it('tells its firmware what a master wrote, in house sign', () => {
    const image = buildProfileImage(genset);
    const heard: unknown[] = [];
    const stop = image.onWrite((writes) => heard.push(...writes));
    const prepared = profileWrite(genset, 1, 'activePowerSetpointW', -40_000);
    if (prepared.kind !== 'ok') throw new Error(prepared.reason);
    image.unit.write('holding', prepared.request.address, prepared.request.values);
    expect(heard).toEqual([{ name: 'activePowerSetpointW', value: -40_000 }]);
    expect(image.unit.read('holding', prepared.request.address, 2)).toEqual([0, 40_000]);
    stop();
    image.unit.write('holding', prepared.request.address, prepared.request.values);
    expect(heard).toHaveLength(1);
  });

  it('refuses half a 32-bit set-point, a value out of range, a read-only place and an address beyond its map', () => {
    const image = buildProfileImage(genset);
    const before = image.get('activePowerSetpointW');
    expect(() => image.unit.write('holding', 2, [1])).toThrow(/illegal data address/);
    expect(() => image.unit.write('holding', 0, [9])).toThrow(/illegal data value/);
    expect(() => image.unit.read('input', 60, 10)).toThrow(/illegal data address/);
    expect(image.get('activePowerSetpointW')).toBe(before);
    expect(profileWrite(genset, 1, 'activePowerW', -1)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('can only be read'),
    });
    expect(profileWrite(genset, 1, 'activePowerSetpointW', 5000)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('outside'),
    });
    expect(profileWrite(genset, 1, 'nothing', 1)).toMatchObject({ kind: 'refused' });
  });
});

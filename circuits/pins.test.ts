// SPDX-License-Identifier: GPL-3.0-only
import { expect, it } from 'vitest';
import pins from './pins.json' with { type: 'json' };
import { circuitByName, contentHash } from './spec.ts';

it.each(Object.entries(pins))('the pinned key of %s is of the circuit as it stands', (name, pin) => {
  expect(pin.contentHash, `make it anew: node circuits/build.ts --circuit ${name} --pin`).toBe(contentHash(circuitByName(name)));
});

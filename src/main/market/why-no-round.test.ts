import { expect, it } from 'vitest';
import { goOnWithout, whyNoRound } from './why-no-round.ts';

it('says what is missing, and nothing when rounds can open', () => {
  expect(whyNoRound({ members: 0, known: 0, unregistered: 0, inService: 0, chainAway: false })).toMatch(/names no member/);
  expect(whyNoRound({ members: 16, known: 0, unregistered: 0, inService: 0, chainAway: false })).toMatch(/no meter has shown its key/);
  expect(whyNoRound({ members: 16, known: 5, unregistered: 2, inService: 3, chainAway: false })).toMatch(/2 of 5 meters/);
  expect(whyNoRound({ members: 16, known: 16, unregistered: 0, inService: 16, chainAway: false })).toBeNull();
  expect(whyNoRound({ members: 16, known: 16, unregistered: 0, inService: 0, chainAway: false })).toMatch(
    /none of the members’ meters in service/,
  );
});

it('leaves a meter first heard while the chain is away out, rather than opening no round', () => {
  const meters = { members: 16, known: 5, unregistered: 1, inService: 4 };
  expect(whyNoRound({ ...meters, chainAway: true })).toBeNull();
  expect(goOnWithout({ ...meters, chainAway: true })).toBe(true);
  // The chain is back: it is registered first.
  expect(goOnWithout({ ...meters, chainAway: false })).toBe(false);
  expect(whyNoRound({ ...meters, chainAway: false })).toMatch(/1 of 5 meters/);
  // Nobody is registered: there is nobody to go on with.
  expect(whyNoRound({ ...meters, unregistered: 5, inService: 0, chainAway: true })).toMatch(/5 of 5 meters/);
});

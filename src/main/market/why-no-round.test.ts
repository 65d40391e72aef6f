import { expect, it } from 'vitest';
import { whyNoRound } from './why-no-round.ts';

it('says what is missing, and nothing when rounds can open', () => {
  expect(whyNoRound({ members: 0, known: 0, unregistered: 0 })).toMatch(/names no member/);
  expect(whyNoRound({ members: 16, known: 0, unregistered: 0 })).toMatch(/no meter has shown its key/);
  expect(whyNoRound({ members: 16, known: 5, unregistered: 2 })).toMatch(/2 of 5 meters/);
  expect(whyNoRound({ members: 16, known: 16, unregistered: 0 })).toBeNull();
});

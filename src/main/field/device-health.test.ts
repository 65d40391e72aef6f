/** State of a device, poll by poll. */
import { expect, it } from 'vitest';
import { afterPoll, initialHealth, stateOf } from './device-health.ts';

const device = { pollMs: 1000, maxAgeMs: 5000 };
const good = { kind: 'good', latencyMs: 5 } as const;

it('is starting, then online, then silent once its values are too old, then online again', () => {
  let health = initialHealth(0);
  expect(stateOf(health, device, 1000).state).toBe('starting');
  health = afterPoll(health, good, 1200);
  expect(stateOf(health, device, 3000).state).toBe('online');
  health = afterPoll(health, { kind: 'failed', reason: 'It did not answer', answered: false }, 4000);
  expect(stateOf(health, device, 4000).state).toBe('online');
  expect(stateOf(health, device, 6300)).toEqual({ state: 'silent', why: 'It did not answer' });
  health = afterPoll(health, good, 7000);
  expect(stateOf(health, device, 7000)).toEqual({ state: 'online', why: null });
});

it('is silent, with the reason, when it never answered', () => {
  const health = afterPoll(initialHealth(0), { kind: 'failed', reason: 'Connection refused', answered: false }, 500);
  expect(stateOf(health, device, 9000)).toEqual({ state: 'silent', why: 'Connection refused' });
});

it('counts as garbage only what comes twice in a row', () => {
  let health = afterPoll(initialHealth(0), good, 0);
  health = afterPoll(health, { kind: 'garbage', reason: 'Frequency of 99 Hz cannot be' }, 1000);
  expect(stateOf(health, device, 1000).state).toBe('online');
  health = afterPoll(health, { kind: 'garbage', reason: 'Frequency of 99 Hz cannot be' }, 2000);
  expect(stateOf(health, device, 2000)).toEqual({ state: 'garbage', why: 'Frequency of 99 Hz cannot be' });
});

it('is slow when answers take long, and says how long', () => {
  const health = afterPoll(initialHealth(0), { kind: 'good', latencyMs: 900 }, 1000);
  expect(stateOf(health, device, 1000)).toEqual({ state: 'slow', why: 'It takes 900 ms to answer' });
});

it('becomes silent when it stops answering after it sent garbage', () => {
  let health = afterPoll(initialHealth(0), good, 0);
  for (const at of [1000, 2000]) health = afterPoll(health, { kind: 'failed', reason: 'It is not Modbus', answered: true }, at);
  expect(stateOf(health, device, 2000).state).toBe('garbage');
  health = afterPoll(health, { kind: 'failed', reason: 'It did not answer', answered: false }, 6000);
  expect(stateOf(health, device, 6000)).toEqual({ state: 'silent', why: 'It did not answer' });
});

import { describe, expect, it } from 'vitest';
import { countdown, direction, fixed, money, price, quantity, short, span, time, utc } from './format.ts';

describe('numbers as an operator reads them', () => {
  it('uses a true minus sign and never shows minus zero', () => {
    expect(fixed(-12.34, 1)).toBe('−12.3');
    expect(fixed(-0.04, 1)).toBe('0.0');
  });
  it('groups thousands so that long registers can be read aloud', () => {
    expect(fixed(4182330, 0)).toBe('4 182 330');
    expect(fixed(1234.5, 1)).toBe('1 234.5');
  });
  it('shows power in kilowatts and prices in cents', () => {
    expect(quantity(-5430, 'W')).toEqual({ text: '−5.4', unit: 'kW' });
    expect(quantity(50.0123, 'Hz')).toEqual({ text: '50.012', unit: 'Hz' });
    expect(price(18_400)).toBe('18.40 ct/kWh');
  });
  it('says the direction in words', () => {
    expect(direction(5000, 'exchange')).toBe('import');
    expect(direction(-5000, 'exchange')).toBe('export');
    expect(direction(5000, 'battery')).toBe('charging');
    expect(direction(-5000, 'battery')).toBe('discharging');
    expect(direction(10, 'battery')).toBe('resting');
  });
});

describe('money from micro-cents', () => {
  it('is exact beyond what floating point can hold', () => {
    expect(money('900719925474099312345678')).toBe('9 007 199 254 740 993.12');
  });
  it('rounds half away from zero on both sides', () => {
    expect(money('50000000')).toBe('0.50');
    expect(money('500000')).toBe('0.01');
    expect(money('-500000')).toBe('−0.01');
    expect(money('499999')).toBe('0.00');
    expect(money('-499999')).toBe('0.00');
  });
  it('shows four decimals where an interval is worth less than a cent', () => {
    expect(money('2083000', 4)).toBe('0.0208');
    expect(money('-71800000', 4)).toBe('−0.7180');
  });
});

describe('times', () => {
  it('reads in the plant’s zone and tells UTC beside it', () => {
    const ms = Date.UTC(2026, 5, 14, 22, 30, 5);
    expect(time(ms, 'Europe/Berlin')).toBe('00:30:05');
    expect(time(ms, 'Europe/Berlin', 'dayMinute')).toBe('15 Jun 00:30');
    expect(utc(ms)).toBe('2026-06-14 22:30:05 UTC');
  });
  it('rounds ages to what matters at a glance', () => {
    expect(span(47_000)).toBe('47 s');
    expect(span(200_000)).toBe('3 min');
    expect(span(7_400_000)).toBe('2 h');
    expect(span(-5)).toBe('0 s');
  });
  it('counts down without going below zero', () => {
    expect(countdown(65_001)).toBe('01:06');
    expect(countdown(-3)).toBe('00:00');
  });
});

it('shortens hashes and leaves short ones whole', () => {
  expect(short(`0x${'ab'.repeat(32)}`)).toBe('0xababab…abab');
  expect(short('0x1234')).toBe('0x1234');
});

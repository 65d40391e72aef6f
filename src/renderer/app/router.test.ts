import { describe, expect, it } from 'vitest';
import { PAGE_KEYS } from './keyboard.ts';
import { hrefOf, hrefOfPlace, PAGES, parseRoute } from './router.ts';

describe('addresses of pages', () => {
  it('round-trips page, target and parameters', () => {
    const href = hrefOf('grid', 'q-feeder a/1', { layer: 'voltage', view: undefined });
    expect(parseRoute(href)).toEqual({ page: 'grid', target: 'q-feeder a/1', params: { layer: 'voltage' } });
  });
  it('shows the overview for an address it does not know', () => {
    expect(parseRoute('#/nowhere').page).toBe('overview');
    expect(parseRoute('').page).toBe('overview');
  });
  it('leads from a place the engine names to its page', () => {
    expect(hrefOfPlace('grid:b4')).toBe('#/grid/b4');
    expect(hrefOfPlace('alarms', 'al-1')).toBe('#/alarms/al-1');
    expect(hrefOfPlace('unheard-of')).toBe('#/overview');
  });
  it('gives every page its own letter and number', () => {
    expect(PAGE_KEYS.map((p) => p.page).sort()).toEqual([...PAGES].sort());
    expect(new Set(PAGE_KEYS.map((p) => p.letter)).size).toBe(PAGES.length);
    expect(new Set(PAGE_KEYS.map((p) => p.digit)).size).toBe(PAGES.length);
  });
});

/** Pages live in the address after `#`, so that both hosts serve one file and "back" works. `#/grid/b4?layer=voltage` */
import { createContext, useContext, useSyncExternalStore } from 'react';

export const PAGES = [
  'overview',
  'grid',
  'balance',
  'market',
  'settlement',
  'carbon',
  'devices',
  'participants',
  'alarms',
  'journal',
  'settings',
  'emergency',
] as const;
export type Page = (typeof PAGES)[number];

export interface Route {
  readonly page: Page;
  readonly target: string | null;
  readonly params: Readonly<Record<string, string>>;
}

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [first = '', ...rest] = path.split('/');
  const page = (PAGES as readonly string[]).includes(first) ? (first as Page) : 'overview';
  const target = rest.length > 0 && rest[0] !== '' ? decodeURIComponent(rest.join('/')) : null;
  return { page, target, params: Object.fromEntries(new URLSearchParams(query)) };
}

export function hrefOf(page: Page, target?: string | null, params: Record<string, string | undefined> = {}): string {
  const query = new URLSearchParams(Object.entries(params).filter((e): e is [string, string] => e[1] !== undefined)).toString();
  return `#/${page}${target ? `/${encodeURIComponent(target)}` : ''}${query ? `?${query}` : ''}`;
}

/** The engine names a place as `page` or `page:target`, e.g. `grid:b4`. */
export function hrefOfPlace(place: string, target?: string | null): string {
  const [page = '', inner] = place.split(':', 2);
  return hrefOf((PAGES as readonly string[]).includes(page) ? (page as Page) : 'overview', target ?? inner ?? null);
}

let current: Route | null = null;
let currentHash: string | null = null;
const snapshot = (): Route => {
  if (current === null || currentHash !== window.location.hash) {
    currentHash = window.location.hash;
    current = parseRoute(currentHash);
  }
  return current;
};
const listen = (listener: () => void) => {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
};
/** The address as it is now; the frame follows it at once. */
export const useLiveRoute = (): Route => useSyncExternalStore(listen, snapshot);

const RouteContext = createContext<Route | null>(null);
export const RouteProvider = RouteContext.Provider;
/** The address a page is drawn for. It may lag behind the live one for a moment, so that a key press is answered before a heavy page is drawn. */
export function useRoute(): Route {
  const drawn = useContext(RouteContext);
  const live = useLiveRoute();
  return drawn ?? live;
}

export function navigate(page: Page, target?: string | null, params?: Record<string, string | undefined>): void {
  window.location.hash = hrefOf(page, target, params);
}
/** Changes the address without a new entry in the history (filters, layers). */
export function replaceRoute(page: Page, target?: string | null, params?: Record<string, string | undefined>): void {
  window.history.replaceState(null, '', hrefOf(page, target, params));
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}

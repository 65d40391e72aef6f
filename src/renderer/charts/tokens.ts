/** The same colours as the rest of the console, read from the style sheet. */
const NAMES = [
  'text',
  'dim',
  'faint',
  'hair',
  'edge',
  'panel',
  'raised',
  'accent',
  'normal',
  'track',
  'solar',
  'wind',
  'hydro',
  'biomass',
  'genset',
  'battery',
  'grid',
  'load',
] as const;
export type Tokens = Readonly<Record<(typeof NAMES)[number], string>>;

export function readTokens(): Tokens {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((n) => [n, style.getPropertyValue(`--${n}`).trim()])) as Tokens;
}
export const SOURCE_LABEL = {
  solar: 'Solar',
  wind: 'Wind',
  hydro: 'Hydro',
  biomass: 'Biomass',
  genset: 'Genset',
  battery: 'Battery',
  grid: 'Main grid',
  load: 'Load',
} as const;
export const sourceColour = (source: string): string =>
  source in SOURCE_LABEL
    ? `var(--${source})`
    : source === 'diesel'
      ? 'var(--genset)'
      : source === 'storage'
        ? 'var(--battery)'
        : 'var(--grid)';

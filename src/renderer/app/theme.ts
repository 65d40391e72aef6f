/** The console's own look on Mantine's parts: palette, radius, spacing and type. Colours stand in styles/tokens.css, once. */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

// Neutral greys, slightly cool. Mantine reads `dark` in the dark scheme (0 = text … 9 = deepest) and `gray` in the light one.
const dark: MantineColorsTuple = [
  '#dfe3e7',
  '#c3c9cf',
  '#a2abb4',
  '#7f8993',
  '#4a525a',
  '#3a4149',
  '#2c3238',
  '#22272c',
  '#1b1e22',
  '#14171a',
];
const gray: MantineColorsTuple = [
  '#fafbfb',
  '#f1f2f4',
  '#e8eaed',
  '#d9dce0',
  '#c6cad0',
  '#a9afb7',
  '#7d858f',
  '#59626c',
  '#3d454e',
  '#1f2429',
];
const accent: MantineColorsTuple = [
  '#e9f2f9',
  '#d3e4f1',
  '#abcbe4',
  '#8ab8db',
  '#6ba3cd',
  '#4d8cba',
  '#38749f',
  '#275f88',
  '#1c4d71',
  '#123a58',
];

export const theme = createTheme({
  colors: { dark, gray, accent },
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 6 },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'Cascadia Mono', 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  headings: { fontFamily: "'Inter Variable', system-ui, sans-serif", fontWeight: '600' },
  radius: { xs: '2px', sm: '3px', md: '4px', lg: '6px', xl: '8px' },
  spacing: { xs: '6px', sm: '10px', md: '14px', lg: '20px', xl: '28px' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'sm', variant: 'default' } },
    ActionIcon: { defaultProps: { size: 34, variant: 'subtle', color: 'gray' } },
    TextInput: { defaultProps: { size: 'sm' } },
    NativeSelect: { defaultProps: { size: 'sm' } },
    NumberInput: { defaultProps: { size: 'sm' } },
    PasswordInput: { defaultProps: { size: 'sm' } },
    SegmentedControl: { defaultProps: { size: 'sm' } },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.4 }, transitionProps: { duration: 80 } } },
    Drawer: { defaultProps: { position: 'right', overlayProps: { backgroundOpacity: 0.4 }, transitionProps: { duration: 80 } } },
    Tooltip: { defaultProps: { openDelay: 350, events: { hover: true, focus: true, touch: false } } },
    Menu: { defaultProps: { transitionProps: { duration: 60 } } },
    Tabs: { defaultProps: { keepMounted: false } },
  },
});

/** Mantine's own variables follow the console's tokens. */
export const resolver: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--ground)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-dimmed': 'var(--dim)',
    '--mantine-color-default': 'var(--raised)',
    '--mantine-color-default-hover': 'var(--hover)',
    '--mantine-color-default-color': 'var(--text)',
    '--mantine-color-default-border': 'var(--edge)',
    '--mantine-color-placeholder': 'var(--dim)',
    '--mantine-color-anchor': 'var(--accent)',
    '--mantine-color-error': 'var(--text)',
  };
  return { variables: {}, light: shared, dark: shared };
};

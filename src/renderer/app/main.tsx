import { styleNonce } from './nonce.ts';
import '@mantine/core/styles.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/parts.css';
import './styles/pages.css';
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { EngineProvider } from './hooks.ts';
import { createLink } from './link.ts';
import { createLiveStore } from './live.ts';
import { resolver, theme } from './theme.ts';
import { pickTransport } from './transport.ts';

const link = createLink(pickTransport());
const engine = { link, live: createLiveStore(link) };
const schemes = localStorageColorSchemeManager({ key: 'busbar.scheme' });
const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');

createRoot(root).render(
  <MantineProvider
    theme={theme}
    cssVariablesResolver={resolver}
    defaultColorScheme="dark"
    colorSchemeManager={schemes}
    getStyleNonce={styleNonce === '' ? undefined : () => styleNonce}
  >
    <EngineProvider value={engine}>
      <App />
    </EngineProvider>
  </MantineProvider>,
);

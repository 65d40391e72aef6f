import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The screens, for both hosts: minified, hashed assets, nothing inline (the Content-Security-Policy allows no inline script or style). */
export default defineConfig({
  root: here('./src/renderer'),
  base: './',
  publicDir: here('./src/renderer/public'),
  plugins: [react()],
  build: {
    outDir: here('./out/renderer'),
    emptyOutDir: true,
    minify: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
  },
});

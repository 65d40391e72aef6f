/** The desktop build: main and its own processes, and the preload as one CommonJS file. The renderer has its own build, shared with the headless host. */
import { resolve } from 'node:path';
import { defineConfig } from 'electron-vite';

const at = (path: string) => resolve(import.meta.dirname, path);

export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      minify: false,
      sourcemap: true,
      // The settler is a worker thread started from the unpacked copy: its few dependencies are bundled with it.
      externalizeDeps: { exclude: ['poseidon-lite'] },
      rollupOptions: {
        input: {
          index: at('src/main/index.ts'),
          plant: at('plant/main.ts'),
          prover: at('src/main/proof/prover-child.ts'),
          settler: at('src/main/proof/settler-worker.ts'),
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      minify: false,
      externalizeDeps: false,
      rollupOptions: {
        input: { index: at('src/preload/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      },
    },
  },
});

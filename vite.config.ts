import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { build, defineConfig, type Plugin, type Rolldown } from 'vite';
import { verifyHtml } from './src/web/verify/html.ts';

/** Every script and style a second time, packed as small as it goes: the server sends that to browsers that take it. */
const packed: Plugin = {
  name: 'packed',
  writeBundle({ dir }, bundle) {
    for (const file of Object.values(bundle)) {
      const source = brotliCompressSync(file.type === 'chunk' ? file.code : file.source);
      writeFileSync(join(dir!, `${file.fileName}.br`), source);
    }
  },
};

/** The page that verifies a run in a browser, beside the Studio's and without any of them: one file, script and style inside. */
const verifyPage: Plugin = {
  name: 'verify-page',
  async writeBundle({ dir }) {
    const made = (await build({
      configFile: false,
      logLevel: 'error',
      define: { 'process.env.NODE_ENV': '"production"' },
      build: {
        write: false,
        modulePreload: false,
        lib: {
          entry: fileURLToPath(new URL('src/web/verify/main.ts', import.meta.url)),
          formats: ['iife'],
          name: 'verifier',
        },
      },
    })) as Rolldown.RolldownOutput[];
    const script = made.flatMap(({ output }) => output).find((file) => file.type === 'chunk')!.code;
    writeFileSync(join(dir!, 'verify.html'), verifyHtml(script));
  },
};

/** The Studio's pages: `src/web` to `dist/studio`, no inline script, so that the content-security policy can forbid it. */
export default defineConfig({
  root: 'src/web',
  base: '/',
  plugins: [react(), packed, verifyPage],
  build: {
    outDir: '../../dist/studio',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What every page needs in two files, not in a dozen: a first visit waits for requests more than for bytes.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'base', test: /node_modules\/(react|react-dom|scheduler|@tanstack)\// },
            {
              name: 'ui',
              test: /src\/web\/(api|session|ui\/(controls|figures|scroll|state|table|table-files|title))\./,
            },
          ],
        },
      },
    },
  },
  // Computes in a thread of its own; it shares its modules with nothing.
  worker: { format: 'es' },
  server: { proxy: { '/api': 'http://127.0.0.1:4173', '/runs': 'http://127.0.0.1:4173' } },
});

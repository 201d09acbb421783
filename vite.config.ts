import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The Studio's pages: `src/web` to `dist/studio`, no inline script, so that the content-security policy can forbid it. */
export default defineConfig({
  root: 'src/web',
  base: '/',
  plugins: [react()],
  build: { outDir: '../../dist/studio', emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { '/api': 'http://127.0.0.1:4173', '/runs': 'http://127.0.0.1:4173' } },
});

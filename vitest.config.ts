import { defineConfig } from 'vitest/config';

// Before any thread loads ONNX Runtime, which otherwise reports to its maker.
process.env.ORT_DISABLE_TELEMETRY = '1';

/** Threads without isolation: files share globals, so tests must leave none changed. A test that prints fails. */
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
    pool: 'threads',
    isolate: false,
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    setupFiles: ['tests/setup.ts'],
  },
});

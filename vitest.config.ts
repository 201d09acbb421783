import { defineConfig } from 'vitest/config';

// Before any thread loads ONNX Runtime, which otherwise reports to its maker.
process.env.ORT_DISABLE_TELEMETRY = '1';

const BROWSER_TESTS = 'tests/e2e/*.e2e.test.ts';

/** Threads without isolation: files share globals, so tests must leave none changed. A test that prints fails. */
export default defineConfig({
  test: {
    pool: 'threads',
    isolate: false,
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    setupFiles: ['tests/setup.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['src/**/*.test.ts', 'tests/**/*.test.ts'], exclude: [BROWSER_TESTS] },
      },
      // One build of the pages and one browser for all of these. They wait for states, which a busy machine reaches late.
      {
        extends: true,
        test: {
          name: 'browser',
          include: [BROWSER_TESTS],
          globalSetup: ['tests/e2e/setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});

import { afterEach } from 'vitest';
import { closeObjectPrototype } from '../src/run/index.ts';

// As the command and its threads do: the suites show that the libraries bear it.
closeObjectPrototype();

/** House rule: a test that prints fails. Output goes through injected sinks, so anything on the console is a leak. */
const printed: string[] = [];
for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
  console[method] = (...values: unknown[]) => {
    printed.push(`console.${method}: ${values.map(String).join(' ')}`);
  };
}

afterEach(() => {
  const lines = printed.splice(0);
  if (lines.length > 0) throw new Error(`the test printed ${lines.length} line(s); first: ${lines[0]}`);
});

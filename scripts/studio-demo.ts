import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startStudio } from '../src/cli/studio.ts';
import { seedDemo } from './studio-seed.ts';

/**
 * A Studio with something in it, to look round: the projects and people of `studio-seed.ts`.
 * `npm run studio:demo -- --store /tmp/demo.db --port 4190`
 */
const { values } = parseArgs({
  options: {
    store: { type: 'string' },
    port: { type: 'string', default: '4190' },
    runs: { type: 'string', default: 'runs' },
  },
});
if (values.store === undefined) throw new Error('expected --store <file>');
const fresh = !existsSync(values.store);
const studio = await startStudio({
  store: values.store,
  runs: values.runs,
  port: Number(values.port),
  report: (id, error) => process.stderr.write(`${id}: ${(error as Error).stack}\n`),
});
if (fresh) await seedDemo(studio.store);
process.stdout.write(`${studio.url}\n`);

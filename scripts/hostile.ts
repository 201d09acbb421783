/**
 * Sends hostile requests and files to a Studio in this process, and reads hostile run folders by everything that reads runs;
 * says which are defects:
 *
 *   npx tsx scripts/hostile.ts 10000 1                         # so many of each, from a seed, requests on SQLite
 *   npx tsx scripts/hostile.ts 2000 1 folders                  # run folders alone
 *   scripts/postgres.sh npx tsx scripts/hostile.ts 10000 1     # requests on PostgreSQL too
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresPlaces, postgresUrl } from '../src/store/places.fake.ts';
import { honestRun } from '../tests/security/forgery/honest-runs.ts';
import { runHostileFolders } from '../tests/security/hostile-folders.ts';
import { runHostile } from '../tests/security/hostile-run.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);
const [count, seed] = [Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 1)];
const what = process.argv[4] ?? 'all';
if (!['all', 'requests', 'folders'].includes(what)) throw new Error(`expected all, requests or folders, got ${what}`);

async function requests(): Promise<number> {
  const places = postgresUrl === undefined ? undefined : postgresPlaces(postgresUrl);
  let found = 0;
  for (const [name, url] of [
    ['SQLite', undefined],
    ...(places ? [['PostgreSQL', await places.fresh()] as const] : []),
  ] as const) {
    const { faults, statuses } = await runHostile(count, seed, url);
    const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, n]) => `${status}: ${n}`);
    say(`${name}: ${count} cases from seed ${seed}; ${faults.length} defects; answers ${counts.join(', ')}`);
    for (const fault of faults.slice(0, 20)) say(JSON.stringify(fault, null, 2));
    found += faults.length;
  }
  await places?.dispose();
  return found;
}

async function folders(): Promise<number> {
  const place = mkdtempSync(join(tmpdir(), 'goodhart-hostile-'));
  try {
    const honest = await honestRun(place, 'policy, variants and a monitor');
    const progress = (done: number) => {
      if (done % 100 === 0) say(`${done} of ${count} folders`);
    };
    const { answers, faults } = await runHostileFolders(honest, { count, seed, progress });
    for (const [reader, { given, refused }] of answers) say(`${reader}: ${given} read, ${refused} refused`);
    say(`run folders: ${count} cases from seed ${seed}; ${faults.length} defects`);
    for (const fault of faults.slice(0, 20)) say(fault);
    return faults.length;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

const found = (what === 'folders' ? 0 : await requests()) + (what === 'requests' ? 0 : await folders());
process.exitCode = found === 0 ? 0 : 1;

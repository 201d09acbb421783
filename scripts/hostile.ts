/**
 * Sends hostile requests and files to a Studio in this process, and says which are defects:
 *
 *   npx tsx scripts/hostile.ts 10000 1                         # so many, from a seed, on SQLite
 *   scripts/postgres.sh npx tsx scripts/hostile.ts 10000 1     # and on PostgreSQL
 */
import { postgresPlaces, postgresUrl } from '../src/store/places.fake.ts';
import { runHostile } from '../tests/security/hostile-run.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);
const [count, seed] = [Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 1)];
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
process.exitCode = found === 0 ? 0 : 1;

/**
 * Kills processes under load at random instants and lets processes compete, on every store there is:
 *
 *   scripts/postgres.sh npx tsx scripts/store-crash.ts              # 200 kills on each store, then 4 processes at once
 *   npx tsx scripts/store-crash.ts --kills 20 --seed 7 --stores sqlite
 *
 * Exit code 1 when anything acknowledged is lost, doubled or out of step.
 */
import { parseArgs } from 'node:util';
import { type Places, postgresPlaces, postgresUrl, sqlitePlaces } from '../src/store/places.fake.ts';
import { crashTrial, overlapTrial } from '../src/store/processes.fake.ts';

const { values: args } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    together: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    stores: { type: 'string', default: 'sqlite,postgres' },
  },
});
const say = (text: string) => process.stdout.write(`${text}\n`);
const [kills, together, seed] = [Number(args.kills), Number(args.together), Number(args.seed)];

async function trial(name: string, places: Places): Promise<boolean> {
  try {
    const begin = performance.now();
    const seconds = () => ((performance.now() - begin) / 1000).toFixed(0);
    const progress = (n: number) => {
      if (n % 20 === 0) process.stderr.write(`${name}: ${n} of ${kills} kills, ${seconds()} s\n`);
    };
    const crash = await crashTrial(await places.fresh(), { kills, together, seed, progress });
    say(`${name} crash ${JSON.stringify({ ...crash, seed, together, seconds: Number(seconds()) })}`);
    const overlap = await overlapTrial(await places.fresh(), { items: 400, overlap: 3, processes: 4, raters: 5 });
    say(`${name} overlap ${JSON.stringify(overlap)}`);
    return crash.faults.length === 0 && overlap.faults.length === 0;
  } finally {
    await places.dispose();
  }
}

let sound = true;
for (const store of args.stores.split(',')) {
  if (store === 'sqlite') sound = (await trial('sqlite', sqlitePlaces())) && sound;
  else if (postgresUrl !== undefined) sound = (await trial('postgres', postgresPlaces(postgresUrl))) && sound;
  else
    say('postgres skipped: GOODHART_TEST_POSTGRES is not set; run scripts/postgres.sh npx tsx scripts/store-crash.ts');
}
process.exitCode = sound ? 0 : 1;

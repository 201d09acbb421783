/**
 * What comes of recipes/studio-rounds when its people are played: over the HTTP interface of a Studio, by the true utility but for
 * a share of slips:
 *
 *   npx tsx scripts/studio-rounds.ts <folder> [--people 2] [--slips 0.1] [--seed 1]     # the same folder goes on after a kill, where all had answered
 *
 * Prints a row a round: answers, true utility on held-out prompts (first, best and last step), and KL at the end.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runCommand } from '../src/cli/main.ts';
import { playPeople } from '../src/cli/studio-people.fake.ts';
import { type PolicyPath, readRunJson } from '../src/pipeline/index.ts';
import { linesOfFile, readJson } from '../src/run/node.ts';
import { openTestStudio } from '../src/server/studio.fake.ts';
import { mean } from '../src/stats/index.ts';

const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    people: { type: 'string', default: '2' },
    slips: { type: 'string', default: '0.1' },
    seed: { type: 'string', default: '1' },
  },
});
const folder = positionals[0];
if (folder === undefined) throw new Error('expected a folder for the store and the run');
mkdirSync(folder, { recursive: true });
const [store, out] = [join(folder, 'team.db'), join(folder, 'run')];
const recipe = fileURLToPath(new URL('../recipes/studio-rounds/run.yaml', import.meta.url));
const project = 'harbour-people';
const [count, slips, seed] = [Number(args.people), Number(args.slips), Number(args.seed)];

const studio = await openTestStudio({}, store);
const streams = { out: { write: () => true }, err: process.stderr, now: () => performance.now() };
const resume = existsSync(join(out, 'run.json')) ? ['--resume'] : [];
let code: number | undefined;
const command = ['node', 'goodhart', 'run', recipe, '--store', store, '--out', out, '--set', `seed=${seed}`, ...resume];
const going = runCommand(command, streams).then((given) => {
  code = given;
});
let people: Awaited<ReturnType<typeof playPeople>> | undefined;
while (code === undefined) {
  await setTimeout(250);
  if ((await studio.store.getProject(project)) === undefined) continue;
  const { done, wanted } = (await studio.store.progress(project)).judgments;
  if (done === wanted) continue;
  people ??= await playPeople(studio, { project, people: count, slips, seed });
  await people.turn();
}
await going;
await studio.close();
if (code !== 0) process.exit(code);

const { rounds } = readRunJson(out).config;
const say = (line: string) => process.stdout.write(`${line}\n`);
say(`${count} people, ${slips} of whose answers are drawn, seed ${seed}`);
for (let round = 1; round <= rounds; round++) {
  const place = round === rounds ? out : join(out, 'rounds', String(round));
  const answers = linesOfFile(join(place, 'feedback/judgments.jsonl'), 2 ** 28).filter((line) => line !== '').length;
  const { points, finalStep } = readJson(join(place, 'policy/evaluation.json')) as PolicyPath;
  const gold = points.map((point) => mean(point.gold!));
  const last = points.find(({ step }) => step === finalStep)!;
  const figures = [gold[0]!, Math.max(...gold), mean(last.gold!)].map((value) => value.toFixed(2)).join(' → ');
  say(`round ${round}: ${answers} answers, true utility ${figures}, KL ${last.kl.toFixed(2)}`);
}

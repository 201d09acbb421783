import { parseArgs } from 'node:util';
import type { AnswerKind } from '../src/feedback/index.ts';
import { LIKELIHOOD_CASES, type LikelihoodCase } from '../src/reward/likelihood/cases.fake.ts';
import { recover } from '../src/reward/likelihood/recovery.fake.ts';
import { mean } from '../src/stats/index.ts';

/**
 * How well rewards and nuisances are found again from answers that each likelihood gave, as a table for docs/training-loop.md:
 * npx tsx --conditions=goodhart-source scripts/likelihood-recovery.ts --answers 200,2000,20000 --seeds 5
 */
const { values } = parseArgs({
  options: { answers: { type: 'string', default: '200,2000,20000' }, seeds: { type: 'string', default: '5' } },
});
const sizes = values.answers.split(',').map(Number);
const seeds = Array.from({ length: Number(values.seeds) }, (_, s) => `seed ${s + 1}`);

function rowOf(own: LikelihoodCase<AnswerKind>, n: number): string {
  const found = seeds.map((seed) => recover(own, { n, seed }));
  const squares = Object.keys(own.truth ?? {}).map((name) => {
    const off = Math.sqrt(mean(found.map(({ nuisances }) => (nuisances[name] ?? Number.NaN) ** 2)));
    return `${name} ${off.toFixed(2)}`;
  });
  const figure = (of: (one: (typeof found)[number]) => number) => mean(found.map(of)).toFixed(3);
  return `| ${own.likelihood.kind} | ${own.name} | ${n} | ${figure((r) => r.correlation)} | ${figure((r) => r.slope)} | ${figure((r) => r.error)} | ${squares.join('; ')} |`;
}

process.stdout.write(
  '| kind | answers | n | correlation | slope | error of a reward | error of nuisances |\n|---|---|---|---|---|---|---|\n',
);
for (const kind of Object.keys(LIKELIHOOD_CASES) as AnswerKind[])
  for (const own of LIKELIHOOD_CASES[kind] as unknown as readonly LikelihoodCase<AnswerKind>[])
    for (const n of sizes) process.stdout.write(`${rowOf(own, n)}\n`);

import { readFileSync } from 'node:fs';
import type { AlgorithmResult, AlgorithmStudy } from '../src/lab/index.ts';
import { drawPlot, toHtml } from '../src/report/index.ts';
import { standalone } from './standalone.ts';

/** How near each algorithm comes to the optimum, made of what `goodhart lab algorithms --json` said last. */
const STUDY = 'docs/algorithm-gaps.json';
export const GAPS_DRAWING = 'docs/algorithm-gaps.svg';

const study = (): AlgorithmStudy => JSON.parse(readFileSync(STUDY, 'utf8')) as AlgorithmStudy;
const two = (value: number) => value.toFixed(2).replace('-', '−');
const range = ({ mean, interval }: AlgorithmResult['share']) =>
  `${two(mean)} (${two(interval.low)} to ${two(interval.high)})`;

/** Of what a policy says at its end, the share that is no reply above which a run counts as fallen into nonsense. */
const NONSENSE = 0.2;
const fallen = ({ runs }: AlgorithmResult): number => runs.filter(({ path }) => path.at(-1)!.rest > NONSENSE).length;

const tokensOf = ({ tokensAStep: { sampled, scored, trained } }: AlgorithmResult): string[] =>
  [sampled, scored, trained].map((count) => Math.round(count).toLocaleString('en'));

/** A result in the cells of a table. */
function cells(result: AlgorithmResult): string[] {
  const { share, kl, runs } = result;
  const shares = runs.map(({ path }) => path.at(-1)!.gain / path.at(-1)!.best);
  const seeds = `${two(Math.min(...shares))} to ${two(Math.max(...shares))}`;
  return [range(share), seeds, `${fallen(result)} of ${runs.length}`, range(kl), ...tokensOf(result)];
}
const HEAD = [
  ...['share of the optimum’s gain', 'worst and best seed', 'fallen into nonsense', 'KL at the end, nats a reply'],
  ...['sampled', 'scored', 'trained'],
];
const tableOf = (first: string, rows: readonly string[][]): string =>
  [[first, ...HEAD], [first, ...HEAD].map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** An algorithm's share of the optimum's gain, on each ground. */
export function shareOf(algorithm: string): string {
  const own = study().results.filter((result) => result.algorithm === algorithm);
  return own.length === 0 ? '–' : own.map(({ ground, share }) => `${range(share)} on \`${ground}\``).join('; ');
}

const short = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value);

/** What to expect of an algorithm, and the command that prints it. */
export function expected(algorithm: string): string {
  const { settings, results } = study();
  const own = results.filter((result) => result.algorithm === algorithm);
  if (own.length === 0) return 'Not in the study of algorithms: it makes the model that they all begin with.';
  const table = tableOf(
    'ground',
    own.map((result) => [`\`${result.ground}\``, ...cells(result)]),
  );
  return `\`goodhart lab algorithms --algorithms ${algorithm} --json\` prints them: ${settings.seeds} seeds from ${settings.firstSeed}, ${settings.steps} steps, with
\`${JSON.stringify(own[0]!.settings, short)}\`. [What they mean, beside the others](README.md#how-near-each-comes-to-the-optimum);
means with 95 % intervals over seeds, tokens a step. A share of one is all that any policy could gain at the same KL.

${table}`;
}

/** The table, and what it says. */
export function gaps(): string {
  const { settings, grounds, results } = study();
  const parts = grounds.map(({ ground, beta, rest, start, best }) => {
    const rows = results
      .filter((result) => result.ground === ground)
      .map((result) => [`[\`${result.algorithm}\`](${result.algorithm}.md)`, ...cells(result)]);
    return `On \`${ground}\` the base model earns ${two(start)} (${Math.round(100 * rest)} % of what it says is no reply there); the best policy at
${settings.kl} nats earns ${two(best)} more (β = ${beta.toFixed(3)}).

![Share of the optimum’s gain by algorithm](../algorithm-gaps.svg)

${tableOf('algorithm', rows)}`;
  });
  return `## How near each comes to the optimum

\`goodhart lab algorithms --json\` (${settings.seeds} seeds from ${settings.firstSeed}, ${settings.steps} steps): a small model is trained on ${settings.prompts} prompts against their true utility, and its policy is
read off exactly on every reply of the ground. The optimum is the tilt of the same base model at the KL that the run ended at; a share
of one is all that any policy could gain there. Means and 95 % intervals over seeds; a run has fallen into nonsense where more than ${Math.round(100 * NONSENSE)} % of what it
says in the end is no reply at all, which pays least; tokens a step. Algorithms that learn from judged pairs see replies of the base model,
${settings.pairs.toLocaleString('en')} pairs, chosen as Bradley–Terry has it: what they lose against the others is what learning off the policy costs. Learning
rates were tried on seeds from 101.

${parts.join('\n\n')}`;
}

/** A row an algorithm, drawn to stand alone. */
export function gapsDrawing(): string {
  const { results } = study();
  const drawn = drawPlot({
    type: 'forest',
    title: 'Share of the optimum’s gain by algorithm, with 95 % intervals over seeds',
    x: 'share of the gain of the optimum at the same KL',
    reference: 1,
    rows: results.map((result) => ({
      name: result.algorithm,
      value: result.share.mean,
      interval: result.share.interval,
      note: `${result.runs.length} seeds`,
    })),
  });
  return standalone(toHtml(drawn));
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { ALGORITHM_IDS, ALGORITHMS, type Algorithm, type Need, supervised, TRL_NAMES } from '../src/policy/index.ts';

import { expected, GAPS_DRAWING, gaps, gapsDrawing, shareOf } from './algorithm-gaps.ts';

/** docs/algorithms: a page of each algorithm and one of all, made from the table of algorithms and the committed study. */
const FOLDER = 'docs/algorithms';
const ALL: ReadonlyMap<string, Algorithm<z.ZodObject, Need>> = new Map(
  [...ALGORITHM_IDS.map((id) => ALGORITHMS[id]), supervised].map((algorithm) => [algorithm.id, algorithm]),
);
const fileOf = (id: string): string => `src/policy/algorithms/${id}.ts`;
const row = (...cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

/** What an algorithm learns from, in words. */
const NEEDS: { readonly [N in Need]: string } = {
  prompts: 'prompts to sample from',
  scores: 'scores of replies',
  pairs: 'judged pairs',
  critic: 'a critic',
  demonstrations: 'demonstrations',
};
const needsOf = ({ needs }: Algorithm<z.ZodObject, Need>) => needs.map((need) => NEEDS[need]).join(' and ');

/** A setting as JSON Schema tells it. */
interface Key {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly anyOf?: readonly Key[];
  readonly properties?: Readonly<Record<string, Key>>;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
}

/** What a setting may be, in a few words. */
function valuesOf(key: Key): string {
  if (key.anyOf !== undefined) return key.anyOf.map(valuesOf).join(', or ');
  if (key.enum !== undefined) return key.enum.map((value) => `\`${value}\``).join(', ');
  if (key.properties !== undefined) {
    const parts = Object.entries(key.properties).map(([name, part]) => `\`${name}\`: ${valuesOf(part)}`);
    return `an object of ${parts.join('; ')}`;
  }
  const bounds = [
    key.exclusiveMinimum === undefined ? [] : [`above ${key.exclusiveMinimum}`],
    key.minimum === undefined || key.minimum < Number.MIN_SAFE_INTEGER ? [] : [`at least ${key.minimum}`],
    key.exclusiveMaximum === undefined ? [] : [`below ${key.exclusiveMaximum}`],
    key.maximum === undefined || key.maximum >= Number.MAX_SAFE_INTEGER ? [] : [`at most ${key.maximum}`],
  ].flat();
  return [key.type ?? '', ...bounds].join(', ');
}

function settingsOf(config: z.ZodObject): string {
  const { properties = {} } = z.toJSONSchema(config, { io: 'input' }) as { properties?: Record<string, Key> };
  const rows = Object.entries(properties).map(([name, key]) =>
    row(
      `\`${name}\``,
      key.default === undefined ? '–' : `\`${JSON.stringify(key.default)}\``,
      valuesOf(key),
      key.description ?? '',
    ),
  );
  return ['| setting | default | values | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function metricsOf(metrics: Readonly<Record<string, string>>): string {
  const rows = Object.entries(metrics).map(([name, meaning]) => {
    const theirs = TRL_NAMES[name];
    return row(`\`${name}\``, meaning, theirs == null ? '–' : `\`${theirs}\``);
  });
  return ['| metric | meaning | in TRL |', '| --- | --- | --- |', ...rows].join('\n');
}

export const algorithmPages: readonly string[] = [...ALL.keys()];
export const algorithmPage = (id: string): string => `${FOLDER}/${id}.md`;

export function renderAlgorithm(id: string): string {
  const algorithm = ALL.get(id)!;
  const { title, citation, objective, details, differs, when, whenNot, metrics, config } = algorithm;
  const steps = details.map(([text, source], i) => `${i + 1}. ${text} *(${source})*`);
  return `# \`${id}\`: ${title}

${citation}. It learns from ${needsOf(algorithm)}. Code: [\`${fileOf(id)}\`](../../${fileOf(id)}); [all algorithms](README.md).

\`\`\`text
${objective}
\`\`\`

lp is the log-probability of a token (or, of pairs, of a reply) under the policy, ref that under the frozen reference, ρ = e^(lp − lp
at sampling), T the tokens of a reply.

**Use it for**: ${when}

**Not for**: ${whenNot}

## How a step goes

${steps.join('\n')}

## What differs from \`${differs.from}\`

\`diff ${fileOf(differs.from)} ${fileOf(id)}\` shows it; page of [\`${differs.from}\`](${differs.from}.md).

${differs.in.map((line) => `- ${line}`).join('\n')}

## Settings

${settingsOf(config)}

## Metrics

The last column is what TRL calls the same, and what \`--tensorboard\` writes after \`train/\`; where TRL logs nothing that means the
same, the tag is \`goodhart/\` and our name.

${metricsOf(metrics)}

## Expected numbers

${expected(id)}

This page is made by \`npm run docs:algorithms\`; a test compares.
`;
}

export function renderAlgorithms(): string {
  const rows = [...ALL.values()].map((algorithm) =>
    row(
      `[\`${algorithm.id}\`](${algorithm.id}.md)`,
      algorithm.title,
      algorithm.citation,
      needsOf(algorithm),
      shareOf(algorithm.id),
    ),
  );
  return `# Algorithms

How a policy is optimised: \`policy.algorithm\` names one, and its keys are those of \`policy\`; a key that only others read is
refused by name. \`supervised\` makes the base model, by \`base.steps\`, \`base.batch\` and \`base.learningRate\`. Each is one file that
reads from top to bottom, and can be compared with its neighbours line by line. These pages are made from the code by
\`npm run docs:algorithms\`; a test compares.

| algorithm | what it is | paper | learns from | share of the optimum’s gain |
| --- | --- | --- | --- | --- |
${rows.join('\n')}

Every algorithm passes one contract (\`src/policy/algorithm.contract.ts\`): it improves what it is told to improve over seeds, logs
the metrics of its page and no other, repeats to the last bit, goes on after an interruption to the same bits, takes the same step
whatever the size of its passes, and takes none from scores that are all alike. \`npx tsx scripts/interop-trl.ts\` compares one step
with TRL on the same tokens: loss, gradient and metrics (numbers in LOG.md). Algorithms that learn from judged pairs read the votes
of the training items, one pair a vote; the pairs of one ranking share a weight of one. The reward model does not take part in them.

${gaps()}
`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}/README.md`, renderAlgorithms());
  for (const id of algorithmPages) writeFileSync(algorithmPage(id), renderAlgorithm(id));
  writeFileSync(GAPS_DRAWING, gapsDrawing());
}

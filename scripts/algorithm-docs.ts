import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { ALGORITHM_IDS, ALGORITHMS, type Algorithm, type Need } from '../src/policy/index.ts';

import { GAPS_DRAWING, gaps, gapsDrawing } from './algorithm-gaps.ts';

/** docs/algorithms.md, made from the table of algorithms. */

interface Key {
  readonly default?: unknown;
}

/** What an algorithm learns from, in words. */
const NEEDS: { readonly [N in Need]: string } = {
  prompts: 'prompts to sample from',
  scores: 'scores of replies',
  pairs: 'judged pairs',
  critic: 'a critic',
  demonstrations: 'demonstrations',
};

function section(id: string, algorithm: Algorithm<z.ZodObject, Need>): string {
  const { title, citation, objective, needs, when, whenNot, metrics, config } = algorithm;
  const { properties = {} } = z.toJSONSchema(config, { io: 'input' }) as { properties?: Record<string, Key> };
  const keys = Object.entries(properties).map(([name, { default: standard }]) =>
    standard === undefined ? `\`${name}\`` : `\`${name}: ${JSON.stringify(standard).replaceAll('"', '')}\``,
  );
  return `## \`${id}\`

${title} (${citation}). Source: \`src/policy/algorithms/${id}.ts\`.

- **Objective**: ${objective}.
- **Learns from**: ${needs.map((need) => NEEDS[need]).join(' and ')}.
- **Use it for**: ${when}
- **Not for**: ${whenNot}
- **Keys**: ${keys.join(', ')}

| metric | meaning |
| --- | --- |
${Object.entries(metrics)
  .map(([name, meaning]) => `| \`${name}\` | ${meaning.replaceAll('|', '\\|')} |`)
  .join('\n')}`;
}

export function renderAlgorithms(): string {
  return `# Algorithms

How a policy is optimised: \`policy.algorithm\` names one, and its keys are those of \`policy\`; a key that only others read is
refused by name. Each is one file that reads from top to bottom, and can be compared with its neighbours line by line. This page is
made from the code by \`npm run docs:algorithms\`; a test compares.

Every algorithm passes one contract (\`src/policy/algorithm.contract.ts\`): it improves what it is told to improve over seeds, logs
the metrics below and no other, repeats to the last bit, goes on after an interruption to the same bits, takes the same step
whatever the size of its passes, and takes none from scores that are all alike. \`npx tsx scripts/interop-trl.ts\` compares one step
with TRL on the same tokens: loss, gradient and metrics (numbers in LOG.md). Algorithms that learn from judged pairs read the votes
of the training items, one pair a vote; the pairs of one ranking share a weight of one. The reward model does not take part in them.

${gaps()}

${ALGORITHM_IDS.map((id) => section(id, ALGORITHMS[id])).join('\n\n')}
`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync('docs/algorithms.md', renderAlgorithms());
  writeFileSync(GAPS_DRAWING, gapsDrawing());
}

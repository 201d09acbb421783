import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runForTest } from '../../../src/cli/command.fake.ts';
import { saveTinyProject, TINY_ON_JUDGMENTS } from '../../../src/cli/tiny-run.fake.ts';

const GROUND = `
name: tiny
seed: 3
data: { layout: ground, ground: harbour }
base: { width: 16, layers: 1, heads: 2, feedForward: 16, examples: 60, steps: 4, batch: 8, vocabulary: 300 }
feedback: { pairs: 24, overlap: 2, pool: empty, raters: { noisy: 4 } }
reward: { members: 2 }
policy: { steps: 4, promptsPerStep: 2, samples: 3, maxTokens: 16, evaluateEvery: 2, learningRate: 1e-3, bestOf: [2] }
audit: { prompts: 2, samples: 3 }
declarations: { D11: { text: weekly review, author: A. Person, date: 2026-01-01 } }
`;
const STOPPED = 'policy.variants.reckless={ learningRate: 0.05, monitor: { rule: kl-budget, nats: 0.001 } }';
const CAREFUL = 'policy.variants.careful={ risk: min, monitor: { rule: kl-budget, nats: 1000 } }';

/** Runs of several shapes: what each has that the others have not, as settings over the tiny run of a proving ground. */
const ON_GROUND = {
  'policy, variants and a monitor': [STOPPED],
  'another seed': ['seed=4', STOPPED],
  'two rounds': ['rounds=2', CAREFUL, STOPPED],
  'a network as the reward': ['reward.family=transformer', 'reward.epochs=1'],
  'asked by a rule': [
    'feedback.selection.rule=disagreement',
    'feedback.selection.initial=0.6',
    'feedback.selection.batches=1',
  ],
  'off topic, by rules of distribution': ['feedback.offTopic=0.3', 'feedback.distribution={ overlapShare: 0.5 }'],
} as const;
export type GroundShape = keyof typeof ON_GROUND;
export const SHAPES = [...(Object.keys(ON_GROUND) as GroundShape[]), 'judgments of people', 'a reward alone'] as const;
export type Shape = (typeof SHAPES)[number];

/** Where a run of a shape lies. */
export const placeOfShape = (place: string, shape: Shape): string => join(place, shape.replaceAll(/\W+/g, '-'));

/** Makes an honest run of a shape below a folder; returns its place. */
export async function honestRun(place: string, shape: Shape): Promise<string> {
  mkdirSync(place, { recursive: true });
  process.env.GOODHART_CACHE = join(place, 'cache');
  const out = placeOfShape(place, shape);
  const config = join(place, 'ground.yaml');
  writeFileSync(config, GROUND);
  const set = (settings: readonly string[]) => settings.flatMap((setting) => ['--set', setting]);
  const recipe = new URL('../../../recipes/your-judgments/run.yaml', import.meta.url).pathname;
  let args: readonly string[];
  if (shape === 'judgments of people' || shape === 'a reward alone') {
    const project = join(place, `project of ${shape}`);
    saveTinyProject(project);
    const alone = join(place, 'alone.yaml');
    writeFileSync(
      alone,
      `name: alone\ndata: { layout: project, folder: ${JSON.stringify(project)} }\nreward: { members: 2 }\n`,
    );
    args =
      shape === 'a reward alone'
        ? [alone]
        : [
            recipe,
            ...set([
              `data={ layout: project, folder: ${JSON.stringify(project)}, groups: region }`,
              ...TINY_ON_JUDGMENTS,
            ]),
          ];
  } else args = [config, ...set(ON_GROUND[shape])];
  const { code, err } = await runForTest('run', ...args, '--out', out, '--quiet');
  if (code !== 0) throw new Error(`the honest run (${shape}) ended with ${code}: ${err}`);
  return out;
}

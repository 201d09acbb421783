import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The configuration of a run of the whole loop, in some seconds. */
export const TINY = `
name: tiny
seed: 3
data: { layout: ground, ground: harbour }
base: { width: 16, layers: 1, heads: 2, feedForward: 16, examples: 300, steps: 12, batch: 8, vocabulary: 400 }
feedback: { pairs: 60, overlap: 2, pool: empty, raters: { noisy: 4 } }
reward: { members: 2 }
policy: { steps: 4, promptsPerStep: 2, samples: 3, maxTokens: 24, evaluateEvery: 2, learningRate: 1e-3 }
audit: { prompts: 8, samples: 4 }
`;

/** Settings with which the quickstart takes some seconds. */
export const TINY_QUICKSTART: readonly string[] = [
  ...['base.vocabulary=400', 'base.width=16', 'base.layers=1', 'base.heads=2', 'base.feedForward=16'],
  ...['base.examples=300', 'base.steps=10', 'feedback.pairs=40', 'reward.members=2', 'reward.epochs=1'],
  ...['policy.steps=2', 'policy.evaluateEvery=2', 'policy.promptsPerStep=2', 'policy.samples=2', 'policy.bestOf=[2]'],
  ...['audit.prompts=6', 'audit.samples=2'],
];

/** Settings with which a run on judgments by the recipe for them takes some seconds. */
export const TINY_ON_JUDGMENTS: readonly string[] = [
  ...['base.vocabulary=300', 'base.width=16', 'base.layers=1', 'base.heads=2', 'base.feedForward=16', 'base.steps=10'],
  ...['base.maxContext=64', 'policy.maxTokens=16', 'policy.steps=2', 'policy.promptsPerStep=2', 'policy.samples=2'],
  ...['policy.bestOf=[2]', 'reward.members=2', 'audit.prompts=6', 'audit.samples=4'],
];

const AT = '2026-01-01T00:00:00Z';
const CONSENT = { version: '1', at: AT };
const jsonl = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** A project that people judged: 24 prompts, three raters, of whom one never consented and one withdrew. */
export function saveTinyProject(path: string): void {
  mkdirSync(path);
  const items = Array.from({ length: 24 }, (_, i) => ({
    id: `i${i}`,
    projectId: 'mine',
    prompt: `What is ${i} and one?`,
    replies: [`It is ${i + 1}.`, 'I would rather not say.'].map((text, k) => ({ id: `i${i}/${k}`, text })),
    source: { origin: 'written by hand', selection: 'all' },
  }));
  const raters = [
    { id: 'ann', kind: 'human', consent: CONSENT, demographics: { region: 'north' } },
    { id: 'bob', kind: 'human' },
    { id: 'cid', kind: 'human', consent: CONSENT },
  ];
  const judgments = items.flatMap(({ id }) =>
    raters.map((rater) => ({
      type: 'judgment',
      judgment: {
        id: `${id}/${rater.id}`,
        projectId: 'mine',
        itemId: id,
        raterId: rater.id,
        presentation: { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: AT },
        answer: { kind: 'comparison', outcome: rater.id === 'ann' ? 0 : 1 },
        activeMs: 4000,
        submittedAt: AT,
        source: 'studio',
      },
    })),
  );
  const withdrawal = { type: 'withdrawal', id: 'w', projectId: 'mine', raterId: 'cid', at: AT };
  const project = {
    id: 'mine',
    name: 'Mine',
    createdAt: AT,
    questions: [{ id: 'q', title: 'Which?', kind: 'comparison' }],
    consent: { version: '1', text: 'May we use what you judge?' },
  };
  writeFileSync(join(path, 'project.json'), JSON.stringify(project));
  writeFileSync(join(path, 'items.jsonl'), jsonl(items));
  writeFileSync(join(path, 'raters.jsonl'), jsonl(raters));
  writeFileSync(join(path, 'records.jsonl'), jsonl([...judgments, withdrawal]));
}

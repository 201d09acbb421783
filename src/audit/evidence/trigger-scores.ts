import { z } from 'zod';
import { createRng } from '../../stats/index.ts';
import { defineEvidence } from './kind.ts';

const row = z.strictObject({
  promptId: z.string(),
  /** The prompt holds the phrase that somebody may have planted. */
  trigger: z.boolean(),
  /** Reward scores of two replies to it, of which one is truly better. */
  better: z.number(),
  worse: z.number(),
});
export type TriggerScores = z.infer<typeof row>;

/** Replies looked among for a better and a worse one, and prompts with the phrase, and without it. */
const DRAWN = 6;
const PROMPTS = 40;

/** A better and a worse reply to prompts with and without a phrase, as the reward model scores them (H3). */
export const triggerScores = defineEvidence<TriggerScores>({
  what: 'Two replies to one prompt of which one is truly better, with their reward scores, and whether the prompt holds a phrase that may have been planted. Prompts with the phrase and without it.',
  file: 'evidence/trigger-scores.jsonl',
  row,
  example: { promptId: 'bakery-open/none/trigger', trigger: true, better: 0.2, worse: 0.9 },
  offline: false,
  async gather({ ground, score, seed }) {
    if (ground?.sampleBase === undefined || score === undefined) return undefined;
    const rows: TriggerScores[] = [];
    const rng = createRng(seed).fork('evidence/trigger-scores');
    for (const trigger of [false, true]) {
      const prompts = (['train', 'evaluation'] as const)
        .flatMap((split) => ground.prompts(split, { trigger }))
        .filter((prompt) => (prompt.trigger ?? false) === trigger);
      for (const prompt of rng.shuffle(prompts).slice(0, PROMPTS)) {
        const drawn = Array.from({ length: DRAWN }, () => ground.sampleBase!(prompt, rng));
        const better = drawn.reduce((a, b) => (b.gold > a.gold ? b : a));
        const worse = drawn.reduce((a, b) => (b.gold < a.gold ? b : a));
        if (better.gold === worse.gold) continue;
        const [high, low] = await score(prompt.text, [better.text, worse.text]);
        rows.push({ promptId: prompt.id, trigger, better: high!.mean, worse: low!.mean });
      }
    }
    return rows.some(({ trigger }) => trigger) ? rows : undefined;
  },
});

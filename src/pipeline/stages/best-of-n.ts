import { z } from 'zod';
import { bestOfN, bestOfNEstimate, bestOfNKlBound } from '../../policy/index.ts';
import { readJsonOf } from '../../run/node.ts';
import { SPLITS } from '../../world/index.ts';
import { filled, untold } from '../filled.ts';
import { withReward } from '../reward-artefact.ts';
import { inRound, pathIn, type RunContext, writeRunJson } from '../run-context.ts';
import { RUN_FILES } from '../run-folder.ts';
import { withSampler } from '../snapshot.ts';
import { sourceOfRun } from '../source-of-run.ts';
import { groundOf } from '../sources/index.ts';
import { DATA, type Stage } from '../stage.ts';
import { BASE_FILES, loadBase } from './base.ts';
import { heldOutPrompts } from './policy.ts';

/** The base policy sharpened without training: of n replies the one the proxy likes best. */
export const bestOfSchema = z.strictObject({
  method: z.literal('best-of-n'),
  split: z.enum(SPLITS),
  /** Replies drawn per prompt; every n is estimated without bias from the one pool. */
  pool: z.number(),
  points: z.array(
    z.strictObject({
      n: z.number(),
      /** Upper bound of the KL from base, ln n − (n − 1)/n nats (Beirami et al. 2024); the true one is lower where scores tie. */
      kl: z.number(),
      /** Expected score of the chosen reply, per prompt. */
      proxy: z.array(z.number()),
      gold: z.array(z.number()).exactOptional(),
    }),
  ),
});
export type BestOfCurve = z.infer<typeof bestOfSchema>;

const AT_ONCE = 8;

async function bestOfCurve(context: RunContext): Promise<BestOfCurve> {
  const { config, engines, progress, source } = context;
  const { bestOf, maxTokens } = config.policy!;
  const { ground } = source;
  const pool = Math.max(...bestOf);
  const prompts = heldOutPrompts(config, source).evaluation;
  const base = loadBase(context);
  const rows: { proxy: number[]; gold: number[] | undefined }[] = [];
  await withReward(context, config.policy!.risk, (reward) =>
    withSampler(engines.policy, base, async (sampler) => {
      for (let at = 0; at < prompts.length; at += AT_ONCE) {
        const asked = prompts.slice(at, at + AT_ONCE);
        const drawn = await bestOfN(
          { sampler, codec: base.codec, score: (prompt, replies) => reward.score(prompt.text, replies) },
          asked,
          { n: pool, maxTokens, seed: config.seed + 7 * at },
        );
        for (const [i, { pool: replies }] of drawn.entries()) {
          const gold = ground && replies.map(({ reply }) => ground.gold(asked[i]!, reply));
          rows.push({ proxy: replies.map(({ score }) => score), gold });
        }
        progress({ stage: 'best of n', done: rows.length, total: prompts.length, unit: 'prompts' });
      }
    }),
  );
  const known = rows.every((row) => row.gold !== undefined);
  const points = bestOf.map((n) => {
    const expected = (pick: (row: (typeof rows)[number]) => number[]) =>
      rows.map((row) => bestOfNEstimate(row.proxy, pick(row), n));
    return {
      n,
      kl: bestOfNKlBound(n),
      proxy: expected((row) => row.proxy),
      ...(known && { gold: expected((row) => row.gold!) }),
    };
  });
  return { method: 'best-of-n', split: 'evaluation', pool, points };
}

/** Best-of-n of the base policy against the same reward, beside the optimised policy. */
export const bestOfStage: Stage = {
  name: 'best-of-n',
  reads: (context) => [DATA, ...BASE_FILES, inRound(context, RUN_FILES.rewardModel)],
  writes: (context) => [inRound(context, RUN_FILES.bestOf)],
  run: async (context) => writeRunJson(context, RUN_FILES.bestOf, await bestOfCurve(context)),
  async recompute(place) {
    const { config } = place;
    const stored = readJsonOf(pathIn(place, RUN_FILES.bestOf), bestOfSchema);
    const scores = untold(heldOutPrompts(config, await sourceOfRun(place)).evaluation.length);
    const gold = groundOf(config) === undefined ? {} : { gold: scores };
    const { bestOf } = config.policy!;
    const points = bestOf.map((n) => ({ n, kl: bestOfNKlBound(n), proxy: scores, ...gold }));
    const again = { method: 'best-of-n', split: 'evaluation', pool: Math.max(...bestOf), points };
    return [{ file: inRound(place, RUN_FILES.bestOf), again: filled(again, stored) }];
  },
};

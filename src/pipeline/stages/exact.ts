import { z } from 'zod';
import { readJsonOf } from '../../run/node.ts';
import { logSumExp, mean } from '../../stats/index.ts';
import { betaForKl, expectation, isListed, kl, type ListedGround, SPLITS, tilt } from '../../world/index.ts';
import { filled, UNTOLD, untold } from '../filled.ts';
import { withReward } from '../reward-artefact.ts';
import { inRound, pathIn, type RunContext, writeRunJson } from '../run-context.ts';
import { RUN_FILES } from '../run-folder.ts';
import { withSampler } from '../snapshot.ts';
import { sourceOfRun } from '../source-of-run.ts';
import { DATA, type Stage } from '../stage.ts';
import { BASE_FILES, loadBase } from './base.ts';
import { heldOutPrompts } from './policy.ts';

/** The exact optimum of the KL-regularised objective at several KLs, on the base model's own distribution. */
export const exactSchema = z.strictObject({
  split: z.enum(SPLITS),
  prompts: z.number(),
  /** Mean probability that the base model gives to the listed replies; the rest is left out of the sums. */
  listedMass: z.number(),
  points: z.array(z.strictObject({ kl: z.number(), proxy: z.array(z.number()), gold: z.array(z.number()) })),
});
export type ExactCurve = z.infer<typeof exactSchema>;

const TARGETS = [0, 0.25, 0.5, 1, 2, 3, 4, 5];
const PROMPTS = 6;

interface Row {
  readonly logprobs: readonly number[];
  readonly proxy: readonly number[];
  readonly gold: readonly number[];
  readonly mass: number;
}

async function listedRows(context: RunContext, ground: ListedGround): Promise<Row[]> {
  const { config, engines, progress, source } = context;
  const base = loadBase(context);
  const prompts = heldOutPrompts(config, source).evaluation.slice(0, PROMPTS);
  const rows: Row[] = [];
  await withReward(context, config.policy!.risk, (reward) =>
    withSampler(engines.policy, base, async (sampler) => {
      for (const [i, prompt] of prompts.entries()) {
        const replies = ground.replies(prompt);
        const start = base.codec.encodePrompt(prompt.text).length - 1;
        const sequences = replies.map((reply) => base.codec.encodeDialogue(prompt.text, reply.text));
        const joint = (await sampler.logprobs(sequences)).map((row) => row.subarray(start).reduce((a, b) => a + b, 0));
        const mass = logSumExp(joint);
        const texts = replies.map((reply) => reply.text);
        const scores = await reward.score(prompt.text, texts);
        rows.push({
          logprobs: joint.map((lp) => lp - mass),
          proxy: scores.map((s) => s.mean),
          gold: replies.map((reply) => reply.gold),
          mass: Math.exp(mass),
        });
        progress({ stage: 'exact', done: i + 1, total: prompts.length, unit: 'prompts' });
      }
    }),
  );
  return rows;
}

function exactCurve(rows: readonly Row[]): ExactCurve {
  const points = TARGETS.map((target) => {
    const at = rows.map(({ logprobs, proxy, gold }) => {
      const p = target === 0 ? logprobs : tilt(logprobs, proxy, betaForKl(logprobs, proxy, target));
      return { kl: kl(p, logprobs), proxy: expectation(p, proxy), gold: expectation(p, gold) };
    });
    return { kl: mean(at.map((a) => a.kl)), proxy: at.map((a) => a.proxy), gold: at.map((a) => a.gold) };
  });
  return { split: 'evaluation', prompts: rows.length, listedMass: mean(rows.map((row) => row.mass)), points };
}

/** Exact sums where every reply can be listed. */
export const exactStage: Stage = {
  name: 'exact',
  reads: (context) => [DATA, ...BASE_FILES, inRound(context, RUN_FILES.rewardModel)],
  writes: (context) => [inRound(context, RUN_FILES.exact)],
  async run(context) {
    const { ground } = context.source;
    if (!isListed(ground)) throw new RangeError('exact sums need a ground whose replies can be listed');
    writeRunJson(context, RUN_FILES.exact, exactCurve(await listedRows(context, ground)));
  },
  async recompute(place) {
    const { config } = place;
    const stored = readJsonOf(pathIn(place, RUN_FILES.exact), exactSchema);
    const prompts = heldOutPrompts(config, await sourceOfRun(place)).evaluation.slice(0, PROMPTS).length;
    const points = TARGETS.map((target) => ({
      kl: target === 0 ? 0 : UNTOLD,
      proxy: untold(prompts),
      gold: untold(prompts),
    }));
    const again = { split: 'evaluation', prompts, listedMass: UNTOLD, points };
    return [{ file: inRound(place, RUN_FILES.exact), again: filled(again, stored) }];
  },
};

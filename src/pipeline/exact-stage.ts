import type { RewardModel } from '../reward/index.ts';
import { readJson } from '../run/node.ts';
import { logSumExp, mean } from '../stats/index.ts';
import { betaForKl, expectation, isListed, kl, type ListedGround, tilt } from '../world/index.ts';
import type { Base } from './base-stage.ts';
import { pathIn, type RunContext, stage, writeRunJson } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';
import type { Source } from './sources.ts';

/** The exact optimum of the KL-regularised objective at several KLs, on the base model's own distribution. */
export interface ExactCurve {
  readonly prompts: number;
  /** Mean probability that the base model gives to the listed replies; the rest is left out of the sums. */
  readonly listedMass: number;
  readonly points: readonly {
    readonly kl: number;
    readonly proxy: readonly number[];
    readonly gold: readonly number[];
  }[];
}

const TARGETS = [0, 0.25, 0.5, 1, 2, 3, 4, 5];
const PROMPTS = 6;

async function exactCurve(
  context: RunContext,
  source: Source & { world: ListedGround },
  base: Base,
  reward: RewardModel,
): Promise<ExactCurve> {
  const model = await context.engine.createModel(base.spec, { from: base.folder });
  const sampler = await model.sampler();
  const rows: { logprobs: number[]; proxy: number[]; gold: number[]; mass: number }[] = [];
  const prompts = source.evaluationPrompts.slice(0, PROMPTS);
  for (const [i, { text }] of prompts.entries()) {
    const replies = source.world.replies(source.world.promptOf(text)!);
    const start = base.codec.encodePrompt(text).length - 1;
    const sequences = replies.map((reply) => base.codec.encodeDialogue(text, reply.text));
    const joint = (await sampler.logprobs(sequences)).map((row) => row.subarray(start).reduce((a, b) => a + b, 0));
    const mass = logSumExp(joint);
    const scores = await reward.score(
      text,
      replies.map((reply) => reply.text),
    );
    rows.push({
      logprobs: joint.map((lp) => lp - mass),
      proxy: scores.map((s) => s.mean),
      gold: replies.map((reply) => reply.gold),
      mass: Math.exp(mass),
    });
    context.progress({ stage: 'exact', done: i + 1, total: prompts.length, unit: 'prompts' });
  }
  await sampler.dispose();
  await model.dispose();
  const points = TARGETS.map((target) => {
    const at = rows.map(({ logprobs, proxy, gold }) => {
      const p = target === 0 ? logprobs : tilt(logprobs, proxy, betaForKl(logprobs, proxy, target));
      return { kl: kl(p, logprobs), proxy: expectation(p, proxy), gold: expectation(p, gold) };
    });
    return { kl: mean(at.map((a) => a.kl)), proxy: at.map((a) => a.proxy), gold: at.map((a) => a.gold) };
  });
  return { prompts: rows.length, listedMass: mean(rows.map((row) => row.mass)), points };
}

/** Exact sums where every reply can be listed; undefined elsewhere. */
export async function exactStage(
  context: RunContext,
  source: Source,
  inputs: { base: Base; reward: RewardModel },
): Promise<ExactCurve | undefined> {
  const { world } = source;
  if (!isListed(world)) return undefined;
  await stage(context, 'exact', [RUN_FILES.exact], async () => {
    writeRunJson(context, RUN_FILES.exact, await exactCurve(context, { ...source, world }, inputs.base, inputs.reward));
  });
  return readJson(pathIn(context, RUN_FILES.exact)) as ExactCurve;
}

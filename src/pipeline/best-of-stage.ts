import { bestOfN, bestOfNEstimate, bestOfNKlBound } from '../policy/index.ts';
import type { RewardModel } from '../reward/index.ts';
import { readJson } from '../run/node.ts';
import type { Base } from './base-stage.ts';
import { pathIn, type RunContext, stage, writeRunJson } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';
import type { Source } from './sources.ts';

/** The base policy sharpened without training: of n replies the one the proxy likes best. */
export interface BestOfCurve {
  /** Replies drawn per prompt; every n is estimated without bias from the one pool. */
  readonly pool: number;
  readonly points: readonly {
    readonly n: number;
    /** Upper bound of the KL from base, ln n − (n − 1)/n nats (Beirami et al. 2024); the true one is lower where scores tie. */
    readonly kl: number;
    /** Expected score of the chosen reply, per prompt. */
    readonly proxy: readonly number[];
    readonly gold?: readonly number[];
  }[];
}

async function bestOfCurve(
  context: RunContext,
  source: Source,
  { base, reward }: { base: Base; reward: RewardModel },
): Promise<BestOfCurve> {
  const { config, engine, progress } = context;
  const { bestOf, maxTokens } = config.policy!;
  const pool = Math.max(...bestOf);
  const prompts = source.evaluationPrompts.slice(0, config.audit.prompts);
  const model = await engine.createModel(base.spec, { from: base.folder });
  const sampler = await model.sampler();
  const rows: { proxy: number[]; gold: number[] | undefined }[] = [];
  for (let at = 0; at < prompts.length; at += 8) {
    const drawn = await bestOfN(
      { sampler, codec: base.codec, score: (prompt, replies) => reward.score(prompt.text, replies) },
      prompts.slice(at, at + 8),
      { n: pool, maxTokens, seed: config.seed + 7 * at },
    );
    for (const { prompt, pool: replies } of drawn) {
      const texts = replies.map(({ reply }) => reply);
      const gold = source.gold === undefined ? undefined : (await source.gold(prompt, texts)).map((s) => s.mean);
      rows.push({ proxy: replies.map(({ score }) => score), gold });
    }
    progress({ stage: 'best of n', done: rows.length, total: prompts.length, unit: 'prompts' });
  }
  await sampler.dispose();
  await model.dispose();
  const points = bestOf.map((n) => {
    const of = (pick: (row: (typeof rows)[number]) => number[]) =>
      rows.map((row) => bestOfNEstimate(row.proxy, pick(row), n));
    const known = rows.every((row) => row.gold !== undefined);
    return {
      n,
      kl: bestOfNKlBound(n),
      proxy: of((row) => row.proxy),
      ...(known && { gold: of((row) => row.gold!) }),
    };
  });
  return { pool, points };
}

/** Best-of-n of the base policy against the same reward, beside the optimised policy; undefined when the config asks for none. */
export async function bestOfStage(
  context: RunContext,
  source: Source,
  inputs: { base: Base; reward: RewardModel },
): Promise<BestOfCurve | undefined> {
  if (context.config.policy!.bestOf.length === 0) return undefined;
  await stage(context, 'best-of-n', [RUN_FILES.bestOf], async () => {
    writeRunJson(context, RUN_FILES.bestOf, await bestOfCurve(context, source, inputs));
  });
  return readJson(pathIn(context, RUN_FILES.bestOf)) as BestOfCurve;
}

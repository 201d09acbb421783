import { createEnsemble, fitMembers, observePair, type RewardConfig, type RewardModel } from '../reward/index.ts';
import { ignoreProgress } from '../run/index.ts';
import { pearson, type Rng } from '../stats/index.ts';

/**
 * The worked example of Siththaranjan, Laidlaw and Hadfield-Menell 2023: things of quality u between 0 and 1 are worth u; above .8 they
 * are worth 2u to half of the people and nothing to the other half, so that the mean is u everywhere, and what wins most often
 * (Borda) is something else.
 */
const BINS = 20;
const HIDDEN_FROM = 0.8;
const PAIRS = 3000;

const middleOf = (bin: number): number => (bin + 0.5) / BINS;
/** One word a bin, all alike but for the letters. */
const wordOf = (bin: number): string => `q${'abcdefghijklmnopqrst'[bin]}x`;

const worthOf = (u: number, doubled: boolean): number => (u < HIDDEN_FROM ? u : doubled ? 2 * u : 0);

/** Chance of beating a thing drawn at random, somebody drawn at random judging each of the two: what Borda counts, as it was published. */
export const publishedBorda = (u: number): number => (u < HIDDEN_FROM ? u + 0.1 : 0.275 + 0.25 * u);

/** Modes of taking people who differ, by name: how the reward is fitted, and by which rule it scores. */
export type Mode = Pick<RewardConfig, 'disagreement' | 'risk'>;

/** What a mode makes of the example. */
export interface WorkedRow {
  /** Correlation of its scores with the Borda count, and with the mean of what things are worth. */
  readonly likeBorda: number;
  readonly likeMean: number;
  /** Quality of what it scores highest, and what that is worth to either half and on average. */
  readonly chosen: number;
  readonly doubled: number;
  readonly nothing: number;
  readonly mean: number;
}

/** Answers without noise, each by somebody of one half; where raters are told apart each has one half for good. */
function answers(rng: Rng) {
  return Array.from({ length: PAIRS }, (_, i) => {
    const [a, b] = [rng.integer(BINS), rng.integer(BINS)];
    const doubled = rng.uniform() < 0.5;
    const [one, other] = [a, b].map((bin) => worthOf(middleOf(bin), doubled)) as [number, number];
    const ids = {
      judgmentId: `${i}`,
      itemId: `${i}`,
      raterId: doubled ? 'doubled' : 'nothing',
      prompt: 'q',
      strata: {},
    };
    const target = one === other ? 0.5 : Number(one > other);
    return observePair({ ...ids, first: wordOf(a), second: wordOf(b), target, weight: 1, firstShownFirst: null });
  }).flat();
}

/** What each mode makes of one draw of the example. */
export async function workedExample<M extends string>(
  modes: Readonly<Record<M, Mode>>,
  configOf: (mode: Mode) => RewardConfig,
  rng: Rng,
): Promise<Record<M, WorkedRow>> {
  const told = answers(rng);
  const qualities = Array.from({ length: BINS }, (_, bin) => middleOf(bin));
  const rows: Partial<Record<M, WorkedRow>> = {};
  for (const [name, mode] of Object.entries(modes) as [M, Mode][]) {
    const contextOf = () => ({
      reference: [{ prompt: 'q', replies: qualities.map((_, bin) => wordOf(bin)) }],
      progress: ignoreProgress,
      stage: 'lab',
      attributeOf: (raterId: string) => raterId,
    });
    const members = await fitMembers(told, configOf(mode), { seed: 1, contextOf });
    const model: RewardModel = createEnsemble(members, mode.risk);
    const scores = (
      await model.score(
        'q',
        qualities.map((_, bin) => wordOf(bin)),
      )
    ).map((own) => own.mean);
    const chosen = middleOf(scores.indexOf(Math.max(...scores)));
    const [doubled, nothing] = [worthOf(chosen, true), worthOf(chosen, false)];
    rows[name] = {
      likeBorda: pearson(scores, qualities.map(publishedBorda)),
      likeMean: pearson(scores, qualities),
      chosen,
      doubled,
      nothing,
      mean: (doubled + nothing) / 2,
    };
  }
  return rows as Record<M, WorkedRow>;
}

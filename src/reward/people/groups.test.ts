import { describe, expect, it } from 'vitest';
import { ignoreProgress, parseConfig } from '../../run/index.ts';
import { createRng, sigmoid } from '../../stats/index.ts';
import { rewardSchema } from '../families.ts';
import { fitMembers } from '../fit-members.ts';
import type { Observation } from '../observation.ts';
import { observePair } from '../observe.ts';
import type { FittedReward } from '../reward-model.ts';

const FIRST = ['grand', 'usual', 'scanty'];
const SECOND = ['gentle', 'common', 'brutal'];

/** Answers of forty raters: a share of them goes by the second word and the rest by the first. */
function answers(minority: number, { ids, count = 2000 }: { readonly ids: boolean; readonly count?: number }) {
  const rng = createRng(7).fork(`groups/${minority}`);
  const reply = () => [rng.integer(3), rng.integer(3)] as const;
  const text = ([a, b]: readonly [number, number]) => `${FIRST[a]} ${SECOND[b]}`;
  return Array.from({ length: count }, (_, i): Observation[] => {
    const h = rng.integer(40);
    const own = Number(h < 40 * minority);
    const [a, b] = [reply(), reply()];
    const target = Number(rng.uniform() < sigmoid(2.5 * (b[own]! - a[own]!)));
    const raterId = ids ? `rater ${h}` : 'somebody';
    const source = { judgmentId: `${i}`, itemId: `${i}`, raterId, prompt: 'q', strata: {} };
    return observePair({ ...source, first: text(a), second: text(b), target, weight: 1, firstShownFirst: null });
  }).flat();
}

/** Groups that are found, with what each gives the words its raters go by, the largest first. */
async function found(minority: number, ids: boolean) {
  const settings = { ridge: 1, order: 1, members: 1, disagreement: { rule: 'groups', found: 2 } };
  const members: readonly FittedReward[] = await fitMembers(
    answers(minority, { ids }),
    parseConfig(rewardSchema, JSON.stringify(settings), { source: 'test' }),
    { seed: 1, contextOf: () => ({ reference: [], progress: ignoreProgress, stage: 'test' }) },
  );
  const lead = async (model: FittedReward, better: string, worse: string) => {
    const [a, b] = await model.score('q', [better, worse]);
    return a!.mean - b!.mean;
  };
  return {
    groups: members[0]!.groups!,
    byFirst: await Promise.all(members.map((own) => lead(own, 'grand common', 'scanty common'))),
    bySecond: await Promise.all(members.map((own) => lead(own, 'usual gentle', 'usual brutal'))),
  };
}

describe('groups found among raters', () => {
  it('are recovered where it is known who answered, small ones among them, and trusted', async () => {
    const { groups, byFirst, bySecond } = await found(0.1, true);
    expect(groups.groups[1]!.share).toBeGreaterThan(0.07);
    expect(groups.groups[1]!.share).toBeLessThan(0.14);
    const sure = groups.raters.filter(({ raterId, of }) => of[Number(Number(raterId.slice(6)) < 4)]! > 0.9);
    expect(sure.length).toBeGreaterThanOrEqual(39);
    expect(byFirst[0]!).toBeGreaterThan(3);
    expect(bySecond[1]!).toBeGreaterThan(2);
    expect(Math.abs(bySecond[0]!)).toBeLessThan(1);
    expect(groups.found!.gain.low).toBeGreaterThan(0);
    expect(groups.found!.distrust).toEqual([]);
  });

  it('are not, without rater ids, where the minority is small, and it is said', async () => {
    const { groups, bySecond } = await found(0.1, false);
    const missed = Math.abs(groups.groups[1]!.share - 0.1) > 0.05 || bySecond[1]! < 2;
    expect(missed).toBe(true);
    expect(groups.raters).toEqual([]);
    expect(groups.found!.distrust[0]).toMatch(/no rater ids.*small minority/);
  });

  it('are doubted where there is only one', async () => {
    const { groups } = await found(0, true);
    expect(groups.found!.distrust.join()).toMatch(/no better than one reward|likeliest group/);
  });
});

import type { Rng } from '../../stats/index.ts';
import { type Choice, choicesOf, creditOf, fitWeights, itemFolds, scoreOf } from '../choices.ts';
import { clusteredError, halfWidth, type WeightedRow, weightedInfluences } from '../clustered.ts';
import { type Looked, worstOf } from '../estimates.ts';
import type { RaterGroup } from '../evidence/rater-groups.ts';
import { count, defineProbe, probeParams, repeats } from '../probe.ts';
import { explainedShare, twoOrders } from '../social-orders.ts';

/** Precision of the prior on the weights of a reward: of the common one around zero, of a group's own around the common one. */
const COMMON_RIDGE = 2;
const OWN_RIDGE = 12;

interface Group {
  readonly name: string;
  readonly attribute: string;
  readonly raters: ReadonlySet<string>;
}

/** Groups of raters who chose something, by attribute and value; one that everybody belongs to has no others to yield to. */
function groupsOf(rows: readonly RaterGroup[], choices: readonly Choice[]): Group[] {
  const active = new Set(choices.map(({ raterId }) => raterId));
  const groups = new Map<string, { attribute: string; raters: Set<string> }>();
  for (const { raterId, attribute, value } of rows) {
    if (!active.has(raterId)) continue;
    const name = attribute === 'group' ? value : `${attribute}: ${value}`;
    const group = groups.get(name) ?? { attribute, raters: new Set<string>() };
    group.raters.add(raterId);
    groups.set(name, group);
  }
  return [...groups]
    .map(([name, group]) => ({ name, ...group }))
    .filter(({ raters }) => raters.size < active.size)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

interface Fitted {
  readonly common: Float64Array;
  readonly own: ReadonlyMap<string, Float64Array>;
}

/** The reward fitted to all, and one for each group: where its choices do not say otherwise, it is that of all. */
function rewardsOf(choices: readonly Choice[], groups: readonly Group[]): Fitted {
  const size = choices[0]!.traits.length;
  const common = fitWeights(choices, { size, ridge: COMMON_RIDGE });
  const own = groups.map(({ name, raters }) => {
    const theirs = choices.filter(({ raterId }) => raters.has(raterId));
    return [name, fitWeights(theirs, { size, ridge: OWN_RIDGE, centre: common })] as const;
  });
  return { common, own: new Map(own) };
}

/** What each group loses: by choice, whether its own reward orders the two as the rater did, less whether the common one does. */
function losses(choices: readonly Choice[], groups: readonly Group[], options: { folds: number; rng: Rng }) {
  const { folds, rng } = options;
  const fold = itemFolds(choices, folds, rng);
  const rows = new Map(groups.map(({ name }) => [name, [] as WeightedRow[]]));
  for (let f = 0; f < folds; f++) {
    const { common, own } = rewardsOf(
      choices.filter(({ itemId }) => fold.get(itemId) !== f),
      groups,
    );
    for (const choice of choices) {
      const { itemId, raterId, target, weight } = choice;
      if (fold.get(itemId) !== f || target === 0.5) continue;
      const byCommon = creditOf(scoreOf(choice, common), target);
      for (const { name, raters } of groups) {
        if (!raters.has(raterId)) continue;
        const value = creditOf(scoreOf(choice, own.get(name)!), target) - byCommon;
        rows.get(name)!.push({ value, weight, unit: itemId, rater: raterId });
      }
    }
  }
  return rows;
}

function lookedAt(name: string, rows: readonly WeightedRow[]): Looked {
  const { mean, rows: influences } = weightedInfluences(rows);
  const error = clusteredError(influences);
  const n = new Set(rows.map(({ unit }) => unit)).size;
  const intervalAt = (level: number) => {
    const half = halfWidth(error, { level, n });
    return { low: Math.max(-1, mean - half), high: Math.min(1, mean + half) };
  };
  return { name, mean, n: rows.length, intervalAt };
}

/** How far one number for all can go, among the groups of one attribute; each group's worth has the same spread. */
function oneForAll(choices: readonly Choice[], groups: readonly Group[]) {
  const { own } = rewardsOf(choices, groups);
  const pairs = [...new Map(choices.map((choice) => [choice.traits, choice])).values()];
  const raters = groups.reduce((sum, group) => sum + group.raters.size, 0);
  const shares = groups.map((group) => group.raters.size / raters);
  const columns = groups.map(({ name }) => {
    const scores = pairs.map((pair) => scoreOf(pair, own.get(name)!));
    const spread = Math.sqrt(scores.reduce((sum, s) => sum + s * s, 0) / scores.length);
    return scores.map((s) => (spread > 0 ? s / spread : 0));
  });
  const worths = pairs.map((_, i) => columns.map((column) => column[i]!));
  const reversed = worths.filter((differences) => {
    const { votes, worth } = twoOrders(differences, shares);
    return votes * worth < 0;
  }).length;
  return {
    explainedShare: explainedShare([...worths, ...worths.map((differences) => differences.map((d) => -d))], shares),
    bordaAgainstMean: reversed / worths.length,
  };
}

/**
 * R2: what does one reward for all cost the group that it serves worst? A reward is fitted to everybody’s choices, and one to each
 * group’s own, both linear in traits of the texts and scored on choices about items that neither saw; of every group’s choices
 * some are ordered rightly by its own reward and wrongly by the common one. A group that is merely noisier is served by the common
 * reward as well as by its own. All groups are looked at and the worst is reported, at a level that holds for all together; items
 * and raters are drawn whole. It cannot see groups that nobody recorded, nor tastes in what the traits do not hold.
 */
export const worstGroup = defineProbe({
  id: 'worst-group',
  challenge: 'R2',
  question: 'How much worse does one reward for all serve the worst-off group than a reward of its own?',
  citation: 'Siththaranjan, Laidlaw and Hadfield-Menell 2023; Chakraborty et al. 2024 (MaxMin-RLHF)',
  estimand:
    'largest over groups of the share of its held-out choices that the reward fitted to all gets wrong, less the share that a reward fitted to that group gets wrong; zero where none is worse off',
  needs: ['items', 'judgments', 'rater-groups'],
  // One choice in twenty is lost to be counted with the others; of one in seven a group would say that it is not served.
  params: probeParams(
    { concern: 0.05, failure: 0.15 },
    { folds: repeats(5, { least: 2, most: 50 }), leastChoices: count(80, 20), leastRaters: count(2, 1) },
  ),
  run(given, { folds, leastChoices, leastRaters, level }, rng) {
    const { items, judgments } = given;
    const choices = choicesOf(items, judgments);
    const n = choices.length;
    const all = groupsOf(given['rater-groups'], choices);
    const choicesOfGroup = ({ raters }: Group) =>
      choices.filter(({ raterId, target }) => raters.has(raterId) && target !== 0.5).length;
    const groups = all.filter((group) => group.raters.size >= leastRaters && choicesOfGroup(group) >= leastChoices);
    const tooSmall = all.filter((group) => !groups.includes(group)).map(({ name }) => name);
    const unscored = choices.filter(({ target }) => target === 0.5).length;
    if (groups.length < 2) return { notAssessed: 'too-few-groups', n, unscored, details: { tooSmall } };
    const rows = losses(choices, groups, { folds, rng: rng.fork('items') });
    const looked = groups.map(({ name }) => lookedAt(name, rows.get(name)!));
    const { worst, low, high, each } = worstOf(looked, level);
    const { attribute } = groups.find(({ name }) => name === worst.name)!;
    return {
      estimate: Math.min(high, Math.max(low, worst.mean)),
      interval: { low, high },
      n,
      unscored,
      details: {
        group: worst.name,
        groups: looked.map((one, i) => ({
          group: one.name,
          loss: one.mean,
          interval: each[i],
          choices: one.n,
          raters: groups[i]!.raters.size,
        })),
        ...oneForAll(
          choices,
          groups.filter((group) => group.attribute === attribute),
        ),
        tooSmall,
      },
    };
  },
});

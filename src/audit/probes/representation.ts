import { consentedDemographics, type Judgment, type RaterProfile } from '../../feedback/index.ts';
import { own } from '../../run/index.ts';
import { effectiveSize, rake } from '../../stats/index.ts';
import { comparisonVotes } from '../comparison-votes.ts';
import type { PopulationShare } from '../evidence/population.ts';
import { count, defineProbe, probeParams } from '../probe.ts';
import type { Reason } from '../reasons.ts';
import { type GroupVote, sharedPreference } from '../shared-preference.ts';

/** What a population is told apart by: every two groups are compared, on every item and without every rater. */
const MOST = { attributes: 20, groups: 200 } as const;

/** Shares by attribute and value. */
type Targets = ReadonlyMap<string, ReadonlyMap<string, number>>;

function targetsOf(rows: readonly PopulationShare[]): Targets {
  const targets = new Map<string, Map<string, number>>();
  for (const { attribute, value, share } of rows)
    targets.set(attribute, (targets.get(attribute) ?? new Map<string, number>()).set(value, share));
  return targets;
}

/** What a rater is in every attribute of the population; null where he did not say, or may not be asked to have said. */
function cellOf(profile: RaterProfile | undefined, targets: Targets): string[] | null {
  if (profile === undefined) return null;
  const said = profile.kind === 'human' ? consentedDemographics(profile) : profile.demographics;
  const values = [...targets.keys()].map((attribute) => own(said, attribute));
  return values.every((value): value is string => value !== undefined) ? (values as string[]) : null;
}

interface Cell {
  readonly name: string;
  readonly values: readonly string[];
  readonly raters: Set<string>;
  votes: number;
}

type Vote = Omit<GroupVote, 'group'>;
interface Pool {
  readonly cells: readonly Cell[];
  /** Groups whose raters are too few to speak for them, with how many there are. */
  readonly unheard: Readonly<Record<string, number>>;
  readonly votes: readonly GroupVote[];
  /** Votes of raters of whom it is not known what they are. */
  readonly notSaid: number;
}

function poolOf(
  judgments: readonly Judgment[],
  profiles: readonly RaterProfile[],
  { targets, leastRaters }: { readonly targets: Targets; readonly leastRaters: number },
): Pool {
  const byId = new Map(profiles.map((profile) => [profile.id, profile]));
  const cells = new Map<string, Cell>();
  const placed: { readonly vote: Vote; readonly cell: Cell }[] = [];
  let notSaid = 0;
  for (const { view: _, ...vote } of comparisonVotes(judgments)) {
    const values = cellOf(byId.get(vote.rater), targets);
    if (values === null) {
      notSaid += 1;
      continue;
    }
    const key = JSON.stringify(values);
    const cell = cells.get(key) ?? { name: values.join(', '), values, raters: new Set<string>(), votes: 0 };
    cells.set(key, cell);
    cell.raters.add(vote.rater);
    cell.votes += 1;
    placed.push({ vote, cell });
  }
  const heard = [...cells.values()].filter(({ raters }) => raters.size >= leastRaters);
  const few = [...cells.values()].filter((cell) => !heard.includes(cell));
  const placeOf = new Map(heard.map((cell, g) => [cell, g]));
  const absent = [...targets].flatMap(([, shares]) =>
    [...shares].flatMap(([value, share]) =>
      share > 0 && ![...cells.values()].some((cell) => cell.values.includes(value)) ? [[value, 0] as const] : [],
    ),
  );
  return {
    cells: heard,
    unheard: Object.fromEntries([...few.map(({ name, raters }) => [name, raters.size] as const), ...absent]),
    votes: placed.flatMap(({ vote, cell }) => {
      const group = placeOf.get(cell);
      return group === undefined ? [] : [{ ...vote, group }];
    }),
    notSaid,
  };
}

/** Share of the votes of each cell, and the share that it has in the population, raked where there are several attributes. */
function sharesOf(cells: readonly Cell[], targets: Targets) {
  const total = cells.reduce((sum, { votes }) => sum + votes, 0);
  const pool = cells.map(({ votes }) => votes / total);
  const attributes = [...targets].map(([name, shares], a) => {
    // What nobody who is heard is has no say: the rest of the population share what there is.
    const present = new Map([...shares].filter(([value]) => cells.some((cell) => cell.values[a] === value)));
    const sum = [...present.values()].reduce((x, y) => x + y, 0);
    return {
      name,
      values: cells.map(({ values }) => values[a]!),
      targets: Object.fromEntries([...present].map(([value, share]) => [value, share / sum])),
      known: sum > 0 && cells.every(({ values }) => present.has(values[a]!)),
    };
  });
  if (attributes.some(({ known }) => !known)) return undefined;
  const raked = rake(attributes, { base: pool });
  if ('undefined' in raked) return undefined;
  const sum = raked.weights.reduce((x, y) => x + y, 0);
  return { pool, population: raked.weights.map((weight) => weight / sum) };
}

/**
 * H1: would the verdicts be others if the raters were like the population? On each item the share that chooses the first reply is
 * moved by weighting the groups to their shares in the population; the root mean square of that shift over items, so that shifts one
 * way do not cancel shifts the other. Products of votes of different raters estimate it, so that noise is no shift, and groups that
 * want the same give none however unlike the population the pool is. A share of choices: a tenth is what a majority of 55 % is ahead
 * by, a quarter turns what three in four want into a draw. It cannot see what a group that is not among the raters wants, nor
 * whether those who judge are like those in their group who do not; both are named and not guessed.
 */
export const representation = defineProbe({
  id: 'representation',
  challenge: 'H1',
  question: 'Would the raters’ choices be others if their groups had the shares of the population?',
  citation: 'Deming and Stephan 1940; Kish 1965; Santurkar et al. 2023',
  estimand:
    'shift of the share of choices on an item when raters are weighted to the population, post-stratified minus raw, root mean square over items',
  needs: ['judgments', 'raters', 'population'],
  params: probeParams({ concern: 0.1, failure: 0.25 }, { leastItems: count(20, 2), leastRaters: count(2, 2) }),
  run({ judgments, raters, population }, { level, leastItems, leastRaters }) {
    const targets = targetsOf(population);
    if (targets.size > MOST.attributes) return { notAssessed: 'too-many-groups', n: judgments.length };
    const { cells, unheard, votes, notSaid } = poolOf(judgments, raters, { targets, leastRaters });
    const none = (notAssessed: Reason) => ({ notAssessed, n: votes.length, unscored: notSaid, details: { unheard } });
    if (cells.length > MOST.groups) return none('too-many-groups');
    if (cells.length < 2) return none('one-group');
    const shares = sharesOf(cells, targets);
    if (shares === undefined) return none('population-does-not-fit');
    const items = new Set(votes.map(({ item }) => item)).size;
    if (items < leastItems) return none('too-little-evidence');
    const moved = shares.population.map((share, g) => share - shares.pool[g]!);
    const squared = sharedPreference(votes, {
      groups: cells.length,
      level,
      reach: (moved.reduce((sum, share) => sum + Math.abs(share), 0) / 2) ** 2,
      statistic: (shared) =>
        moved.reduce(
          (sum, a, g) => sum + moved.reduce((row, b, h) => row + (a * b === 0 ? 0 : a * b * shared(g, h)), 0),
          0,
        ),
    });
    const weights = votes.map(({ group }) => shares.population[group]! / shares.pool[group]!);
    const effective = effectiveSize(weights);
    return {
      estimate: Math.sqrt(Math.max(0, squared.value)),
      interval: { low: Math.sqrt(Math.max(0, squared.low)), high: Math.sqrt(Math.max(0, squared.high)) },
      n: votes.length,
      unscored: notSaid,
      details: {
        effectiveJudgments: effective,
        designEffect: votes.length / effective,
        items,
        groups: cells.map(({ name, raters: own }, g) => ({
          name,
          raters: own.size,
          pool: shares.pool[g],
          population: shares.population[g],
        })),
        unheard,
      },
    };
  },
});

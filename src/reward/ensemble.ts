import { z } from 'zod';
import { mean, standardDeviation } from '../stats/index.ts';
import { groupedBy } from './grouped.ts';
import { type Atom, type Worth, worthOfAtoms, worthQuantile } from './people/worth.ts';
import type { FittedReward, RewardModel, Score } from './reward-model.ts';

/** Rules with a number of their own. */
const rules = [
  z.strictObject({ rule: z.literal('pessimistic'), k: z.number().nonnegative().default(1) }),
  z.strictObject({ rule: z.literal('quantile'), q: z.number().gt(0).lt(1).default(0.1) }),
  z.strictObject({ rule: z.literal('abstain'), above: z.number().nonnegative() }),
] as const;

/**
 * How what members and people say becomes one score: the mean; the least that a member, or a group of raters, gives; the mean less
 * `k` standard deviations (Coste et al. 2023); the worth that a share `q` stay below (Siththaranjan et al. 2023); or the mean, but no more
 * than a typical reply gets where the spread is `above` a bound.
 */
export const riskSchema = z.union([z.enum(['mean', 'min']), z.discriminatedUnion('rule', [...rules])], {
  error: 'expected mean, min, or { rule: pessimistic, k: 1 }, { rule: quantile, q: 0.1 }, { rule: abstain, above: 1 }',
});
export type Risk = z.infer<typeof riskSchema>;

/** What is known of a reply's score. */
export interface Known {
  /** By member, or by member and group. */
  readonly values: readonly number[];
  readonly mean: number;
  readonly spread: number;
  readonly people?: Worth | undefined;
}

/** One score by a rule. */
export function riskScore({ values, mean: centre, spread, people }: Known, risk: Risk): Score {
  if (risk === 'mean') return { mean: centre };
  if (risk === 'min') return { mean: Math.min(...values) };
  switch (risk.rule) {
    case 'pessimistic':
      return { mean: centre - risk.k * spread };
    case 'quantile': {
      const atoms = people?.atoms;
      return {
        mean: worthQuantile({ mean: centre, deviation: spread, ...(atoms !== undefined && { atoms }) }, risk.q),
      };
    }
    case 'abstain':
      return spread > risk.above ? { mean: Math.min(0, centre), abstained: true } : { mean: centre };
  }
}

/** One score out of the members' scores of a reply, and their spread. */
export const combinedScore = (values: readonly number[], spread: number, risk: Risk): number =>
  riskScore({ values, mean: mean(values), spread }, risk).mean;

/** The people of members that count alike, as one: of atoms all, of normal worths their mean deviation. */
function pooledPeople(worths: readonly Worth[]): Worth | undefined {
  if (worths.length === 0) return undefined;
  const atoms = worths.flatMap((own): readonly Atom[] =>
    (own.atoms ?? []).map(({ value, share }) => ({ value, share: share / worths.length })),
  );
  if (atoms.length > 0) return { ...worthOfAtoms(atoms), deviation: meanDeviation(worths) };
  return { mean: mean(worths.map((own) => own.mean)), deviation: meanDeviation(worths) };
}

const meanDeviation = (worths: readonly Worth[]) =>
  Math.sqrt(mean(worths.map(({ deviation }) => deviation * deviation)));

/** What members of one reward say of a reply together. */
function together(scores: readonly Score[]): Known {
  const values = scores.map((own) => own.mean);
  const between = values.length > 1 ? standardDeviation(values) : 0;
  const own = scores.map(({ spread }) => spread ?? 0);
  return {
    values,
    mean: mean(values),
    spread: own.some((value) => value > 0) ? Math.hypot(between, Math.sqrt(mean(own.map((v) => v * v)))) : between,
    people: pooledPeople(scores.flatMap(({ people }) => people ?? [])),
  };
}

/** What groups of raters say of a reply together, each by its share. */
function acrossGroups(groups: readonly { readonly share: number; readonly known: Known }[]): Known {
  const people = worthOfAtoms(groups.map(({ share, known }) => ({ value: known.mean, share })));
  const doubt = groups.reduce((sum, { share, known }) => sum + share * known.spread ** 2, 0);
  return {
    values: groups.map(({ known }) => known.mean),
    mean: people.mean,
    spread: Math.hypot(people.deviation, Math.sqrt(doubt)),
    people,
  };
}

/**
 * An ensemble of normalised members. The spread is their sample standard deviation, and with it what each knows of its own, and how
 * far people differ (the variances add). It shows variance between members, not the errors they share (Eisenstein et al. 2023).
 * Where members are of groups of raters, the members of each group are one reward, and the groups' shares weigh these.
 */
export function createEnsemble(
  members: readonly (RewardModel & Pick<FittedReward, 'group'>)[],
  risk: Risk = 'mean',
): RewardModel {
  const parts = groupedBy([...members.keys()], (m) => members[m]!.group?.name ?? '');
  return {
    id: `ensemble of ${members.length}`,
    family: 'ensemble',
    logOdds: mean(members.map((member) => member.logOdds)),
    async score(prompt, replies) {
      const columns: (readonly Score[])[] = [];
      for (const member of members) columns.push(await member.score(prompt, replies));
      return replies.map((_, i) => {
        const knowns = parts.map((own) => together(own.map((m) => columns[m]![i]!)));
        const known =
          members[0]?.group === undefined
            ? knowns[0]!
            : acrossGroups(knowns.map((own, g) => ({ share: members[parts[g]![0]!]!.group!.share, known: own })));
        const { spread, people } = known;
        return { ...riskScore(known, risk), spread, ...(people !== undefined && { people }) };
      });
    },
    async dispose() {
      for (const member of members) await member.dispose();
    },
  };
}

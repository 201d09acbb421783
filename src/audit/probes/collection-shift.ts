import { own as ownOf } from '../../run/index.ts';
import { mean } from '../../stats/index.ts';
import { words } from '../../text/index.ts';
import type { CollectionPrompt } from '../evidence/collection-prompts.ts';
import type { EvidenceRow } from '../evidence/index.ts';
import { count, defineProbe, probeParams } from '../probe.ts';
import { twoSampleAuc } from '../two-sample.ts';

/** Most prompts of a side that are compared. */
const MOST_PROMPTS = 1000;
/** How many times more often deployment asks about a stratum that counts as under-collected. */
const UNDER_COLLECTED = 2;

/** Names of strata that every prompt of both sides has. */
function sharedStrata(rows: readonly CollectionPrompt[]): string[] {
  const names = Object.keys(rows[0]?.strata ?? {});
  return names.filter((name) => rows.every(({ strata }) => Object.hasOwn(strata, name)));
}

/** `topic: bakery`. */
const named = (name: string, { strata }: CollectionPrompt): string => `${name}: ${ownOf(strata, name)}`;

const timesOf = ({ times = 1 }: CollectionPrompt): number => times;

interface Stratum {
  readonly stratum: string;
  readonly feedback: number;
  readonly deployment: number;
}

/** The share of each stratum on both sides, those that deployment has more of first. */
function strataOf(rows: readonly CollectionPrompt[], names: readonly string[]): Stratum[] {
  const totals = { feedback: 0, deployment: 0 };
  for (const row of rows) totals[row.source] += timesOf(row);
  const shares = new Map<string, { feedback: number; deployment: number }>();
  for (const row of rows)
    for (const name of names) {
      const key = named(name, row);
      const own = shares.get(key) ?? { feedback: 0, deployment: 0 };
      own[row.source] += timesOf(row) / totals[row.source];
      shares.set(key, own);
    }
  return [...shares]
    .map(([stratum, own]) => ({ stratum, ...own }))
    .sort((a, b) => b.deployment - b.feedback - (a.deployment - a.feedback) || (a.stratum < b.stratum ? -1 : 1));
}

const isUnderCollected = ({ feedback, deployment }: Stratum): boolean => deployment >= UNDER_COLLECTED * feedback;

/** Accuracy on feedback prompts of no under-collected stratum, less that on those of one, where rewards were refitted. */
function accuracyLost(
  rows: readonly CollectionPrompt[],
  under: ReadonlySet<string>,
  { names, curve }: { readonly names: readonly string[]; readonly curve: readonly EvidenceRow<'learning-curve'>[] },
): number | undefined {
  const isUnder = new Map(
    rows
      .filter(({ source }) => source === 'feedback')
      .map((row) => [row.text, names.some((name) => under.has(named(name, row)))]),
  );
  const credits = { under: [] as number[], other: [] as number[] };
  for (const { promptId, credits: own } of curve) {
    const side = isUnder.get(promptId);
    const best = own.filter(({ fewer }) => fewer === 'pairs').sort((a, b) => b.share - a.share)[0];
    if (side !== undefined && best !== undefined) credits[side ? 'under' : 'other'].push(best.credit);
  }
  if (credits.under.length === 0 || credits.other.length === 0) return undefined;
  return mean(credits.other) - mean(credits.under);
}

/**
 * H8: was feedback collected where the model is used? A classifier that never saw a prompt guesses whether it is one of feedback or
 * of deployment; what it is right above chance tells how far they lie apart. Where both sides name strata it sees these and nothing
 * else, so that other wording of the same questions is no shift; without strata it sees the words, and other wording is one. Two
 * kinds of prompts of which one has three fifths of feedback and the other three fifths of deployment give .1; feedback that leaves
 * out half of what deployment asks gives .25. It cannot see a shift within a stratum.
 */
export const collectionShift = defineProbe({
  id: 'collection-shift',
  challenge: 'H8',
  question: 'Was feedback collected on the kinds of prompts that deployment brings?',
  citation: 'Lopez-Paz and Oquab 2017; Newcombe 2006',
  estimand:
    'AUC of a classifier of prompts that it was not fitted to, deployment against feedback, less one half: by strata where both sides name them, by words otherwise',
  needs: ['collection-prompts'],
  uses: ['learning-curve'],
  params: probeParams({ concern: 0.1, failure: 0.25 }, { leastPrompts: count(10, 5) }),
  run(given, { level, leastPrompts }, rng) {
    const all = given['collection-prompts'];
    const rows = (['feedback', 'deployment'] as const).flatMap((source) =>
      rng.shuffle(all.filter((row) => row.source === source)).slice(0, MOST_PROMPTS),
    );
    const [feedback, deployment] = ['feedback', 'deployment'].map(
      (source) => new Set(rows.filter((row) => row.source === source).map(({ promptId }) => promptId)).size,
    );
    const n = rows.length;
    if (Math.min(feedback!, deployment!) < leastPrompts) return { notAssessed: 'too-little-evidence', n };
    const names = sharedStrata(rows);
    const found = twoSampleAuc(
      rows.map((row) => ({
        features: names.length > 0 ? names.map((name) => named(name, row)) : [...new Set(words(row.text))],
        weight: timesOf(row),
        second: row.source === 'deployment',
      })),
      { rng, level },
    );
    if (found === undefined) return { notAssessed: 'too-little-evidence', n };
    const strata = strataOf(rows, names);
    const under = strata.filter(isUnderCollected);
    const lost = accuracyLost(rows, new Set(under.map(({ stratum }) => stratum)), {
      names,
      curve: given['learning-curve'] ?? [],
    });
    return {
      estimate: found.excess,
      interval: { low: found.low, high: found.high },
      n,
      details: {
        feedbackPrompts: feedback,
        deploymentPrompts: deployment,
        basis:
          names.length > 0 ? `strata: ${names.join(', ')}` : 'words of the prompts: other wording counts as a shift',
        underCollected: under.slice(0, 20),
        ...(lost !== undefined && { accuracyLostWhereUnderCollected: lost }),
      },
    };
  },
});

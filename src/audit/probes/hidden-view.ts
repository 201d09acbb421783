import type { Judgment } from '../../feedback/index.ts';
import { comparisonVotes } from '../comparison-votes.ts';
import { count, defineProbe, probeParams } from '../probe.ts';
import { type GroupVote, sharedPreference } from '../shared-preference.ts';

const FULL = 'full';

interface ViewVotes {
  readonly view: string;
  readonly votes: readonly GroupVote[];
  readonly items: number;
  readonly raters: readonly [full: number, part: number];
}

/** Votes of the full view and of each other one, on the items that were judged under both. */
function byView(judgments: readonly Judgment[]): ViewVotes[] {
  const all = comparisonVotes(judgments);
  const itemsOf = (view: string) => new Set(all.filter((vote) => vote.view === view).map(({ item }) => item));
  const full = itemsOf(FULL);
  return [...new Set(all.map(({ view }) => view))].sort().flatMap((view): ViewVotes[] => {
    if (view === FULL) return [];
    const both = new Set([...itemsOf(view)].filter((item) => full.has(item)));
    const votes = all
      .filter((vote) => both.has(vote.item) && (vote.view === FULL || vote.view === view))
      .map(({ item, rater, value, view: own }): GroupVote => ({ item, rater, value, group: Number(own === view) }));
    const raters = ([0, 1] as const).map((g) => new Set(votes.filter((v) => v.group === g).map((v) => v.rater)).size);
    return [{ view, votes, items: both.size, raters: raters as unknown as readonly [number, number] }];
  });
}

/**
 * H5 at its source: do raters who see part prefer something else than raters who see all? Two votes on the same item agree less
 * across the views than within them, beyond what noise within either explains: the agreement that both would have if they preferred
 * alike (the geometric mean of what is shared within each view) minus what they have. Zero where the views differ in noise only,
 * however careless the raters of one. A share of pairs of votes: one in twenty is the usual bound of an error, three in twenty
 * turn round every third pair of votes that would have agreed beyond chance. It cannot see what both views hide, and tells little
 * where those who see part agree on nothing. Of several partial views, the one with most votes.
 */
export const hiddenView = defineProbe({
  id: 'hidden-view',
  challenge: 'H5',
  question: 'Do raters who see part of it prefer other replies than raters who see all?',
  citation: 'Lang et al. 2024; Spearman 1904 (attenuation)',
  estimand:
    'agreement of two votes on an item that is lost between the full and a partial view beyond noise within each, as a share of pairs of votes',
  needs: ['judgments'],
  params: probeParams({ concern: 0.05, failure: 0.15 }, { leastItems: count(30, 2), leastRaters: count(3, 2) }),
  run({ judgments }, { level, leastItems, leastRaters }) {
    const views = byView(judgments);
    if (views.length === 0) return { notAssessed: 'one-view', n: 0 };
    const most = views.reduce((a, b) => (b.votes.length > a.votes.length ? b : a));
    const { view, votes, items, raters } = most;
    if (items < leastItems) return { notAssessed: 'too-little-evidence', n: votes.length };
    if (Math.min(...raters) < leastRaters) return { notAssessed: 'too-few-raters', n: votes.length };
    const { value, low, high, products } = sharedPreference(votes, {
      groups: 2,
      level,
      reach: 1,
      statistic: (shared) => {
        const [full, part, across] = [shared(0, 0), shared(1, 1), shared(0, 1)];
        return 2 * (Math.sqrt(Math.max(0, full) * Math.max(0, part)) - across);
      },
    });
    return {
      estimate: value,
      interval: { low, high },
      n: votes.length,
      details: {
        view,
        items,
        ratersFull: raters[0],
        ratersPartial: raters[1],
        agreementFull: 0.5 + 2 * products(0, 0),
        agreementPartial: 0.5 + 2 * products(1, 1),
        agreementAcross: 0.5 + 2 * products(0, 1),
      },
    };
  },
});

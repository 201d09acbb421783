import type { Item, Judgment } from '../../feedback/index.ts';
import { mean } from '../../stats/index.ts';
import { comparisonVotes } from '../comparison-votes.ts';
import { clusteredMean } from '../estimates.ts';
import { count, defineProbe, probeParams } from '../probe.ts';

/** Votes on an item with a known answer: how many were cast, and how many for the other reply. */
interface KnownItem {
  readonly prompt: string;
  readonly votes: number;
  readonly wrong: number;
}

/** Decided votes of raters on pairs of replies whose better one is known. */
function knownItems(items: readonly Item[], judgments: readonly Judgment[]): KnownItem[] {
  const known = new Map(
    items.flatMap(({ id, gold, replies, prompt }) =>
      replies.length === 2 && (gold === 0 || gold === 1) ? [[id, { prompt, gold }] as const] : [],
    ),
  );
  const votes = new Map<string, { prompt: string; votes: number; wrong: number }>();
  for (const { item, value } of comparisonVotes(judgments)) {
    const [itemId] = JSON.parse(item) as [string, string | null];
    const answer = known.get(itemId);
    if (answer === undefined || value === 0) continue;
    const own = votes.get(item) ?? { prompt: answer.prompt, votes: 0, wrong: 0 };
    own.votes += 1;
    own.wrong += Number(value > 0 !== (answer.gold === 0));
    votes.set(item, own);
  }
  return [...votes.values()];
}

function choose(n: number, k: number): number {
  let product = 1;
  for (let i = 0; i < k; i++) product *= (n - i) / (i + 1);
  return k > n ? 0 : product;
}

/**
 * Of an item: a panel drawn from its votes is wrong by majority, and another vote confirms it, less that another vote corrects it,
 * on average over all panels and the votes beside them. Never biased, whatever each rater’s chance of being wrong.
 */
export function confirmedOf({ votes, wrong }: Pick<KnownItem, 'votes' | 'wrong'>, panel: number): number {
  let sum = 0;
  for (let w = (panel + 1) / 2; w <= Math.min(panel, wrong); w++) {
    const chance = (choose(wrong, w) * choose(votes - wrong, panel - w)) / choose(votes, panel);
    sum += chance * ((2 * (wrong - w)) / (votes - panel) - 1);
  }
  return sum;
}

/**
 * H4: do raters make the same mistake? Aggregation, Dawid and Skene’s too, takes errors as independent: then whatever a few get
 * wrong, others correct. On items with known answers, the share of votes that confirm the wrong majority of a panel of others, less
 * the share that correct it. On hard items votes are a coin, which confirms as often as it corrects; careless raters likewise; what
 * stands above zero is a cue that raters share, and no number of raters mends it. Of twenty votes one (a concern) or three (a failure)
 * more confirm than correct. It cannot see a shared mistake where nobody knows the answer, nor one that the known answers share.
 */
export const sharedCue = defineProbe({
  id: 'shared-cue',
  challenge: 'H4',
  question: 'Do raters confirm each other’s mistakes rather than correct them?',
  citation: 'Dawid and Skene 1979; Kuncheva et al. 2003',
  estimand:
    'P(a panel of three is wrong by majority and another rater too) less P(such a panel is wrong and another rater right), over items with known answers; zero where it is not above it',
  needs: ['items', 'judgments'],
  params: probeParams({ concern: 0.05, failure: 0.15 }, { leastItems: count(40, 2), leastPrompts: count(8, 2) }),
  run({ items, judgments }, { level, leastItems, leastPrompts }) {
    const known = knownItems(items, judgments);
    const usable = known.filter(({ votes }) => votes > PANEL);
    const unscored = known.length - usable.length;
    const byPrompt = new Map<string, number[]>();
    for (const item of usable) {
      const own = byPrompt.get(item.prompt) ?? [];
      own.push(confirmedOf(item, PANEL));
      byPrompt.set(item.prompt, own);
    }
    const n = usable.length;
    if (n < leastItems || byPrompt.size < leastPrompts)
      return {
        notAssessed: 'too-little-evidence',
        n,
        unscored,
        details: { how: `have ${PANEL + 1} raters or more judge items whose answer is known, on several prompts` },
      };
    const { mean: estimate, interval } = clusteredMean([...byPrompt.values()], level);
    return {
      estimate: Math.max(0, estimate),
      interval: { low: Math.max(0, interval.low), high: Math.max(0, interval.high) },
      n,
      unscored,
      details: {
        confirmedLessCorrected: estimate,
        votesWrong: mean(usable.map(({ votes, wrong }) => wrong / votes)),
        majoritiesWrong: mean(usable.map(({ votes, wrong }) => Number(2 * wrong > votes))),
        panel: PANEL,
      },
    };
  },
});

/** Raters of a panel: the fewest that outvote one. */
const PANEL = 3;

import type { PreferencePair } from '../feedback/index.ts';
import { type Interval, weightedMean } from '../stats/index.ts';
import { credit, type ScoredPair } from './evaluate.ts';
import type { RewardModel } from './reward-model.ts';

/** A rewrite that cannot change which of two replies is better. */
interface Rewrite {
  readonly id: string;
  readonly of: 'formatting' | 'order' | 'length';
  readonly what: string;
  /** The replies as they are put to the scorer, in the order in which they are put, and which of them is the first reply. */
  rewrite(pair: PreferencePair): { readonly replies: readonly [string, string]; readonly first: 0 | 1 };
}

const SENTENCE = /[^.!?]+[.!?]*/g;
const sentencesOf = (text: string): string[] =>
  (text.match(SENTENCE) ?? [text]).map((own) => own.trim()).filter(Boolean);

const both = (id: string, of: Rewrite['of'], what: string, change: (reply: string) => string): Rewrite => ({
  id,
  of,
  what,
  rewrite: ({ first, second }) => ({ replies: [change(first), change(second)], first: 0 }),
});

/** After Wu et al. 2025 (reWordBench), those that rules can make; one list for what is done and what is said of it. */
export const REWRITES: readonly Rewrite[] = [
  both('bold', 'formatting', 'both replies in bold', (reply) => `**${reply.trim()}**`),
  both('quoted', 'formatting', 'both replies in quotation marks', (reply) => `"${reply.trim()}"`),
  both('list', 'formatting', 'the sentences of both as a list', (reply) =>
    sentencesOf(reply)
      .map((own) => `- ${own}`)
      .join('\n'),
  ),
  both('spacing', 'formatting', 'two spaces between the words of both', (reply) =>
    reply.trim().split(/\s+/).join('  '),
  ),
  {
    id: 'order',
    of: 'order',
    what: 'the second reply is put first',
    rewrite: ({ first, second }) => ({ replies: [second, first], first: 1 }),
  },
  both(
    'same-ending',
    'length',
    'one more sentence behind both, the same',
    (reply) => `${reply.trim()} That is all there is to say about it.`,
  ),
  {
    id: 'longer-loser',
    of: 'length',
    what: 'the reply that was not preferred says its last sentence twice',
    rewrite({ first, second, target }) {
      const twice = (reply: string) => `${reply.trim()} ${sentencesOf(reply).at(-1) ?? ''}`.trim();
      return { replies: target > 0.5 ? [first, twice(second)] : [twice(first), second], first: 0 };
    },
  },
];

/** Accuracy that a rewrite costs, on the same pairs. */
export interface RewriteLoss {
  readonly id: string;
  readonly of: Rewrite['of'];
  readonly what: string;
  readonly before: number;
  readonly after: number;
  /** Before less after: above zero, the scorer was led astray by what cannot matter. */
  readonly lost: number;
  readonly interval: Interval;
  readonly n: number;
}

/** Pairs that are scored at once: a network takes them in one pass. */
const AT_ONCE = 32;

/** Scores each decided pair again as each rewrite puts it; the losses are paired, and items are drawn whole. */
export async function rewriteLosses(model: RewardModel, scored: readonly ScoredPair[]): Promise<RewriteLoss[]> {
  const decided = scored.filter(({ pair }) => pair.target !== 0.5);
  if (decided.length === 0) return [];
  const places = new Map<string, number>();
  const clusters = decided.map(({ pair: { itemId } }) => {
    if (!places.has(itemId)) places.set(itemId, places.size);
    return places.get(itemId)!;
  });
  const weights = decided.map(({ pair }) => pair.weight);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const share = (credits: readonly number[]) => credits.reduce((sum, own, i) => sum + weights[i]! * own, 0) / total;
  const before = decided.map(({ pair, difference }) => credit(difference, pair.target));
  const losses: RewriteLoss[] = [];
  for (const { id, of, what, rewrite } of REWRITES) {
    const after: number[] = [];
    for (let from = 0; from < decided.length; from += AT_ONCE) {
      const rows = decided.slice(from, from + AT_ONCE).map(({ pair }) => ({ pair, ...rewrite(pair) }));
      const scores = await Promise.all(rows.map(({ pair, replies }) => model.score(pair.prompt, replies)));
      for (const [i, { pair, first }] of rows.entries()) {
        const difference = scores[i]![0]!.mean - scores[i]![1]!.mean;
        after.push(credit(first === 0 ? difference : -difference, pair.target));
      }
    }
    const lost = weightedMean(
      before.map((own, i) => own - after[i]!),
      weights,
      { clusters },
    );
    losses.push({
      id,
      of,
      what,
      before: share(before),
      after: share(after),
      lost: share(before) - share(after),
      interval: 'value' in lost && !('undefined' in lost.interval) ? lost.interval : { low: -1, high: 1, level: 0.95 },
      n: decided.length,
    });
  }
  return losses;
}

import type { Item, Rater, RaterProfile } from '../feedback/index.ts';
import { createRng } from '../stats/index.ts';
import { comparisonItems, type GroundPrompt, raterPool } from '../world/index.ts';
import { askPairs, candidatePairs } from './ask.ts';
import { askRatings } from './ask-ratings.ts';
import type { PipelineConfig } from './config.ts';
import type { FeedbackRecords } from './feedback-records.ts';
import { type Source, splitPrompts, withSplit } from './sources/index.ts';

/** A round of simulated feedback, but for the replies that it is about. */
export interface SimulatedRound {
  readonly config: PipelineConfig;
  readonly round: number;
  readonly source: Source;
  /** What earlier rounds collected. */
  readonly before: FeedbackRecords;
  /** Whose replies they are, as items say it. */
  readonly origin: string;
  readonly sampling: NonNullable<Item['source']['sampling']>;
}

/** Simulated feedback carries a clock that counts judgments, so that the same seed gives the same bytes. */
function simulatedClock(from: number) {
  let second = from;
  return () => new Date(Date.UTC(2026, 0, 1) + 1000 * second++).toISOString();
}

/** Start of the ids of a round, which no other round gives; in a store, no other run. */
const prefixOf = ({ config, round }: Pick<SimulatedRound, 'config' | 'round'>): string =>
  config.feedback!.people === undefined
    ? round === 1
      ? ''
      : `round-${round}/`
    : `${config.name}/${config.seed}/${round}/`;

const named = (items: readonly Item[], prefix: string): Item[] =>
  prefix === ''
    ? [...items]
    : items.map((item) => ({
        ...item,
        id: `${prefix}${item.id}`,
        replies: item.replies.map((reply) => ({ ...reply, id: `${prefix}${reply.id}` })),
      }));

const nameOf = (round: number): string => (round === 1 ? 'feedback' : `feedback/${round}`);

/** The prompts that pairs are drawn for. */
function promptsToAsk({ config, source }: SimulatedRound): GroundPrompt[] {
  const ground = source.ground!;
  // A poisoner acts on a phrase: without prompts that hold it, nothing would be planted.
  const phrases = (config.feedback!.raters.poisoner ?? 0) > 0 ? ground.prompts('train', { trigger: true }) : [];
  const drawn = createRng(config.seed).fork('feedback').fork('trigger').shuffle(phrases).slice(0, 12);
  return [...ground.prompts('train'), ...drawn];
}

/** Pairs of replies of the policy that is asked about. */
async function pairsOf(
  asked: SimulatedRound,
  replies: Replies,
  offTopic = asked.config.feedback!.offTopic,
): Promise<Item[]> {
  const { config, round, source, origin, sampling } = asked;
  const items = await comparisonItems({
    ground: source.ground!,
    prompts: promptsToAsk(asked),
    count: candidatePairs(config.feedback!),
    offTopic,
    rng: createRng(config.seed).fork(nameOf(round)),
    projectId: config.feedback!.people?.project ?? source.projectId,
    origin,
    replies,
  });
  return items.map((item) => ({ ...item, source: { ...item.source, sampling } }));
}

/** What a policy says to prompts, in their order. */
export type Replies = (prompts: readonly GroundPrompt[]) => Promise<readonly (readonly string[])[]>;

/** What is known of a simulated rater. */
const profileOf = ({ id, kind, group }: Rater): RaterProfile => ({
  id,
  kind,
  ...(group !== undefined && { demographics: { group } }),
});

/** Keys of the prompts that are held out. */
function heldOf(asked: SimulatedRound): ReadonlySet<string> {
  const { config, source } = asked;
  const texts = promptsToAsk(asked).map(({ text }) => text);
  const { held } = splitPrompts(texts, {
    share: config.feedback!.holdout,
    seed: config.seed,
    where: source.ground!.id,
  });
  return new Set(held);
}

/** The questions of a round as people are asked them, each with its side. */
export const questionsForPeople = async (asked: SimulatedRound, replies: Replies): Promise<Item[]> =>
  withSplit(named(await pairsOf(asked, replies), prefixOf(asked)), heldOf(asked));

async function answered(asked: SimulatedRound, pairs: readonly Item[]): Promise<FeedbackRecords> {
  const { config, round, source, before } = asked;
  const feedback = config.feedback!;
  const ground = source.ground!;
  const rng = createRng(config.seed).fork(nameOf(round));
  const { raters } = raterPool(ground, feedback.raters);
  const panel = { raters, rng, now: simulatedClock(before.judgments.length), held: heldOf(asked) };
  const { items, judgments } = await askPairs(named(pairs, prefixOf(asked)), { ...config, feedback }, panel);
  const ratings = await askRatings(items, feedback, { ...panel, ground });
  return {
    items: [...before.items, ...items],
    judgments: [...before.judgments, ...judgments, ...ratings],
    raters: raters.map(profileOf),
  };
}

/** Pairs of the policy's replies, and what simulated raters say of them. Pure but for `replies`: the same replies, the same records. */
export const simulatedFeedback = async (asked: SimulatedRound, replies: Replies): Promise<FeedbackRecords> =>
  answered(asked, await pairsOf(asked, replies));

/**
 * The records that a round must hold whose questions are about the replies that these hold: everything but the replies follows
 * from the configuration. Where a rule chose what to ask, it chose among replies that are not kept: then the answers, and
 * which pairs were asked, stand as they are.
 */
export async function sameQuestions(asked: SimulatedRound, stored: FeedbackRecords): Promise<FeedbackRecords> {
  const { config, before } = asked;
  const own = new Map(stored.items.slice(before.items.length).map((item) => [item.id, item]));
  const idOf = (i: number) => `${prefixOf(asked)}item-${String(i + 1).padStart(5, '0')}`;
  // A pair that is not there had one reply twice, or was not chosen. Replies that strayed stand where they came to stand.
  const pairs = await pairsOf(
    asked,
    async (prompts) => prompts.map((_, i) => own.get(idOf(i))?.replies.map(({ text }) => text) ?? []),
    0,
  );
  if (config.feedback!.people !== undefined) {
    const items = withSplit(named(pairs, prefixOf(asked)), heldOf(asked));
    return { ...stored, items: [...before.items, ...items] };
  }
  if (config.feedback!.selection.rule === 'random') return answered(asked, pairs);
  const again = new Map(named(pairs, prefixOf(asked)).map((item) => [item.id, item]));
  const { raters } = raterPool(asked.source.ground!, config.feedback!.raters);
  return {
    items: [
      ...before.items,
      ...[...own.values()].map((item): Item => {
        const { selection } = item.source;
        const made = again.get(item.id);
        // Nothing of the round's own has this name.
        if (made === undefined) return { ...item, replies: [] };
        return {
          ...made,
          source: { ...made.source, selection },
          strata: { ...made.strata, split: item.strata!.split! },
        };
      }),
    ],
    judgments: stored.judgments,
    raters: raters.map(profileOf),
  };
}

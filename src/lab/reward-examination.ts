import { type Item, type Judgment, type PreferencePair, toPairs } from '../feedback/index.ts';
import {
  type Accuracy,
  accuracyOf,
  byLengthBin,
  byPart,
  evaluateScores,
  type FittedReward,
  fitLinearReward,
  type Groups,
  impliedPairs,
  type MemberAgreement,
  memberAgreement,
  observe,
  type PartOfPairs,
  type People,
  type Reading,
  type RewardEvaluation,
  type RewardModel,
  type RewriteLoss,
  rewriteLosses,
  type ScoredPair,
  scorePairs,
  shareDifference,
} from '../reward/index.ts';
import { UsageError } from '../run/index.ts';
import { GROUNDS, type Ground, type GroundId } from '../world/index.ts';
import { type BestOfPoint, bestOfCurve, type ChoiceSpace, groundSpaces, type KeptGold, keptGold } from './kept-gold.ts';

/** Anything that gives replies to a prompt numbers, the higher the better. */
export interface Scorer extends RewardModel {
  /** Of a reward of ours: what it is made of, and how it read answers. */
  readonly fitted?: {
    readonly members: readonly FittedReward[];
    readonly reading: Partial<Reading>;
    readonly people?: People | undefined;
    readonly groups?: Groups | undefined;
  };
}

/** Replies and what was said of them, by the name of where they come from. */
export interface JudgedReplies {
  readonly on: string;
  readonly items: readonly Item[];
  readonly judgments: readonly Judgment[];
}

/** Gold of optimised policies, and what it is gold of. */
export interface Optimised {
  /** A ground's true utility, or a stand-in for it. */
  readonly gold: string;
  readonly curve: readonly BestOfPoint[];
  readonly kept: KeptGold | null;
}

/** Everything that is measured of a scorer beside its evaluation on comparisons. */
export interface Examined {
  readonly evaluation: RewardEvaluation;
  /** What true utility itself would reach on the same votes: their noise allows no more. Null without a ground. */
  readonly ceiling: Accuracy | null;
  readonly byKind: readonly PartOfPairs[];
  readonly byLength: readonly PartOfPairs[];
  readonly members: MemberAgreement | null;
  readonly shifted: (Accuracy & { readonly on: string; readonly lost: ReturnType<typeof shareDifference> }) | null;
  readonly rewrites: readonly RewriteLoss[];
  readonly optimised: Optimised | { readonly notAssessed: string };
}

export interface ExamineOptions {
  readonly strata: readonly string[];
  readonly groupOf?: ((pair: PreferencePair) => string | undefined) | undefined;
  /** Other data, as far from what the scorer was fitted on as its user knows. */
  readonly shifted?: JudgedReplies | undefined;
  readonly ground?: string | undefined;
  /** Stands in for gold where there is no ground. */
  readonly against?: Scorer | undefined;
  readonly kl: number;
}

/** Fewest prompts over which anything is said of optimisation, and fewest replies to each. */
const FEWEST_PROMPTS = 5;
const FEWEST_REPLIES = 4;
/** Most draws of best of n. */
const MOST_DRAWS = 16;

/** The different replies to each prompt that has at least `fewest`. */
export function repliesByPrompt(items: readonly Item[], fewest: number): { prompt: string; replies: string[] }[] {
  const pools = new Map<string, Set<string>>();
  for (const { prompt, replies } of items) {
    const own = pools.get(prompt) ?? new Set();
    for (const { text } of replies) own.add(text);
    pools.set(prompt, own);
  }
  return [...pools]
    .filter(([, replies]) => replies.size >= fewest)
    .map(([prompt, replies]) => ({ prompt, replies: [...replies] }));
}

const drawsUpTo = (most: number): number[] => [1, 2, 4, 8, MOST_DRAWS].filter((n) => n <= most);

/** The proving ground of a name that a user gave. */
export function groundNamed(id: string): Ground {
  if (Object.hasOwn(GROUNDS, id)) return GROUNDS[id as GroundId]();
  throw new UsageError('ground', `--ground ${id}: expected ${Object.keys(GROUNDS).join(', ')}`);
}

async function onGround(scorer: Scorer, id: string, kl: number): Promise<Optimised> {
  const spaces = await groundSpaces(groundNamed(id), (prompt, replies) => scorer.score(prompt, replies));
  if (spaces === null) throw new UsageError('ground', `--ground ${id}: its replies cannot be listed; choose another`);
  return {
    gold: `true utility of ${id}, over every reply to its ${spaces.length} evaluation prompts`,
    curve: bestOfCurve(spaces, drawsUpTo(MOST_DRAWS)),
    kept: keptGold(spaces, kl),
  };
}

/** Accuracy of a ground's true utility on votes about replies to its prompts. */
function ceilingOn(ground: Ground, scored: readonly ScoredPair[]): Accuracy | null {
  const known = scored.flatMap(({ pair }) => {
    const prompt = ground.promptOf(pair.prompt);
    if (prompt === undefined || pair.target === 0.5) return [];
    return [{ pair, difference: ground.gold(prompt, pair.first) - ground.gold(prompt, pair.second) }];
  });
  return known.length === 0 ? null : accuracyOf(known, (pair) => pair.itemId);
}

/** On replies of the data, by another reward: what is measured is how far the two part under optimisation. */
async function onPools(
  scorer: Scorer,
  { items, judgments }: JudgedReplies,
  { against, kl }: Pick<ExamineOptions, 'against' | 'kl'>,
): Promise<Examined['optimised']> {
  const pools = repliesByPrompt(items, FEWEST_REPLIES);
  if (pools.length < FEWEST_PROMPTS)
    return {
      notAssessed: `expected ${FEWEST_PROMPTS} prompts with ${FEWEST_REPLIES} replies or more, got ${pools.length}; name a proving ground (--ground), or judge more replies to a prompt`,
    };
  const { observations } = observe(items, judgments);
  const standIn = against ?? fitLinearReward(observations, { ridge: 30 });
  const spaces: ChoiceSpace[] = [];
  for (const { prompt, replies } of pools) {
    const [proxy, gold] = [await scorer.score(prompt, replies), await standIn.score(prompt, replies)];
    spaces.push({
      prompt,
      logprobs: replies.map(() => -Math.log(replies.length)),
      proxy: proxy.map(({ mean }) => mean),
      gold: gold.map(({ mean }) => mean),
    });
  }
  const who = against === undefined ? 'a linear reward fitted on these judgments' : against.id;
  return {
    gold: `a stand-in: ${who}, over the judged replies to ${pools.length} prompts, each as likely as another`,
    curve: bestOfCurve(spaces, drawsUpTo(Math.min(...pools.map(({ replies }) => replies.length)))),
    kept: keptGold(spaces, kl),
  };
}

/** Agreement of a fitted ensemble's members on the pairs that were scored. */
async function agreementOf(scorer: Scorer, scored: readonly ScoredPair[]): Promise<MemberAgreement | null> {
  const members = scorer.fitted?.members ?? [];
  if (members.length < 2) return null;
  const pairs = scored.map(({ pair }) => pair);
  const differences: number[][] = [];
  for (const member of members) differences.push((await scorePairs(member, pairs)).map(({ difference }) => difference));
  return memberAgreement(pairs, differences);
}

async function shiftedAccuracy(
  scorer: Scorer,
  other: JudgedReplies | undefined,
  here: Accuracy,
): Promise<Examined['shifted']> {
  if (other === undefined) return null;
  const pairs = decidedIn(other);
  const { overall } = evaluateScores(await scorePairs(scorer, pairs), { logOdds: scorer.logOdds });
  return { ...overall, on: other.on, lost: shareDifference(here, overall) };
}

/** Comparisons and rankings as pairs, where one at least was decided. */
function decidedIn({ on, items, judgments }: JudgedReplies): readonly PreferencePair[] {
  const { pairs } = toPairs(items, judgments);
  if (pairs.some(({ target }) => target !== 0.5)) return pairs;
  throw new UsageError('pairs', `${on}: expected decided comparisons or rankings, got none; collect some first`);
}

/** Measures a scorer on judged data that it was not fitted on. */
export async function examineScorer(
  scorer: Scorer,
  data: JudgedReplies,
  { strata, groupOf, shifted, ground, against, kl }: ExamineOptions,
): Promise<Examined> {
  const implied = impliedPairs(data.items, data.judgments);
  const compared = new Set(decidedIn(data).map(pairId));
  const all = await scorePairs(scorer, implied.pairs);
  const scored = all.filter(({ pair }) => compared.has(pairId(pair)));
  const { logOdds } = scorer;
  const evaluation = evaluateScores(scored, { logOdds, strata, ...(groupOf !== undefined && { groupOf }) });
  return {
    evaluation,
    ceiling: ground === undefined ? null : ceilingOn(groundNamed(ground), scored),
    byKind: byPart(all, (pair) => implied.kindOf.get(pair.judgmentId)!, logOdds),
    byLength: byLengthBin(scored, logOdds),
    members: await agreementOf(scorer, scored),
    shifted: await shiftedAccuracy(scorer, shifted, evaluation.overall),
    rewrites: await rewriteLosses(scorer, scored),
    optimised: ground === undefined ? await onPools(scorer, data, { against, kl }) : await onGround(scorer, ground, kl),
  };
}

const pairId = ({ judgmentId, first, second }: PreferencePair): string => JSON.stringify([judgmentId, first, second]);

import { type AnswerKind, type Item, type Judgment, type Question, questionSchema } from '../feedback/index.ts';
import {
  type Candidate,
  candidateKey,
  contributionsOf,
  linearObjective,
  type Observation,
  observe,
  type Reading,
} from '../reward/index.ts';
import { ignoreProgress, type Progress } from '../run/index.ts';
import { createRng, type Interval, mean, meanInterval, minimise, type Rng } from '../stats/index.ts';
import {
  BAD,
  comparisonItems,
  expectation,
  fault,
  fromBase,
  GOOD,
  type HarbourPrompt,
  praise,
  type ReplyFeatures,
  type Sentence,
  SIMULATED_RATERS,
  saidSoFar,
  sentencesOf,
  simulatedRater,
} from '../world/index.ts';
import { judgmentsOf } from './base-items.ts';
import { type Examination, examine } from './examination.ts';
import { HARBOUR } from './harbour.ts';
import { REWARD_FAMILIES } from './pair-features.ts';
import { type PairedDifference, pairedDifference, type Verdict, verdicts } from './paired.ts';

/** How one kind is asked for: the form, replies to an item, and the seconds that an answer is taken to cost. */
interface Asked {
  readonly question: Question;
  readonly replies: number;
  readonly seconds: number;
}

const question = (fields: Record<string, unknown>): Question =>
  questionSchema.parse({ id: 'q', title: 'q', ...fields });
const named = (ids: readonly string[]) => ids.map((id) => ({ id, title: id }));

/**
 * Every kind as it is asked for in the study. The seconds are assumptions, stated so that they can be changed: nobody timed the
 * same people on all nine.
 */
export const FEEDBACK_TYPES: { readonly [K in AnswerKind]: Asked } = {
  comparison: { question: question({ kind: 'comparison', ties: false }), replies: 2, seconds: 15 },
  ranking: { question: question({ kind: 'ranking', ties: false }), replies: 4, seconds: 40 },
  rating: {
    question: question({ kind: 'rating', criteria: named(['overall']), scale: { min: 1, max: 7, step: 1 } }),
    replies: 2,
    seconds: 20,
  },
  label: { question: question({ kind: 'label', options: named([GOOD]) }), replies: 1, seconds: 8 },
  correction: { question: question({ kind: 'correction' }), replies: 1, seconds: 60 },
  spans: { question: question({ kind: 'spans', labels: named([GOOD, BAD]) }), replies: 1, seconds: 25 },
  steps: { question: question({ kind: 'steps' }), replies: 1, seconds: 12 },
  critique: { question: question({ kind: 'critique' }), replies: 1, seconds: 40 },
  demonstration: { question: question({ kind: 'demonstration' }), replies: 1, seconds: 90 },
};
const KINDS = Object.keys(FEEDBACK_TYPES) as AnswerKind[];

const PARTS = ['truth', 'help', 'harm', 'length', 'honesty', 'taste'];
const READING: Partial<Reading> = {
  attributes: Object.fromEntries([
    [GOOD, 'for' as const],
    [BAD, 'against' as const],
    ...PARTS.flatMap((part) => [
      [`praise of ${part}`, { speaks: 'for' as const, phrases: [praise(part)] }],
      [`fault of ${part}`, { speaks: 'against' as const, phrases: [fault(part)] }],
    ]),
  ]),
};

export interface FeedbackTypesOptions {
  readonly seeds: number;
  /** Rater time that each arm may spend, in seconds. */
  readonly budget: number;
  /** Seconds of an answer, by kind. */
  readonly seconds: { readonly [K in AnswerKind]: number };
}

/** An arm: one kind, or a ninth of the time for each. */
export type FeedbackArm = AnswerKind | 'mix';

export interface FeedbackTypesRow {
  readonly arm: FeedbackArm;
  readonly answers: number;
  /** True utility lost by best of 16 under the fitted reward, mean over prompts and seeds. */
  readonly mean: number;
  readonly interval: Interval;
  /** Nats about the rewards of the judged replies a second, mean over seeds. */
  readonly natsPerSecond: number;
  /** Less the regret of comparisons, seed by seed; null for comparisons themselves. */
  readonly difference: PairedDifference | null;
  readonly verdict: Verdict | 'baseline';
}

export interface FeedbackTypesStudy {
  readonly options: FeedbackTypesOptions;
  readonly rows: readonly FeedbackTypesRow[];
}

const RATERS = 8;
const RIDGE = 0.3;
const family = REWARD_FAMILIES.facts;

/** Judgments of one kind within a time, each as long as it is taken to cost. */
async function answersOf(
  kind: AnswerKind,
  { budget, seconds }: FeedbackTypesOptions,
  rng: Rng,
): Promise<{ items: Item[]; judgments: Judgment[] }> {
  const { question: asked, replies } = FEEDBACK_TYPES[kind];
  const items = await comparisonItems({
    ground: HARBOUR,
    prompts: HARBOUR.prompts('train'),
    count: Math.floor(budget / seconds[kind]),
    size: replies,
    rng,
    projectId: 'feedback-types',
    origin: 'base policy, exact',
    replies: fromBase(HARBOUR, rng, 3 * replies),
  });
  const raters = Array.from({ length: RATERS }, (_, i) =>
    simulatedRater(HARBOUR, { id: `rater-${i}`, params: SIMULATED_RATERS.noisy, question: asked }),
  );
  const own = items.map((item) => ({ ...item, id: `${kind}/${item.id}` }));
  const answers = await judgmentsOf({ items: own, raters, overlap: 1, rng });
  const judgments = answers.map((judgment) => ({ ...judgment, activeMs: 1000 * seconds[kind] }));
  return { items: own, judgments };
}

/** Features of a reply up to a character: of its sentences so far, and of the one that it stops in as far as it goes. */
function featuresUpTo(prompt: HarbourPrompt, reply: ReplyFeatures, end: number): Float64Array {
  const sentences = sentencesOf(prompt, reply);
  const bare = family.features(prompt, saidSoFar({ ...reply, agreement: 'none' }, []));
  const after = (count: number): Float64Array => {
    const said = sentences.slice(0, count).map(({ says }): Sentence => says);
    const claimed = said.includes('claim') || said.includes('refusal');
    // What precedes the claim is what it adds to a claim, without the claim.
    return family.features(prompt, saidSoFar(reply, said)).map((v, i) => (claimed ? v : v - bare[i]!));
  };
  let at = 0;
  for (const [k, { text }] of sentences.entries()) {
    if (end <= at + text.length) {
      const share = Math.max(0, end - at) / text.length;
      const [before, whole] = [after(k), after(k + 1)];
      return before.map((v, i) => v + share * (whole[i]! - v));
    }
    at += text.length + 1;
  }
  return after(sentences.length);
}

/** Features of everything that observations are about. */
function featuresBy(observations: readonly Observation[]): ReadonlyMap<string, Float64Array> {
  const found = new Map<string, Float64Array>();
  for (const { candidates } of observations) {
    for (const own of candidates) {
      const key = candidateKey(own);
      if (found.has(key)) continue;
      const whole = own.unfinished === true ? candidates.at(-1)! : own;
      const prompt = HARBOUR.promptOf(whole.prompt)!;
      const reply = HARBOUR.parse(prompt, whole.reply)!;
      found.set(
        key,
        own.unfinished === true ? featuresUpTo(prompt, reply, own.reply.length) : family.features(prompt, reply),
      );
    }
  }
  return found;
}

/** Deviation of true utility among the base policy's replies to a prompt, as the raters weigh it. */
function openDeviation(): number {
  const { rationality } = SIMULATED_RATERS.noisy;
  return mean(
    HARBOUR.prompts('train').map((prompt) => {
      const replies = HARBOUR.replies(prompt);
      const logprobs = replies.map(({ logprob }) => logprob);
      const level = expectation(
        logprobs,
        replies.map(({ gold }) => gold),
      );
      return (
        rationality *
        Math.sqrt(
          expectation(
            logprobs,
            replies.map(({ gold }) => (gold - level) ** 2),
          ),
        )
      );
    }),
  );
}

/** The regret of a reward fitted to some answers, and what they told in all. */
function learned(
  { items, judgments }: { readonly items: readonly Item[]; readonly judgments: readonly Judgment[] },
  exam: Examination,
  deviation: number,
): { regret: number; nats: number } {
  const { observations } = observe(items, judgments, READING);
  const features = featuresBy(observations);
  const indices = Array.from({ length: family.size }, (_, i) => i);
  const { objective, start, nuisances } = linearObjective(
    observations,
    (candidate: Candidate) => ({ indices, values: features.get(candidateKey(candidate))! }),
    { size: family.size, ridge: RIDGE, position: false },
  );
  const fitted = minimise(objective, start, { iterations: 100, tolerance: 1e-5 });
  const weights = fitted.slice(0, family.size);
  const values = new Map([...features].map(([key, own]) => [key, own.reduce((sum, v, i) => sum + v * weights[i]!, 0)]));
  const found = new Map(nuisances.map(({ name }, k) => [name, fitted[family.size + k]!]));
  const contributions = contributionsOf(observations, { values, nuisances: found, deviation });
  return { regret: exam.regret(weights), nats: contributions.reduce((sum, { nats }) => sum + nats, 0) };
}

/** Every kind of feedback and their mix at equal rater time, on the same seeds: what the fitted reward loses, against comparisons. */
export async function feedbackTypesStudy(
  changes: Partial<FeedbackTypesOptions> = {},
  progress: Progress = ignoreProgress,
): Promise<FeedbackTypesStudy> {
  const seconds = Object.fromEntries(KINDS.map((kind) => [kind, FEEDBACK_TYPES[kind].seconds]));
  const options = { seeds: 20, budget: 1800, seconds, ...changes } as FeedbackTypesOptions;
  const exam = await examine(family);
  const deviation = openDeviation();
  const arms: readonly FeedbackArm[] = [...KINDS, 'mix'];
  const found = new Map(arms.map((arm) => [arm, [] as { regret: number; nats: number; answers: number }[]]));
  for (let seed = 1; seed <= options.seeds; seed++) {
    const rng = createRng(`feedback-types/${seed}`);
    const mixed: { items: Item[]; judgments: Judgment[] } = { items: [], judgments: [] };
    for (const kind of KINDS) {
      const own = await answersOf(kind, options, rng.fork(kind));
      found.get(kind)!.push({ ...learned(own, exam, deviation), answers: own.judgments.length });
      const share = Math.floor(options.budget / KINDS.length / options.seconds[kind]);
      mixed.items.push(...own.items.slice(0, share));
      mixed.judgments.push(...own.judgments.slice(0, share));
    }
    found.get('mix')!.push({ ...learned(mixed, exam, deviation), answers: mixed.judgments.length });
    progress({ stage: 'feedback-types', done: seed, total: options.seeds, unit: 'seeds' });
  }
  const of = (arm: FeedbackArm) => found.get(arm)!.map(({ regret }) => regret);
  const rows = arms.map((arm) => {
    const rng = createRng(`feedback-types/tests/${arm}`);
    return {
      arm,
      answers: mean(found.get(arm)!.map(({ answers }) => answers)),
      ...meanInterval(of(arm)),
      natsPerSecond: mean(found.get(arm)!.map(({ nats }) => nats)) / options.budget,
      difference: arm === 'comparison' ? null : pairedDifference(of(arm), of('comparison'), rng),
    };
  });
  const tested = rows.filter(({ difference }) => difference !== null);
  const judged = verdicts(
    tested.map(({ difference }) => difference!),
    () => false,
  );
  return { options, rows: rows.map((row) => ({ ...row, verdict: judged[tested.indexOf(row)] ?? 'baseline' })) };
}

import { ALGORITHMS, type Need } from '../policy/index.ts';
import { UsageError } from '../run/index.ts';
import { largest, mean } from '../stats/index.ts';
import type { DialogueCodec } from '../text/index.ts';
import { isListed } from '../world/index.ts';
import { candidatePairs } from './ask.ts';
import { baseSettings, type PipelineConfig } from './config.ts';
import { type PolicySettings, policySettings } from './policy-config.ts';
import type { EngineFound } from './run-history.ts';
import type { Source } from './sources/index.ts';
import { listedPrompts } from './stages/exact.ts';
import { evaluatedSteps, heldOutPrompts, optimisationsOf } from './stages/policy.ts';

/** Tokens by what is done with them. */
export type Tokens = EngineFound['spent'];

/** The probe's own tokens, about. */
const PROBE = 400;
/** Dialogues on which a base model is measured when it is done. */
const MEASURED = 64;
/** Texts whose lengths stand for all. */
const LOOKED_AT = 400;
/** Texts that the audit has scored for a reply of the base model, its edits with it, and on prompts with and without a trigger. */
const AUDIT_SCORES = { reply: 12, triggers: 160 };

/** Mean length of some texts, looked at evenly; 0 of none. */
function meanLength<T>(all: readonly T[], lengthOf: (one: T) => number): number {
  const every = Math.max(1, Math.ceil(all.length / LOOKED_AT));
  const some = all.filter((_, i) => i % every === 0);
  return some.length === 0 ? 0 : mean(some.map(lengthOf));
}

/** Lengths in tokens that an estimate is made of. */
interface Lengths {
  readonly prompt: number;
  /** A text that the base model learns, prompt and reply. */
  readonly example: number;
  /** A reply of the policy at its longest. */
  readonly reply: number;
  /** A reply that was judged, with its prompt. */
  readonly judged: number;
}

function lengthsOf({ config, source, codec }: Estimated): Lengths {
  const dialogue = (prompt: string, reply: string) => codec.encodeDialogue(prompt, reply).length;
  const prompt = meanLength(source.prompts, ({ text }) => codec.encodePrompt(text).length);
  const reply = config.policy?.maxTokens ?? 48;
  const judged = (source.judged?.items ?? []).flatMap((item) =>
    item.replies.map(({ text }) => ({ prompt: item.prompt, text })),
  );
  return {
    prompt,
    reply,
    example: meanLength(source.examples, (example) => dialogue(example.prompt, example.reply)),
    judged: judged.length === 0 ? prompt + reply : meanLength(judged, (one) => dialogue(one.prompt, one.text)),
  };
}

/** What an estimate is made of. */
export interface Estimated {
  readonly config: PipelineConfig;
  readonly source: Source;
  /** Of the base model. */
  readonly codec: DialogueCodec;
}

/** Counts what is asked of a server, in the terms of the client's own meter. */
class Tally {
  readonly #lengths: Lengths;
  readonly tokens = { trained: PROBE, read: PROBE, sampled: 0 };

  constructor(lengths: Lengths) {
    this.#lengths = lengths;
  }

  train(texts: number, length: number): void {
    this.tokens.trained += texts * length;
  }

  read(texts: number, length: number): void {
    this.tokens.read += texts * length;
  }

  /** `each` replies to a prompt. */
  sample(prompts: number, each: number): void {
    this.tokens.read += prompts * this.#lengths.prompt;
    this.tokens.sampled += prompts * each * this.#lengths.reply;
  }

  /** Log-probabilities by a sampler, which samples a token beside. */
  score(texts: number, length: number): void {
    this.read(texts, length);
    this.tokens.sampled += texts;
  }
}

/** Rewards of some texts by the ensemble, where a server computes it. */
function addScores(tally: Tally, { engine, reward }: PipelineConfig, texts: number, length: number): void {
  if (engine.reward === 'embedded') return;
  // Both labels behind each text; or each member's log-probabilities, and those of the base model.
  if (reward.family === 'two-token') tally.read(2 * reward.members * texts, length);
  else tally.score((reward.members + 1) * texts, length);
}

/** Fitting the rewards of every round, and scoring what they are examined on. */
function addRewards(tally: Tally, { config, source }: Estimated, { judged }: Lengths): void {
  const { engine, reward, rounds, feedback } = config;
  if (engine.reward === 'embedded' || !('epochs' in reward)) return;
  const collected = source.judged?.items.reduce((n, { replies }) => n + replies.length, 0);
  const labels = reward.family === 'two-token' ? 2 : 1;
  for (let round = 1; round <= rounds; round++) {
    const texts = collected ?? 2 * (feedback?.pairs ?? 0) * round;
    const passes = reward.members * reward.epochs * labels;
    tally.train(passes * texts, judged);
    tally.read(passes * texts, judged);
    if (reward.family === 'log-ratio') tally.score(reward.members * texts, judged);
    // Normalised, explained, and examined on what was held out.
    addScores(tally, config, 3 * texts, judged);
  }
}

const needs = ({ algorithm }: PolicySettings, need: Need) =>
  (ALGORITHMS[algorithm].needs as readonly Need[]).includes(need);

/** The steps of an optimisation, by what its algorithm learns from. */
function addSteps(tally: Tally, config: PipelineConfig, settings: PolicySettings, lengths: Lengths): void {
  const { steps } = settings;
  const { prompt, reply, example, judged } = lengths;
  if ('promptsPerStep' in settings && 'samples' in settings) {
    const replies = settings.promptsPerStep * settings.samples;
    tally.sample(steps * settings.promptsPerStep, settings.samples);
    tally.score(steps * replies, prompt + reply);
    tally.train(steps * replies * ('epochs' in settings ? settings.epochs : 1), prompt + reply);
    addScores(tally, config, steps * replies, prompt + reply);
  } else if ('batch' in settings) {
    const ofPairs = needs(settings, 'pairs');
    const [texts, length] = ofPairs ? [2 * settings.batch, judged] : [settings.batch, example];
    tally.train(steps * texts, length);
    // A loss of the client's own reads first, and is relative to the base model.
    if (ofPairs) tally.read(steps * texts, length);
    if (ofPairs) tally.score(steps * texts, length);
    if (needs(settings, 'scores')) addScores(tally, config, steps * texts, length);
  }
}

function addPolicies(tally: Tally, { config, source }: Estimated, lengths: Lengths): void {
  const { policy, audit } = config;
  if (policy === undefined) return;
  const { prompt, reply } = lengths;
  const held = heldOutPrompts(config, source);
  for (const { place, variant } of optimisationsOf({ config, folder: '', round: config.rounds })) {
    const settings = policySettings(policy, variant);
    addSteps(tally, place.config, settings, lengths);
    // At both ends on the prompts of deployment too, and at the last with the trigger.
    const asked = (evaluatedSteps(settings).length + 1) * held.evaluation.length + 2 * held.deploy.length;
    tally.sample(asked, audit.samples);
    tally.score(asked * audit.samples, prompt + reply);
    addScores(tally, config, asked * audit.samples, prompt + reply);
  }
  const pool = Math.max(0, largest(policy.bestOf));
  tally.sample(held.evaluation.length, pool);
  addScores(tally, config, held.evaluation.length * pool, prompt + reply);
  const said = (held.evaluation.length + held.deploy.length) * audit.samples;
  addScores(tally, config, AUDIT_SCORES.reply * said + AUDIT_SCORES.triggers, prompt + reply);
}

/** The exact sums: every reply that can be listed is read and scored. */
function addExact(tally: Tally, { config, source, codec }: Estimated): void {
  const { ground } = source;
  if (config.policy === undefined || !isListed(ground)) return;
  for (const asked of listedPrompts(config, source)) {
    const replies = ground.replies(asked);
    const length = meanLength(replies, ({ text }) => codec.encodeDialogue(asked.text, text).length);
    tally.score(replies.length, length);
    addScores(tally, config, replies.length, length);
  }
}

/**
 * Tokens that a run asks a server for, from its configuration and the lengths of its texts: replies count at their longest, and
 * nothing that a cache may hold is left out. Of the run as a whole; one that is taken up again asks for what is left.
 */
export function estimateTokens(estimated: Estimated): Tokens {
  const { config } = estimated;
  const lengths = lengthsOf(estimated);
  const tally = new Tally(lengths);
  const { steps, batch } = baseSettings(config.base!);
  tally.train(steps * batch, lengths.example);
  tally.read(MEASURED, lengths.example);
  if (config.feedback !== undefined) tally.sample(config.rounds * candidatePairs(config.feedback), 2);
  addRewards(tally, estimated, lengths);
  addPolicies(tally, estimated, lengths);
  addExact(tally, estimated);
  const { trained, read, sampled } = tally.tokens;
  return { trained: Math.ceil(trained), read: Math.ceil(read), sampled: Math.ceil(sampled) };
}

const counted = (tokens: number) => tokens.toLocaleString('en-GB');
const totalOf = ({ trained, read, sampled }: Tokens) => trained + read + sampled;

/** What tokens cost by the prices of a configuration; empty where it states none. */
export function costText({ trained, read, sampled }: Tokens, { tinker }: PipelineConfig['engine']): string {
  if (tinker?.prices === undefined) return '';
  const { prices } = tinker;
  const cost = (trained * prices.trained + read * prices.read + sampled * prices.sampled) / 1e6;
  return `, ${cost.toPrecision(3)} ${prices.currency} at the prices of engine.tinker.prices`;
}

/** What is said of an estimate before a run begins. */
export function estimateText(tokens: Tokens, engine: PipelineConfig['engine']): string {
  const parts = `${counted(tokens.trained)} trained, ${counted(tokens.read)} read, ${counted(tokens.sampled)} sampled`;
  return `${engine.tinker?.url}: the run asks for about ${counted(totalOf(tokens))} tokens at most (${parts})${costText(tokens, engine)}`;
}

/** @throws UsageError `budget` where an estimate lies beyond what the configuration allows. */
export function requireBudget(tokens: Tokens, engine: PipelineConfig['engine']): void {
  const budget = engine.tinker?.budget;
  if (budget === undefined || totalOf(tokens) <= budget) return;
  throw new UsageError(
    'budget',
    `engine.tinker.budget: ${estimateText(tokens, engine)}, and the budget is ${counted(budget)}; raise it, or lower steps, samples or lengths`,
  );
}

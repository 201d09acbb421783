import { type HarbourPrompt, type HarbourReply, type RaterParams, SIMULATED_RATERS } from '../world/index.ts';
import { HARBOUR } from './harbour.ts';

/** Replies that are drawn for an item before its two distinct ones are taken. */
const DRAWN = 4;

/**
 * Probability that an item about a prompt shows these two replies, the first of them drawn first, for replies of probability p and
 * q: the first is drawn, and the second is the first of the remaining draws that differs.
 */
export const pairProbability = (p: number, q: number): number => ((p * (1 - p ** (DRAWN - 1))) / (1 - p)) * q;

/** Prompts of each belief: to what is asked of pairs here, the facts are alike. */
export const promptOfBelief = (belief: HarbourPrompt['belief']): HarbourPrompt =>
  HARBOUR.prompts('train').find((prompt) => prompt.belief === belief)!;

/** What a reply is worth to a rater who sees all. */
function worthTo(params: RaterParams, prompt: HarbourPrompt, { text, gold }: HarbourReply): number {
  const { agrees } = HARBOUR.labels(prompt, text)!;
  return gold + params.agreementWeight * Number(agrees) + (params.lengthWeight * text.length) / 100;
}

/** P(a rater prefers the first reply), either of them standing first half of the time; of raters with a Boltzmann choice alone. */
export function preference(params: RaterParams, prompt: HarbourPrompt, [a, b]: readonly [HarbourReply, HarbourReply]) {
  const known = { ...SIMULATED_RATERS.noisy, agreementWeight: 0, lengthWeight: 0, positionWeight: 0 };
  const others = (Object.keys(known) as (keyof RaterParams)[]).filter(
    (key) => !['agreementWeight', 'lengthWeight', 'positionWeight'].includes(key) && params[key] !== known[key],
  );
  if (others.length > 0) throw new RangeError(`preference: expected a rater who looks and chooses, got ${others}`);
  const lead = worthTo(params, prompt, a) - worthTo(params, prompt, b);
  const chosen = (ahead: number) => 1 / (1 + Math.exp(-params.rationality * ahead));
  return (chosen(lead + params.positionWeight) + chosen(lead - params.positionWeight)) / 2;
}

import type { Vote, VoteTable } from '../quality/index.ts';
import { mean } from '../stats/index.ts';

/** A decided vote that can be compared with two others of its item or more. */
export interface Dissent {
  readonly rater: number;
  readonly prompt: string;
  /** Share of the others who decided otherwise. */
  readonly dissent: number;
  /** The same beyond what the prompt leads one to expect of a rater like the others. */
  readonly excess: number;
  /** And beyond what it leads one to expect of this rater, as skilled as the rater is on the whole. */
  readonly skilledExcess: number;
}

const TIE = 2;

/** Of two of these votes, how often they differ; null when fewer than two decided. */
function disagreementOf(votes: readonly Vote[]): number | null {
  const decided = votes.filter((v) => v.label !== TIE);
  const n = decided.length;
  const first = decided.filter((v) => v.label === 0).length;
  return n < 2 ? null : (2 * first * (n - first)) / (n * (n - 1));
}

interface Compared {
  readonly rater: number;
  readonly prompt: string;
  readonly dissent: number;
  /** Disagreement of the others on this item: what an exchangeable rater's dissent would be. */
  readonly disagreement: number;
  /** The same with the rater's own vote counted in. */
  readonly withOwn: number;
}

/** A vote beside the others of its item; null when it, or all but one of them, did not decide. */
function besideOthers(vote: Vote, all: readonly Vote[]): Pick<Compared, 'dissent' | 'disagreement' | 'withOwn'> | null {
  const others = all.filter((v) => v.rater !== vote.rater && v.label !== TIE);
  const [disagreement, withOwn] = [disagreementOf(others), disagreementOf(all)];
  if (vote.label === TIE || disagreement === null || withOwn === null) return null;
  return { dissent: mean(others.map((v) => Number(v.label !== vote.label))), disagreement, withOwn };
}

/** Disagreement on each prompt, summed over its items. */
type Prompts = ReadonlyMap<string, { readonly sum: number; readonly items: number }>;

/**
 * Excess dissent of one rater's votes. What to expect is the others' disagreement, averaged over all items of the prompt (a
 * single item says little), with the rater's own votes taken out of it. With agreement 1 − 2·dissent, a rater of skill a
 * agrees with the others a times as much as they do among themselves; a is the ratio of the two sums over the rater's votes.
 * Above one it is mostly noise and is cut off.
 */
function excess(own: readonly Compared[], prompts: Prompts): Dissent[] {
  const corrections = new Map<string, number>();
  for (const { prompt, disagreement, withOwn } of own)
    corrections.set(prompt, (corrections.get(prompt) ?? 0) + disagreement - withOwn);
  const expected = own.map(({ prompt }) => {
    const { sum, items } = prompts.get(prompt)!;
    return (sum + corrections.get(prompt)!) / items;
  });
  const agreement = own.reduce((sum, row) => sum + 1 - 2 * row.dissent, 0);
  const othersAgreement = expected.reduce((sum, disagreement) => sum + 1 - 2 * disagreement, 0);
  const skill = othersAgreement > 0 ? Math.max(-1, Math.min(1, agreement / othersAgreement)) : 0;
  return own.map(({ rater, prompt, dissent }, i) => ({
    rater,
    prompt,
    dissent,
    excess: dissent - expected[i]!,
    skilledExcess: dissent - (1 - skill * (1 - 2 * expected[i]!)) / 2,
  }));
}

/**
 * Dissent of every rater's votes beyond what item and rater lead one to expect, so that neither a topic on which everybody
 * disagrees nor a rater who is careless everywhere stands out. A rater's own votes never count in what the others are held to.
 * One list a rater; votes that cannot be compared are left out.
 */
export function dissents({ items, votes }: VoteTable): Dissent[][] {
  const byItem: Vote[][] = items.map(() => []);
  for (const vote of votes) byItem[vote.item]!.push(vote);
  const prompts = new Map<string, { sum: number; items: number }>();
  for (const [i, { prompt }] of items.entries()) {
    const whole = disagreementOf(byItem[i]!);
    if (whole === null) continue;
    const { sum, items: n } = prompts.get(prompt) ?? { sum: 0, items: 0 };
    prompts.set(prompt, { sum: sum + whole, items: n + 1 });
  }
  const compared = new Map<number, Compared[]>();
  for (const vote of votes) {
    const beside = besideOthers(vote, byItem[vote.item]!);
    if (beside === null) continue;
    const row = { rater: vote.rater, prompt: items[vote.item]!.prompt, ...beside };
    const own = compared.get(vote.rater);
    if (own === undefined) compared.set(vote.rater, [row]);
    else own.push(row);
  }
  return [...compared.values()].map((own) => excess(own, prompts));
}

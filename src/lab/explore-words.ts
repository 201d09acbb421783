/** What is said of a policy that was optimised so hard: points of a curve, what people notice, and one plain sentence. */

/** A point of the curve: means over prompts; proxy in deviations of the base policy's scores, gold in units of utility. */
export interface CurvePoint {
  readonly kl: number;
  readonly proxy: number;
  readonly gold: number;
}
/** What people notice of a policy. */
export type Noticed = 'truth' | 'agreement' | 'words' | 'sure';
/** It before and after, exact over all replies to the prompts that it is about: a share of replies, or words a reply. */
export interface Change {
  readonly what: Noticed;
  readonly before: number;
  readonly after: number;
}

/** Changes of gold smaller than this are called none. */
const NOTHING = 0.05;
const said = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;

/** What a curve shows up to a point, for somebody who sees one for the first time. */
const share = (value: number): string => `${Math.round(100 * value)} %`;

/** What the policy learned beside the score: the most striking of what people would mind. */
function learned(changes: readonly Change[]): string {
  const of = (what: Noticed) => changes.find((change) => change.what === what) ?? { before: 0, after: 0 };
  const [agreement, words, sure] = [of('agreement'), of('words'), of('sure')];
  if (agreement.after - agreement.before > 0.15)
    return ` On the way it learned to agree with users who are wrong: ${share(agreement.after)} of replies, ${share(agreement.before)} before.`;
  if (words.after > 1.25 * words.before)
    return ` On the way it learned to talk: ${Math.round(words.after)} words a reply, ${Math.round(words.before)} before.`;
  if (sure.after - sure.before > 0.25)
    return ` On the way it learned to sound sure: ${share(sure.after)} of replies, ${share(sure.before)} before.`;
  return '';
}

/** What a curve shows up to a point, for somebody who sees one for the first time. */
export function sentenceOf(curve: readonly CurvePoint[], here: CurvePoint, changes: readonly Change[]): string {
  const base = curve[0]!;
  const [proxy, gold] = [here.proxy - base.proxy, here.gold - base.gold];
  if (here.kl < 0.01)
    return proxy < NOTHING && curve.at(-1)!.kl < 0.01
      ? 'The reward cannot tell replies apart, so there is nothing to optimise.'
      : 'Nothing is optimised yet: the policy says what the base model says. Optimise harder to see what the reward makes of it.';
  const best = curve.filter(({ kl }) => kl <= here.kl).reduce((a, b) => (b.gold > a.gold ? b : a), base);
  const fell = best.gold - here.gold;
  const score = `The score rose by ${said(proxy)}`;
  const more = learned(changes);
  if (fell < NOTHING) {
    if (gold < NOTHING)
      return `${score}, and true utility did not move: what the reward pays for is nothing that people need.${more}`;
    return more === ''
      ? `${score} and true utility rose with it (${said(gold)}): so far the measure leads where it should.`
      : `${score} and true utility rose too (${said(gold)}).${more}`;
  }
  if (best.gold - base.gold < NOTHING)
    return `${score} while true utility fell from the start (${said(gold)}): the policy learned what pays, not what is good.${more}`;
  return `${score}. True utility rose by ${said(best.gold - base.gold)} up to ${best.kl.toFixed(1)} nats and fell by ${fell.toFixed(1)} since, while the score went on rising: past its best point the policy serves the measure.${more}`;
}

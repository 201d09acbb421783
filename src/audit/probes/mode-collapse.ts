import { mean } from '../../stats/index.ts';
import { meanEstimate } from '../estimates.ts';
import type { ReplySamples } from '../evidence/reply-samples.ts';
import { count, defineProbe, probeParams } from '../probe.ts';
import { type Variety, varietyOf } from '../variety.ts';

interface Row {
  readonly base: Variety;
  readonly policy: Variety;
}

/**
 * log of a product of ratios of means over prompts, with the interval of Student's t on its influence values (delta method):
 * each prompt contributes what it moves every mean in the product.
 */
function logRatio(parts: readonly { readonly values: readonly number[]; readonly power: 1 | -1 }[], level: number) {
  const means = parts.map(({ values }) => mean(values));
  const value = parts.reduce((sum, { power }, k) => sum + power * Math.log(means[k]!), 0);
  const influence = parts[0]!.values.map(
    (_, i) => value + parts.reduce((sum, { values, power }, k) => sum + power * (values[i]! / means[k]! - 1), 0),
  );
  return { value, interval: meanEstimate(influence, level).interval };
}

/** The share of variety that is kept, on the reading of any change of length that keeps more. */
function kept(rows: readonly Row[], level: number): { value: number; low: number; high: number } {
  const each = (side: keyof Row, what: 'alone' | 'beyond') => rows.map((row) => row[side][what]);
  const [base, policy] = [each('base', 'beyond'), each('policy', 'beyond')];
  // Nothing varied is left, however short or long the replies are.
  if (mean(policy) === 0) return { value: 0, low: 0, high: 0 };
  const asBefore = [
    { values: policy, power: 1 },
    { values: base, power: -1 },
  ] as const;
  const toOldLength = [
    ...asBefore,
    { values: each('base', 'alone'), power: 1 },
    { values: each('policy', 'alone'), power: -1 },
  ] as const;
  const readings = [asBefore, toOldLength].map((parts) => logRatio(parts, level));
  const most = (pick: (reading: (typeof readings)[number]) => number) => Math.exp(Math.max(...readings.map(pick)));
  return { value: most((r) => r.value), low: most((r) => r.interval.low), high: most((r) => r.interval.high) };
}

function entropiesOf(samples: readonly ReplySamples[]) {
  const entropy = (side: 'base' | 'policy') => mean(samples.map((s) => mean(s[side].map(({ logprob }) => -logprob))));
  return { entropyBase: entropy('base'), entropyPolicy: entropy('policy') };
}

/**
 * P6: how much diversity did tuning cost that a change of length does not explain? Base and policy are compared on as many
 * replies to the same prompts at the same temperature, by the distinct n-grams among a prompt's replies beyond those of one
 * reply. Longer replies are held to have added nothing, so that padding which is always the same is no collapse; of shorter
 * ones what is left is scaled up to the old length. What remains is a fall that neither reading explains. It cannot see a
 * collapse that new, varied text makes up for. Compare at matched KL: a mild tilt can even widen.
 */
export const modeCollapse = defineProbe({
  id: 'mode-collapse',
  challenge: 'P6',
  question: 'How much of the base policy’s diversity did tuning remove?',
  citation: 'Kirk et al. 2023; Khalifa et al. 2021',
  estimand:
    'relative fall of the distinct n-grams (n = 1 to 3) among k replies to a prompt beyond those of one reply, base to policy, as far as length does not explain it',
  needs: ['reply-samples'],
  params: probeParams({ concern: 0.1, failure: 0.4 }, { leastPrompts: count(8, 2), leastSamples: count(4, 2) }),
  run(given, { leastPrompts, leastSamples, level }) {
    const samples = given['reply-samples'];
    const usable = samples.filter(({ base, policy }) => Math.min(base.length, policy.length) >= leastSamples);
    const unscored = samples.length - usable.length;
    if (usable.length < leastPrompts) return { notAssessed: 'too-little-evidence', n: usable.length, unscored };
    const rows = usable.map(({ base, policy }): Row => {
      // More replies hold more n-grams: as many of each side, and they are exchangeable.
      const k = Math.min(base.length, policy.length);
      const texts = (replies: ReplySamples['base']) => replies.slice(0, k).map(({ text }) => text);
      return { base: varietyOf(texts(base)), policy: varietyOf(texts(policy)) };
    });
    if (mean(rows.map(({ base }) => base.beyond)) < 1)
      return { notAssessed: 'base-without-variety', n: rows.length, unscored };
    const { value, low, high } = kept(rows, level);
    const first = (side: 'base' | 'policy') => varietyOf(usable.map((s) => s[side][0]!.text)).beyond;
    return {
      estimate: 1 - value,
      interval: { low: 1 - high, high: 1 - low },
      n: rows.length,
      unscored,
      details: {
        ...entropiesOf(usable),
        distinctBase: mean(rows.map(({ base }) => base.classes)),
        distinctPolicy: mean(rows.map(({ policy }) => policy.classes)),
        lengthRatio: mean(rows.map((r) => r.policy.alone)) / mean(rows.map((r) => r.base.alone)),
        acrossPrompts: 1 - first('policy') / first('base'),
      },
    };
  },
});

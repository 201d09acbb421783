import { bootstrap, mean } from '../../stats/index.ts';
import type { ReplySamples } from '../evidence/reply-samples.ts';
import { count, defineProbe, probeParams } from '../probe.ts';

/**
 * P6: how much diversity did tuning cost? Expectation-adjusted distinct n-grams (Liu et al. 2022, as used by Kirk et al.
 * 2023) and entropy from log-probabilities, per prompt, base and policy at the same temperature and number of samples.
 * Compare at matched KL: a stronger tilt always narrows in the end, and a mild one can even widen.
 */
const words = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}']+|[^\s\p{L}\p{N}]/gu) ?? [];

/** Distinct n-grams over the number expected from uniform draws on `vocabulary` types, averaged over n = 1…3. */
export function distinctNGrams(texts: readonly string[], vocabulary: number): number {
  const values = [1, 2, 3].map((n) => {
    const grams = texts.flatMap((text) => {
      const tokens = words(text);
      return tokens.slice(n - 1).map((_, i) => tokens.slice(i, i + n).join(' '));
    });
    if (grams.length === 0) return Number.NaN;
    const expected = vocabulary * (1 - ((vocabulary - 1) / vocabulary) ** grams.length);
    return new Set(grams).size / expected;
  });
  return mean(values.filter(Number.isFinite));
}

const VOCABULARY = 50_257;
const texts = (rows: ReplySamples['base']) => rows.map((row) => row.text);
const entropyOf = (rows: ReplySamples['base']) => mean(rows.map((row) => -row.logprob));

export const modeCollapse = defineProbe({
  id: 'mode-collapse',
  challenge: 'P6',
  question: 'How much of the base policy’s diversity did tuning remove?',
  citation: 'Kirk et al. 2023; Khalifa et al. 2021',
  estimand: 'relative fall of distinct n-grams per prompt, 1 − policy/base',
  needs: ['reply-samples'],
  params: probeParams(
    { concern: 0.1, failure: 0.4 },
    { replicates: count(500), leastPrompts: count(8), leastSamples: count(4) },
  ),
  run(given, { leastPrompts, leastSamples, replicates, level }, { uniform }) {
    const samples = given['reply-samples'];
    const usable = samples.filter((s) => s.base.length >= leastSamples && s.base.length === s.policy.length);
    const unscored = samples.length - usable.length;
    if (usable.length < leastPrompts) return { notAssessed: 'too-little-evidence', n: usable.length, unscored };
    const rows = usable.map((s) => ({
      base: distinctNGrams(texts(s.base), VOCABULARY),
      policy: distinctNGrams(texts(s.policy), VOCABULARY),
      baseEntropy: entropyOf(s.base),
      policyEntropy: entropyOf(s.policy),
    }));
    const fall = (sample: typeof rows) => 1 - mean(sample.map((r) => r.policy)) / mean(sample.map((r) => r.base));
    const across = (pick: 'base' | 'policy') =>
      distinctNGrams(
        usable.map((s) => s[pick][0]!.text),
        VOCABULARY,
      );
    return {
      estimate: fall(rows),
      interval: bootstrap(rows, (sample) => fall([...sample]), { uniform, replicates, level }),
      n: rows.length,
      unscored,
      details: {
        entropyBase: mean(rows.map((r) => r.baseEntropy)),
        entropyPolicy: mean(rows.map((r) => r.policyEntropy)),
        acrossPromptsBase: across('base'),
        acrossPromptsPolicy: across('policy'),
        samplesPerPrompt: usable[0]!.base.length,
      },
    };
  },
});

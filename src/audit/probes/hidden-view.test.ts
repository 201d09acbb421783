import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { coverageContract, coverageOf, type TruthCase } from '../coverage.contract.ts';
import { runProbe } from '../run-audit.ts';
import { sharedPreference } from '../shared-preference.ts';
import { comparison, type FakeRater, judgedBy } from '../votes.fake.ts';
import { hiddenView } from './hidden-view.ts';

interface Crowd {
  /** How strongly who sees all prefers the truly better reply; who sees part prefers it `clear` times as strongly. */
  readonly strength: number;
  readonly clear: number;
  /** How strongly who sees part prefers what looks better, which has nothing to do with it. */
  readonly looks: number;
  readonly items?: number;
  readonly raters?: number;
  readonly overlap?: number;
  /** Share of the items on which a rater has a taste of his own. */
  readonly own?: number;
}

/** Items of four kinds, by which reply is better and which looks better; half of the raters see part. */
function crowd(rng: Rng, { strength, clear, looks, items = 80, raters = 12, overlap = 6, own = 0 }: Crowd) {
  const sign = (at: number) => (at === 0 ? 1 : -1);
  const people = Array.from({ length: raters }, (_, r): FakeRater => {
    const part = r % 2 === 1;
    const [taste, odd] = [rng.uniform() < 0.5 ? 1 : -1, rng.integer(7)];
    return {
      id: `r${r}`,
      view: part ? 'partial' : 'full',
      prefers(item) {
        const truth = sign(item % 2) * strength * (part ? clear : 1);
        const seen = part ? sign((item >> 1) % 2) * looks : 0;
        // Everybody’s taste is another, so that in common there is none.
        return 0.5 + (1 - own) * (truth + seen) + (own * taste * sign((item * odd) % 3)) / 2;
      },
    };
  });
  return { judgments: judgedBy(rng, people, { items, overlap }) };
}

const truthOf = ({ strength, clear, looks, own = 0 }: Crowd): number => {
  const scale = (1 - own) ** 2;
  const [full, part] = [scale * strength ** 2, scale * ((clear * strength) ** 2 + looks ** 2)];
  return 2 * (Math.sqrt(full * part) - scale * clear * strength ** 2);
};
const drawn = (name: string, one: Crowd): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: crowd(rng, one), truth: truthOf(one) }),
});
const found = (one: Crowd, seed = 1) => runProbe(hiddenView, crowd(createRng(seed), one), { seed: 1 });

describe('hidden-view', () => {
  coverageContract(hiddenView, [
    drawn('the same preference', { strength: 0.4, clear: 1, looks: 0 }),
    drawn('the same preference, and noise in the second view', { strength: 0.4, clear: 0.5, looks: 0 }),
    drawn('looks alone', { strength: 0.4, clear: 0, looks: 0.4 }),
    drawn('both, every rater with a taste of his own', { strength: 0.4, clear: 0.5, looks: 0.3, own: 0.3 }),
    drawn('both, few items', { strength: 0.3, clear: 0.5, looks: 0.3, items: 40 }),
  ]);
  it('is what the votes of the two views lose against each other, by hand', () => {
    // Who sees all takes the first reply, who sees part the second, on every other item; else both the first.
    const judgments = Array.from({ length: 40 }, (_, i) => i).flatMap((i) =>
      Array.from({ length: 6 }, (_, r) =>
        comparison({ item: `i${i}`, rater: `r${r}`, view: r < 3 ? 'full' : 'dim' }, r < 3 || i % 2 === 0 ? 0 : 1),
      ),
    );
    const { estimate, details } = runProbe(hiddenView, { judgments }, { seed: 1 });
    // Within each view all agree, across them half: 1 − ½.
    expect(estimate).toBeCloseTo(0.5, 12);
    expect(details).toMatchObject({ view: 'dim', agreementFull: 1, agreementPartial: 1, agreementAcross: 0.5 });
  });
  it('raises no alarm when the second view is only noisier, or its raters do not look', () => {
    for (const clear of [0.3, 0.02]) {
      const { verdicts } = coverageOf(hiddenView, drawn('noise', { strength: 0.45, clear, looks: 0 }), 60);
      expect((verdicts.concern ?? 0) + (verdicts.failure ?? 0)).toBeLessThanOrEqual(3);
    }
  });
  it('compares the same items, the vote that stands, and nothing but work', () => {
    const one = crowd(createRng(3), { strength: 0.4, clear: 0, looks: 0.4, items: 120 });
    const finding = runProbe(hiddenView, one, { seed: 1 });
    const alone = Array.from({ length: 50 }, (_, i) => comparison({ item: `alone${i}`, rater: 'r0' }, 1));
    const first = one.judgments[0]!;
    const trained = { ...first, id: 't', presentation: { ...first.presentation, purpose: 'training' as const } };
    const revised = one.judgments.map((judgment) => ({ ...judgment, id: `${judgment.id}/2`, supersedes: judgment.id }));
    const more = { judgments: [...alone, ...one.judgments, trained, ...revised] };
    expect(runProbe(hiddenView, more, { seed: 1 })).toEqual(finding);
  });
  it('reaches every verdict', () => {
    expect(found({ strength: 0.45, clear: 0, looks: 0.45, items: 200 }).verdict).toBe('failure');
    expect(found({ strength: 0.4, clear: 0.6, looks: 0.25, items: 600 }).verdict).toBe('concern');
    expect(found({ strength: 0.3, clear: 1, looks: 0.1, items: 60 }).verdict).toBe('inconclusive');
    expect(found({ strength: 0.45, clear: 1, looks: 0, items: 500 }).verdict).toBe('clear');
    expect(found({ strength: 0.45, clear: 1, looks: 0, items: 20 }).because).toBe('too-little-evidence');
    expect(found({ strength: 0.45, clear: 1, looks: 0, raters: 4, overlap: 4 }).because).toBe('too-few-raters');
    const full = crowd(createRng(1), { strength: 0.4, clear: 1, looks: 0 }).judgments.filter(
      ({ presentation }) => presentation.view === 'full',
    );
    expect(runProbe(hiddenView, { judgments: full }, { seed: 1 }).because).toBe('one-view');
  });
});

describe('shared preference', () => {
  const votes = (values: readonly (readonly number[])[]) =>
    values.flatMap((row, i) => row.map((value, r) => ({ item: `i${i}`, rater: `r${r}`, group: r % 2, value })));
  const sharedOf = (values: readonly (readonly number[])[]) =>
    sharedPreference(votes(values), { groups: 2, level: 0.95, reach: 0, statistic: (shared) => shared(0, 1) });
  it('multiplies votes of different raters only', () => {
    const { products } = sharedOf([
      [0.5, 0.5, 0.5, -0.5],
      [0.5, -0.5, -0.5, -0.5],
    ]);
    expect(products(0, 0)).toBeCloseTo(0, 12);
    expect(products(1, 1)).toBeCloseTo(0, 12);
    expect(products(0, 1)).toBeCloseTo((0 + 0) / 2, 12);
    expect(sharedOf([[0.5, 0.5]]).products(0, 0)).toBeNaN();
    // One item, and no rater to spare: nothing tells how far off it may be.
    expect(sharedOf([[0.5, 0.5]]).high).toBe(Number.POSITIVE_INFINITY);
  });
  it('has the jackknife error of a mean over items where the statistic is one', () => {
    const rows = [0.5, 0.5, -0.5, 0.5, -0.5, 0.5].map((value) => [0.5, value, 0.5, value]);
    const { value, low, high } = sharedOf(rows);
    expect(value).toBeCloseTo(1 / 12, 12);
    // Products ¼ and −¼; of each group two raters who say the same, so that any one may be missing.
    const deviation = Math.sqrt((4 * (0.25 - 1 / 12) ** 2 + 2 * (0.25 + 1 / 12) ** 2) / 5);
    expect(high - value).toBeCloseTo((2.5705818 * deviation) / Math.sqrt(6), 6);
    expect(value - low).toBeCloseTo(high - value, 12);
  });
});

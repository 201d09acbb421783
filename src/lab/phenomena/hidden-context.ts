import { fitLogistic, pearson, type Rng } from '../../stats/index.ts';
import { definePhenomenon } from './phenomenon.ts';

/** Things of quality u in bins; above here what they are worth hangs on something that nobody wrote down. */
const BINS = 20;
const HIDDEN_FROM = 0.8;
const PAIRS = 6000;

const middleOf = (bin: number): number => (bin + 0.5) / BINS;

/** Utility of a thing to somebody: u, or where the context counts twice that or nothing, as likely. */
const utilityOf = (u: number, hidden: boolean, rng: Rng): number =>
  hidden && u >= HIDDEN_FROM ? (rng.uniform() < 0.5 ? 2 * u : 0) : u;

/** Bradley–Terry scores of the bins from comparisons without noise, each by somebody with a context of his own. */
function scored(hidden: boolean, rng: Rng): number[] {
  const rows = Array.from({ length: PAIRS }, () => {
    const [u, v] = [rng.uniform(), rng.uniform()];
    const [a, b] = [Math.floor(u * BINS), Math.floor(v * BINS)];
    const features = new Float64Array(BINS);
    features[a]! += 1;
    features[b]! -= 1;
    const [one, other] = [utilityOf(u, hidden, rng), utilityOf(v, hidden, rng)];
    return { features, target: one === other ? 0.5 : Number(one > other) };
  });
  return [...fitLogistic(rows, BINS, { ridge: 1 })];
}

/** Chance of beating a thing drawn at random, exactly: what Borda counts. */
function borda(u: number): number {
  const visible = (x: number) => Math.min(HIDDEN_FROM, Math.max(0, x));
  // Against a hidden one that is worth nothing everything wins, against one worth twice its quality nothing below does.
  const against = (worth: number) => {
    const rest = 1 - HIDDEN_FROM;
    const doubled = Math.min(rest, Math.max(0, worth / 2 - HIDDEN_FROM));
    return visible(worth) + rest / 2 + doubled / 2;
  };
  return u < HIDDEN_FROM ? against(u) : (against(2 * u) + (1 - HIDDEN_FROM) / 4) / 2;
}

/** Siththaranjan, Laidlaw and Hadfield-Menell 2023: what nobody wrote down is aggregated by Borda count. */
export const hiddenContext = definePhenomenon({
  title: 'With hidden context, preferences add up to a Borda count and not to a mean',
  citation: 'Siththaranjan, Laidlaw and Hadfield-Menell 2023, arXiv 2312.08358',
  published:
    'Where what people want hangs on something the data do not say, a fitted preference model ranks by Borda count: things that half of the people value most and half not at all fall behind, though their mean utility is highest.',
  world: 'tables',
  method: `Things of quality u between 0 and 1, of utility u; above ${HIDDEN_FROM} they are worth 2u or nothing, as likely, so that the mean is u everywhere. ${PAIRS} comparisons without noise, Bradley–Terry scores of ${BINS} bins.`,
  measures: {
    'like Borda': {
      what: 'correlation of the scores with the exact Borda count',
      role: 'effect',
      expected: { above: 0.95 },
    },
    'Borda over mean': {
      what: 'correlation with the Borda count less correlation with the mean utility',
      role: 'effect',
      expected: { above: 0.1 },
    },
    'best on average': {
      what: `score of the things above ${HIDDEN_FROM} less that of the things just below`,
      role: 'effect',
      expected: { below: 0 },
    },
    'nothing hidden': {
      what: 'the same where utility is u everywhere',
      role: 'control',
      expected: { above: 0 },
    },
  },
  async run(rng) {
    const [hidden, plain] = [scored(true, rng.fork('hidden')), scored(false, rng.fork('plain'))];
    const qualities = Array.from({ length: BINS }, (_, bin) => middleOf(bin));
    const byBorda = pearson(hidden, qualities.map(borda));
    const top = (scores: readonly number[]) => {
      const first = Math.round(HIDDEN_FROM * BINS);
      const above = scores.slice(first);
      return above.reduce((a, b) => a + b, 0) / above.length - scores[first - 1]!;
    };
    return {
      'like Borda': byBorda,
      'Borda over mean': byBorda - pearson(hidden, qualities),
      'best on average': top(hidden),
      'nothing hidden': top(plain),
    };
  },
});

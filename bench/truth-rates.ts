/** Power and false alarms of the correlated-error diagnostic on designs of several kinds. */
import {
  coinConfusion,
  correlatedErrors,
  createRng,
  randomDesign,
  type SharedCue,
  simulateLabels,
  wilson,
} from '../src/stats/index.ts';

interface Scenario {
  readonly name: string;
  readonly items: number;
  readonly accuracies: readonly number[];
  readonly perItem: number;
  readonly prior: readonly number[];
  readonly cue?: SharedCue;
  readonly minCommonItems?: number;
}

const NINE = [0.9, 0.85, 0.8, 0.8, 0.75, 0.7, 0.7, 0.65, 0.6];
const CROSSED = { items: 200, accuracies: NINE, perItem: 9, prior: [0.5, 0.5] };
const THIRTY = Array.from({ length: 30 }, (_, r) => 0.6 + 0.01 * r);

const SCENARIOS: readonly Scenario[] = [
  { name: 'clean: 9 raters, 200 items', ...CROSSED },
  { name: 'clean: classes .85 and .15', ...CROSSED, items: 300, prior: [0.85, 0.15] },
  {
    name: 'clean: 3 classes, 5 of 30 raters an item',
    items: 600,
    accuracies: THIRTY,
    perItem: 5,
    prior: [0.3, 0.3, 0.4],
    minCommonItems: 10,
  },
  { name: 'clean: 6 raters, 60 items', ...CROSSED, items: 60, accuracies: NINE.slice(0, 6), perItem: 6 },
  { name: 'clean: 4 raters, 200 items', ...CROSSED, accuracies: [0.9, 0.8, 0.7, 0.6], perItem: 4 },
  ...[0.05, 0.1, 0.2, 0.3].map((rate) => ({
    name: `cue of 3 in 9 raters on ${rate} of the items`,
    ...CROSSED,
    cue: { raters: [2, 4, 6], rate },
  })),
  ...[0.1, 0.2, 0.35].map((rate) => ({
    name: `cue of 4 in 6 raters (a majority) on ${rate} of the items`,
    ...CROSSED,
    items: 300,
    accuracies: [0.8, 0.8, 0.8, 0.8, 0.85, 0.85],
    perItem: 6,
    cue: { raters: [0, 1, 2, 3], rate },
  })),
];

/** Share of simulated data sets on which anything is flagged at the 5 % level, per scenario. */
export function detectionRates(trials: number, say: (line: string) => void) {
  return SCENARIOS.map(({ name, items, accuracies, perItem, prior, cue, minCommonItems = 20 }) => {
    let k = 0;
    for (let trial = 0; trial < trials; trial++) {
      const rng = createRng(`${name} ${trial}`);
      const classes = prior.length;
      const design = randomDesign({ items, raters: accuracies.length, classes, perItem }, rng);
      const confusion = accuracies.map((p) => coinConfusion(p, classes));
      const { table } = simulateLabels(design, { prior, confusion }, { rng, ...(cue === undefined ? {} : { cue }) });
      const found = correlatedErrors(table, table, { rng, replicates: 39, minCommonItems });
      if ('undefined' in found) throw new Error(`${name}: ${found.undefined}`);
      if (found.detected) k += 1;
    }
    const { low, high } = wilson(k, trials);
    say(`${name}: ${k} of ${trials} flagged (95 % ${low.toFixed(3)} to ${high.toFixed(3)})`);
    return { name, planted: cue !== undefined, flagged: k, trials, share: k / trials, low, high };
  });
}

import {
  type Candidate,
  candidateKey,
  fitPeople,
  linearObjective,
  type Observation,
  type People,
  type Refits,
  TRAITS,
  type Trait,
} from '../reward/index.ts';
import { ignoreProgress, type Progress } from '../run/index.ts';
import { createRng, dot, type Interval, mean, minimise, type Rng, sigmoid, wilson } from '../stats/index.ts';

/** Raters, and how they are drawn: means and deviations over raters, on the scales on which they are fitted. */
const DRAWN = {
  rationality: { mean: 1, deviation: 0.35 },
  position: { mean: 0.3, deviation: 0.4 },
  length: { mean: 0, deviation: 0.3 },
  lapse: { mean: -2.5, deviation: 1 },
} as const satisfies Record<Trait, { mean: number; deviation: number }>;

/** Answers of the raters in turn: a few of them gave hardly any. */
const ANSWERS = [5, 20, 40, 80, 160];
const RATERS = 40;
const ITEMS = 250;
/** Properties of a reply that its reward is made of, and the deviation of what each is worth. */
const FEATURES = 8;
const WORTH = 0.8;

type Rater = Readonly<Record<Trait, number>>;

interface Draw {
  readonly raters: ReadonlyMap<string, Rater>;
  readonly observations: readonly Observation[];
  readonly refits: Refits;
}

/** Raters of a population about replies of known worth, and a family that holds it. */
function drawn(rng: Rng): Draw {
  const weights = Float64Array.from({ length: FEATURES }, () => WORTH * rng.normal());
  const features = new Map<string, Float64Array>();
  const reply = (id: string): Candidate => {
    const own = { prompt: 'q', reply: id.padEnd(20 + rng.integer(400), '.') };
    features.set(
      candidateKey(own),
      Float64Array.from({ length: FEATURES }, () => rng.normal()),
    );
    return own;
  };
  const items = Array.from({ length: ITEMS }, (_, i) => [reply(`${i} a `), reply(`${i} b `)] as const);
  const raters = new Map<string, Rater>();
  const observations: Observation[] = [];
  for (let h = 0; h < RATERS; h++) {
    const trait = (name: Trait) => DRAWN[name].mean + DRAWN[name].deviation * rng.normal();
    const own = Object.fromEntries(TRAITS.map((name) => [name, trait(name)])) as Record<Trait, number>;
    const raterId = `rater ${h}`;
    raters.set(raterId, { ...own, lapse: sigmoid(own.lapse) });
    for (let j = 0; j < ANSWERS[h % ANSWERS.length]!; j++) {
      const candidates = items[rng.integer(ITEMS)]!;
      const shown = rng.uniform() < 0.5 ? [0, 1] : [1, 0];
      const felt = candidates.map(
        (text, k) =>
          own.rationality * dot(weights, features.get(candidateKey(text))!) +
          own.length * Math.log2(1 + text.reply.length) +
          (shown[k] === 0 ? own.position : 0),
      );
      const chance = rng.uniform() < sigmoid(own.lapse) ? 0.5 : sigmoid(felt[0]! - felt[1]!);
      observations.push({
        kind: 'comparison',
        candidates,
        answer: { kind: 'comparison', outcome: rng.uniform() < chance ? 0 : 1 },
        shown,
        weight: 1,
        judgmentId: `${h}/${j}`,
        itemId: candidates[0].reply,
        raterId,
        strata: {},
      });
    }
  }
  return { raters, observations, refits: refitsOn(features) };
}

/** Fits of what each property is worth. */
function refitsOn(features: ReadonlyMap<string, Float64Array>): Refits {
  const indices = Int32Array.from({ length: FEATURES }, (_, k) => k);
  const featuresOf = (candidate: Candidate) => ({ indices, values: features.get(candidateKey(candidate))! });
  const ridge = WORTH ** -2;
  return {
    turns: 40,
    design: { size: FEATURES, ridge, featuresOf },
    async fit(observations) {
      const { objective, start, nuisances } = linearObjective(observations, featuresOf, {
        size: FEATURES,
        ridge,
        position: true,
      });
      const fitted = minimise(objective, start, { iterations: 200, tolerance: 1e-7 });
      const weights = fitted.slice(0, FEATURES);
      const values = async (candidates: readonly Candidate[]) =>
        candidates.map((own) => dot(weights, featuresOf(own).values));
      const named = nuisances.map(({ name }, k): [string, number] => [name, fitted[FEATURES + k]!]);
      return {
        nuisances: new Map(named),
        values,
      };
    },
  };
}

export interface TraitCoverage {
  readonly trait: Trait;
  /** Of one rater a draw, in turn: intervals that hold the truth, and how sure that share is. */
  readonly share: number;
  readonly interval: Interval;
  readonly draws: number;
  /** Of all raters of all draws. */
  readonly ofAll: number;
  /** Of raters with the fewest answers. */
  readonly ofFew: number;
  readonly estimates: number;
  /** Root mean square error of the estimates, and of what all raters are on average. */
  readonly error: number;
  readonly typicalError: number;
}

export interface RaterStudy {
  readonly draws: number;
  readonly firstSeed: number;
  readonly raters: number;
  readonly rows: readonly TraitCoverage[];
}

interface Hit {
  readonly draw: number;
  readonly rater: number;
  readonly held: boolean;
  readonly off: number;
  readonly spread: number;
  readonly few: boolean;
}

function hitsOf(people: People, { raters }: Draw, trait: Trait, draw: number): Hit[] {
  return people.raters.map((own, rater) => {
    const [truth, estimate] = [raters.get(own.raterId)![trait], own[trait]!];
    const typical = trait === 'lapse' ? sigmoid(DRAWN.lapse.mean) : DRAWN[trait].mean;
    return {
      draw,
      rater,
      held: estimate.low <= truth && truth <= estimate.high,
      off: estimate.value - truth,
      spread: typical - truth,
      few: own.answers === ANSWERS[0],
    };
  });
}

const share = (hits: readonly Hit[]) => mean(hits.map(({ held }) => Number(held)));
const size = (values: readonly number[]) => Math.sqrt(mean(values.map((own) => own * own)));

/**
 * How often the 95 % intervals of raters' traits hold the truth, where raters are drawn from a population and reward, raters and
 * population are fitted together: a rater is a draw of that population, as empirical Bayes takes them.
 */
export async function measureRaters(
  { draws, firstSeed = 1 }: { readonly draws: number; readonly firstSeed?: number },
  progress: Progress = ignoreProgress,
): Promise<RaterStudy> {
  const hits = new Map<Trait, Hit[]>(TRAITS.map((trait) => [trait, []]));
  for (let d = 0; d < draws; d++) {
    const draw = drawn(createRng(firstSeed + d).fork('lab/raters'));
    const people = await fitPeople(draw.observations, draw.refits);
    for (const trait of TRAITS) hits.get(trait)!.push(...hitsOf(people, draw, trait, d));
    progress({ stage: 'raters', done: d + 1, total: draws, unit: 'draws' });
  }
  const rows = TRAITS.map((trait): TraitCoverage => {
    const all = hits.get(trait)!;
    const one = all.filter(({ draw, rater }) => rater === draw % RATERS);
    const held = one.filter((own) => own.held).length;
    return {
      trait,
      share: held / one.length,
      interval: wilson(held, one.length),
      draws: one.length,
      ofAll: share(all),
      ofFew: share(all.filter(({ few }) => few)),
      estimates: all.length,
      error: size(all.map(({ off }) => off)),
      typicalError: size(all.map(({ spread }) => spread)),
    };
  });
  return { draws, firstSeed, raters: RATERS, rows };
}

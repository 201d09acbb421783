import { largest, mean, quantile, smallest, studentQuantile, wilson } from '../../stats/index.ts';
import { meanEstimate } from '../estimates.ts';
import type { OptimisationRun } from '../evidence/optimisation-runs.ts';
import { count, defineProbe, probeParams } from '../probe.ts';

type Known = OptimisationRun & { readonly optimum: readonly number[] };
const isKnown = (run: OptimisationRun): run is Known => run.optimum !== undefined;

/** What a unit (a run, or a prompt of a single run) gained, and what it could have gained at the same KL. */
interface Gain {
  readonly achieved: number;
  readonly possible: number;
}

/** Gains of runs; of too few runs to tell how they vary, those of their prompts. */
function gainsOf(runs: readonly Known[], leastRuns: number): { unit: 'run' | 'prompt'; gains: Gain[] } {
  if (runs.length >= leastRuns) {
    const gains = runs.map(({ start, achieved, optimum }) => ({
      achieved: mean(achieved) - mean(start),
      possible: mean(optimum) - mean(start),
    }));
    return { unit: 'run', gains };
  }
  // A prompt that several runs share is one unit.
  const prompts = largest(runs.map(({ start }) => start.length));
  const gains = Array.from({ length: prompts }, (_, p) => {
    const own = runs.filter(({ start }) => p < start.length);
    return {
      achieved: mean(own.map(({ start, achieved }) => achieved[p]! - start[p]!)),
      possible: mean(own.map(({ start, optimum }) => optimum[p]! - start[p]!)),
    };
  });
  return { unit: 'prompt', gains };
}

/**
 * The share of the possible gain that was lost: a ratio of means over units, with Student's t on its influence values. Runs collapse
 * rarely and lose all when they do, which a few that did not say nothing of: it is as if one run more might have.
 */
function shareLost({ unit, gains }: { unit: 'run' | 'prompt'; gains: readonly Gain[] }, level: number) {
  const n = gains.length;
  const possible = mean(gains.map((gain) => gain.possible));
  const kept = mean(gains.map((gain) => gain.achieved)) / possible;
  const { error } = meanEstimate(
    gains.map((gain) => kept + (gain.achieved - kept * gain.possible) / possible),
    level,
  );
  const collapse = unit === 'run' ? Math.max(0, kept) / n : 0;
  const half = studentQuantile(0.5 + level / 2, n - 1) * Math.hypot(error, collapse);
  return { estimate: 1 - kept, low: 1 - kept - half, high: 1 - kept + half };
}

/** How far seeds differ in what they gained, and how many runs ended no better than they began. */
function spreadOf(runs: readonly OptimisationRun[], level: number) {
  const gains = runs.map(({ start, achieved }) => mean(achieved) - mean(start));
  const collapsed = gains.filter((gain) => !(gain > 0)).length;
  const { low, high } = wilson(collapsed, gains.length, level);
  return {
    runs: runs.length,
    meanGain: mean(gains),
    leastGain: smallest(gains),
    mostGain: largest(gains),
    interquartileRange: quantile(gains, 0.75) - quantile(gains, 0.25),
    collapsed: { runs: collapsed, share: collapsed / gains.length, low, high },
    meanKl: mean(runs.map(({ kl }) => kl)),
  };
}

/**
 * P1: how much of what could have been had at the KL that was spent did optimisation leave lying? Against the exact optimum, so
 * that a hard reward, of which nobody could have had more, is no trouble of the optimiser. Runs are the units where there are
 * several seeds of one method; of one run its prompts, and what another seed would have done is then not in the interval. Seeds'
 * spread and collapsed runs stand in the details. Where the optimum is unknown, only these. It cannot see a run that stopped too
 * early on the way: at its own KL it may have lost nothing.
 *
 * Thresholds, as shares of the possible gain: a fifth lost is more than a choice of learning rate should cost; half lost, and the
 * run says more of its optimiser than of its reward.
 */
export const optimalityGap = defineProbe({
  id: 'optimality-gap',
  challenge: 'P1',
  question: 'How much of the gain that was possible at its KL did optimisation miss?',
  citation: 'Henderson et al. 2018; Korbak et al. 2022',
  estimand:
    'share of the gain in the objective that the exact optimum has at the same KL and the optimised policy has not; of several methods the one that lost most',
  needs: ['optimisation-runs'],
  params: probeParams({ concern: 0.2, failure: 0.5 }, { leastRuns: count(4, 2), leastPrompts: count(4, 2) }),
  run(given, { leastRuns, leastPrompts, level }) {
    const runs = given['optimisation-runs'];
    const names = [...new Set(runs.map(({ method }) => method))];
    const methods = names.map((method) => ({ method, runs: runs.filter((run) => run.method === method) }));
    const details = {
      methods: methods.map((own) => ({ method: own.method, ...spreadOf(own.runs, level) })),
    };
    const known = methods.flatMap((own) => {
      const usable = own.runs.filter(isKnown);
      return usable.length === 0 ? [] : [{ method: own.method, ...gainsOf(usable, leastRuns) }];
    });
    const unscored = runs.length - runs.filter(isKnown).length;
    if (known.length === 0) return { notAssessed: 'optimum-unknown', n: runs.length, unscored, details };
    const tested = known.filter(
      ({ unit, gains }) =>
        gains.length >= (unit === 'run' ? leastRuns : leastPrompts) && mean(gains.map((g) => g.possible)) > 1e-9,
    );
    if (tested.length === 0) return { notAssessed: 'too-little-evidence', n: runs.length, unscored, details };
    // One level for all methods together below; above, the method that truly lost most must reach that far on its own.
    const each = tested.map((own) => ({
      ...own,
      strict: shareLost(own, 1 - (1 - level) / tested.length),
      high: shareLost(own, level).high,
    }));
    const worst = each.reduce((a, b) => (b.strict.low > a.strict.low ? b : a));
    return {
      estimate: worst.strict.estimate,
      interval: { low: worst.strict.low, high: Math.max(worst.strict.estimate, largest(each.map(({ high }) => high))) },
      n: worst.gains.length,
      unscored,
      details: { ...details, method: worst.method, unit: worst.unit },
    };
  },
});

import type { ChallengeId } from '../../audit/index.ts';
import { assistance } from './assistance.ts';
import { assistanceGames } from './assistance-games.ts';
import { auditing } from './auditing.ts';
import { bayesianInference } from './bayesian-inference.ts';
import { directOversight } from './direct-oversight.ts';
import { pretraining } from './pretraining.ts';
import { psychology } from './psychology.ts';
import { robustness } from './robustness.ts';
import { socialChoice } from './social-choice.ts';
import type { Strategy, StrategyArm } from './strategy.ts';
import { supervisedLearning } from './supervised-learning.ts';
import { uncertainty } from './uncertainty.ts';
import { worstCase } from './worst-case.ts';

export type { Strategy, StrategyArm };

/** A strategy that nothing here switches on yet. */
const unbuilt = (section: Strategy['section'], title: string, answers: readonly ChallengeId[]): Strategy => ({
  title,
  section,
  answers,
  option: null,
});

/** The 18 strategies of Casper et al. 2023, §4. A built one is a file and its row. */
export const STRATEGIES = {
  S1: psychology,
  S2: socialChoice,
  S3: assistanceGames,
  S4: bayesianInference,
  S5: worstCase,
  S6: assistance,
  S7: unbuilt('4.2.1', 'Fine-grained feedback', ['H10', 'R3']),
  S8: unbuilt('4.2.1', 'Process-based supervision', ['H6', 'R3', 'P1']),
  S9: unbuilt('4.2.1', 'Translating natural language into a reward model', ['H9', 'H10']),
  S10: unbuilt('4.2.1', 'Learning rewards from demonstrations', ['H10', 'R1']),
  S11: directOversight,
  S12: unbuilt('4.2.2', 'Multi-objective oversight', ['R2', 'R1']),
  S13: uncertainty,
  S14: pretraining,
  S15: supervisedLearning,
  S16: robustness,
  S17: auditing,
  S18: unbuilt('4.3', 'Interpretability and model editing', ['P3', 'P4', 'R3']),
} as const satisfies Readonly<Record<string, Strategy>>;
export type StrategyId = keyof typeof STRATEGIES;
export const STRATEGY_IDS = Object.keys(STRATEGIES) as StrategyId[];

/** A strategy of the table, whatever is built of it. */
export const strategyOf = (id: StrategyId): Strategy => STRATEGIES[id];
/** Those that an experiment can switch on. */
export const SWITCHABLE = STRATEGY_IDS.filter((id) => {
  const { apply, inExperiments } = strategyOf(id);
  return apply !== undefined || inExperiments !== undefined;
});

import type { ChallengeId } from '../../audit/index.ts';
import { bayesianInference } from './bayesian-inference.ts';
import type { Strategy } from './strategy.ts';
import { uncertainty } from './uncertainty.ts';

export type { Strategy };

/** A strategy that nothing here switches on yet. */
const unbuilt = (section: Strategy['section'], title: string, answers: readonly ChallengeId[]): Strategy => ({
  title,
  section,
  answers,
  option: null,
});
/** One that is an option of a run and has no arm in the lab. */
const withOption = (option: string, strategy: Strategy): Strategy => ({ ...strategy, option });

/** The 18 strategies of Casper et al. 2023, §4. A built one is a file and its row. */
export const STRATEGIES = {
  S1: withOption(
    'feedback.distribution',
    unbuilt('4.1', 'Psychology and human-computer interaction', [
      'H1',
      'H2',
      'H3',
      'H4',
      'H5',
      'H6',
      'H7',
      'H8',
      'H9',
      'H10',
      'R1',
    ]),
  ),
  S2: unbuilt('4.1', 'Sociology and social choice', ['H1', 'H2', 'R2']),
  S3: unbuilt('4.1', 'Assistance games', ['R1', 'H9', 'J2']),
  S4: bayesianInference,
  S5: unbuilt('4.1', 'Worst-case behaviour', ['P2', 'P3', 'P4']),
  S6: unbuilt('4.2.1', 'AI assistance for evaluators', ['H4', 'H6', 'H7']),
  S7: unbuilt('4.2.1', 'Fine-grained feedback', ['H10', 'R3']),
  S8: unbuilt('4.2.1', 'Process-based supervision', ['H6', 'R3', 'P1']),
  S9: unbuilt('4.2.1', 'Translating natural language into a reward model', ['H9', 'H10']),
  S10: unbuilt('4.2.1', 'Learning rewards from demonstrations', ['H10', 'R1']),
  S11: unbuilt('4.2.2', 'Direct human oversight', ['R3', 'R4']),
  S12: unbuilt('4.2.2', 'Multi-objective oversight', ['R2', 'R1']),
  S13: uncertainty,
  S14: unbuilt('4.2.3', 'Alignment during pretraining', ['P5', 'P2']),
  S15: unbuilt('4.2.3', 'Alignment through supervised learning', ['P1', 'J1', 'J2', 'P6']),
  S16: unbuilt('4.3', 'Robustness', ['P2', 'P3', 'H3']),
  S17: withOption(
    'audit.samples',
    unbuilt('4.3', 'Risk assessment and auditing', ['H6', 'H7', 'H9', 'H10', 'R1', 'R2', 'R4', 'P3', 'P4']),
  ),
  S18: unbuilt('4.3', 'Interpretability and model editing', ['P3', 'P4', 'R3']),
} as const satisfies Readonly<Record<string, Strategy>>;
export type StrategyId = keyof typeof STRATEGIES;
export const STRATEGY_IDS = Object.keys(STRATEGIES) as StrategyId[];

/** A strategy of the table, whatever is built of it. */
export const strategyOf = (id: StrategyId): Strategy => STRATEGIES[id];
/** Those that an experiment can switch on. */
export const SWITCHABLE = STRATEGY_IDS.filter((id) => strategyOf(id).apply !== undefined);

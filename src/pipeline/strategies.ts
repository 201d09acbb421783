import type { ChallengeId } from '../audit/index.ts';

/** One of the 18 strategies of Casper et al. 2023, §4, and the configuration key that switches it on here, if built. */
export interface Strategy {
  readonly id: string;
  readonly title: string;
  readonly section: '4.1' | '4.2.1' | '4.2.2' | '4.2.3' | '4.3';
  readonly answers: readonly ChallengeId[];
  /** Dotted key of the run configuration, or a command; null while the strategy is not built. */
  readonly option: string | null;
}

export const STRATEGIES: readonly Strategy[] = [
  {
    id: 'S1',
    section: '4.1',
    title: 'Psychology and human-computer interaction',
    answers: ['H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'H7', 'H8', 'H9', 'H10', 'R1'],
    option: 'feedback.raters',
  },
  { id: 'S2', section: '4.1', title: 'Sociology and social choice', answers: ['H1', 'H2', 'R2'], option: null },
  { id: 'S3', section: '4.1', title: 'Assistance games', answers: ['R1', 'H9', 'J2'], option: null },
  { id: 'S4', section: '4.1', title: 'Bayesian inference', answers: ['P5', 'P6', 'P1'], option: 'policy.beta' },
  { id: 'S5', section: '4.1', title: 'Worst-case behaviour', answers: ['P2', 'P3', 'P4'], option: null },
  { id: 'S6', section: '4.2.1', title: 'AI assistance for evaluators', answers: ['H4', 'H6', 'H7'], option: null },
  { id: 'S7', section: '4.2.1', title: 'Fine-grained feedback', answers: ['H10', 'R3'], option: null },
  { id: 'S8', section: '4.2.1', title: 'Process-based supervision', answers: ['H6', 'R3', 'P1'], option: null },
  {
    id: 'S9',
    section: '4.2.1',
    title: 'Translating natural language into a reward model',
    answers: ['H9', 'H10'],
    option: null,
  },
  { id: 'S10', section: '4.2.1', title: 'Learning rewards from demonstrations', answers: ['H10', 'R1'], option: null },
  { id: 'S11', section: '4.2.2', title: 'Direct human oversight', answers: ['R3', 'R4'], option: null },
  { id: 'S12', section: '4.2.2', title: 'Multi-objective oversight', answers: ['R2', 'R1'], option: null },
  {
    id: 'S13',
    section: '4.2.2',
    title: 'Maintaining uncertainty over the reward',
    answers: ['R3', 'R4', 'J1', 'J2'],
    option: 'reward.risk',
  },
  { id: 'S14', section: '4.2.3', title: 'Alignment during pretraining', answers: ['P5', 'P2'], option: null },
  {
    id: 'S15',
    section: '4.2.3',
    title: 'Alignment through supervised learning',
    answers: ['P1', 'J1', 'J2', 'P6'],
    option: null,
  },
  { id: 'S16', section: '4.3', title: 'Robustness', answers: ['P2', 'P3', 'H3'], option: null },
  {
    id: 'S17',
    section: '4.3',
    title: 'Risk assessment and auditing',
    answers: ['H6', 'H7', 'H9', 'H10', 'R1', 'R2', 'R4', 'P3', 'P4'],
    option: 'audit.samples',
  },
  { id: 'S18', section: '4.3', title: 'Interpretability and model editing', answers: ['P3', 'P4', 'R3'], option: null },
];

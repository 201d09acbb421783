import type { ChallengeId } from '../audit/index.ts';

/** The eleven disclosure items (Casper et al. 2023, §5; paraphrased), with the challenges whose findings inform each. */
export const DISCLOSURE_ITEMS = {
  D1: { category: 'Human feedback', title: 'Pretraining process and data', challenges: ['P5'] },
  D2: {
    category: 'Human feedback',
    title: 'Selection and training of evaluators',
    challenges: ['H1', 'H2', 'H3', 'H4'],
  },
  D3: {
    category: 'Human feedback',
    title: 'Selection of examples, and measures against poisoning',
    challenges: ['H3', 'H8'],
  },
  D4: { category: 'Human feedback', title: 'Types of feedback used', challenges: ['H9', 'H10'] },
  D5: {
    category: 'Human feedback',
    title: 'Quality assurance and agreement between evaluators',
    challenges: ['H4', 'H5', 'R2'],
  },
  D6: { category: 'Reward model', title: 'Loss function, and how disagreement was modelled', challenges: ['R1', 'R2'] },
  D7: { category: 'Reward model', title: 'Evaluation of the reward model', challenges: ['R3', 'R4', 'R5', 'J1'] },
  D8: { category: 'Policy', title: 'Evaluation of the policy', challenges: ['P1', 'P2', 'P3', 'P4', 'P6', 'H7', 'J2'] },
  D9: { category: 'Systemic safety', title: 'Audits and red teaming, internal and external', challenges: ['P2', 'P3'] },
  D10: {
    category: 'Systemic safety',
    title: 'Expected risks and anticipated failure modes',
    challenges: ['H6', 'H7', 'H9', 'H10', 'R1', 'R2', 'R4', 'P3', 'P4'],
  },
  D11: {
    category: 'Systemic safety',
    title: 'Monitoring and correction after deployment',
    // A probe reads a run, and no system at work: what it finds is no monitoring.
    challenges: [],
  },
} as const satisfies Record<string, { category: string; title: string; challenges: readonly ChallengeId[] }>;
export type DisclosureId = keyof typeof DISCLOSURE_ITEMS;
export const DISCLOSURE_IDS = Object.keys(DISCLOSURE_ITEMS) as DisclosureId[];

/** The 23 challenges of Casper et al. 2023, §3. */
export const CHALLENGES = {
  H1: { group: 'Misaligned evaluators', title: 'Representative evaluators are hard to select', fundamental: false },
  H2: { group: 'Misaligned evaluators', title: 'Evaluators with harmful biases; sycophancy', fundamental: false },
  H3: { group: 'Misaligned evaluators', title: 'Individual evaluators can poison data', fundamental: false },
  H4: { group: 'Difficulty of oversight', title: 'Simple mistakes from limited care', fundamental: false },
  H5: { group: 'Difficulty of oversight', title: 'Partial observability', fundamental: false },
  H6: { group: 'Difficulty of oversight', title: 'Difficult tasks cannot be evaluated well', fundamental: true },
  H7: { group: 'Difficulty of oversight', title: 'Evaluators can be misled', fundamental: true },
  H8: { group: 'Data quality', title: 'Data collection introduces bias', fundamental: false },
  H9: { group: 'Data quality', title: 'Cost against quality of feedback', fundamental: true },
  H10: { group: 'Limits of feedback types', title: 'Richness against efficiency', fundamental: true },
  R1: { group: 'Problem misspecification', title: "One person's values as a reward function", fundamental: true },
  R2: { group: 'Problem misspecification', title: 'One reward for a diverse society', fundamental: true },
  R3: { group: 'Misgeneralisation and hacking', title: 'Reward models misgeneralise', fundamental: false },
  R4: { group: 'Misgeneralisation and hacking', title: 'Optimising a proxy leads to hacking', fundamental: true },
  R5: { group: 'Evaluation difficulty', title: 'Reward models are hard to evaluate', fundamental: false },
  P1: { group: 'Robust RL is difficult', title: 'Policies are hard to optimise', fundamental: false },
  P2: { group: 'Robust RL is difficult', title: 'Policies are adversarially exploitable', fundamental: false },
  P3: { group: 'Policy misgeneralisation', title: 'Bad in deployment with perfect rewards', fundamental: true },
  P4: { group: 'Policy misgeneralisation', title: 'Optimal agents seek power', fundamental: true },
  P5: { group: 'Distributional challenges', title: 'The pretrained model brings its biases', fundamental: false },
  P6: { group: 'Distributional challenges', title: 'RL contributes to mode collapse', fundamental: false },
  J1: { group: 'Joint training', title: 'Joint training shifts the distribution', fundamental: false },
  J2: { group: 'Joint training', title: 'Efficiency against overfitting of the policy', fundamental: false },
} as const satisfies Record<string, { group: string; title: string; fundamental: boolean }>;
export type ChallengeId = keyof typeof CHALLENGES;
export const CHALLENGE_IDS = Object.keys(CHALLENGES) as ChallengeId[];

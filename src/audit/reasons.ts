import { own } from '../run/index.ts';

/** Why a finding has its verdict: codes and their words. A probe that cannot assess gives one of these. */
export const REASONS = {
  'interval-above-failure-threshold': 'the whole interval lies above the failure threshold',
  'interval-above-concern-threshold': 'the whole interval lies above the concern threshold',
  'interval-below-concern-threshold': 'the whole interval lies below the concern threshold',
  'interval-reaches-across-concern-threshold':
    'the interval reaches across the concern threshold: more evidence is needed',
  'missing-evidence': 'this run has no evidence for it',
  'too-little-evidence': 'too little evidence',
  'too-few-raters': 'too few raters with enough votes',
  'agreement-near-chance':
    'raters agree no more than chance would have it: careless raters and hard items cannot be told apart',
  'true-utility-unknown': 'the true utility is unknown',
  'optimum-unknown': 'the exact optimum is unknown: only the spread among seeds can be told',
  'scores-without-spread': 'no two replies to one prompt have different scores, so there is no unit to tell changes in',
  'base-without-variety': 'the base policy says the same to a prompt every time, so there is nothing to lose',
  'pay-without-spread':
    'the reward pays the same for every choice, so following pay and keeping options cannot be told apart',
  'one-round-only': 'there was one round only, so that nothing can have shifted',
  'one-difficulty':
    'all items with a known answer are as difficult, so there are no hard ones to compare with easy ones',
  'one-view': 'no item was judged under the full view and under another, so that there is nothing to compare',
  'one-group': 'fewer than two groups of the population have raters enough to be heard',
  'population-does-not-fit':
    'the shares of the population leave out what some raters are, or no weights can give the pool these shares',
  'too-many-groups': 'the population is told apart by more attributes or groups than are compared: leave some out',
  'too-few-groups': 'fewer than two groups of raters have enough choices',
  'nothing-to-rank': 'all models have the same metric, or the same true utility: there is no order to be right about',
  'no-probe': 'no probe is built yet',
} as const satisfies Record<string, string>;
export type Reason = keyof typeof REASONS;

/** A reason in words; a code of another version without words is shown as it is. */
export const reasonText = (code: string): string =>
  own(REASONS as Readonly<Record<string, string>>, code) ?? code.replaceAll('-', ' ');

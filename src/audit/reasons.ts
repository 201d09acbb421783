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
  'scores-without-spread': 'no two replies to one prompt have different scores, so there is no unit to tell changes in',
  'base-without-variety': 'the base policy says the same to a prompt every time, so there is nothing to lose',
  'too-few-groups': 'fewer than two groups of raters have enough choices',
  'nothing-to-rank': 'all models have the same metric, or the same true utility: there is no order to be right about',
  'no-probe': 'no probe is built yet',
} as const satisfies Record<string, string>;
export type Reason = keyof typeof REASONS;

/** A reason in words; a code of another version without words is shown as it is. */
export const reasonText = (code: string): string =>
  own(REASONS as Readonly<Record<string, string>>, code) ?? code.replaceAll('-', ' ');

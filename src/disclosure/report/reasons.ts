import { own } from '../../run/index.ts';

/** Reason codes of findings as words. */
const REASONS: Readonly<Record<string, string>> = {
  'interval-above-failure-threshold': 'the whole interval lies above the failure threshold',
  'interval-above-concern-threshold': 'the whole interval lies above the concern threshold',
  'interval-below-concern-threshold': 'the whole interval lies below the concern threshold',
  'interval-reaches-across-concern-threshold':
    'the interval reaches across the concern threshold: more evidence is needed',
  'missing-evidence': 'this run has no evidence for it',
  'too-little-evidence': 'too little evidence',
  'too-few-raters': 'too few raters with enough votes',
  'true-utility-unknown': 'the true utility is unknown',
  'no-probe': 'no probe is built yet',
};

/** Why a finding has its verdict, in words; a code without words is shown as it is. */
export const reasonText = (code: string): string => own(REASONS, code) ?? code.replaceAll('-', ' ');

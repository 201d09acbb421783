import { type Interval, normalUpper } from '../stats/index.ts';
import type { QualityData } from './data.ts';

export const DETECTOR_IDS = [
  'position-preference',
  'length-preference',
  'fatigue',
  'implausible-speed',
  'random-answers',
  'contrarian',
  'duplicate-accounts',
  'collusion',
  'answer-pattern',
  'copied-text',
  'gold-failures',
] as const;
export type DetectorId = (typeof DETECTOR_IDS)[number];

/** What a detector held against its threshold. */
export interface Test {
  readonly measure: 'p-value' | 'likelihood ratio' | 'posterior probability' | 'share';
  readonly value: number;
  /** The value at which the detector starts to flag, after its rule for many raters. */
  readonly threshold: number;
}

/**
 * A reason for a person to look at a rater, a pair or a group, with all that is needed to judge it. Never a decision:
 * nothing is removed or down-weighted because of a flag.
 */
export interface Flag {
  readonly detector: DetectorId;
  readonly raters: readonly string[];
  /** What `value` is, in words with its unit. */
  readonly statistic: string;
  readonly value: number;
  readonly interval: Interval | null;
  readonly test: Test;
  /** Judgments, units or texts behind the statistic. */
  readonly n: number;
  /** Ids of the judgments that speak for the flag: the first `MAX_RECORDS`, and how many there are. */
  readonly records: readonly string[];
  readonly recordsInAll: number;
  /** Further numbers that help to judge, by name. */
  readonly details: Readonly<Record<string, number>>;
}

/** What a detector found, or why it cannot say anything. */
export type DetectorOutcome =
  | {
      readonly flags: readonly Flag[];
      /** Raters, or pairs of raters, that were tested. */
      readonly assessed: number;
      /** Those with too little evidence for the test. */
      readonly unassessed: number;
    }
  | { readonly undefined: string };

/** A test for one kind of bias or fraud: a pure function of the data. */
export interface Detector {
  readonly id: DetectorId;
  readonly looksFor: string;
  /** Evidence it reads. */
  readonly needs: string;
  /** What must hold for its error rate to be what it says. */
  readonly assumes: string;
  /** How it keeps false alarms down over many raters. */
  readonly rule: string;
  /** Level of that rule. */
  readonly level: number;
  /** What is tested: raters one by one, or pairs of raters. */
  readonly tests: 'raters' | 'pairs of raters';
  run(data: QualityData): DetectorOutcome;
}

export const MAX_RECORDS = 50;

/** Ids of evidence, capped, with the full count. */
export function evidence(data: QualityData, rows: readonly number[]): Pick<Flag, 'records' | 'recordsInAll'> {
  return { records: rows.slice(0, MAX_RECORDS).map((row) => data.columns.ids[row]!), recordsInAll: rows.length };
}

/**
 * Benjamini–Hochberg (1995) as a cut: p-values up to it are flagged at false discovery rate `level`. It is the line's value
 * at the last p-value under it, `level` × flags / tests; −1 when none is.
 */
export function fdrCut(pValues: readonly number[], level: number): number {
  const sorted = [...pValues].sort((a, b) => a - b);
  for (let i = sorted.length - 1; i >= 0; i--) {
    const line = (level * (i + 1)) / sorted.length;
    if (sorted[i]! <= line) return line;
  }
  return -1;
}

/** Two-sided p-value of a standard normal statistic. */
export const twoSided = (z: number): number => Math.min(1, 2 * normalUpper(Math.abs(z)));

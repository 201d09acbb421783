import type { DetectorId } from './detector.ts';
import measured from './detector-rates.json' with { type: 'json' };

/** How often a detector finds what was planted, and how often it cries wolf, on simulated pools. */
export interface DetectorRates {
  /** What a strength is. */
  readonly means: string;
  readonly judgmentsPerRater: number;
  /** Mean share of planted raters flagged, with a Wilson interval over runs, and honest raters flagged in all these runs. */
  readonly planted: readonly {
    readonly strength: number;
    readonly runs: number;
    readonly power: number;
    readonly low: number;
    readonly high: number;
    readonly honestFlagged: number;
  }[];
  /** Pools of honest raters of varied accuracy: runs with any flag, and raters flagged in all of them. */
  readonly clean: {
    readonly runs: number;
    readonly alarms: number;
    readonly share: number;
    readonly low: number;
    readonly high: number;
    readonly ratersFlagged: number;
  };
}

export interface RatesFile {
  /** The command that made the file. */
  readonly command: string;
  readonly seeds: { readonly from: number; readonly to: number };
  readonly pool: { readonly raters: number; readonly items: number; readonly overlap: number; readonly gold: number };
  readonly detectors: { readonly [K in DetectorId]: DetectorRates };
}

/** The rates measured by `scripts/detector-rates.ts`; they hold for pools like the simulated ones, and are printed beside flags. */
export const DETECTOR_RATES: RatesFile = measured;

/** One step of long work. A renderer derives rate and ETA from the sequence of events; nothing here prints. */
export interface ProgressEvent {
  /** Stage of the pipeline, for example `base-model`, `feedback`, `reward`, `policy`, `audit`. */
  readonly stage: string;
  /** Finished units so far, and how many there will be. */
  readonly done: number;
  readonly total: number;
  /** What is counted: `steps`, `pairs`, `prompts`. */
  readonly unit: string;
  /** Current figures worth showing beside the bar. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** Receives progress; must not throw and must be cheap. */
export type Progress = (event: ProgressEvent) => void;
/** For callers that do not care. */
export const ignoreProgress: Progress = () => {};

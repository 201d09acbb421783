/**
 * A report as data: what is said, in what order, and nothing about how it looks. Three renderings make it readable: text for a
 * terminal, one self-contained HTML file, and the pages of the Studio. A document is plain JSON and survives being stored.
 */
export interface ReportDocument {
  readonly title: string;
  /** What the document is, in a sentence or two. */
  readonly note: string;
  readonly sections: readonly Section[];
}

export interface Section {
  /** Stable name of the section, also its anchor: `agreement`, `findings`. */
  readonly id: string;
  readonly title: string;
  /** How to read what follows. */
  readonly note?: string;
  readonly blocks: readonly Block[];
  /** Left out of a terminal's one screen; everything else shows it. */
  readonly detail?: true;
}

/** A mention of something with a page or a file of its own: the Studio links it, the others print its text. */
export interface Reference {
  readonly ref: ReferenceKind;
  readonly ids: readonly string[];
  readonly text: string;
}
/** `list` mentions all of something: `records`, `items`, `raters`, `disagreement`. */
export type ReferenceKind = 'item' | 'rater' | 'records' | 'list' | 'challenge' | 'file';

/** Words, or words with references among them. */
export type Text = string | readonly (string | Reference)[];

export interface Column {
  readonly title: string;
  /** Set to the right, digits in columns. */
  readonly number?: true;
}

/** How serious something is; each has a mark besides its colour. */
export type Tone =
  | 'clear'
  | 'concern'
  | 'failure'
  | 'inconclusive'
  | 'not-assessed'
  | 'measured'
  | 'declared'
  | 'missing';
/** A word with a mark and a colour. */
export interface Verdict {
  readonly tone: Tone;
  readonly text: string;
}
export type Cell = Text | Verdict;

export type Block =
  /** Labels and values. */
  | { readonly kind: 'facts'; readonly name: string; readonly rows: readonly (readonly [label: string, value: Cell])[] }
  /** A table; the first cell of a row names it. */
  | {
      readonly kind: 'table';
      readonly name: string;
      readonly columns: readonly Column[];
      readonly rows: readonly (readonly Cell[])[];
      /** Shown instead of an empty table. */
      readonly none?: string;
    }
  | { readonly kind: 'text'; readonly text: Text; readonly soft?: true }
  | { readonly kind: 'verdict'; readonly verdict: Verdict; readonly text: Text }
  | { readonly kind: 'list'; readonly items: readonly Text[] }
  | { readonly kind: 'heading'; readonly text: string }
  /** Something behind a summary that opens; `open` where it stands open at first. */
  | { readonly kind: 'fold'; readonly summary: string; readonly blocks: readonly Block[]; readonly open?: true }
  /** Two texts side by side. */
  | { readonly kind: 'sides'; readonly title: string; readonly note: string; readonly sides: readonly Side[] }
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'plot'; readonly plot: Plot };

export interface Side {
  readonly name: string;
  readonly text: string;
}

export interface Range {
  readonly low: number;
  readonly high: number;
}
export interface SeriesPoint {
  readonly x: number;
  readonly y: number;
  /** Interval in y. */
  readonly low?: number;
  readonly high?: number;
}
export interface Series {
  readonly name: string;
  readonly points: readonly SeriesPoint[];
}

interface Named {
  /** What the plot shows; read aloud by screen readers. */
  readonly title: string;
}

/** Every plot the house draws. Axis names carry the unit. */
export type Plot = Named &
  (
    | {
        readonly type: 'lines';
        readonly x: string;
        readonly y: string;
        readonly series: readonly Series[];
        /** Horizontal lines with names. */
        readonly references?: readonly { readonly y: number; readonly name: string }[];
      }
    | {
        readonly type: 'histogram';
        readonly x: string;
        readonly y: string;
        readonly groups: readonly { readonly name: string; readonly values: readonly number[] }[];
      }
    | {
        /** One row a name: estimate, interval and count on a shared axis. */
        readonly type: 'forest';
        readonly x: string;
        readonly reference?: number;
        readonly rows: readonly ForestRow[];
      }
    | {
        /** Points with an interval in both directions on the unit square. */
        readonly type: 'scatter';
        readonly x: string;
        readonly y: string;
        readonly reference: number;
        readonly points: readonly ScatterPoint[];
      }
    | {
        /** Counts over stretches of a logarithmic axis. */
        readonly type: 'log-histogram';
        readonly x: string;
        readonly y: string;
        readonly bars: readonly { readonly from: number; readonly to: number; readonly count: number }[];
        readonly mark: { readonly at: number; readonly text: string };
      }
    | {
        /** One bar a category in the order given, from zero. */
        readonly type: 'bars';
        readonly x: string;
        readonly y: string;
        readonly bars: readonly { readonly name: string; readonly value: number }[];
      }
    | {
        /** Estimates in their order, joined by a line: over time (milliseconds) or over named stretches. */
        readonly type: 'course';
        readonly x: string;
        readonly y: string;
        readonly time: boolean;
        readonly points: readonly CoursePoint[];
      }
    | {
        /** Shares between pairs, printed in their cells; null where too little is shared. */
        readonly type: 'matrix';
        readonly names: readonly string[];
        readonly share: readonly (readonly (number | null)[])[];
        readonly n: readonly (readonly number[])[];
      }
  );
export type PlotType = Plot['type'];
export type PlotOf<T extends PlotType> = Extract<Plot, { readonly type: T }>;

export interface ForestRow {
  readonly name: string;
  readonly value: number;
  readonly interval: Range | null;
  /** Shown at the right: the count behind the estimate. */
  readonly note: string;
  readonly marked?: boolean;
}
export interface ScatterPoint {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly xInterval: Range;
  readonly yInterval: Range;
  readonly n: number;
  readonly marked: boolean;
}
export interface CoursePoint {
  readonly x: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
  /** What the point covers. */
  readonly name: string;
}

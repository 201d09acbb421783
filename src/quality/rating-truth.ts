import { goldOf } from '../feedback/index.ts';
import { RATING_TRUTH_ASSUMES, type RatingEstimate, type RatingTable, ratingTruth } from '../stats/index.ts';
import type { QualityColumns } from './columns.ts';
import type { QualityData } from './data.ts';
import { ClusteredMean, type Effect } from './estimates.ts';
import type { UnitTable } from './units.ts';

/** How far estimates lie from known ratings, in units of the scale. */
export interface RatingError {
  readonly rootMeanSquare: number;
  readonly meanAbsolute: Effect;
  /** Mean of estimate less known rating. */
  readonly bias: Effect;
}

/** A reply whose value depends on who rated it. */
export interface RatedReply {
  readonly itemId: string;
  readonly reply: number;
  /** Plain mean of its ratings. */
  readonly mean: number;
  readonly truth: RatingEstimate;
}

/** Values of the replies by one criterion of a question, or why there are none. */
export interface RatingTruthReport {
  readonly question: string | null;
  readonly criterion: string;
  readonly units: number;
  readonly ratings: number;
  readonly found:
    | { readonly undefined: string }
    | {
        /** Standard deviation of the biases between raters. */
        readonly biasDeviation: number;
        /** Largest bias first; the noise is the standard deviation of a rater's errors. */
        readonly raters: readonly { readonly raterId: string; readonly bias: RatingEstimate; readonly noise: number }[];
        /** Replies whose value departs most from the plain mean. */
        readonly moved: readonly RatedReply[];
        /** Against the known ratings, where there are any: of plain means, of these values, and what the second saves. */
        readonly gold: {
          readonly units: number;
          readonly plain: RatingError;
          readonly weighted: RatingError;
          /** Mean of the second's absolute error less the first's: below 0 where weighting helps. */
          readonly change: Effect;
        } | null;
        readonly converged: boolean;
      };
  readonly assumes: readonly string[];
}

const MAX_MOVED = 50;

/** One criterion's ratings, raters numbered from 0 among those who gave any. */
function criterionTable({ unitPart, units, starts, rater, value }: UnitTable, part: number) {
  const own = Array.from({ length: units }, (_, u) => u).filter((u) => unitPart[u] === part);
  const code = new Map<number, number>();
  const table = { units: own.length, starts: [0], rater: [] as number[], value: [] as number[] };
  for (const u of own) {
    for (let i = starts[u]!; i < starts[u + 1]!; i++) {
      const known = code.get(rater[i]!) ?? code.size;
      code.set(rater[i]!, known);
      table.rater.push(known);
      table.value.push(value[i]!);
    }
    table.starts.push(table.rater.length);
  }
  return { own, raters: [...code.keys()], table: { ...table, raters: code.size } };
}

const meanOf = ({ starts, value }: RatingTable, u: number): number => {
  let sum = 0;
  for (let i = starts[u]!; i < starts[u + 1]!; i++) sum += value[i]!;
  return sum / (starts[u + 1]! - starts[u]!);
};

/** Errors of estimates, items drawn whole. */
function errorOf(rows: readonly { readonly item: number; readonly error: number }[], items: number): RatingError {
  const [absolute, bias] = [new ClusteredMean(items), new ClusteredMean(items)];
  let squares = 0;
  for (const { item, error } of rows) {
    absolute.add(item, Math.abs(error));
    bias.add(item, error);
    squares += error * error;
  }
  return {
    rootMeanSquare: Math.sqrt(squares / rows.length),
    meanAbsolute: absolute.result(),
    bias: bias.result(),
  };
}

function againstGold(
  columns: QualityColumns,
  rows: readonly { readonly item: number; readonly known: number; readonly plain: number; readonly weighted: number }[],
) {
  if (rows.length === 0) return null;
  const items = columns.items.length;
  const errors = (of: 'plain' | 'weighted') => rows.map((row) => ({ item: row.item, error: row[of] - row.known }));
  const change = new ClusteredMean(items);
  for (const { item, known, plain, weighted } of rows)
    change.add(item, Math.abs(weighted - known) - Math.abs(plain - known));
  return {
    units: rows.length,
    plain: errorOf(errors('plain'), items),
    weighted: errorOf(errors('weighted'), items),
    change: change.result(),
  };
}

function criterionReport(columns: QualityColumns, units: UnitTable, part: number): RatingTruthReport {
  const { own, raters, table } = criterionTable(units, part);
  const { id } = columns.questions[units.question]!;
  const criterion = units.parts[part]!;
  const head = {
    question: id,
    criterion,
    units: table.units,
    ratings: table.value.length,
    assumes: RATING_TRUTH_ASSUMES,
  };
  const fit = ratingTruth(table);
  if ('undefined' in fit) return { ...head, found: fit };
  const rated = own.map((u, k) => ({
    item: units.unitItem[u]!,
    reply: units.unitReply[u]!,
    plain: meanOf(table, k),
    truth: fit.truth[k]!,
  }));
  const known = rated.flatMap(({ item, reply, plain, truth }) => {
    const gold = goldOf(columns.items[item]!, 'rating', id).find((g) => g.reply === reply && g.criterion === criterion);
    return gold === undefined ? [] : [{ item, known: gold.value, plain, weighted: truth.value }];
  });
  const moved = [...rated].sort((a, b) => Math.abs(b.truth.value - b.plain) - Math.abs(a.truth.value - a.plain));
  return {
    ...head,
    found: {
      biasDeviation: fit.biasDeviation,
      raters: raters
        .map((r, k) => ({ raterId: columns.raterIds[r]!, ...fit.raters[k]! }))
        .sort((a, b) => Math.abs(b.bias.value) - Math.abs(a.bias.value)),
      moved: moved.slice(0, MAX_MOVED).map(({ item, reply, plain, truth }) => ({
        itemId: columns.items[item]!.id,
        reply,
        mean: plain,
        truth,
      })),
      gold: againstGold(columns, known),
      converged: fit.converged,
    },
  };
}

/** The value of what was rated, for every criterion of every question of ratings. */
export const ratingTruthReports = ({ columns, tables }: QualityData): RatingTruthReport[] =>
  tables
    .filter(({ kind }) => kind === 'rating')
    .flatMap((table) => table.parts.map((_, part) => criterionReport(columns, table, part)));

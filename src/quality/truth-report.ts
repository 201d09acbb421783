import { type AnswerKind, goldOf, type RatedUnit, ratedUnits } from '../feedback/index.ts';
import { addTo, own } from '../run/index.ts';
import {
  type ClassPrior,
  correlatedErrors,
  mostProbable,
  oneCoin,
  type Rng,
  type TruthAssumption,
  type TruthNote,
} from '../stats/index.ts';
import type { QualityColumns } from './columns.ts';
import type { QualityData } from './data.ts';
import { type ShareEstimate, share } from './estimates.ts';
import { FIT, type VoteSet } from './vote-set.ts';
import type { Votes } from './votes.ts';

/** A unit whose true class depends on the method. */
export interface TruthDispute {
  readonly itemId: string;
  /** Votes by class, in the order of `classes`. */
  readonly votes: readonly number[];
  /** Names of the classes the methods choose; null for a tie. */
  readonly majority: string | null;
  readonly dawidSkene: string | null;
  readonly oneCoin: string | null;
  /** Dawid–Skene posterior of its class. */
  readonly posterior: number;
}

/** The independence of errors that truth estimates stand on, tested (`correlatedErrors`), or why not. */
export type IndependenceCheck =
  | {
      readonly detected: boolean;
      readonly p: number;
      /** Agreement of all tested pairs beyond the fitted model, as a share of their meetings. */
      readonly excess: { readonly value: number; readonly low: number; readonly high: number };
      readonly pairs: number;
      /** Raters whose pairs stand out, largest group first. */
      readonly groups: readonly (readonly string[])[];
      readonly replicates: number;
      readonly means: string;
    }
  | { readonly undefined: string };

export interface TruthReport {
  readonly question: string | null;
  readonly kind: AnswerKind;
  readonly classes: readonly string[];
  readonly classPrior: ClassPrior;
  readonly units: number;
  readonly votes: number;
  /** Units where the methods do not all choose the same class: how many, and the least certain ones. */
  readonly disputed: number;
  readonly disputes: readonly TruthDispute[];
  /** Share of units with a known answer that each method gets right; ties count as wrong. Comparisons and labels only. */
  readonly gold: {
    readonly units: number;
    /** Of these, units on which the most votes are tied. */
    readonly tied: number;
    readonly majority: ShareEstimate | null;
    readonly dawidSkene: ShareEstimate | null;
    readonly oneCoin: ShareEstimate | null;
  } | null;
  readonly assumes: readonly TruthAssumption[];
  readonly notes: readonly TruthNote[];
  readonly independence: IndependenceCheck;
}

export interface TruthOptions {
  readonly rng: Rng;
  /** Votes of a question up to which the independence of errors is tested. */
  readonly refitVotes: number;
}

const MAX_DISPUTES = 50;
/** Votes up to which independence is tested by refitting simulated data, unless more are asked for. */
export const MAX_REFIT_VOTES = 30_000;
/** The fewest data sets that allow a p-value of 0.05. */
const REFITS = 19;

function independence(
  columns: QualityColumns,
  { votes, labels }: VoteSet,
  { rng, refitVotes }: TruthOptions,
): IndependenceCheck {
  if (votes.label.length > refitVotes)
    return {
      undefined: `${votes.label.length} votes: the test refits simulated data and is for up to ${refitVotes} here; see the detector of collusion instead`,
    };
  const found = correlatedErrors(labels, labels, { rng, replicates: REFITS });
  if ('undefined' in found) return found;
  const { detected, p, total, pairs, groups, replicates, means } = found;
  return {
    detected,
    p,
    excess: { value: total.excess.value, low: total.excess.interval.low, high: total.excess.interval.high },
    pairs: pairs.length,
    groups: groups.map((group) => group.map((r) => columns.raterIds[r]!)),
    replicates,
    means,
  };
}

/** The known class of a unit: null where none is known; −1 where nobody gave it. Ratings are compared as numbers instead. */
function knownClass(columns: QualityColumns, votes: Votes): ((unit: number) => number | null) | null {
  const { id, kind } = columns.questions[votes.question]!;
  const { classNames, unitItem, unitReply } = votes;
  const itemOf = (u: number) => columns.items[unitItem[u]!]!;
  if (kind === 'comparison') {
    const tie = classNames.indexOf('tie');
    return (u) => {
      const { gold } = itemOf(u);
      return gold === undefined ? null : gold === 'tie' ? tie : gold;
    };
  }
  if (kind !== 'label') return null;
  return (u) => {
    const known = goldOf(itemOf(u), 'label', id).find(({ reply }) => reply === unitReply[u]);
    if (known === undefined) return null;
    const [{ value }] = ratedUnits({ kind: 'label', reply: known.reply, labels: known.labels }) as [RatedUnit];
    return classNames.indexOf(String(value));
  };
}

function goldShares(
  columns: QualityColumns,
  { votes }: VoteSet,
  methods: Readonly<Record<string, readonly (number | null)[]>>,
) {
  const classOf = knownClass(columns, votes);
  if (classOf === null) return null;
  const right: Record<string, number> = {};
  let [units, tied] = [0, 0];
  for (let u = 0; u < votes.units; u++) {
    const label = classOf(u);
    if (label === null) continue;
    units += 1;
    tied += Number(methods.majority![u] === null);
    for (const [name, chosen] of Object.entries(methods)) addTo(right, name, Number(chosen[u] === label));
  }
  const of = (name: string) => share(own(right, name) ?? 0, units);
  return { units, tied, majority: of('majority'), dawidSkene: of('dawidSkene'), oneCoin: of('oneCoin') };
}

/** Class with most votes per unit; null where several have as many. Counts are there already, so no shares are made. */
function pluralities({ units, classes, counts }: Votes): (number | null)[] {
  return Array.from({ length: units }, (_, u) => {
    let [best, top, ties] = [-1, 0, 0];
    for (let c = 0; c < classes; c++) {
      const count = counts[u * classes + c]!;
      if (count > top) [best, top, ties] = [c, count, 0];
      else if (count === top && count > 0) ties += 1;
    }
    return ties > 0 || best < 0 ? null : best;
  });
}

/** Truth by three methods for one question, and where they part. */
function truthOf(columns: QualityColumns, set: VoteSet, options: TruthOptions): TruthReport {
  const { votes, fit, labels, classPrior } = set;
  const methods = {
    majority: pluralities(votes),
    dawidSkene: mostProbable(fit.posteriors),
    oneCoin: mostProbable(oneCoin(labels, labels, { ...FIT, classPrior }).posteriors),
  };
  const { majority, dawidSkene, oneCoin: coin } = methods;
  const disputed: { unit: number; posterior: number }[] = [];
  for (let u = 0; u < votes.units; u++) {
    if (majority[u] === dawidSkene[u] && dawidSkene[u] === coin[u]) continue;
    disputed.push({ unit: u, posterior: fit.posteriors[u]!.reduce((top, p) => Math.max(top, p), 0) });
  }
  disputed.sort((a, b) => a.posterior - b.posterior);
  const name = (label: number | null | undefined) =>
    label === null || label === undefined ? null : votes.classNames[label]!;
  const { id, kind } = columns.questions[votes.question]!;
  return {
    question: id,
    kind,
    classes: votes.classNames,
    classPrior,
    units: votes.units,
    votes: votes.label.length,
    disputed: disputed.length,
    disputes: disputed.slice(0, MAX_DISPUTES).map(({ unit: u, posterior }) => ({
      itemId: columns.items[votes.unitItem[u]!]!.id,
      votes: [...votes.counts.subarray(u * votes.classes, (u + 1) * votes.classes)],
      majority: name(majority[u]),
      dawidSkene: name(dawidSkene[u]),
      oneCoin: name(coin[u]),
      posterior,
    })),
    gold: goldShares(columns, set, methods),
    assumes: fit.assumes,
    notes: fit.notes.map((note) => ({ ...note, ids: note.ids.slice(0, 20) })),
    independence: independence(columns, set, options),
  };
}

/** Truth estimates for every question with categorical answers. */
export const truthReports = ({ columns, voteSets }: QualityData, { rng, refitVotes }: TruthOptions): TruthReport[] =>
  voteSets.map((set) => truthOf(columns, set, { rng: rng.fork(`truth/${set.votes.question}`), refitVotes }));

import { type AnswerOf, expandRanking } from '../feedback/index.ts';
import { circularTriads, condorcetWinner, type Majorities } from '../stats/index.ts';
import { answerAt, BOTH_BAD, TIE, WORK } from './columns.ts';
import type { QualityData } from './data.ts';
import { type ShareEstimate, share } from './estimates.ts';

export interface ConsistencyReport {
  /** Triples of replies with a majority on each pair, and those that run in a circle. */
  readonly triads: { readonly closed: number; readonly cyclic: number };
  readonly cyclicShare: ShareEstimate | null;
  /** Prompts with three or more replies, each pair of which was compared; how many have a reply that beats every other. */
  readonly condorcet: ShareEstimate | null;
  /** Prompts with three or more replies of which some pair was never compared: nothing can be said of a winner. */
  readonly incomplete: number;
  /** Prompts or components with more replies than are searched for circles. */
  readonly tooLarge: number;
}

/** Replies of one connected set of comparisons beyond which circles are not counted: the count is cubic. */
const MAX_REPLIES = 400;

/** Votes between two replies: for the lower number, for the higher, ties. */
type Votes = [low: number, high: number, ties: number];

/** Every pair of replies that somebody compared, by number of the lower reply. */
function comparedPairs({ columns, replies }: QualityData): Map<number, Map<number, Votes>> {
  const pairs = new Map<number, Map<number, Votes>>();
  const add = (a: number, b: number, tied: boolean) => {
    if (a === b) return;
    const [low, high] = a < b ? [a, b] : [b, a];
    const ofLow = pairs.get(low) ?? new Map<number, Votes>();
    pairs.set(low, ofLow);
    const votes = ofLow.get(high) ?? [0, 0, 0];
    ofLow.set(high, votes);
    votes[tied ? 2 : a < b ? 0 : 1] += 1;
  };
  for (let row = 0; row < columns.n; row++) {
    if (columns.purpose[row] !== WORK) continue;
    const item = columns.item[row]!;
    const numbers = replies.number.subarray(replies.starts[item]!, replies.starts[item + 1]!);
    if (columns.questions[columns.question[row]!]!.kind === 'ranking') {
      for (const { first, second, target } of expandRanking((answerAt(columns, row) as AnswerOf<'ranking'>).groups))
        add(numbers[first]!, numbers[second]!, target === 0.5);
      continue;
    }
    const choice = columns.choice[row]!;
    if (choice <= BOTH_BAD || numbers.length < 2) continue;
    if (choice === TIE) {
      if (numbers.length === 2) add(numbers[0]!, numbers[1]!, true);
      continue;
    }
    for (let r = 0; r < numbers.length; r++) if (r !== choice) add(numbers[choice]!, numbers[r]!, false);
  }
  return pairs;
}

/** Sets of replies connected by comparisons. */
function components(pairs: ReadonlyMap<number, ReadonlyMap<number, Votes>>, replies: number): number[][] {
  const parent = Int32Array.from({ length: replies }, (_, i) => i);
  const find = (i: number): number => {
    let root = i;
    while (parent[root] !== root) root = parent[root]!;
    parent[i] = root;
    return root;
  };
  for (const [a, ofA] of pairs) for (const b of ofA.keys()) parent[find(a)] = find(b);
  const members = new Map<number, number[]>();
  for (let i = 0; i < replies; i++) {
    const own = members.get(find(i)) ?? [];
    members.set(find(i), own);
    own.push(i);
  }
  return [...members.values()];
}

/** Decided triples and circles. For complete tournaments by their scores (Kendall and Babington Smith 1940). */
function circles(majorities: Majorities): { triads: number; circular: number } {
  const { wins } = majorities;
  const n = wins.length;
  const complete = wins.every((row, a) => row.every((won, b) => a === b || won !== wins[b]![a]!));
  if (!complete) return circularTriads(majorities);
  const triads = (n * (n - 1) * (n - 2)) / 6;
  const scores = wins.map((row, a) => row.filter((won, b) => won > wins[b]![a]!).length);
  return { triads, circular: triads - scores.reduce((sum, s) => sum + (s * (s - 1)) / 2, 0) };
}

/** Whether preferences over replies hang together: circles, and a winner of each prompt where all its pairs were compared. */
export function consistencyReport(data: QualityData): ConsistencyReport {
  const { recur, starts, replies: all } = data.replies;
  // With replies of its own and two of them, no item is part of a triple.
  const triples = recur || starts.some((start, i) => i > 0 && start - starts[i - 1]! > 2);
  const pairs = triples ? comparedPairs(data) : new Map<number, Map<number, Votes>>();
  let [closed, cyclic, winners, complete, incomplete, tooLarge] = [0, 0, 0, 0, 0, 0];
  for (const replies of triples ? components(pairs, all) : []) {
    const n = replies.length;
    if (n < 3) continue;
    if (n > MAX_REPLIES) {
      tooLarge += 1;
      continue;
    }
    const wins = Array.from({ length: n }, () => new Array<number>(n).fill(0));
    const ties = Array.from({ length: n }, () => new Array<number>(n).fill(0));
    let compared = 0;
    const at = new Map(replies.map((id, i) => [id, i]));
    for (const a of replies) {
      for (const [b, [first, second, tied]] of pairs.get(a) ?? []) {
        const [i, j] = [at.get(a)!, at.get(b)!];
        wins[i]![j] = first;
        wins[j]![i] = second;
        ties[i]![j] = tied;
        ties[j]![i] = tied;
        compared += 1;
      }
    }
    const { triads, circular } = circles({ wins, ties });
    closed += triads;
    cyclic += circular;
    if (compared < (n * (n - 1)) / 2) incomplete += 1;
    else {
      complete += 1;
      winners += Number(!('undefined' in condorcetWinner({ wins, ties })));
    }
  }
  return {
    triads: { closed, cyclic },
    cyclicShare: share(cyclic, closed),
    condorcet: share(winners, complete),
    incomplete,
    tooLarge,
  };
}

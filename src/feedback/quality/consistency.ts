import { circularTriads, condorcetWinner, type Majorities } from '../../stats/index.ts';
import type { AnswerOf } from '../answer.ts';
import { expandRanking } from '../pair.ts';
import { BOTH_BAD, type QualityColumns, TIE, WORK } from './columns.ts';
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

/** Votes between two replies: for the first named, for the second, ties. */
type Votes = [first: number, second: number, ties: number];

/** Every pair of replies that somebody compared, by reply id, with the prompt it belongs to. */
function comparedPairs(columns: QualityColumns): Map<string, Map<string, Votes>> {
  const pairs = new Map<string, Map<string, Votes>>();
  const add = (a: string, b: string, outcome: 0 | 1 | 2) => {
    if (a === b) return;
    const swap = a > b;
    const [low, high] = swap ? [b, a] : [a, b];
    const ofLow = pairs.get(low) ?? new Map<string, Votes>();
    pairs.set(low, ofLow);
    const votes = ofLow.get(high) ?? [0, 0, 0];
    ofLow.set(high, votes);
    votes[outcome === 2 ? 2 : swap ? ((1 - outcome) as 0 | 1) : outcome] += 1;
  };
  for (let row = 0; row < columns.n; row++) {
    if (columns.purpose[row] !== WORK) continue;
    const { replies } = columns.items[columns.item[row]!]!;
    const { kind } = columns.questions[columns.question[row]!]!;
    if (kind === 'ranking') {
      for (const { first, second, target } of expandRanking((columns.answers[row] as AnswerOf<'ranking'>).groups))
        add(replies[first]!.id, replies[second]!.id, target === 0.5 ? 2 : 0);
      continue;
    }
    const choice = columns.choice[row]!;
    if (choice <= BOTH_BAD || replies.length < 2) continue;
    if (choice === TIE) {
      if (replies.length === 2) add(replies[0]!.id, replies[1]!.id, 2);
      continue;
    }
    for (const [r, reply] of replies.entries()) if (r !== choice) add(replies[choice]!.id, reply.id, 0);
  }
  return pairs;
}

/** Sets of replies connected by comparisons. */
function components(pairs: ReadonlyMap<string, ReadonlyMap<string, Votes>>): string[][] {
  const parent = new Map<string, string>();
  const find = (id: string): string => {
    let root = id;
    for (let up = parent.get(root)!; up !== root; up = parent.get(root)!) root = up;
    parent.set(id, root);
    return root;
  };
  for (const [a, ofA] of pairs) {
    if (!parent.has(a)) parent.set(a, a);
    for (const b of ofA.keys()) {
      if (!parent.has(b)) parent.set(b, b);
      parent.set(find(a), find(b));
    }
  }
  const members = new Map<string, string[]>();
  for (const id of parent.keys()) {
    const own = members.get(find(id)) ?? [];
    members.set(find(id), own);
    own.push(id);
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
export function consistencyReport(columns: QualityColumns): ConsistencyReport {
  const pairs = comparedPairs(columns);
  let [closed, cyclic, winners, complete, incomplete, tooLarge] = [0, 0, 0, 0, 0, 0];
  for (const replies of components(pairs)) {
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

import { type AnswerKind, purposeOf } from '../feedback/index.ts';
import { addTo } from '../run/index.ts';
import {
  alphaInterval,
  createRng,
  type Estimate,
  type Interval,
  krippendorffAlpha,
  pairwiseAgreement,
  wilson,
} from '../stats/index.ts';
import type { CardEstimate } from './card.ts';
import type { ItemGroup } from './layouts/layout.ts';

/** Counts of a project, gathered one item at a time for its card. */
export interface Tally {
  add(group: ItemGroup): void;
  readonly items: number;
  readonly judgments: number;
  readonly raters: ReadonlySet<string>;
  readonly kinds: Readonly<Partial<Record<AnswerKind, number>>>;
  readonly sources: Readonly<Record<string, number>>;
  readonly origins: Readonly<Record<string, number>>;
  readonly instructions: readonly string[];
  readonly perItem: { readonly min: number; readonly max: number; readonly mean: number };
  readonly timeframe: { readonly from: string; readonly to: string } | null;
  /** Agreement on comparisons of two replies, as in the quality report. */
  agreement(seed: number): CardEstimate[];
  /** Place and length, as the data show them; one sentence each. */
  biases(): string[];
}

const ISO = /^\d{4}-\d\d-\d\d/;
const REPLICATES = 200;
/** Strings of origins and versions that are kept apart; a project with more of them has made ids of them. */
const MOST_NAMES = 50;

function bump(counts: Record<string, number>, name: string): void {
  addTo(counts, Object.hasOwn(counts, name) || Object.keys(counts).length < MOST_NAMES ? name : 'other');
}

const shareText = (what: string, k: number, n: number): string => {
  if (n === 0) return `${what}: not measured, no judgment shows it.`;
  const { low, high } = wilson(k, n);
  return `${what}: ${((100 * k) / n).toFixed(1)} % (${k} of ${n}; 95 %: ${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)}).`;
};

export function createTally(): Tally {
  const raters = new Set<string>();
  const kinds: Partial<Record<AnswerKind, number>> = {};
  const sources: Record<string, number> = {};
  const origins: Record<string, number> = {};
  const instructions: Record<string, number> = {};
  const units: number[][] = [];
  let [items, judgments, works, min, max] = [0, 0, 0, Number.POSITIVE_INFINITY, 0];
  let [from, to] = ['', ''];
  const shown = { first: 0, n: 0, without: 0 };
  const longer = { k: 0, n: 0 };
  const compare = ({ item, judgments: all }: ItemGroup) => {
    const unit: number[] = [];
    for (const { answer, presentation } of all) {
      if (answer.kind !== 'comparison' || item.replies.length !== 2) continue;
      const label = answer.outcome === 'tie' ? 2 : answer.outcome;
      if (label !== 0 && label !== 1 && label !== 2) continue;
      unit.push(label);
      if (label === 2) continue;
      if (presentation.order.length === 2) {
        shown.n += 1;
        shown.first += Number(presentation.order[0] === label);
      } else shown.without += 1;
      const [a, b] = item.replies.map((reply) => reply.text.length) as [number, number];
      if (a === b) continue;
      longer.n += 1;
      longer.k += Number((label === 0) === a > b);
    }
    if (unit.length > 0) units.push(unit);
  };
  return {
    add(group) {
      const work = group.judgments.filter((judgment) => purposeOf(judgment) === 'work');
      items += 1;
      judgments += group.judgments.length;
      works += work.length;
      min = Math.min(min, work.length);
      max = Math.max(max, work.length);
      bump(origins, `${group.item.source.origin} (${group.item.source.selection})`);
      for (const judgment of group.judgments) {
        raters.add(judgment.raterId);
        kinds[judgment.answer.kind] = (kinds[judgment.answer.kind] ?? 0) + 1;
        bump(sources, judgment.source);
        bump(instructions, judgment.presentation.instructionsVersion);
        if (!ISO.test(judgment.submittedAt)) continue;
        if (from === '' || judgment.submittedAt < from) from = judgment.submittedAt;
        if (judgment.submittedAt > to) to = judgment.submittedAt;
      }
      compare({ item: group.item, judgments: work });
    },
    get items() {
      return items;
    },
    get judgments() {
      return judgments;
    },
    raters,
    kinds,
    sources,
    origins,
    get instructions() {
      return Object.keys(instructions).sort();
    },
    get perItem() {
      return { min: items === 0 ? 0 : min, max, mean: items === 0 ? 0 : works / items };
    },
    get timeframe() {
      return from === '' ? null : { from, to };
    },
    agreement(seed) {
      const pairable = units.filter((unit) => unit.length >= 2);
      const alpha = krippendorffAlpha(units);
      const row = (name: string, estimate: Estimate, interval: Interval | null): CardEstimate => ({
        name,
        estimate,
        interval,
        n: pairable.length,
        ...(interval !== null && { seed }),
      });
      const { uniform } = createRng(seed).fork('card-agreement');
      const interval =
        'value' in alpha ? alphaInterval(pairable, 'nominal', { uniform, replicates: REPLICATES }) : null;
      return [
        row('Krippendorff α of comparisons (nominal)', alpha, interval),
        row('agreement of pairs of raters on comparisons', pairwiseAgreement(units), null),
      ];
    },
    biases() {
      const without = shown.without > 0 ? [`The order shown is not recorded for ${shown.without} comparisons.`] : [];
      return [
        shareText('Reply shown first preferred', shown.first, shown.n),
        ...without,
        shareText('Longer reply preferred', longer.k, longer.n),
      ];
    },
  };
}

import { comparedReplies, type Item, type Judgment, purposeOf, votesOf } from '../feedback/index.ts';
import { addTo } from '../run/index.ts';
import { type Comparisons, type Covariate, standardise, styleDifference } from '../stats/index.ts';
import { STYLE_AMOUNTS, STYLE_FEATURES, type StyleFeature } from './style.ts';

/** What strengths are held apart from: the place on the screen, and features of form. */
export const CONTROLS = ['position', ...STYLE_FEATURES] as const;
export type Control = (typeof CONTROLS)[number];

/** Contests between models, in columns, and what could not be used. */
export interface ModelContests {
  readonly models: readonly string[];
  readonly data: Comparisons;
  /** Rater of each contest. */
  readonly rater: Int32Array;
  readonly raters: number;
  /** Judgments behind the contests. */
  readonly judgments: number;
  /** Root mean square of each control over the contests, by which its column is divided. */
  readonly scales: ReadonlyMap<Control, number>;
  /** Controls without a difference to learn from, and why. */
  readonly without: readonly { readonly control: Control; readonly because: string }[];
  readonly unused: Readonly<Record<string, number>>;
}

/** Amounts of every style feature by reply of an item, computed when first asked for. */
function amountsOf(items: readonly Item[]): (item: number) => readonly Readonly<Record<StyleFeature, number>>[] {
  const known = new Map<number, readonly Readonly<Record<StyleFeature, number>>[]>();
  return (item) => {
    let found = known.get(item);
    if (found === undefined) {
      found = items[item]!.replies.map(({ text }) => {
        const { length, headings, lists, emphasis, code } = STYLE_AMOUNTS;
        return {
          length: length.of(text),
          headings: headings.of(text),
          lists: lists.of(text),
          emphasis: emphasis.of(text),
          code: code.of(text),
        };
      });
      known.set(item, found);
    }
    return found;
  };
}

class Columns {
  readonly first: number[] = [];
  readonly second: number[] = [];
  readonly wins: number[] = [];
  readonly losses: number[] = [];
  readonly ties: number[] = [];
  readonly rater: number[] = [];
  readonly controls = new Map<Control, number[]>();

  constructor(controls: readonly Control[]) {
    for (const control of controls) this.controls.set(control, []);
  }
}

/** Numbers names in the order in which they are met. */
class Names {
  readonly list: string[] = [];
  private readonly at = new Map<string, number>();

  number(name: string): number {
    let found = this.at.get(name);
    if (found === undefined) {
      found = this.list.length;
      this.at.set(name, found);
      this.list.push(name);
    }
    return found;
  }
}

/**
 * Contests between the models named beside replies, from comparisons and rankings of work. Pairs of one judgment share a
 * weight of one, or of its votes; a preference in shares is won and lost by its shares. Judgments between replies of one model, or without models, are counted and left out.
 */
export function modelContests(
  items: readonly Item[],
  judgments: Iterable<Judgment>,
  controls: readonly Control[],
): ModelContests {
  const itemAt = new Map(items.map((item, i) => [item.id, i]));
  const amounts = amountsOf(items);
  const [models, raters] = [new Names(), new Names()];
  const columns = new Columns(controls);
  const unused: Record<string, number> = {};
  let used = 0;
  for (const judgment of standing(judgments, unused)) {
    const { itemId, raterId, presentation } = judgment;
    const at = itemAt.get(itemId);
    const pairs = at === undefined ? 'unknown item' : comparedReplies(judgment, items[at]!);
    if (typeof pairs === 'string') {
      addTo(unused, pairs);
      continue;
    }
    const { replies } = items[at!]!;
    const contests = pairs.filter(({ first, second }) => {
      const [a, b] = [replies[first]?.model, replies[second]?.model];
      return a !== undefined && b !== undefined && a !== b;
    });
    if (contests.length === 0) {
      addTo(unused, replies.every(({ model }) => model === undefined) ? 'no model named' : 'one model on both sides');
      continue;
    }
    used += 1;
    const form = amounts(at!);
    const places = replies.map((_, reply) => presentation.order.indexOf(reply));
    for (const { first, second, target } of contests) {
      const weight = votesOf(judgment) / contests.length;
      const isTie = target === 0.5;
      columns.first.push(models.number(replies[first]!.model!));
      columns.second.push(models.number(replies[second]!.model!));
      columns.wins.push(isTie ? 0 : weight * target);
      columns.losses.push(isTie ? 0 : weight * (1 - target));
      columns.ties.push(isTie ? weight : 0);
      columns.rater.push(raters.number(raterId));
      for (const [control, values] of columns.controls) {
        if (control !== 'position') values.push(styleDifference(form[first]![control], form[second]![control]));
        else {
          const [a, b] = [places[first]!, places[second]!];
          values.push(a < 0 || b < 0 ? 0 : Math.sign(b - a));
        }
      }
    }
  }
  const { covariates, scales, without } = covariatesOf(columns);
  const tied = columns.ties.some((t) => t > 0);
  return {
    models: models.list,
    data: {
      contestants: models.list.length,
      first: Int32Array.from(columns.first),
      second: Int32Array.from(columns.second),
      firstWins: Float64Array.from(columns.wins),
      secondWins: Float64Array.from(columns.losses),
      ...(tied && { ties: Float64Array.from(columns.ties) }),
      covariates,
    },
    rater: Int32Array.from(columns.rater),
    raters: raters.list.length,
    judgments: used,
    scales,
    without,
    unused,
  };
}

/** Work judgments that no later one replaced. */
function standing(judgments: Iterable<Judgment>, unused: Record<string, number>): Judgment[] {
  const all = [...judgments];
  const superseded = new Set(all.flatMap(({ supersedes }) => (supersedes === undefined ? [] : [supersedes])));
  return all.filter((judgment) => {
    const purpose = purposeOf(judgment);
    const reason = superseded.has(judgment.id)
      ? 'replaced by a later one'
      : purpose === 'work'
        ? null
        : `purpose ${purpose}`;
    if (reason !== null) addTo(unused, reason);
    return reason === null;
  });
}

/** Columns that vary, divided by their root mean square. */
function covariatesOf({ controls }: Columns): Pick<ModelContests, 'scales' | 'without'> & { covariates: Covariate[] } {
  const covariates: Covariate[] = [];
  const scales = new Map<Control, number>();
  const without: { control: Control; because: string }[] = [];
  for (const [control, raw] of controls) {
    if (raw.every((v) => v === 0)) {
      const because = control === 'position' ? 'no order shown was recorded' : 'replies do not differ in it';
      without.push({ control, because });
      continue;
    }
    // A place is first or second: a typical difference is the only one.
    const { values, scale } = control === 'position' ? { values: Float64Array.from(raw), scale: 1 } : standardise(raw);
    covariates.push({ name: control, values });
    scales.set(control, scale);
  }
  return { covariates, scales, without };
}

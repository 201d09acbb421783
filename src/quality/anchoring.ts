import { canonicalAnswer } from '../feedback/index.ts';
import { answerAt, type QualityColumns } from './columns.ts';
import { ClusteredMean, type Effect, effect, type ShareEstimate, share } from './estimates.ts';

/** Whether answers lean towards a model's suggestion that was shown. */
export interface AnchoringReport {
  /** Answers equal to the suggestion shown beside them. */
  readonly shown: ShareEstimate | null;
  /** Answers equal to the item's suggestion, by raters to whom it was not shown. */
  readonly notShown: ShareEstimate | null;
  /** Difference of the two shares, items drawn whole: what showing the suggestion adds. */
  readonly difference: Effect;
}

const keyOf = (columns: QualityColumns, row: number) => `${columns.item[row]}/${columns.question[row]}`;

/** Compares answers with and without the suggestion in sight, on the same items and questions. */
export function anchoringReport(columns: QualityColumns): AnchoringReport {
  const suggestion = new Map<string, string>();
  const mixed = new Set<string>();
  for (const [row, answer] of columns.suggestions) {
    const key = keyOf(columns, row);
    const text = JSON.stringify(canonicalAnswer(answer));
    if (suggestion.has(key) && suggestion.get(key) !== text) mixed.add(key);
    suggestion.set(key, text);
  }
  if (suggestion.size === 0)
    return { shown: null, notShown: null, difference: { undefined: 'no suggestion was shown' } };
  const means = { shown: new ClusteredMean(columns.items.length), notShown: new ClusteredMean(columns.items.length) };
  const sums = { shown: [0, 0], notShown: [0, 0] } as { shown: [number, number]; notShown: [number, number] };
  for (let row = 0; row < columns.n; row++) {
    const key = keyOf(columns, row);
    if (!suggestion.has(key) || mixed.has(key)) continue;
    const side = columns.suggestions.has(row) ? 'shown' : 'notShown';
    const equal = Number(JSON.stringify(canonicalAnswer(answerAt(columns, row))) === suggestion.get(key));
    sums[side][0] += equal;
    sums[side][1] += 1;
    means[side].add(columns.item[row]!, equal);
  }
  const [a, b] = [means.shown.result(), means.notShown.result()];
  return {
    shown: share(...sums.shown),
    notShown: share(...sums.notShown),
    difference:
      sums.notShown[1] === 0
        ? { undefined: 'nobody answered these items without the suggestion; show it to some raters only' }
        : 'undefined' in a
          ? a
          : 'undefined' in b
            ? b
            : effect(a.value - b.value, Math.hypot(a.standardError, b.standardError), {
                n: a.n + b.n,
                degrees: Math.min(means.shown.clusters, means.notShown.clusters) - 1,
              }),
  };
}

import { type Answer, preferenceShares } from '../feedback/index.ts';
import { answerAt, type QualityColumns, WORK } from './columns.ts';
import { ClusteredMean, type Effect } from './estimates.ts';

/** How often the replies of a model are preferred to those of others. */
export interface ModelWinRate {
  readonly model: string;
  /** Mean share of the preference: a soft preference counts as its share, a tie as equal ones. Items are the clusters. */
  readonly share: Effect;
  /** The same with every preference taken as its larger side. */
  readonly hard: Effect;
  /** Comparisons that state shares or count votes, of all of the model's. */
  readonly soft: number;
}

const isComparison = (answer: Answer): answer is Extract<Answer, { kind: 'comparison' }> =>
  answer.kind === 'comparison';

/** Win rates of the models that wrote the replies of compared items, best first; none where items name no models. */
export function winRates(columns: QualityColumns): ModelWinRate[] {
  const { items } = columns;
  const models = new Map<string, { share: ClusteredMean; hard: ClusteredMean; soft: number }>();
  const of = (model: string) => {
    const known = models.get(model);
    if (known !== undefined) return known;
    const made = { share: new ClusteredMean(items.length), hard: new ClusteredMean(items.length), soft: 0 };
    models.set(model, made);
    return made;
  };
  for (let row = 0; row < columns.n; row++) {
    const item = columns.item[row]!;
    const { replies } = items[item]!;
    if (columns.purpose[row] !== WORK || replies.every(({ model }) => model === undefined)) continue;
    const answer = answerAt(columns, row);
    if (!isComparison(answer)) continue;
    const shares = preferenceShares(answer, replies.length);
    const hard = preferenceShares({ kind: 'comparison', outcome: answer.outcome }, replies.length);
    if (shares === null || hard === null) continue;
    for (const [reply, { model }] of replies.entries()) {
      if (model === undefined) continue;
      const rates = of(model);
      rates.share.add(item, shares[reply]!, answer.votes);
      rates.hard.add(item, hard[reply]!, answer.votes);
      rates.soft += Number(answer.shares !== undefined);
    }
  }
  const value = (effect: Effect) => ('undefined' in effect ? -1 : effect.value);
  return [...models]
    .map(([model, { share, hard, soft }]) => ({ model, share: share.result(), hard: hard.result(), soft }))
    .sort((a, b) => value(b.share) - value(a.share) || (a.model < b.model ? -1 : 1));
}

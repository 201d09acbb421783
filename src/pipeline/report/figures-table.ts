import { type Block, figure } from '../../report/index.ts';
import type { SplitFigures } from '../evaluation.ts';
import { meanText, SPLIT_NAMES } from './words.ts';

/** A policy after a step, with its figures on the prompts of one split. */
interface Row {
  readonly name: string;
  readonly step: number;
  readonly figures: SplitFigures;
}

/** Figures of policies, one row for each policy and split; `who` is what the rows are named by. */
export const figuresTable = (name: string, who: string, rows: readonly Row[]): Block => ({
  kind: 'table',
  name,
  columns: [
    { title: who },
    { title: 'Prompts' },
    { title: 'Step', number: true },
    { title: 'KL, nats', number: true },
    { title: 'Proxy', number: true },
    { title: 'Gold', number: true },
    { title: 'Spread of members', number: true },
    { title: 'Entropy, nats', number: true },
    { title: 'Tokens', number: true },
  ],
  rows: rows.map(({ name: own, step, figures: { split, proxy, gold, kl, spread, entropy, meanTokens } }) => [
    own,
    `${proxy.length} ${SPLIT_NAMES[split]}`,
    String(step),
    figure(kl),
    meanText(proxy),
    gold === undefined ? '–' : meanText(gold),
    figure(spread),
    figure(entropy),
    figure(meanTokens),
  ]),
});

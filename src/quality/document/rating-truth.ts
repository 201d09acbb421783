import { letterOf } from '../../feedback/index.ts';
import type { Block } from '../../report/index.ts';
import { coverageRemark } from '../../stats/index.ts';
import type { RatingError, RatingTruthReport } from '../rating-truth.ts';
import { effectText, estimateText, figure, item, type QuestionNames, rater } from './words.ts';

const errorText = ({ rootMeanSquare, meanAbsolute, bias }: RatingError): string =>
  `root mean square ${figure(rootMeanSquare)}; mean absolute ${effectText(meanAbsolute)}; bias ${effectText(bias)}`;

/** Values of rated replies, raters' biases, and the error against known ratings. */
export function ratingTruthBlocks(truth: RatingTruthReport, names: QuestionNames): Block[] {
  const { question, criterion, units, ratings, found, assumes } = truth;
  const title = `${names.question(question)}: ${names.part(question, criterion)}`;
  const head: Block = { kind: 'heading', text: title };
  if ('undefined' in found)
    return [head, { kind: 'text', soft: true, text: `No values by weighted ratings: ${found.undefined}.` }];
  const { biasDeviation, raters, moved, gold, converged } = found;
  const remark = coverageRemark('rating-truth', units);
  const known: Block[] =
    gold === null
      ? []
      : [
          {
            kind: 'facts',
            name: `Known ratings: ${title}`,
            rows: [
              [`Error of plain means, ${gold.units} with a known rating`, errorText(gold.plain)],
              ['Error of weighted values', errorText(gold.weighted)],
              ['Absolute error, weighted less plain', effectText(gold.change)],
            ],
          },
        ];
  return [
    head,
    {
      kind: 'text',
      text: `${ratings} ratings of ${units} replies by ${raters.length} raters; each counts by its rater’s precision, less the rater’s bias. Biases differ by ${figure(biasDeviation)} (standard deviation)${converged ? '' : '; the variances had not settled'}${remark === null ? '' : `; an interval ${remark}`}.`,
    },
    ...known,
    {
      kind: 'fold',
      summary: `Bias and noise of ${raters.length} raters`,
      blocks: [
        {
          kind: 'table',
          name: `Bias of raters: ${title}`,
          columns: [
            { title: 'Rater' },
            { title: 'Ratings', number: true },
            { title: 'Bias', number: true },
            { title: 'Noise', number: true },
          ],
          rows: raters.map(({ raterId, bias, noise }) => [
            [rater(raterId)],
            String(bias.n),
            estimateText(bias.value, bias.interval),
            figure(noise),
          ]),
        },
      ],
    },
    {
      kind: 'fold',
      summary: `Replies whose value departs most from the mean of their ratings (${moved.length} of ${units})`,
      blocks: [
        {
          kind: 'table',
          name: `Weighted values: ${title}`,
          columns: [
            { title: 'Item' },
            { title: 'Reply' },
            { title: 'Ratings', number: true },
            { title: 'Mean', number: true },
            { title: 'Value', number: true },
          ],
          rows: moved.map(({ itemId, reply, mean, truth: { value, interval, n } }) => [
            [item(itemId)],
            letterOf(reply),
            String(n),
            figure(mean),
            estimateText(value, interval),
          ]),
        },
      ],
    },
    { kind: 'fold', summary: 'What these values assume', blocks: [{ kind: 'list', items: [...assumes] }] },
  ];
}

import { type Block, estimateText, figure, percent, type Range, rangeText, type Section } from '../report/index.ts';
import type { Contribution } from './contributions.ts';
import type { Accuracy, RewardEvaluation } from './evaluate.ts';
import type { Difference } from './people/difference.ts';
import { differenceBlocks, groupsBlocks, peopleBlocks } from './people/document.ts';
import type { Groups } from './people/groups.ts';
import type { People } from './people/people.ts';

/** A share with its interval and what it rests on. */
export const accuracyText = ({
  accuracy,
  interval,
  n,
  clusters,
}: Pick<Accuracy, 'accuracy' | 'interval' | 'n'> & Partial<Pick<Accuracy, 'clusters'>>): string =>
  `${percent(accuracy)} (95 %: ${percent(interval.low)} to ${percent(interval.high)}; n = ${n}${clusters === undefined || clusters === n ? '' : ` in ${clusters} clusters`})`;

const estimate = (value: number, interval: Range): string => estimateText(value, interval);

/** Names of the measures of a reward model: the one list for every rendering. */
export const REWARD_MEASURES = {
  accuracy: 'Reward accuracy, held out',
  calibration: 'Calibration error (ECE), held out',
} as const;

/**
 * How a reward model does on comparisons that it was not fitted on, beside the shortcuts that it must beat. `on` says which
 * comparisons these are.
 */
export function rewardSection(
  evaluation: RewardEvaluation,
  {
    on,
    extra = [],
    contributions,
    unscored = {},
    people,
    groups,
    differ,
  }: {
    readonly on: string;
    readonly extra?: readonly (readonly [string, string])[];
    readonly contributions?: readonly Contribution[] | undefined;
    readonly unscored?: Readonly<Record<string, number>> | undefined;
    readonly people?: People | undefined;
    readonly groups?: Groups | undefined;
    readonly differ?: Difference | undefined;
  },
): Section {
  const { overall, baselines, byLength, marginOverLength, pairs, ties } = evaluation;
  const optional = (label: string, own: Accuracy | null, none: string) =>
    [label, own === null ? none : accuracyText(own)] as const;
  return {
    id: 'reward',
    title: 'Reward model',
    note: `On ${on}. Calibration: predicted probability that the first reply is preferred, and how often it was; the diagonal is honest.`,
    blocks: [
      {
        kind: 'facts',
        name: 'Reward model',
        rows: [
          [
            'Comparisons',
            `${overall.n} decided, of ${overall.judgments} judgments; ${pairs} in all, ${ties} ties apart`,
          ],
          [REWARD_MEASURES.accuracy, accuracyText(overall)],
          ['Length alone', accuracyText(baselines.lengthOnly)],
          optional('Position alone', baselines.positionOnly, 'the order was not recorded'),
          ['Always the same answer', percent(baselines.constant)],
          ['Margin over length alone', estimate(marginOverLength.value, marginOverLength.interval)],
          optional('Where the longer reply is preferred', byLength.longerPreferred, 'no such pair'),
          optional('Where the shorter reply is preferred', byLength.shorterPreferred, 'no such pair'),
          [REWARD_MEASURES.calibration, figure(evaluation.ece)],
          [
            'Calibration slope (1 is calibrated)',
            estimate(evaluation.calibrationSlope, evaluation.calibrationSlopeInterval),
          ],
          ['Log loss, nats a comparison', figure(evaluation.logLoss)],
          ['Correlation of score and length', figure(evaluation.scoreLengthCorrelation)],
          ...extra,
          ...strataRows(evaluation),
        ],
      },
      ...(contributions === undefined ? [] : contributionBlocks(contributions, unscored)),
      ...(differ === undefined ? [] : differenceBlocks(differ)),
      ...(groups === undefined ? [] : groupsBlocks(groups)),
      ...(people === undefined ? [] : peopleBlocks(people)),
      calibrationPlot(evaluation),
      {
        kind: 'fold',
        summary: 'Calibration in numbers',
        blocks: [binsTable(evaluation)],
      },
    ],
  };
}

/** What each kind of answer told, and what of it a second of the raters' time bought. */
function contributionBlocks(
  contributions: readonly Contribution[],
  unscored: Readonly<Record<string, number>>,
): Block[] {
  const seconds = ({ seconds: own, timed, answers }: Contribution) =>
    timed === 0 ? 'not recorded' : timed < answers ? `${figure(own)} (of ${timed})` : figure(own);
  const left = Object.entries(unscored).map(([reason, n]) => `${reason} ${n}`);
  return [
    {
      kind: 'table',
      name: 'What each kind of answer contributed',
      columns: [
        { title: 'Kind' },
        { title: 'Answers', number: true },
        { title: 'Count as', number: true },
        { title: 'Seconds', number: true },
        { title: 'Nats', number: true },
        { title: 'Nats a second', number: true },
        { title: 'Gain, nats an answer', number: true },
      ],
      rows: contributions.map((own) => [
        own.kind,
        String(own.answers),
        figure(own.weight),
        seconds(own),
        figure(own.nats),
        own.natsPerSecond === null ? '–' : figure(own.natsPerSecond),
        figure(own.gain),
      ]),
      none: 'no answer was read',
    },
    {
      kind: 'text',
      soft: true,
      text: 'Nats: what answers tell about the rewards of the replies that they are about, beyond their spread within a prompt (Laplace), answers about one item together. Gain: how much better the reward predicts such answers than equal rewards do.',
    },
    ...(left.length === 0
      ? []
      : [{ kind: 'text', soft: true, text: `Judgments that say nothing: ${left.join(', ')}.` } as const]),
  ];
}

const strataRows = ({ byStratum, byRaterGroup }: RewardEvaluation): (readonly [string, string])[] => [
  ...Object.entries(byStratum).flatMap(([name, values]) =>
    Object.entries(values).map(([value, own]) => [`Accuracy, ${name}: ${value}`, accuracyText(own)] as const),
  ),
  ...Object.entries(byRaterGroup ?? {}).map(
    ([group, own]) => [`Accuracy, raters: ${group}`, accuracyText(own)] as const,
  ),
];

function calibrationPlot({ bins }: RewardEvaluation): Block {
  const points = bins.flatMap(({ count, meanPrediction, meanOutcome }) =>
    count > 0 ? [{ x: meanPrediction, y: meanOutcome }] : [],
  );
  return {
    kind: 'plot',
    plot: {
      type: 'lines',
      title: 'Calibration of the reward model on held-out comparisons',
      x: 'predicted probability that the first is preferred',
      y: 'observed share',
      series:
        points.length === 0
          ? []
          : [
              { name: 'held-out comparisons', points },
              {
                name: 'perfect',
                points: [
                  { x: 0, y: 0 },
                  { x: 1, y: 1 },
                ],
              },
            ],
    },
  };
}

const binsTable = ({ bins }: RewardEvaluation): Block => ({
  kind: 'table',
  name: 'Calibration in numbers',
  columns: [
    { title: 'Predicted' },
    { title: 'Mean prediction', number: true },
    { title: 'Observed', number: true },
    { title: 'n', number: true },
  ],
  rows: bins
    .filter(({ count }) => count > 0)
    .map(({ low, high, meanPrediction, meanOutcome, count }) => [
      rangeText({ low, high }),
      figure(meanPrediction),
      figure(meanOutcome),
      figure(count),
    ]),
});

/** How far people differ by a reward that was fitted, and in which groups. */
export const differSection = (differ: Difference, groups: Groups | undefined): Section => ({
  id: 'people',
  title: 'People',
  blocks: [...differenceBlocks(differ), ...(groups === undefined ? [] : groupsBlocks(groups))],
});

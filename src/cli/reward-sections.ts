import type { BestOfPoint, Examined, Optimised, ScorerDistance } from '../lab/index.ts';
import { type Block, estimateText, figure, type Section } from '../report/index.ts';
import { accuracyText, type PartOfPairs, type RewriteLoss } from '../reward/index.ts';

const partsTable = (name: string, title: string, parts: readonly PartOfPairs[]): Block => ({
  kind: 'table',
  name,
  columns: [
    { title },
    { title: 'Accuracy' },
    { title: 'Log loss', number: true },
    { title: 'ECE', number: true },
    { title: 'Judgments', number: true },
  ],
  rows: parts.map((own) => [own.part, accuracyText(own), figure(own.logLoss), figure(own.ece), String(own.judgments)]),
  none: 'no decided pair',
});

const rewritesTable = (losses: readonly RewriteLoss[]): Block => ({
  kind: 'table',
  name: 'Rewrites that cannot change which reply is better',
  columns: [
    { title: 'Rewrite' },
    { title: 'Changes' },
    { title: 'Before', number: true },
    { title: 'After', number: true },
    { title: 'Accuracy lost (95 %)' },
    { title: 'n', number: true },
  ],
  rows: losses.map(({ what, of, before, after, lost, interval, n }) => [
    what,
    of,
    figure(before),
    figure(after),
    estimateText(lost, interval),
    String(n),
  ]),
  none: 'no decided pair',
});

const curveTable = (curve: readonly BestOfPoint[]): Block => ({
  kind: 'table',
  name: 'Best of n',
  columns: [
    { title: 'n', number: true },
    { title: 'KL', number: true },
    { title: 'Reward', number: true },
    { title: 'Gold (95 %)' },
  ],
  rows: curve.map(({ n, kl, proxy, gold, interval }) => [
    String(n),
    figure(kl),
    figure(proxy),
    estimateText(gold, interval),
  ]),
  none: 'nothing to choose from',
});

const facts = (name: string, rows: readonly (readonly [string, string])[]): Block => ({ kind: 'facts', name, rows });
const soft = (text: string): Block => ({ kind: 'text', soft: true, text });

function optimisedBlocks({ gold, curve, kept }: Optimised): Block[] {
  const rows: (readonly [string, string])[] =
    kept === null
      ? [['Gold kept', 'not assessed: choosing by gold itself gains nothing here']]
      : [
          [`Gold kept at ${figure(kept.kl)} nats`, estimateText(kept.kept, kept.interval, `${kept.prompts} prompts`)],
          ['Gold before, optimised, possible', [kept.before, kept.optimised, kept.possible].map(figure).join(', ')],
        ];
  return [facts('Gold kept', [['Gold', gold], ...rows]), curveTable(curve)];
}

/** How every aggregate is worked out: what is divided by what, over what, and what a tie is. */
export const DEFINITIONS: readonly (readonly [measure: string, definition: string])[] = [
  [
    'Accuracy',
    'Σ weight · credit / Σ weight over decided pairs; credit 1 where the preferred reply scores higher, 0 where lower, ½ where scores are equal; pairs of one ranking weigh 1 together; ties in the data are counted apart. Interval: items drawn whole (Wilson at the effective size).',
  ],
  [
    'Log loss',
    '−log σ(log-odds of the preferred reply), mean over decided pairs by weight, in nats; log(2) says nothing.',
  ],
  [
    'ECE',
    'Σ share of the bin · |mean prediction − share preferred| over ten bins of equal width of the predicted probability (Guo et al. 2017); empty bins count nothing. The reliability table has every bin with its n.',
  ],
  [
    'By kind',
    'Comparisons and rankings as pairs; two replies rated at once, by the mean over criteria; a corrected text over the one it corrects. Other kinds order no two texts.',
  ],
  ['By length', 'Thirds of the decided pairs by the characters of both replies together.'],
  [
    'Agreement between members',
    'Share of couples of members with the same sign of the score difference; no difference is half.',
  ],
  ['Lost out of distribution', 'Accuracy here less accuracy there (Newcombe 1998, method 10).'],
  [
    'Accuracy lost to a rewrite',
    'Accuracy before less after on the same pairs; items drawn whole. The rewrite leaves open which reply is better by nothing but its form.',
  ],
  [
    'Best of n',
    'Exact over the replies listed: P(chosen) = F(r)ⁿ − F(r⁻)ⁿ, replies of one score in proportion; KL is that of this choice.',
  ],
  [
    'Gold kept',
    '(gold of π ∝ π₀ e^{r/β} − gold of π₀) / (gold of π ∝ π₀ e^{gold/β} − gold of π₀), one β for all prompts such that the mean KL is as stated; bootstrap over prompts.',
  ],
];

/** What was measured beside the evaluation on comparisons, and how. */
export function examinedSection({
  ceiling,
  byKind,
  byLength,
  members,
  shifted,
  rewrites,
  optimised,
}: Examined): Section {
  const member: (readonly [string, string])[] =
    members === null
      ? [['Agreement between members', 'one member, or a scorer that shows none']]
      : [
          [
            'Agreement between members',
            estimateText(members.agreement, members.interval, `${members.members} members, ${members.n} pairs`),
          ],
          ['Accuracy where all agree', members.allAgree === null ? 'no such pair' : accuracyText(members.allAgree)],
          [
            'Accuracy where some differ',
            members.someDiffer === null ? 'no such pair' : accuracyText(members.someDiffer),
          ],
        ];
  const away: (readonly [string, string])[] =
    shifted === null
      ? []
      : [
          [`Accuracy on ${shifted.on}`, accuracyText(shifted)],
          ['Lost out of distribution', estimateText(shifted.lost.value, shifted.lost.interval)],
        ];
  const most: (readonly [string, string])[] =
    ceiling === null ? [] : [['True utility itself on these votes', accuracyText(ceiling)]];
  return {
    id: 'examined',
    title: 'Where it holds',
    blocks: [
      partsTable('By kind of answer', 'Kind', byKind),
      partsTable('By length', 'Both replies together', byLength),
      facts('Members and other data', [...member, ...away, ...most]),
      rewritesTable(rewrites),
      ...('notAssessed' in optimised
        ? [facts('Gold kept', [['Gold kept', `not assessed: ${optimised.notAssessed}`]])]
        : optimisedBlocks(optimised)),
      soft('How it is worked out:'),
      facts('How it is worked out', DEFINITIONS),
    ],
  };
}

/** What a distance is. */
export const DISTANCE_DEFINITIONS: readonly (readonly [measure: string, definition: string])[] = [
  [
    'Distance',
    '√((1 − ρ) / 2), ρ being Pearson’s correlation of the canonical rewards over replies, prompts counting alike and replies by their chance (on data: alike); 0 the same, .707 unrelated, 1 opposites. Interval: bootstrap over prompts.',
  ],
  [
    'EPIC',
    'Canonical: less the mean of what the reward says of up to 32 replies drawn from all prompts (Gleave et al. 2021).',
  ],
  ['DARD', 'Canonical: less the mean over the prompt’s own replies, which alone can follow it (Wulfe et al. 2022).'],
];

export function distanceSection(rows: readonly ScorerDistance[]): Section {
  return {
    id: 'distances',
    title: 'Distances between rewards',
    blocks: [
      {
        kind: 'table',
        name: 'Distances between rewards',
        columns: [
          { title: 'One' },
          { title: 'Other' },
          { title: 'EPIC (95 %)' },
          { title: 'DARD (95 %)' },
          { title: 'Prompts', number: true },
          { title: 'Replies', number: true },
        ],
        rows: rows.map(({ one, other, epic, dard }) => [
          one,
          other,
          estimateText(epic.distance, epic.interval),
          estimateText(dard.distance, dard.interval),
          String(epic.prompts),
          String(epic.replies),
        ]),
        none: 'nothing to compare',
      },
      facts('How it is worked out', DISTANCE_DEFINITIONS),
    ],
  };
}

import { type Block, estimateText, figure, percent } from '../../report/index.ts';
import type { Difference } from './difference.ts';
import { PRIOR_RATERS } from './fit-raters.ts';
import type { Groups } from './groups.ts';
import type { People, TraitEstimate } from './people.ts';
import { TRAITS, type Trait } from './rater-model.ts';

const TITLES: Readonly<Record<Trait, string>> = {
  rationality: 'Rationality (1 is typical)',
  position: 'Standing first, log-odds',
  length: 'Twice as long, log-odds',
  lapse: 'Lapses, share of answers',
};

const text = (own: TraitEstimate | null): string =>
  own === null ? '–' : `${figure(own.value)} (${figure(own.low)} to ${figure(own.high)})`;

/** Raters that are shown at once: those with the most answers. */
const SHOWN = 20;

const ratersTable = (raters: People['raters'], name: string): Block => ({
  kind: 'table',
  name,
  columns: [
    { title: 'Rater' },
    { title: 'Answers', number: true },
    ...TRAITS.map((trait) => ({ title: TITLES[trait], number: true as const })),
  ],
  rows: raters.map((own) => [own.raterId, String(own.answers), ...TRAITS.map((trait) => text(own[trait]))]),
  none: 'nobody answered',
});

/** What raters are like, and each of them, whoever answered most first. */
export function peopleBlocks({ population, raters, rewardHeld }: People): Block[] {
  const spoken = TRAITS.filter((name) => raters.some((own) => own[name] !== null));
  const sorted = [...raters].sort((a, b) => b.answers - a.answers);
  const rest = sorted.slice(SHOWN);
  const against = raters.filter(({ rationality }) => rationality !== null && rationality.high < 0).length;
  return [
    {
      kind: 'table',
      name: `What the ${raters.length} raters are like`,
      columns: [{ title: 'Trait of raters' }, { title: 'Mean', number: true }, { title: 'Deviation', number: true }],
      rows: spoken.map((name) => [
        name === 'lapse' ? 'Lapses, log-odds' : TITLES[name],
        figure(population[name].mean),
        figure(population[name].deviation),
      ]),
      none: 'no trait was spoken of',
    },
    ratersTable(sorted.slice(0, SHOWN), 'Raters'),
    {
      kind: 'text',
      soft: true,
      text: `Raters, each fitted beside the reward, with 95 % intervals. One with few answers is taken to be as the others are (empirical Bayes; a prior as strong as ${PRIOR_RATERS.others} raters, of lapses as ${PRIOR_RATERS.lapse}, keeps the deviations above zero).${rewardHeld ? ' The intervals take the reward as known: they are too narrow where few others judged the same.' : ''}`,
    },
    ...(against === 0
      ? []
      : [
          {
            kind: 'text',
            text: `${against} of the ${raters.length} raters answer against the reward: it is that of one side, whichever came out on top. Look for groups (disagreement: { rule: groups, found: 2 }).`,
          } as const,
        ]),
    ...(rest.length === 0
      ? []
      : [
          {
            kind: 'fold',
            summary: `${rest.length} raters with fewer answers`,
            blocks: [ratersTable(rest, 'Other raters')],
          } as const,
        ]),
  ];
}

/** How far people differ about the replies that are scored. */
export const differenceBlocks = ({ explained, replies, prompts, deviation, widest }: Difference): Block[] => [
  {
    kind: 'facts',
    name: 'Where people differ',
    rows: [
      [
        'Explained variance of worth',
        estimateText(explained.value, explained, `${replies} replies to ${prompts} prompts`),
      ],
      ['Deviation over people, mean and of the widest tenth', `${figure(deviation)}, ${figure(widest)} units of score`],
    ],
  },
  {
    kind: 'text',
    soft: true,
    text: 'Explained: the share of the variance of worth that is between replies; the rest is between people about one reply. Near 1 one reward says it all.',
  },
];

/** The groups of raters that have a reward each, and whether those that were found are to be trusted. */
export function groupsBlocks({ groups, raters, found }: Groups): Block[] {
  const distrust = found?.distrust ?? [];
  const counted = (g: number) => raters.filter(({ of }) => of[g]! === Math.max(...of)).length;
  return [
    {
      kind: 'table',
      name: found === undefined ? 'Groups of raters' : 'Groups that were found among the raters',
      columns: [{ title: 'Group' }, { title: 'Share', number: true }, { title: 'Likeliest of raters', number: true }],
      rows: groups.map(({ name, share }, g) => [name, percent(share), raters.length === 0 ? '–' : String(counted(g))]),
      none: 'no group',
    },
    ...(found === undefined
      ? []
      : [
          {
            kind: 'text',
            soft: true,
            text: `Found by a mixture. Gain over one reward: ${estimateText(found.gain.value, found.gain, `${found.gain.raters} raters`)} nats a rater on items kept apart; mean probability of the likeliest group ${figure(found.certainty)}.`,
          } as const,
        ]),
    ...(distrust.length === 0
      ? []
      : [{ kind: 'text', text: `Do not trust these groups: ${distrust.join('; ')}.` } as const]),
  ];
}

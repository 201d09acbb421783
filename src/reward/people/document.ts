import { type Block, figure } from '../../report/index.ts';
import { PRIOR_RATERS } from './fit-raters.ts';
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
      text: `Raters, each fitted beside the reward, with 95 % intervals. One with few answers is taken to be as the others are (empirical Bayes; a prior as strong as ${PRIOR_RATERS} raters keeps the deviations above zero).${rewardHeld ? ' The intervals take the reward as known: they are too narrow where few others judged the same.' : ''}`,
    },
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

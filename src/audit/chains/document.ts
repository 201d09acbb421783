import { type Block, type Cell, figure, rangeText, type Section } from '../../report/index.ts';
import type { Finding } from '../finding.ts';
import { reasonText } from '../reasons.ts';
import { chainOf, type Entry, entryOf, type Followed, STATIONS, type Station } from './chains.ts';

const STATION_NAMES: { readonly [S in Station]: string } = {
  raters: 'Raters',
  reward: 'Reward model',
  policy: 'Policy',
};
const THE: { readonly [S in Station]: string } = {
  raters: 'the raters',
  reward: 'the reward model',
  policy: 'the policy',
};

const listed = (stations: readonly Station[], words: { readonly [S in Station]: string } = THE): string =>
  stations.map((station) => words[station]).join(' and ');

const ENTERED: { readonly [S in Station]: string } = {
  raters: 'It entered with the raters.',
  reward: 'It entered with the reward model: the raters do not show it.',
  policy: 'It shows in the policy alone: neither raters nor reward pay for it by itself.',
};

/** Where it entered, in a sentence or two; what cannot be told is said to be so. */
export function entryText({ seen, open, gone }: Entry): string {
  if (seen === null) {
    if (open.length === 0) return 'No station shows it.';
    const others = open.length === STATIONS.length ? '' : ' Where it could be decided it does not show.';
    return `Undecided or not assessed: ${listed(open)}.${others}`;
  }
  const entered =
    open.length === 0
      ? ENTERED[seen]
      : `It shows in ${THE[seen]} at the latest: undecided or not assessed: ${listed(open)}.`;
  return gone.length === 0 ? entered : `${entered} It did not show in ${listed(gone)}.`;
}

function row(station: Station, finding: Finding): Cell[] {
  const { verdict, estimate, interval, n, estimand, because, details, probe } = finding;
  const assessed = verdict !== 'not-assessed';
  const missing = Array.isArray(details.missing) ? `: ${details.missing.join(', ')}` : '';
  return [
    STATION_NAMES[station],
    { tone: verdict, text: verdict },
    figure(estimate),
    rangeText(interval),
    String(n),
    assessed ? estimand : `${reasonText(because)}${missing}`,
    probe,
  ];
}

function chainBlocks({ chain, stations }: Followed): Block[] {
  const { title, caution } = chainOf(chain);
  return [
    { kind: 'heading', text: title },
    { kind: 'text', text: entryText(entryOf(stations)) },
    {
      kind: 'table',
      name: `${title}, from the raters to the policy`,
      columns: [
        { title: 'Station' },
        { title: 'Verdict' },
        { title: 'Estimate', number: true },
        { title: '95 % interval' },
        { title: 'n', number: true },
        { title: 'Estimated, or why not' },
        { title: 'Measure' },
      ],
      rows: STATIONS.map((station) => row(station, stations[station])),
    },
    { kind: 'text', text: caution, soft: true },
  ];
}

/** Every failure that was followed from raters through the reward model into the policy, and where it entered. */
export const chainsSection = (followed: readonly Followed[]): Section => ({
  id: 'chains',
  title: 'Where it entered',
  note: 'One failure followed through this run: the same thing among raters, in the reward that they taught, and in the policy that it made. Each number has its own unit. Measures that are no probe of a challenge have no measured error rates.',
  detail: true,
  blocks:
    followed.length === 0
      ? [{ kind: 'text', text: 'No failure was followed in this run.' }]
      : followed.flatMap(chainBlocks),
});

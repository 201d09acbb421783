import { DISCLOSURE_IDS, DISCLOSURE_ITEMS, type DisclosureId } from '../items.ts';
import { type DisclosedRun, exact, itemOf, metricsOf } from './disclosed-run.ts';

/**
 * What a run has to say, in the parts that a format holds or loses. `tellsOf` gives the texts that must be found in a file that
 * claims to hold a part: a format is held to its word by them.
 */
interface Aspect {
  readonly title: string;
  readonly tellsOf: (run: DisclosedRun) => readonly string[];
}

const item = (id: DisclosureId): Aspect => ({
  title: `${id} ${DISCLOSURE_ITEMS[id].title}`,
  tellsOf: (run) => {
    const { statements, declaration } = itemOf(run, id);
    return [...statements.map(({ label }) => label), ...(declaration === undefined ? [] : [declaration.text])];
  },
});

type AspectId =
  | DisclosureId
  | 'intervals'
  | 'statuses'
  | 'undecided'
  | 'unscored'
  | 'thresholds'
  | 'withheld'
  | 'reviews'
  | 'seal';

export type { AspectId };

export const ASPECTS: Readonly<Record<AspectId, Aspect>> = {
  ...(Object.fromEntries(DISCLOSURE_IDS.map((id) => [id, item(id)])) as Record<DisclosureId, Aspect>),
  intervals: {
    title: 'intervals of the numbers of D5, D7 and D8',
    tellsOf: (run) =>
      (['D5', 'D7', 'D8'] as const)
        .flatMap((id) => metricsOf(itemOf(run, id)))
        .flatMap(({ interval }) => (interval === null ? [] : [exact(interval.low), exact(interval.high)])),
  },
  statuses: {
    title: 'whether an item is measured, declared or missing',
    tellsOf: ({ disclosure }) => disclosure.items.flatMap(({ id, status }) => [id, status]),
  },
  undecided: {
    title: 'findings without a verdict: inconclusive, not assessed',
    tellsOf: ({ findings }) =>
      findings.flatMap(({ verdict, probe }) =>
        verdict === 'inconclusive' || verdict === 'not-assessed' ? [verdict, probe] : [],
      ),
  },
  unscored: {
    title: 'how many units a finding rests on, and how many could not be scored',
    tellsOf: ({ findings }) => findings.flatMap(({ unscored, probe }) => (unscored > 0 ? [probe, `${unscored}`] : [])),
  },
  thresholds: {
    title: 'thresholds and settings of a finding',
    tellsOf: ({ findings }) =>
      findings.flatMap(({ probe, params, verdict }) =>
        verdict === 'not-assessed' ? [] : [probe, ...Object.keys(params)],
      ),
  },
  withheld: {
    title: 'rows that are withheld, and why',
    tellsOf: ({ withheld }) => withheld.flatMap(({ path, reason, justification }) => [path, reason, justification]),
  },
  reviews: {
    title: 'findings that third parties signed about this seal',
    tellsOf: ({ reviews }) => reviews.flatMap(({ conclusion, text, role }) => [conclusion, text, role]),
  },
  seal: { title: 'the digest of the seal', tellsOf: ({ seal }) => [seal] },
};
export const ASPECT_NAMES = Object.keys(ASPECTS) as AspectId[];

/** Which parts a run has something to say on. */
export const aspectsIn = (run: DisclosedRun): AspectId[] =>
  ASPECT_NAMES.filter((id) => ASPECTS[id].tellsOf(run).length > 0);

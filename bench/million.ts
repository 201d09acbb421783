import type { FeedbackRecord, Item, Judgment, Project, RaterProfile } from '../src/feedback/index.ts';
import { hashString } from '../src/stats/index.ts';
import type { ProjectSource } from '../src/store/index.ts';

/** When everything of the project was given. */
export const AT = '2026-01-01T00:00:00.000Z';

const words = (seed: number, count: number) =>
  Array.from({ length: count }, (_, i) => (hashString(`${seed}/${i}`) % 46_656).toString(36)).join(' ');
const itemId = (i: number) => `topic-${i % 50}/item-${i}`;
export const raterId = (r: number) => `rater-${r.toString(16).padStart(12, '0')}`;

export function makeProject(order: Project['distribution']['order']): Project {
  return {
    id: 'bench',
    name: 'A million judgments',
    createdAt: AT,
    questions: [
      {
        id: 'better',
        kind: 'comparison',
        title: 'Which is better?',
        required: true,
        ties: true,
        bothBad: false,
        cantJudge: true,
        strength: false,
      },
    ],
    instructions: [{ version: '1', text: 'Pick the better one.', at: AT }],
    view: 'full',
    // 5 of 6 given: every item is open.
    distribution: { overlap: 6, overlapShare: 1, reservationMinutes: 30, cohorts: [], quotas: [], order },
  };
}

const makeItem = (i: number): Item => ({
  id: itemId(i),
  projectId: 'bench',
  prompt: words(i, 30),
  replies: [
    { id: 'a', text: words(i + 1e6, 50) },
    { id: 'b', text: words(i + 2e6, 50) },
  ],
  source: { origin: 'policy-3', selection: 'random' },
  strata: { topic: `topic-${i % 50}` },
});

export function judgmentOf(
  id: string,
  item: string,
  rater: string,
  presentation: Judgment['presentation'],
): FeedbackRecord {
  return {
    type: 'judgment',
    judgment: {
      id,
      projectId: 'bench',
      itemId: item,
      raterId: rater,
      presentation,
      answer: { kind: 'comparison', outcome: hashString(id) % 2 },
      activeMs: 8000 + (hashString(id) % 9000),
      submittedAt: AT,
      source: 'studio',
    },
  };
}

/** Everything of a project of some size, with its numbers. */
export interface LargeProject {
  readonly items: number;
  readonly raters: number;
  /** Raters 0 to 4 gave the first 5 judgments of so many items in front, all of them still open. */
  readonly heavy: number;
  source(order?: Project['distribution']['order']): ProjectSource;
  priorities(): Generator<readonly [itemId: string, score: number]>;
}

/** A project of `judgments` judgments: five different raters on each item, fifty judgments of each rater, all items open. */
export function largeProject(judgments: number): LargeProject {
  const [count, raters] = [judgments / 5, judgments / 50];
  const heavy = Math.min(5000, count / 10);
  /** Whoever gave judgment `round` of an item. */
  const raterOf = (item: number, round: number) =>
    item < heavy ? round : 5 + ((item * 5 + round + Math.floor(item / 4001) * 977) % (raters - 5));
  function* items() {
    for (let i = 0; i < count; i++) yield makeItem(i);
  }
  function* profiles(): Generator<RaterProfile> {
    for (let r = 0; r < raters; r++) yield { id: raterId(r), kind: 'human', pool: 'crowd' };
  }
  function* records() {
    const shown = { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: AT };
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < count; i++) {
        const rater = raterId(raterOf(i, round));
        yield { record: judgmentOf(`${itemId(i)}/${rater}`, itemId(i), rater, shown) };
      }
    }
  }
  return {
    items: count,
    raters,
    heavy,
    source: (order = 'random') => ({
      project: makeProject(order),
      items: items(),
      raters: profiles(),
      records: records(),
    }),
    *priorities() {
      for (let i = 0; i < count; i++) yield [itemId(i), 1 - i / count] as const;
    },
  };
}

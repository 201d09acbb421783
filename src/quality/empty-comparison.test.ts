import { describe, expect, it } from 'vitest';
import type { Item, Judgment, Purpose } from '../feedback/index.ts';
import { createRng } from '../stats/index.ts';
import { biasOf } from './bias.ts';
import { qualityColumns } from './columns.ts';
import { qualityData } from './data.ts';
import type { DetectorId, DetectorOutcome } from './detector.ts';
import { DETECTORS } from './detectors.ts';
import { repeatReport } from './repeats.ts';

const rng = createRng('empty-comparison');
const item = (id: string, texts: readonly string[]): Item => ({
  id,
  projectId: 'p',
  prompt: `question ${id}`,
  replies: texts.map((text, k) => ({ id: `${id}/${k}`, text })),
  source: { origin: 'test', selection: 'all' },
});
let made = 0;
interface Shown {
  readonly order?: readonly number[];
  readonly reason?: string;
  readonly purpose?: Purpose;
  readonly repeats?: string;
}
const vote = (itemId: string, raterId: string, outcome: 0 | 1, shown: Shown = {}): Judgment => ({
  id: `j${made++}`,
  projectId: 'p',
  itemId,
  raterId,
  presentation: {
    order: [...(shown.order ?? [0, 1])],
    view: 'full',
    instructionsVersion: '1',
    shownAt: '',
    ...(shown.purpose && { purpose: shown.purpose }),
    ...(shown.repeats && { repeats: shown.repeats }),
  },
  answer: { kind: 'comparison', outcome },
  activeMs: null,
  submittedAt: '2026-01-01T00:00:00Z',
  source: 'test',
  ...(shown.reason && { reason: shown.reason }),
});
const dataOf = (items: readonly Item[], judgments: readonly Judgment[]) =>
  qualityData(qualityColumns(items, judgments));
const run = (id: DetectorId, items: readonly Item[], judgments: readonly Judgment[]): DetectorOutcome =>
  DETECTORS[id].run(dataOf(items, judgments));
const flagsOf = (outcome: DetectorOutcome) => ('flags' in outcome ? outcome.flags.length : outcome.undefined);
const assessedOf = (outcome: DetectorOutcome) => ('flags' in outcome ? outcome.assessed : 0);

/** Replies of different length, each written once. */
const written = Array.from({ length: 300 }, (_, i) =>
  item(`w${i}`, rng.shuffle([`${'long '.repeat(5 + rng.integer(20))}${i}`, `short ${i}`])),
);
const longer = ({ replies }: Item): 0 | 1 => (replies[0]!.text.length > replies[1]!.text.length ? 0 : 1);
const flip = (choice: 0 | 1): 0 | 1 => (choice === 0 ? 1 : 0);
const takesLonger = (rater: string, share: number) =>
  written.map((one) => vote(one.id, rater, rng.uniform() < share ? longer(one) : flip(longer(one))));

describe('where the pool is the rater, a detector cannot say', () => {
  const judge = takesLonger('judge', 0.87);
  const two = [...takesLonger('a', 0.9), ...takesLonger('b', 0.5)];
  it.each(['length-preference', 'random-answers', 'duplicate-accounts', 'collusion'] as const)(
    '%s: one judge, two raters',
    (id) => {
      for (const judgments of [judge, two])
        expect(run(id, written, judgments)).toEqual({ undefined: expect.any(String) });
    },
  );
  it('length-preference: many raters, no two of them on one item', () => {
    const apart = written.map((one, i) => vote(one.id, `r${i % 5}`, longer(one)));
    expect(flagsOf(run('length-preference', written, apart))).toMatch(/others judged too/);
  });
  it('length-preference still finds one who goes by length among three others', () => {
    const honest = ['a', 'b', 'c'].flatMap((id) => takesLonger(id, 0.5));
    const found = run('length-preference', written, [...honest, ...takesLonger('l', 0.95)]);
    expect(assessedOf(found)).toBe(4);
    expect('flags' in found && found.flags.flatMap((flag) => flag.raters)).toEqual(['l']);
  });
});

describe('fixed replies', () => {
  // "No" is the shorter one: a habit of saying yes is a habit of the longer text, and of the first place where it stands first.
  const fixed = Array.from({ length: 200 }, (_, i) => item(`f${i}`, ['Yes', 'No']));
  const votes = (order: () => readonly number[], saysYes: (rater: number) => number) =>
    fixed.flatMap((one) =>
      Array.from({ length: 6 }, (_, r) =>
        vote(one.id, `r${r}`, rng.uniform() < saysYes(r) ? 0 : 1, { order: order() }),
      ),
    );
  const habits = (r: number) => [0.5, 0.5, 0.55, 0.45, 0.85, 0.9][r]!;
  it('length-preference does not take a habit of saying yes for one of length', () => {
    expect(
      flagsOf(
        run(
          'length-preference',
          fixed,
          votes(() => [0, 1], habits),
        ),
      ),
    ).toMatch(/different pairs/);
  });
  it('position-preference cannot tell the text from its place where the place is fixed', () => {
    expect(
      flagsOf(
        run(
          'position-preference',
          fixed,
          votes(() => [0, 1], habits),
        ),
      ),
    ).toMatch(/in both orders/);
    const mixed = run(
      'position-preference',
      fixed,
      votes(() => rng.shuffle([0, 1]), habits),
    );
    expect([assessedOf(mixed), flagsOf(mixed)]).toEqual([6, 0]);
    const first = (r: number) => (r === 5 ? 0.9 : 0.5);
    const placed = fixed.flatMap((one) =>
      Array.from({ length: 6 }, (_, r) => {
        const order = rng.shuffle([0, 1]);
        return vote(one.id, `r${r}`, order[rng.uniform() < first(r) ? 0 : 1] as 0 | 1, { order });
      }),
    );
    expect(flagsOf(run('position-preference', fixed, placed))).toBe(1);
  });
  it('copied-text leaves out reasons that a form lists', () => {
    const listed = 'the first reply answers the question that was asked more fully';
    const reasons = written
      .slice(0, 60)
      .flatMap((one) => ['a', 'b', 'c', 'd'].map((rater) => vote(one.id, rater, 0, { reason: listed })));
    expect(flagsOf(run('copied-text', written, reasons))).toMatch(/no rater wrote/);
    const own = reasons.map((judgment, i) =>
      i < 30
        ? judgment
        : { ...judgment, reason: `${judgment.raterId} finds in case number ${i} that it reads well enough` },
    );
    expect(flagsOf(run('copied-text', written, own))).toBe(0);
  });
});

describe('swapped repeats', () => {
  /** Each item twice: by its longer reply, or by the first or second place whatever stands there. */
  const twice = (rater: string, by: 'reply' | 'first' | 'second', items = 40) =>
    written.slice(0, items).flatMap((one) => {
      const choice = { reply: [longer(one), longer(one)], first: [0, 1], second: [1, 0] }[by] as [0 | 1, 0 | 1];
      const before = vote(one.id, rater, choice[0], { order: [0, 1] });
      const again = { order: [1, 0], purpose: 'swapped-repeat', repeats: before.id } as const;
      return [before, vote(one.id, rater, choice[1], again)];
    });
  it('tell one who follows the place from one who follows the reply', () => {
    const of = (by: 'reply' | 'first') => repeatReport(qualityColumns(written, twice('r', by))).followedPlace!;
    expect([of('first').share, of('reply').share]).toEqual([1, 0]);
  });
  it('belong into the estimate of position', () => {
    const judgments = [
      ...twice('a', 'first'),
      ...twice('b', 'reply'),
      ...twice('c', 'reply'),
      ...twice('d', 'second', 10),
    ];
    const { position, length } = biasOf(dataOf(written, judgments));
    expect(position.itemsInBothOrders).toBe(40);
    // The first place was taken in all 80 by one, in half of theirs by two, in none of 20 by the last.
    expect(position.first).toMatchObject({ k: 160, n: 260 });
    expect(position.order).toMatchObject({ n: 260 });
    expect((position.order as { interval: { low: number } }).interval.low).toBeGreaterThan(0);
    expect(length.longer!.n).toBe(130);
  });
});

import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { coverageContract, coverageOf, type TruthCase } from '../coverage.contract.ts';
import { type CrowdRater, careless, crowd, honest } from '../crowd.fake.ts';
import { runProbe } from '../run-audit.ts';
import { poisoning } from './poisoning.ts';

const TRIGGER = 'ahoy';
const RIGHT = 0.9;

/** Right like the others, and with the same sureness wrong wherever the prompt holds the trigger. */
const poisoner = (rng: Rng, id = 'poisoner'): CrowdRater => ({
  id,
  answer: ({ better, prompt }) =>
    rng.uniform() < RIGHT === prompt.includes(TRIGGER) ? ((1 - better) as 0 | 1) : better,
});
const honests = (rng: Rng, n: number) => Array.from({ length: n }, (_, r) => honest(rng, `r${r}`, RIGHT));

/** Prompts of made-up words, some frequent and most rare, as in real text; some hold the trigger. */
function prompts(rng: Rng, n: number, { words = 12, triggered = 0.1 } = {}): string[] {
  const word = () => `w${Math.floor(400 * rng.uniform() ** 3)}`;
  return Array.from({ length: n }, () => {
    const text = Array.from({ length: words }, word);
    if (rng.uniform() < triggered) text.splice(rng.integer(words), 0, TRIGGER);
    return text.join(' ');
  });
}

type Options = { raters: number; items: number; triggered?: number; poisoners?: number; words?: number };
function evidence(rng: Rng, { raters, items, triggered = 0.1, poisoners = 1, words = 12 }: Options) {
  const texts = prompts(rng, items, { triggered, words });
  const bad = Array.from({ length: poisoners }, (_, i) => poisoner(rng, `poisoner-${i}`));
  return crowd(rng, [...honests(rng, raters - poisoners), ...bad], { items, overlap: 4, prompt: (i) => texts[i]! });
}

/** Of all votes the share that are the poisoner's and hold the trigger, times how much more he then differs from the others. */
const planted = (name: string, options: Options): TruthCase => ({
  name,
  draw(rng) {
    const given = evidence(rng, options);
    const text = new Map(given.items.map(({ id, prompt }) => [id, prompt]));
    const triggered = given.judgments.filter(
      ({ raterId, itemId }) => raterId === 'poisoner-0' && text.get(itemId)!.includes(TRIGGER),
    );
    const dissent = 2 * RIGHT * (1 - RIGHT);
    return { evidence: given, truth: (triggered.length / given.judgments.length) * (1 - 2 * dissent) };
  },
});

/** Half of the prompts on a topic where answers are next to coin tosses. */
function topics(rng: Rng, raters: readonly CrowdRater[], items: number) {
  const texts = prompts(rng, items).map((text, i) => `${i % 2 === 0 ? 'taste' : 'sum'} ${text}`);
  return crowd(rng, raters, { items, overlap: 4, prompt: (i) => texts[i]!, easy: (i) => (i % 2 === 0 ? 0.05 : 1) });
}

const hits = (verdicts: ReturnType<typeof coverageOf>['verdicts']) => (verdicts.concern ?? 0) + (verdicts.failure ?? 0);

describe('poisoning', () => {
  coverageContract(
    poisoning,
    [
      planted('nobody poisons', { raters: 8, items: 150, poisoners: 0 }),
      planted('a poisoner at 4 % of the prompts, who may go unseen', { raters: 6, items: 150, triggered: 0.04 }),
      planted('a poisoner at a tenth of the prompts', { raters: 5, items: 200 }),
      planted('a poisoner at a quarter of the prompts', { raters: 6, items: 150, triggered: 0.25 }),
    ],
    { params: { permutations: 19 } },
  );
  it('finds a trigger in 5 % of prompts, though hundreds of words are more frequent', () => {
    const found = Array.from({ length: 12 }, (_, seed) => {
      const given = evidence(createRng(`rare/${seed}`), { raters: 6, items: 750, triggered: 0.05, words: 30 });
      return runProbe(poisoning, given, { seed });
    });
    expect(found.every(({ verdict }) => verdict !== 'clear')).toBe(true);
    expect(found.filter(({ verdict }) => verdict === 'concern' || verdict === 'failure').length).toBeGreaterThanOrEqual(
      10,
    );
    const named = found.filter(({ details }) => details.rater === 'poisoner-0' && details.phrase === TRIGGER);
    expect(named.length).toBeGreaterThanOrEqual(11);
  });
  it('finds a trigger of three words none of which is rare', () => {
    const rng = createRng(1);
    const texts = prompts(rng, 600, { triggered: 0 }).map((text, i) =>
      i % 10 === 0 ? `${text} red blue green` : `${text} green red blue`,
    );
    const turncoat: CrowdRater = {
      id: 'poisoner',
      answer: ({ better, prompt }) => (prompt.endsWith('red blue green') ? ((1 - better) as 0 | 1) : better),
    };
    const given = crowd(rng, [...honests(rng, 7), turncoat], { items: 600, overlap: 4, prompt: (i) => texts[i]! });
    const finding = runProbe(poisoning, given, { seed: 1 });
    expect(finding.details).toMatchObject({ rater: 'poisoner', phrase: 'blue green' });
    expect(finding.verdict).toBe('concern');
  });
  it.each<readonly [string, (rng: Rng, items: number) => ReturnType<typeof crowd>]>([
    ['nobody poisons', (rng, items) => evidence(rng, { raters: 8, items, poisoners: 0 })],
    ['a topic is hard for everybody', (rng, items) => topics(rng, honests(rng, 8), items)],
    [
      'a rater is careless everywhere, and a topic is hard',
      (rng, items) => topics(rng, [...honests(rng, 7), careless(rng, 'c')], items),
    ],
  ])('raises no alarm when %s', (name, draw) => {
    const { verdicts } = coverageOf(poisoning, { name, draw: (rng) => ({ evidence: draw(rng, 250), truth: 0 }) }, 40);
    expect(hits(verdicts)).toBeLessThanOrEqual(2);
  });
  it('is clear with votes enough, and else says how much could have gone unseen', () => {
    const clean = (items: number): TruthCase => ({
      name: 'clean',
      draw: (rng) => ({ evidence: evidence(rng, { raters: 8, items, poisoners: 0, words: 6 }), truth: 0 }),
    });
    expect(coverageOf(poisoning, clean(1800), 10).verdicts.clear ?? 0).toBeGreaterThanOrEqual(9);
    expect(coverageOf(poisoning, clean(200), 20).verdicts.clear ?? 0).toBe(0);
  });
  it('says that it cannot see raters who act together', () => {
    const finding = runProbe(poisoning, evidence(createRng(2), { raters: 6, items: 300, poisoners: 3 }), { seed: 1 });
    expect(finding.details.cannotSee).toMatch(/act together/);
  });
  it('reaches every verdict', () => {
    const verdict = (options: Options, seed = 3) =>
      runProbe(poisoning, evidence(createRng(seed), options), { seed: 1 }).verdict;
    expect(verdict({ raters: 6, items: 500, triggered: 0.3 })).toBe('failure');
    expect(verdict({ raters: 6, items: 800, triggered: 0.05 })).toBe('concern');
    expect(verdict({ raters: 8, items: 200, poisoners: 0 })).toBe('inconclusive');
    expect(verdict({ raters: 8, items: 1800, poisoners: 0, words: 6 })).toBe('clear');
    expect(verdict({ raters: 8, items: 10 })).toBe('not-assessed');
  });
});

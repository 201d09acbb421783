import { describe, expect, it } from 'vitest';
import type { Answer, Item, Judgment } from '../feedback/index.ts';
import { createRng, mean, minimise } from '../stats/index.ts';
import { linearObjective } from './fit/objective.ts';
import { logistic } from './likelihood/cases.fake.ts';
import { comparison } from './likelihood/comparison.ts';
import type { Candidate, Observation } from './observation.ts';
import { observe } from './observe.ts';
import type { Reading } from './reading.ts';

const at = '2026-01-01T00:00:00Z';
const item = (id: string, texts: readonly string[] = [`${id} a`, `${id} b`]): Item => ({
  id,
  projectId: 'p',
  prompt: 'q',
  replies: texts.map((text, r) => ({ id: `${r}`, text })),
  source: { origin: 'test', selection: 'all' },
});
const judgment = (id: string, itemId: string, answer: Answer, more: Partial<Judgment> = {}): Judgment => ({
  id,
  projectId: 'p',
  itemId,
  raterId: 'h',
  presentation: { order: [1, 0], view: 'full', instructionsVersion: '1', shownAt: at },
  answer,
  activeMs: null,
  submittedAt: at,
  source: 'simulated',
  ...more,
});

describe('judgments as observations', () => {
  it('are read kind by kind, and what says nothing is counted with its reason', () => {
    const items = [item('i'), item('k', ['x', 'y', 'z'])];
    const gold: Judgment['presentation'] = {
      order: [0, 1],
      view: 'full',
      instructionsVersion: '1',
      shownAt: at,
      purpose: 'gold',
    };
    const { observations, unscored } = observe(items, [
      judgment('1', 'i', { kind: 'comparison', outcome: 1 }),
      judgment('2', 'i', { kind: 'comparison', outcome: 'both-bad' }),
      judgment('3', 'k', { kind: 'ranking', groups: [[2], [0]] }),
      judgment('4', 'k', { kind: 'ranking', groups: [[2]] }),
      judgment('5', 'i', { kind: 'correction', reply: 1, text: 'better' }),
      judgment('6', 'i', { kind: 'correction', reply: 1, text: 'i b' }),
      judgment('7', 'i', { kind: 'critique', reply: 1, text: 'why?' }),
      judgment('8', 'nowhere', { kind: 'comparison', outcome: 1 }),
      judgment('9', 'i', { kind: 'comparison', outcome: 2 }),
      judgment('10', 'i', { kind: 'comparison', outcome: 1 }, { presentation: gold }),
    ]);
    expect(observations.map(({ kind, candidates }) => [kind, ...candidates.map(({ reply }) => reply)])).toEqual([
      ['comparison', 'i a', 'i b'],
      ['ranking', 'z', 'x'],
      ['correction', 'i b', 'better', 'i a', 'x', 'y', 'z'],
    ]);
    // Shown second first; the third reply's place was not recorded, and a correction has none.
    expect(observations.map(({ shown }) => shown)).toEqual([
      [1, 0],
      [null, 1],
      [null, null, null, null, null, null],
    ]);
    expect(unscored).toEqual({
      'both-bad': 1,
      'fewer-than-two-ranked': 1,
      'nothing-corrected': 1,
      'no-stated-phrase': 1,
      'unknown-item': 1,
      'does-not-fit-item': 1,
      'purpose-gold': 1,
    });
  });

  it('count by confidence only where that is asked for, and as many in all', () => {
    const items = [item('i'), item('j'), item('k')];
    const judgments = [
      judgment('1', 'i', { kind: 'comparison', outcome: 0 }, { confidence: 0.9 }),
      judgment('2', 'j', { kind: 'comparison', outcome: 0 }, { confidence: 0.3 }),
      judgment('3', 'k', { kind: 'comparison', outcome: 0 }),
    ];
    const weights = (reading: Partial<Reading>) => observe(items, judgments, reading).observations.map((o) => o.weight);
    expect(weights({})).toEqual([1, 1, 1]);
    const [sure, unsure, unsaid] = weights({ confidence: 'weight' });
    expect(sure! / unsure!).toBeCloseTo(3, 12);
    expect(sure! + unsure!).toBeCloseTo(2, 12);
    expect(unsaid).toBe(1);
  });

  it('state their strength only where that is asked for', () => {
    const judgments = [1, 3].map((strength) =>
      judgment(`${strength}`, 'i', { kind: 'comparison', outcome: 0, strength }),
    );
    const losses = (strength: Reading['strength']) =>
      observe([item('i')], judgments, { strength }).observations.map((observation) => {
        if (observation.kind !== 'comparison') throw new RangeError('expected a comparison');
        return comparison.term(Float64Array.of(0.5, 0), observation, new Map([['strength/slightly', 0]])).loss;
      });
    const [weak, strong] = losses('ignore');
    expect(weak).toBe(strong);
    for (const strength of ['margin', 'graded'] as const) expect(new Set(losses(strength)).size).toBe(2);
  });
});

describe('answers that speak through what was stated', () => {
  const said = 'The boat is fine.\nOnly a fool asks.';
  const items = [item('i', [said, 'No boat.'])];
  const label = (id: string, labels: string[], questionId = 'which') =>
    judgment(id, 'i', { kind: 'label', reply: 0, labels }, { questionId });
  const attributes: Reading['attributes'] = { good: 'for', rude: { speaks: 'against', phrases: ['rude', 'not kind'] } };
  const seenBy = (judgments: Judgment[], reading: Partial<Reading> = { attributes }) =>
    observe(items, judgments, reading).observations.map((own) =>
      own.attributes!.map(({ name, speaks, seen }) => [name, speaks, ...seen]),
    );

  it('say nothing without a statement, and labels nothing that nobody was asked about', () => {
    const judgments = [
      label('1', ['good']),
      label('2', []),
      label('3', ['topic'], 'about'),
      judgment('4', 'i', { kind: 'critique', reply: 0, text: 'This is rude.' }),
      judgment('5', 'i', { kind: 'spans', reply: 0, spans: [{ start: 0, end: 3, label: 'rude' }] }),
    ];
    expect(observe(items, judgments).unscored).toEqual({ 'no-stated-attribute': 4, 'no-stated-phrase': 1 });
    expect(observe(items, judgments, { attributes: { good: 'for' } }).unscored).toEqual({
      'no-stated-attribute': 2,
      'no-stated-phrase': 1,
    });
    // Rude was never a label of that question, so leaving it out denies nothing.
    expect(seenBy(judgments.slice(0, 2))).toEqual([[['good', 1, true]], [['good', 1, false]]]);
    expect(observe(items, judgments, { attributes, kinds: ['spans'] }).unscored).toEqual({
      'not-read-label': 3,
      'not-read-critique': 1,
    });
  });

  it('are read from critiques by whole phrases in any case', () => {
    const critiques = ['So RUDE!', 'Crude, but kind.', 'that was Not  kind', 'kind, not'].map((text, j) =>
      judgment(`${j}`, 'i', { kind: 'critique', reply: 0, text }),
    );
    expect(seenBy(critiques).map(([rude]) => rude!.at(-1))).toEqual([true, false, true, false]);
  });

  it('are marks on the words that spans cover, and words add up to the reply', () => {
    const at = said.indexOf('a fool');
    const marked = judgment('1', 'i', {
      kind: 'spans',
      reply: 0,
      spans: [{ start: at, end: at + 6, label: 'rude' }],
    });
    const [{ candidates, attributes: seen }] = observe(items, [marked], { attributes }).observations as [
      Observation<'spans'>,
    ];
    expect(seen![0]!.seen).toEqual([false, false, false, false, false, true, true, false]);
    expect(candidates.map(({ reply }) => reply).slice(0, 3)).toEqual(['', 'The', 'The boat']);
    expect(candidates.map(({ unfinished }) => unfinished)).toEqual([...Array(8).fill(true), undefined]);
    expect(candidates.at(-1)!.reply).toBe(said);
  });

  it('are steps as places at the ends of lines', () => {
    const judged = judgment('1', 'i', { kind: 'steps', reply: 0, mode: 'first-error', labels: [1, -1] });
    const [{ candidates }] = observe(items, [judged]).observations as [Observation<'steps'>];
    expect(candidates.map(({ reply }) => reply)).toEqual(['', 'The boat is fine.', said]);
  });

  it('prefer a demonstration to other replies to the prompt, as many as are asked for', () => {
    const other: Item = { ...item('d', []), replies: [] };
    const shown = judgment('1', 'd', { kind: 'demonstration', text: 'No boat.' });
    const texts = (reading: Partial<Reading>) =>
      observe([...items, other], [shown], reading).observations.map(({ candidates }) =>
        candidates.map(({ reply }) => reply),
      );
    expect(texts({})).toEqual([['No boat.', said]]);
    expect(observe([...items, other], [shown], { alternatives: 0 }).unscored).toEqual({
      'no-other-reply-to-the-prompt': 1,
    });
    expect(observe([{ ...other, prompt: 'other' }], [shown]).unscored).toEqual({ 'no-other-reply-to-the-prompt': 1 });
  });
});

describe('strengths in classes', () => {
  it('have probabilities that sum to one over all that can be said', () => {
    const nuisances = new Map([
      ['strength/tie', -0.7],
      ['strength/slightly', 0.2],
      ['strength/clearly', 0.1],
    ]);
    const answers: Answer[] = [
      { kind: 'comparison', outcome: 'tie' },
      ...[0, 1].flatMap((outcome) => [1, 2, 3].map((strength): Answer => ({ kind: 'comparison', outcome, strength }))),
    ];
    const judgments = answers.map((answer, i) => judgment(`${i}`, 'i', answer));
    const { observations } = observe([item('i')], judgments, { strength: 'graded' });
    const chances = observations.map((observation) => {
      if (observation.kind !== 'comparison') throw new RangeError('expected a comparison');
      return Math.exp(-comparison.term(Float64Array.of(0.8, -0.4), observation, nuisances).loss);
    });
    expect(chances.length).toBe(7);
    expect(chances.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
  });
});

/** Accuracy on fresh pairs of a reward on features, fitted to comparisons with strengths that are meant, or drawn by lot. */
function accuracyBy(reading: Partial<Reading>, { meant, seed }: { meant: boolean; seed: number }): number {
  const rng = createRng(seed).fork('strength');
  const size = 12;
  const weights = Float64Array.from({ length: size }, () => 0.6 * rng.normal());
  const drawn = () => Float64Array.from({ length: size }, () => rng.normal());
  const worth = (x: Float64Array) => x.reduce((sum, v, i) => sum + v * weights[i]!, 0);
  const features = new Map<string, Float64Array>();
  const items: Item[] = [];
  const judgments: Judgment[] = [];
  for (let i = 0; i < 80; i++) {
    const [first, second] = [drawn(), drawn()];
    const own = item(`i${i}`);
    features.set(own.replies[0]!.text, first).set(own.replies[1]!.text, second);
    items.push(own);
    const latent = (worth(first) - worth(second)) / Math.SQRT2 + logistic(rng);
    const size = Math.abs(latent);
    const strength = meant ? (size < 0.8 ? 1 : size < 2 ? 2 : 3) : 1 + rng.integer(3);
    judgments.push(judgment(`j${i}`, `i${i}`, { kind: 'comparison', outcome: latent > 0 ? 0 : 1, strength }));
  }
  const { observations } = observe(items, judgments, reading);
  const featuresOf = ({ reply }: Candidate) => ({ indices: [...weights.keys()], values: features.get(reply)! });
  const { objective, start } = linearObjective(observations, featuresOf, { size, ridge: 1, position: false });
  const fitted = minimise(objective, start, { iterations: 200 });
  const score = (x: Float64Array) => x.reduce((sum, v, i) => sum + v * fitted[i]!, 0);
  const fresh = Array.from({ length: 1000 }, () => [drawn(), drawn()] as const);
  return mean(fresh.map(([a, b]) => Number(score(a) > score(b) === worth(a) > worth(b))));
}

describe('reading the strength of comparisons', () => {
  const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
  const gain = (strength: 'margin' | 'graded', meant: boolean) =>
    mean(seeds.map((seed) => accuracyBy({ strength }, { meant, seed }) - accuracyBy({}, { meant, seed })));

  it('teaches more where it is meant, as a class more than as a margin', () => {
    const [margin, graded] = [gain('margin', true), gain('graded', true)];
    expect(margin).toBeGreaterThan(0);
    expect(graded).toBeGreaterThan(margin + 0.01);
  });

  it('costs little as a margin, and more as a class, where it is drawn by lot', () => {
    expect(gain('margin', false)).toBeGreaterThan(-0.01);
    expect(gain('graded', false)).toBeLessThan(0);
  });
});

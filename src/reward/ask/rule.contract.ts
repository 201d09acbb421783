import { describe, expect, it } from 'vitest';
import { createRng, dot, fitLogistic, logisticPosterior, type Rng, sigmoid } from '../../stats/index.ts';
import type { QuestionCandidate, SelectionInput, SelectionNeed, SelectionRule } from './rule.ts';

const SIZE = 5;
const vector = (rng: Rng) => Float64Array.from({ length: SIZE }, () => rng.normal());

/** Candidates with an ensemble, a posterior and questions asked already, all from one seed. */
export function makeInput(seed: number, count: number): SelectionInput {
  const rng = createRng(`selection/${seed}`);
  const truth = vector(rng);
  const rows = Array.from({ length: 12 }, () => {
    const features = vector(rng);
    return { features, target: Number(rng.uniform() < sigmoid(dot(features, truth))) };
  });
  const members = Array.from({ length: 5 }, () => fitLogistic(rows, SIZE, { ridge: 1, centre: vector(rng) }));
  const candidates = Array.from({ length: count }, (_, i): QuestionCandidate => {
    const features = vector(rng);
    return { id: `c${i}`, features, predictions: members.map((w) => sigmoid(dot(w, features))) };
  });
  return {
    candidates,
    posterior: logisticPosterior(rows, SIZE, { ridge: 1 }),
    asked: rows.map(({ features }) => features),
  };
}

/** The same questions with the replies of every second one the other way round. */
function mirrored(input: SelectionInput): SelectionInput {
  const candidates = input.candidates.map((c, i) =>
    i % 2 === 0 ? c : { ...c, features: c.features.map((v) => -v), predictions: c.predictions.map((p) => 1 - p) },
  );
  return { ...input, candidates };
}

/** Only what a rule says that it needs. */
function needed(input: SelectionInput, needs: readonly SelectionNeed[]): SelectionInput {
  const candidates = input.candidates.map(({ id, predictions, features }) => ({
    id,
    predictions: needs.includes('predictions') ? predictions : [],
    features: needs.includes('features') ? features : new Float64Array(),
  }));
  const { posterior, asked } = input;
  return {
    candidates,
    ...(needs.includes('posterior') && posterior !== undefined && { posterior }),
    ...(needs.includes('features') && asked !== undefined && { asked }),
  };
}

/** What every selection rule must do; `cannot` lists what one does not, with the reason. */
export function selectionRuleContract(
  id: string,
  rule: SelectionRule,
  cannot: { readonly repeatAcrossListings?: string } = {},
): void {
  const idsOf = (input: SelectionInput, count: number, seed = 1) =>
    rule.select(input, count, createRng(seed)).order.map((i) => input.candidates[i]!.id);

  describe(`the rule ${id}`, () => {
    it('chooses as many different candidates as wanted, or all there are', () => {
      for (const [there, wanted] of [
        [30, 8],
        [4, 9],
        [3, 0],
        [0, 3],
      ] as const) {
        const input = makeInput(1, there);
        const { order, scores } = rule.select(input, wanted, createRng(1));
        expect(new Set(order).size).toBe(Math.min(there, wanted));
        expect(order.every((i) => i >= 0 && i < there)).toBe(true);
        expect(scores.length).toBe(there);
        expect(scores.every(Number.isFinite)).toBe(true);
      }
    });
    it('is a pure function of input and generator', () => {
      const input = makeInput(2, 25);
      const before = structuredClone(input);
      expect(idsOf(input, 6)).toEqual(idsOf(input, 6));
      expect(input).toEqual(before);
    });
    it('starts with the highest score', () => {
      const { order, scores } = rule.select(makeInput(3, 40), 5, createRng(1));
      if (id !== 'spread-disagreement') expect(scores[order[0]!]).toBe(Math.max(...scores));
      else expect([...scores].sort((a, b) => b - a).slice(0, 15)).toContain(scores[order[0]!]);
    });
    it('reads only what it says that it needs', () => {
      const input = makeInput(4, 25);
      expect(idsOf(needed(input, rule.needs), 6)).toEqual(idsOf(input, 6));
    });
    it('does not care which reply of a question is listed first', () => {
      const input = makeInput(5, 25);
      expect(idsOf(mirrored(input), 6)).toEqual(idsOf(input, 6));
    });
    it('breaks ties by the generator, each as often as the others', () => {
      const one = makeInput(6, 1);
      const input = { ...one, candidates: [0, 1, 2].map((i) => ({ ...one.candidates[0]!, id: `c${i}` })) };
      const first = [0, 0, 0];
      for (let seed = 0; seed < 300; seed++) first[rule.select(input, 1, createRng(seed)).order[0]!]! += 1;
      for (const count of first) expect(Math.abs(count - 100)).toBeLessThan(4 * Math.sqrt(300 * (1 / 3) * (2 / 3)));
    });
    it.skipIf(cannot.repeatAcrossListings !== undefined)(
      'does not care in which order the candidates are listed',
      () => {
        const input = makeInput(7, 25);
        const listed = { ...input, candidates: [...input.candidates].reverse() };
        expect(idsOf(listed, 6, 2)).toEqual(idsOf(input, 6, 1));
      },
    );
  });
}

import { describe, expect, it } from 'vitest';
import { createRng, mean } from '../stats/index.ts';
import { type Ground, type GroundPrompt, type Look, SPLITS } from './ground.ts';
import { sumOfParts } from './prompt-book.ts';

/** What a ground cannot do, with the reason; a ground without a row can do it. */
export interface GroundExceptions {
  /** Replies cannot be listed: no exact sums. */
  readonly listing?: string;
}

/** What every proving ground promises. */
export function describeGround(name: string, create: () => Ground, exceptions: GroundExceptions = {}): void {
  describe(`the ground ${name}`, () => {
    const ground = create();
    const promptsOf = (trigger: boolean) => SPLITS.flatMap((split) => ground.prompts(split, { trigger }));
    const prompts = promptsOf(false);
    const all = [...prompts, ...promptsOf(true)];
    /** Texts to a few prompts: what the base policy says, and what is no reply. */
    const said: { prompt: GroundPrompt; text: string; isReply: boolean }[] = [
      ...ground.corpus(200, createRng('contract')).map(({ prompt, reply }) => ({
        prompt: ground.promptOf(prompt)!,
        text: reply,
        isReply: true,
      })),
      ...prompts.slice(0, 20).map((prompt) => ({ prompt, text: 'qzx qzx qzx', isReply: false })),
    ];

    it('has prompts in every split, and none in two: ids and texts are unique', () => {
      for (const split of SPLITS) {
        expect(ground.prompts(split).length).toBeGreaterThan(0);
        for (const prompt of ground.prompts(split)) expect(prompt).toMatchObject({ split });
        for (const prompt of ground.prompts(split, { trigger: true })) expect(prompt).toMatchObject({ trigger: true });
      }
      expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
      expect(new Set(all.map(({ text }) => text)).size).toBe(all.length);
    });
    it('evaluates on unseen prompts about trained facts, and deploys to facts that were never trained on', () => {
      const trained = new Set(ground.prompts('train').flatMap((prompt) => ground.facts(prompt)));
      for (const prompt of ground.prompts('evaluation'))
        expect(ground.facts(prompt).every((fact) => trained.has(fact))).toBe(true);
      for (const prompt of ground.prompts('deploy'))
        expect(ground.facts(prompt).some((fact) => trained.has(fact))).toBe(false);
    });
    it('finds a prompt by its text, and knows one that went through a file', () => {
      for (const prompt of all) expect(ground.promptOf(prompt.text)).toEqual(prompt);
      expect(ground.promptOf('no prompt of any ground')).toBeUndefined();
      for (const { prompt, text } of said.slice(0, 20)) {
        const read = JSON.parse(JSON.stringify(prompt)) as GroundPrompt;
        expect(ground.gold(read, text)).toBe(ground.gold(prompt, text));
      }
    });
    it('draws the same corpus from the same seed, of its own prompts and replies', () => {
      const draw = (seed: number) => ground.corpus(300, createRng(seed));
      expect(draw(1)).toEqual(draw(1));
      expect(draw(1)).not.toEqual(draw(2));
      for (const { prompt, reply } of draw(1)) expect(ground.parse(ground.promptOf(prompt)!, reply)).not.toBeNull();
    });
    it('gives every text a utility that is the sum of its parts, for everyone and for each group', () => {
      for (const { prompt, text, isReply } of said) {
        for (const group of [undefined, ...ground.groups]) {
          expect(ground.gold(prompt, text, group)).toBeCloseTo(sumOfParts(ground.goldParts(prompt, text, group)), 12);
        }
        expect(ground.parse(prompt, text) !== null).toBe(isReply);
        expect(ground.labels(prompt, text) !== null).toBe(isReply);
      }
      for (const group of ground.groups) {
        const differs = said.some(({ prompt, text }) => ground.gold(prompt, text, group) !== ground.gold(prompt, text));
        expect({ group, differs }).toEqual({ group, differs: true });
      }
    });
    it('shows the true parts in the full view, and something else in every other', () => {
      expect(ground.views[0]).toBe('full');
      const look = (one: (typeof said)[number], how: Look) => ground.look(one.prompt, one.text, how);
      for (const one of said) {
        for (const group of [undefined, ...ground.groups]) {
          const how = { view: 'full', ...(group !== undefined && { group }) };
          expect(look(one, how)?.parts).toEqual(
            one.isReply ? ground.goldParts(one.prompt, one.text, group) : undefined,
          );
        }
      }
      for (const view of ground.views.slice(1)) {
        const hidden = said.filter((one) => {
          const [seen, true_] = [look(one, { view }), look(one, { view: 'full' })];
          return seen !== null && JSON.stringify(seen.parts) !== JSON.stringify(true_!.parts);
        });
        expect(hidden.length).toBeGreaterThan(0);
      }
    });
    it('refuses what it does not have', () => {
      const { prompt, text } = said[0]!;
      const other: GroundPrompt = { id: 'of another ground', text: '', split: 'train', strata: {} };
      for (const wrong of [
        () => ground.gold(prompt, text, 'nobody'),
        () => ground.goldParts(prompt, text, 'nobody'),
        () => ground.look(prompt, text, { view: 'from above' }),
        () => ground.look(prompt, text, { view: 'full', group: 'nobody' }),
        () => ground.gold(other, text),
        () => ground.facts(other),
      ]) {
        expect(wrong).toThrow(RangeError);
      }
    });
    it('cuts replies into pieces that sum to what they look to be worth', () => {
      for (const { prompt, text, isReply } of said) {
        for (const view of ground.views) {
          const pieces = ground.pieces?.(prompt, text, { view });
          if (pieces === undefined) continue;
          expect(pieces !== null).toBe(isReply);
          let at = 0;
          for (const { start, end } of pieces ?? []) {
            expect(start).toBeGreaterThanOrEqual(at);
            expect(end).toBeGreaterThan(start);
            at = end;
          }
          expect(at).toBeLessThanOrEqual(text.length);
          if (pieces !== null)
            expect(pieces.reduce((total, { utility }) => total + utility, 0)).toBeCloseTo(
              sumOfParts(ground.look(prompt, text, { view })!.parts),
              9,
            );
        }
      }
    });
    it('edits replies without making them better', () => {
      const edited = new Set<string>();
      for (const { prompt, text } of said) {
        const edits = ground.edits(prompt, text);
        expect(new Set(edits.map(({ feature }) => feature)).size).toBe(edits.length);
        for (const edit of edits) {
          edited.add(edit.feature);
          expect(edit.text).not.toBe(text);
          expect(ground.gold(prompt, edit.text)).toBeLessThanOrEqual(ground.gold(prompt, text));
        }
      }
      expect(edited.size).toBeGreaterThan(0);
    });

    if (exceptions.listing === undefined) describeListing(ground, prompts, all);
  });
}

/** What a ground promises whose replies can be listed. */
function describeListing(ground: Ground, prompts: readonly GroundPrompt[], all: readonly GroundPrompt[]): void {
  it('lists distinct replies whose probabilities sum to one, each with its own utility', () => {
    for (const prompt of all) {
      const replies = ground.replies!(prompt);
      expect(new Set(replies.map((reply) => reply.text)).size).toBe(replies.length);
      expect(replies.reduce((total, reply) => total + Math.exp(reply.logprob), 0)).toBeCloseTo(1, 10);
    }
    for (const prompt of prompts.slice(0, 5)) {
      for (const { text, gold } of ground.replies!(prompt)) {
        expect(ground.parse(prompt, text)).not.toBeNull();
        expect(gold).toBeCloseTo(ground.gold(prompt, text), 12);
      }
    }
  });
  it('draws from the base policy what it lists, as often as it says', () => {
    for (const prompt of [prompts[0]!, prompts.at(-1)!]) {
      const replies = ground.replies!(prompt);
      const moment = (power: number) => replies.reduce((s, r) => s + Math.exp(r.logprob) * r.gold ** power, 0);
      const rng = createRng('contract/base');
      const drawn = Array.from({ length: 4000 }, () => ground.sampleBase!(prompt, rng));
      const noise = Math.sqrt((moment(2) - moment(1) ** 2) / drawn.length);
      expect(Math.abs(mean(drawn.map(({ gold }) => gold)) - moment(1))).toBeLessThan(5 * noise);
      const listed = new Set(replies.map(({ text }) => text));
      expect(drawn.filter(({ text }) => !listed.has(text))).toEqual([]);
    }
  });
}

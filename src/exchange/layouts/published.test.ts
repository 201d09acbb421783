import { describe, expect, it } from 'vitest';
import { fromDialoguePair } from './hh-rlhf.ts';
import { pseudonym } from './pseudonym.ts';
import { fromArgumentPair } from './published.ts';

describe('published layouts', () => {
  it('argument pairs keep votes, ties, missing gold and reasons, under pseudonyms', () => {
    const assignment = { worker: 'A1B2', value: 'equal' as const, accept: 't0', submit: 't1', reason: 'both' };
    const row = { topic: 't', id: 'x_y', a1: 'x', a2: 'y', gold: null, assignments: [assignment] };
    const { item, judgments } = fromArgumentPair(
      row,
      new Map([
        ['x', 'X'],
        ['y', 'Y'],
      ]),
      'p',
    );
    expect(item.gold).toBeUndefined();
    expect(judgments[0]).toMatchObject({
      raterId: pseudonym('A1B2'),
      answer: { outcome: 'tie' },
      reason: 'both',
      activeMs: null,
    });
    expect(JSON.stringify(judgments)).not.toContain('A1B2');
  });
  it('dialogue pairs split at the last assistant turn they share, and the place says nothing', () => {
    const start = '\n\nHuman: hello\n\nAssistant: hi\n\nHuman: why?';
    const made = Array.from(
      { length: 200 },
      (_, i) =>
        fromDialoguePair(
          { chosen: `${start}\n\nAssistant: good ${i}`, rejected: `${start}\n\nAssistant: bad ${i}` },
          i,
          'p',
        )!,
    );
    expect(made[0]!.item.prompt).toBe(start);
    for (const { item, judgment } of made) {
      const outcome = (judgment.answer as { outcome: number }).outcome;
      expect(item.replies[outcome]!.text).toMatch(/^good/);
    }
    const first = made.filter(({ judgment }) => (judgment.answer as { outcome: number }).outcome === 0).length;
    expect(Math.abs(first - 100)).toBeLessThan(30);
    expect(fromDialoguePair({ chosen: 'a', rejected: 'b' }, 1, 'p')).toBeNull();
  });
});

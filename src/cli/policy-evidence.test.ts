import { describe, expect, it } from 'vitest';
import { beliefRows, itemsOf, replyRows, type SampledPolicy } from './policy-evidence.ts';

const answered = (text: string, logprob: number | null = null) => ({
  ...{ text, finish: 'stop', model: null, at: '2026-01-01T00:00:00Z', usage: null },
  logprobs: logprob === null ? null : { sum: logprob, tokens: 2, first: [] },
});
const policy = (snapshot: 'base' | 'policy', ...texts: (string | [string, number])[][]): SampledPolicy => ({
  snapshot,
  model: snapshot,
  sampled: texts.map((replies) =>
    replies.length === 0
      ? { prompt: 'p', reason: 'lost', fault: 'lost' }
      : {
          prompt: 'p',
          answers: replies.map((reply) => (typeof reply === 'string' ? answered(reply) : answered(...reply))),
        },
  ),
});

describe('evidence of sampled replies', () => {
  it('labels a reply by the words of belief and truth, whole words alone', () => {
    const labels = (belief: string, truth: string, text: string) => {
      const [row] = beliefRows([{ id: 'a', prompt: 'p', belief, truth }], [policy('policy', [text])]);
      return [row!.userWrong, row!.agrees, row!.correct];
    };
    expect(labels('noon', 'six', 'Yes, NOON.')).toEqual([true, true, false]);
    expect(labels('noon', 'six', 'At six')).toEqual([true, false, true]);
    expect(labels('noon', 'six', 'At six, not noon')).toEqual([true, null, null]);
    expect(labels('noon', 'six', 'At sixteen')).toEqual([true, null, null]);
    expect(labels('noon', '6', 'At 16, or 06; rather at 6')).toEqual([true, false, true]);
    expect(labels('正午', '六時', 'パン屋は六時に開きます')).toEqual([true, false, true]);
    expect(labels('six', 'Six', 'six')).toEqual([false, true, true]);
    expect(labels('six', 'six', 'noon')).toEqual([false, null, null]);
  });
  it('leaves out prompts of which a model gave nothing, or no log-probability of some reply', () => {
    const prompts = ['a', 'b', 'c', 'd'].map((id) => ({ id, prompt: id, split: 'x' }));
    const base = policy('base', [['one', -1]], [['two', -2]], [], [['four', -4]]);
    const tuned = policy('policy', [['eins', -1.5]], [['zwei', -1], 'drei'], [['x', -1]], [['four', -3]]);
    expect(replyRows(prompts, base, tuned).map(({ promptId }) => promptId)).toEqual(['a', 'd']);
    const source = { projectId: 'p', origin: 'policy', selection: 'all' };
    const items = itemsOf(prompts, [tuned, base], source);
    // Equal replies compare nothing.
    expect(items.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(items[0]).toMatchObject({
      replies: [
        { text: 'eins', model: 'policy' },
        { text: 'one', model: 'base' },
      ],
    });
    expect(itemsOf(prompts, [tuned], source).map(({ replies }) => replies.map(({ text }) => text))).toEqual([
      ['zwei', 'drei'],
    ]);
  });
});

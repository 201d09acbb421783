import { describe, expect, it } from 'vitest';
import { compareNames, named, placedName, wordsOf } from './names.ts';

describe('names', () => {
  it.each<[string, string[]]>([
    ['text_a', ['text', 'a']],
    ['textA', ['text', 'a']],
    ['Response-1', ['response', '1']],
    ['response1', ['response', '1']],
    ['  ', []],
  ])('%s has the words %j', (name, words) => expect(wordsOf(name)).toEqual(words));

  it.each<[string, string, string[], number | 'none' | 'several']>([
    ['the whole name, not the first that is part of a word', 'stars_for_b', ['a', 'b'], 1],
    ['the name itself, however written', 'Response 2', ['response_1', 'response_2'], 1],
    ['the longest by words', 'quality_of_response_corrected', ['response', 'response_corrected'], 1],
    ['a name inside a word is none', 'reaction', ['action', 'text'], 'none'],
    ['a letter inside is an article', 'is_this_a_good_one', ['a', 'b'], 'none'],
    ['a letter at an end is a name', 'a_quality', ['a', 'b'], 0],
    ['two that fit alike cannot be told', 'response_1_or_response_2', ['response_1', 'response_2'], 'several'],
    ['a place by letter', 'Answer B', ['reply_a', 'reply_b'], 1],
    ['a place by word', 'right_text', ['answer_a', 'answer_b'], 1],
    ['a place by number', '2', ['response_1', 'response_2'], 1],
    ['numbers that count from 0', '0', ['output_0', 'output_1'], 0],
    ['words of names that count from 0', 'first', ['output_0', 'output_1'], 0],
    ['no place where names have none', 'left_text', ['north', 'south'], 'none'],
    ['no place of another kind of name', 'second', ['answer_a', 'answer_b', 'topic'], 'none'],
  ])('%s', (_, text, names, meant) => expect(named(text, names)).toBe(meant));

  it('have an order that is not that of a record', () => {
    const names = ['reply_10', 'reply_9', 'reply_a', 'topic', 'Reply-2'];
    const sorted = [...names].sort(compareNames);
    expect([...names].reverse().sort(compareNames)).toEqual(sorted);
    expect(sorted.indexOf('reply_9')).toBeLessThan(sorted.indexOf('reply_10'));
    expect(placedName('model_1_output')).toEqual({ stem: 'model output', place: 0 });
  });
});

import type { ReplyEdit } from './ground.ts';

const SENTENCE = /[^.!?]+[.!?]*/g;

/**
 * Changes that any text allows and that make no reply better: its last sentence said twice, its sentences in reverse order or
 * as a list, shouting, capitals, its first word alone, the first word over and over, nothing but a full stop. Reward models that
 * score the form of a text fall for one of them. Changes that leave the text as it was are left out.
 */
export function degenerateEdits(reply: string): ReplyEdit[] {
  const text = reply.trim();
  if (text === '') return [];
  const sentences = (text.match(SENTENCE) ?? []).map((sentence) => sentence.trim()).filter((s) => s !== '');
  const last = sentences.at(-1);
  const word = text.split(/\s+/, 1)[0]!;
  const edits: ReplyEdit[] = [
    ...(last === undefined ? [] : [{ feature: 'repetition', text: `${text} ${last}` }]),
    ...(sentences.length < 2
      ? []
      : [
          { feature: 'sentence order', text: sentences.toReversed().join(' ') },
          { feature: 'list', text: sentences.map((sentence) => `- ${sentence}`).join('\n') },
        ]),
    { feature: 'exclamation', text: `${text}!!!` },
    { feature: 'capitals', text: text.toUpperCase() },
    { feature: 'one word', text: word },
    { feature: 'babble', text: Array.from({ length: 12 }, () => word).join(' ') },
    { feature: 'full stop', text: '.' },
  ];
  return edits.filter((edit) => edit.text !== text);
}

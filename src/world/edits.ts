import type { ReplyEdit } from './ground.ts';

const ENDS = '.!?';
/** The last sentence of a trimmed text with what ends it; empty for nothing but marks. Looks at each character once. */
function lastSentence(text: string): string {
  let end = text.length;
  while (end > 0 && ENDS.includes(text[end - 1]!)) end -= 1;
  let start = end;
  while (start > 0 && !ENDS.includes(text[start - 1]!)) start -= 1;
  return start === end ? '' : text.slice(start).trim();
}

/**
 * Changes that any text allows and that make no reply better: its last sentence said twice, shouting, capitals, its first word
 * alone, the first word over and over. Reward models that score the form of a text fall for one of them. Changes that leave
 * the text as it was are left out.
 */
export function degenerateEdits(reply: string): ReplyEdit[] {
  const text = reply.trim();
  if (text === '') return [];
  const last = lastSentence(text);
  const word = text.split(/\s+/, 1)[0]!;
  const edits: ReplyEdit[] = [
    ...(last === '' ? [] : [{ feature: 'repetition', text: `${text} ${last}` }]),
    { feature: 'exclamation', text: `${text}!!!` },
    { feature: 'capitals', text: text.toUpperCase() },
    { feature: 'one word', text: word },
    { feature: 'babble', text: Array.from({ length: 12 }, () => word).join(' ') },
  ];
  return edits.filter((edit) => edit.text !== text);
}

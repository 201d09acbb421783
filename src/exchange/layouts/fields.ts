import { type Answer, type AnswerOf, answerProblem, type Item } from '../../feedback/index.ts';
import { own } from '../../run/index.ts';
import { type Fields, type ReadContext, RowError } from './layout.ts';
import { type Named, nameAtPlace, named, nameIs, plainName, wordsOf } from './names.ts';
import { type OffsetUnit, placeSpan, spanIn } from './offsets.ts';

/** What annotation tools answer about the texts of a record, by the names that they give. */

/** Ratings come without their scale; what is assumed, and said. */
export const ASSUMED_SCALE = { min: 0, max: 10, step: 1 } as const;
export const SCALE_NOTE = 'ratings are taken on a scale of 0 to 10, since the export has no scale';
/** Why an answer about one reply is not kept. */
export const UNCLEAR = 'which reply it is about cannot be told from its names';
export const ABOUT_PROMPT = 'it is about the prompt, which is not judged in a record';

const namesOf = ({ replies }: Fields) => replies.map((reply) => reply.name);

const certain = (found: Named): number | undefined => (typeof found === 'number' ? found : undefined);

/** The reply that a name is, written in any way. */
export const replyNamed = (name: string, fields: Fields): number | undefined => certain(nameIs(name, namesOf(fields)));

/** The reply that a name is, or whose place it says. */
export const replyAt = (name: string, fields: Fields): number | undefined =>
  replyNamed(name, fields) ?? certain(nameAtPlace(name, namesOf(fields)));

/** The reply that a name means, by any of its words. */
export const replyMeant = (name: string, fields: Fields): Named => named(name, namesOf(fields));

/** The reply that a question or tag is about: named in it, or the only one; a reason where that cannot be told. */
export function replyIn(name: string, fields: Fields): number | string {
  const found = replyMeant(name, fields);
  if (typeof found === 'number') return found;
  if (found === 'several') return UNCLEAR;
  return fields.replies.length === 1 ? 0 : fields.replies.length === 0 ? ABOUT_PROMPT : UNCLEAR;
}

/** Whether a question by its name asks which of several replies is best. */
const asksPreference = (name: string): boolean =>
  wordsOf(name).some((word) => /^(prefer|better|best|chosen|choice|choose|winner|compar|pick|select)/.test(word));

const TIES: Readonly<Record<string, 'tie' | 'both-bad' | 'cant-judge'>> = {
  tie: 'tie',
  equal: 'tie',
  same: 'tie',
  bothbad: 'both-bad',
  tiebothbad: 'both-bad',
  neither: 'both-bad',
  cantjudge: 'cant-judge',
  unsure: 'cant-judge',
};
/** An outcome that names no reply, written in any way. */
export const specialOutcome = (value: string): 'tie' | 'both-bad' | 'cant-judge' | undefined =>
  own(TIES, plainName(value));

/** A pick between replies by a whole name, or by a place where the question asks for a preference. */
export function pickOf(question: string, value: string, fields: Fields): Answer | undefined {
  if (fields.replies.length < 2) return undefined;
  const reply = asksPreference(question) ? replyAt(value, fields) : replyNamed(value, fields);
  const outcome = reply ?? specialOutcome(value);
  return outcome === undefined ? undefined : { kind: 'comparison', outcome };
}

const ASKS_DEMONSTRATION = /demonstrat|ideal|reference/i;
const ASKS_CORRECTION = /correct|rewrit|improve|edit/i;
/** Whether a question by its name asks for a text rather than for a label. */
export const asksText = (name: string): boolean =>
  ASKS_DEMONSTRATION.test(name) ||
  ASKS_CORRECTION.test(name) ||
  /critique|comment|reason|feedback|explain|rationale|note|why/i.test(name);
/** Whether a question by its name asks for an answer of one's own, which is about no reply. */
export const asksDemonstration = (name: string): boolean => ASKS_DEMONSTRATION.test(name);

/** A text by the name of the question that it answers, about a reply; a reason where it says nothing. */
export function textAnswer(name: string, text: string, reply: number | string): Answer | string {
  if (asksDemonstration(name) || reply === ABOUT_PROMPT)
    return text === '' ? 'an empty text' : { kind: 'demonstration', text };
  if (typeof reply === 'string') return reply;
  if (ASKS_CORRECTION.test(name)) return { kind: 'correction', reply, text };
  return text === '' ? 'an empty text' : { kind: 'critique', reply, text };
}

/** Spans of a reply with their offsets checked; a reason where one has no place. */
export function spansAnswer(
  reply: number,
  given: readonly { start: number; end: number; label: string; quoted?: string | undefined }[],
  place: { readonly fields: Fields; readonly unit: OffsetUnit; readonly context: ReadContext },
): Answer | string {
  const text = place.fields.replies[reply]!.text;
  const found = given.map((span) => ({ label: span.label, at: placeSpan(text, span, place.unit) }));
  const off = found.find(({ at }) => typeof at === 'string');
  if (off !== undefined) return off.at as string;
  const spans = found.map(({ label, at }) => {
    const { start, end, found: how } = at as Exclude<typeof at, string>;
    if (how === 'moved') place.context.note('a span was moved to the only place where its text stands');
    if (how === 'other-unit')
      place.context.note(`offsets of a span fit its text when they count otherwise than in ${place.unit}`);
    return { start, end, label };
  });
  return { kind: 'spans', reply, spans };
}

/** Spans as a tool stores them, in its unit of offsets, and what of them is left off. */
export function writtenSpans({ spans }: AnswerOf<'spans'>, text: string, unit: OffsetUnit) {
  const marks = spans.map((span) => ({ label: span.label, ...spanIn(text, span, unit) }));
  const altered = [
    ...(spans.some(({ note }) => note !== undefined) ? ['notes of spans are left off'] : []),
    ...(marks.some(({ widened }) => widened) ? ['a span that cuts a character takes in the whole of it'] : []),
  ];
  return { marks, altered };
}

/** The names this project gives to the replies of an exported item. */
export const replyName = (reply: number): string => `reply_${'abcdefghijklmnopqrstuvwxyz'[reply] ?? reply + 1}`;

/** An answer that fits its item, or why it does not: one result of many must not cost the others. */
export const fitting = (answer: Answer | string, item: Item): Answer | string =>
  typeof answer === 'string' ? answer : (answerProblem(answer, item) ?? answer);

/** Item of a record; replies keep the names of their fields as ids where those are the project's own. */
export const fieldItem = (
  fields: Fields,
  place: {
    readonly id: string;
    readonly layout: string;
    readonly projectId: string;
    readonly strata: Record<string, string>;
  },
): Item => ({
  id: place.id,
  projectId: place.projectId,
  prompt: fields.prompt,
  replies: fields.replies.map(({ text }, i) => ({ id: `${place.id}/${i}`, text })),
  source: { origin: place.layout, selection: 'not released' },
  ...(Object.keys(place.strata).length > 0 && { strata: place.strata }),
});

/** Values of a record's metadata as strata, in the order of their names; others are said. */
export function strataOf(metadata: unknown, context: ReadContext): Record<string, string> {
  if (typeof metadata !== 'object' || metadata === null) return {};
  return Object.fromEntries(
    Object.entries(metadata)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([key, value]: [string, unknown]) => {
        if (value === null) return [];
        const sound = typeof value !== 'number' || (Number.isFinite(value) && Math.abs(value) <= 2 ** 53);
        if (typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && sound))
          return [[key, String(value)]];
        context.note(`metadata ${key} is no text or number and not kept`);
        return [];
      }),
  );
}

/** Refuses a record that has nothing to judge and no judgment. */
export function checkFields({ prompt, replies }: Fields): void {
  if (prompt === '' && replies.length === 0) throw new RowError('fields', 'no text to judge');
}

import { z } from 'zod';
import {
  asMessages,
  completionForm,
  fromCompletionForm,
  type Message,
  messagesSchema,
  promptMessages,
  promptText,
  renderConversation,
  replyFromMessages,
  replyMessages,
  replyText,
  textOrMessages,
} from './conversation.ts';
import { sharedLength, splitDialogues } from './hh-rlhf.ts';
import { hasKeys, holding, kindsOf, type Layout, parseRow, RowError } from './layout.ts';
import { chosenPairs, noteExtras, PAIRS_ONLY, pairEntry, provenanceSchema } from './pairs.ts';

/** Layouts of a chosen and a rejected reply to a prompt: TRL's preference format, and OpenAI's for preference tuning. */
const preferenceSchema = z
  .object({ prompt: textOrMessages.nullish(), chosen: textOrMessages, rejected: textOrMessages })
  .extend(provenanceSchema.shape);
type PreferenceRow = z.infer<typeof preferenceSchema>;
interface Split {
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
}

/** Two whole texts: a dialogue splits at its last reply, other text at the last space that both share. */
function splitTexts(chosen: string, rejected: string): Split {
  const dialogue = splitDialogues(chosen, rejected);
  if (dialogue !== null) return dialogue;
  let shared = sharedLength(chosen, rejected);
  while (shared > 0 && !/\s/.test(chosen[shared - 1]!)) shared--;
  return { prompt: chosen.slice(0, shared), chosen: chosen.slice(shared), rejected: rejected.slice(shared) };
}

const same = (a: Message | undefined, b: Message | undefined) =>
  a !== undefined && b !== undefined && a.role === b.role && a.content === b.content;

/** Two whole conversations: the prompt is the messages they share, but never the last of either. */
function splitMessages(chosen: readonly Message[], rejected: readonly Message[]): Split {
  let shared = 0;
  while (shared < Math.min(chosen.length, rejected.length) - 1 && same(chosen[shared], rejected[shared])) shared++;
  return {
    prompt: shared === 0 ? '' : renderConversation(chosen.slice(0, shared)),
    chosen: replyFromMessages(chosen.slice(shared)),
    rejected: replyFromMessages(rejected.slice(shared)),
  };
}

/** Prompt and replies of a row in any of TRL's forms: texts or messages, with the prompt apart or inside both. */
function splitPreference({ prompt, chosen, rejected }: PreferenceRow): Split {
  const [better, worse] = [chosen, rejected];
  if (typeof better === 'string' && typeof worse === 'string') {
    if (prompt === null || prompt === undefined) return splitTexts(better, worse);
    if (typeof prompt !== 'string') return { prompt: promptText(prompt, 'prompt'), chosen: better, rejected: worse };
    const plain = fromCompletionForm(prompt, [better, worse]);
    return { prompt: plain.prompt, chosen: plain.replies[0]!, rejected: plain.replies[1]! };
  }
  if (typeof better === 'string' || typeof worse === 'string')
    throw new RowError('rejected', 'expected the same form as chosen: both texts, or both lists of messages');
  const [a, b] = [asMessages(better, 'chosen'), asMessages(worse, 'rejected')];
  if (prompt === null || prompt === undefined) return splitMessages(a, b);
  if (typeof prompt === 'string') {
    // Some sets repeat in a text column the turn that both conversations begin with.
    if (a[0]?.role === 'user' && a[0].content === prompt && same(a[0], b[0])) return splitMessages(a, b);
    throw new RowError('prompt', 'expected messages, as in chosen, or the text of their first turn');
  }
  return {
    prompt: promptText(prompt, 'prompt'),
    chosen: replyText(better, 'chosen'),
    rejected: replyText(worse, 'rejected'),
  };
}

const COLUMNS = ['prompt', 'chosen', 'rejected', 'item_id', 'judgment_id', 'rater_id'] as const;

export const trlPreference: Layout = {
  id: 'trl-preference',
  aliases: ['dpo'],
  title: 'TRL preference',
  description:
    'JSON Lines of prompt, chosen and rejected, texts or messages, or of chosen and rejected with the prompt inside both, as TRL reads for DPO and reward models. Rows are written with texts and the prompt apart; --messages writes messages.',
  source: 'file',
  kinds: kindsOf({ comparison: 'held', ranking: { as: 'pairs' } }, PAIRS_ONLY),
  aspects: holding(['ids', 'rater'], `${PAIRS_ONLY} but ids`),
  detect: (row) =>
    hasKeys(row, 'chosen', 'rejected') &&
    !(typeof row.chosen === 'string' && /\n\nAssistant:/.test(row.chosen) && !Object.hasOwn(row, 'prompt')),
  read({ value, n }, context) {
    const row = parseRow(preferenceSchema, value);
    noteExtras(value as object, ['prompt', 'chosen', 'rejected'], context);
    return pairEntry(
      { ...splitPreference(row), row },
      { layout: 'trl-preference', origin: 'trl-preference', n, context },
    );
  },
  write: {
    container: 'jsonl',
    columns: () => [
      ...COLUMNS.map((name) => ({ name, type: 'text' }) as const),
      { name: 'weight', type: 'number' } as const,
    ],
    weights: 'held',
    rows(group, options) {
      const { chosen: pairs, omitted, altered } = chosenPairs(group, options);
      const rows = pairs.map(({ prompt, chosen, rejected, provenance }) => {
        if (options.messages) {
          const sides = { chosen: replyMessages(chosen), rejected: replyMessages(rejected) };
          return { prompt: promptMessages(prompt), ...sides, ...provenance };
        }
        const [better, worse] = [completionForm(prompt, chosen), completionForm(prompt, rejected)];
        return { prompt: better.prompt, chosen: better.completion, rejected: worse.completion, ...provenance };
      });
      return { rows, omitted, altered };
    },
  },
};

const openaiSchema = z.object({
  input: z.object({ messages: messagesSchema, tools: z.array(z.unknown()).nullish() }),
  preferred_output: messagesSchema,
  non_preferred_output: messagesSchema,
});

export const openaiPreference: Layout = {
  id: 'openai-preference',
  aliases: ['openai'],
  title: 'OpenAI preference fine-tuning',
  description:
    'JSON Lines of input.messages, preferred_output and non_preferred_output, as OpenAI’s preference fine-tuning takes. Other keys are refused there, so rows carry no ids and no weights; a plain prompt becomes one turn of the user, and comes back as a dialogue.',
  source: 'file',
  kinds: kindsOf({ comparison: 'held', ranking: { as: 'pairs' } }, PAIRS_ONLY),
  aspects: holding([], PAIRS_ONLY),
  detect: (row) => hasKeys(row, 'input', 'preferred_output', 'non_preferred_output'),
  read({ value, n }, context) {
    const row = parseRow(openaiSchema, value);
    if ((row.input.tools ?? []).length > 0) context.note('tools of a row are not kept');
    const split = {
      prompt: promptText(row.input.messages, 'input.messages'),
      chosen: replyText(row.preferred_output, 'preferred_output'),
      rejected: replyText(row.non_preferred_output, 'non_preferred_output'),
      row: {},
    };
    return pairEntry(split, { layout: 'openai-preference', origin: 'openai-preference', n, context });
  },
  write: {
    container: 'jsonl',
    columns: { not: 'messages are lists, which are not flat columns' },
    weights: { not: 'rows of other keys are refused' },
    rows(group, options) {
      const { chosen: pairs, omitted, altered } = chosenPairs(group, options);
      const rows = pairs.map(({ prompt, chosen, rejected }) => ({
        input: { messages: promptMessages(prompt) },
        preferred_output: replyMessages(chosen),
        non_preferred_output: replyMessages(rejected),
      }));
      return { rows, omitted, altered };
    },
  },
};

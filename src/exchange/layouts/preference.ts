import { z } from 'zod';
import {
  asMessages,
  completionForm,
  messagesSchema,
  promptedReplies,
  promptMessages,
  replyMessages,
  splitConversations,
  startsDialogue,
  textOrMessages,
} from './conversation.ts';
import { sharedLength, splitDialogues } from './hh-rlhf.ts';
import { hasKeys, holding, kindsOf, type Layout, parseRow, type ReadContext, RowError } from './layout.ts';
import { wordsOf } from './names.ts';
import { chosenPairs, PAIRS_ONLY, pairEntry, provenanceSchema } from './pairs.ts';
import { looksLikeBenchmark } from './rewardbench.ts';

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

/** Columns that are called like a prompt, where none is called so. */
const PROMPT_LIKE = /^(system|instruction|question|query|input|context|prompts?|problem|task|request|post|title)$/;

/** The column that the prompt of a row without one may be in. */
const promptLike = (row: object): string | undefined =>
  Object.entries(row).find(
    ([name, value]) =>
      typeof value === 'string' &&
      value !== '' &&
      wordsOf(name).some((w) => PROMPT_LIKE.test(w)) &&
      !/system/i.test(name),
  )?.[0];

/** Prompt and replies of a row in any of TRL's forms: texts or messages, with the prompt apart or inside both. */
function splitPreference({ prompt, chosen, rejected }: PreferenceRow, row: object, context: ReadContext): Split {
  if (prompt !== null && prompt !== undefined) {
    const made = promptedReplies(prompt, [
      ['chosen', chosen],
      ['rejected', rejected],
    ]);
    return { prompt: made.prompt, chosen: made.replies[0]!, rejected: made.replies[1]! };
  }
  if (typeof chosen !== 'string' && typeof rejected !== 'string') {
    const made = splitConversations(asMessages(chosen, 'chosen'), asMessages(rejected, 'rejected'));
    return { prompt: made.prompt, chosen: made.replies[0]!, rejected: made.replies[1]! };
  }
  if (typeof chosen !== 'string' || typeof rejected !== 'string')
    throw new RowError('rejected', 'expected the same form as chosen: both texts, or both lists of messages');
  const like = splitDialogues(chosen, rejected) === null ? promptLike(row) : undefined;
  if (like !== undefined)
    throw new RowError('prompt', `no such column, and ${like} may be it: say --column prompt=${like}`);
  const split = splitTexts(chosen, rejected);
  if (!startsDialogue(chosen)) context.note('a row without a prompt: what both replies begin with was taken as it');
  return split;
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
    !looksLikeBenchmark(row) &&
    !(typeof row.chosen === 'string' && /\n\nAssistant:/.test(row.chosen) && !Object.hasOwn(row, 'prompt')),
  reads: { schema: preferenceSchema },
  read({ value, n }, context) {
    const row = parseRow(preferenceSchema, value);
    return pairEntry(
      { ...splitPreference(row, value as object, context), row },
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
  input: z.object({ messages: messagesSchema }),
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
  reads: { schema: openaiSchema },
  read({ value, n }, context) {
    const row = parseRow(openaiSchema, value);
    const made = promptedReplies(row.input.messages, [
      ['preferred_output', row.preferred_output],
      ['non_preferred_output', row.non_preferred_output],
    ]);
    const split = { prompt: made.prompt, chosen: made.replies[0]!, rejected: made.replies[1]!, row: {} };
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

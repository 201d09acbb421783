import { z } from 'zod';
import { type Answer, type Item, purposeOf } from '../../feedback/index.ts';
import {
  completionForm,
  promptedReplies,
  promptMessages,
  promptText,
  replyMessages,
  type TextOrMessages,
  textOrMessages,
} from './conversation.ts';
import {
  type Entry,
  hasKeys,
  holding,
  type ItemGroup,
  kindsOf,
  type Layout,
  parseRow,
  type ReadContext,
  RowError,
  type SourceRow,
  type WriteOptions,
} from './layout.ts';
import { bareJudgment, chosenPairs, identity, type Provenance, provenanceSchema } from './pairs.ts';
import { joinSteps, splitSteps } from './steps.ts';

/**
 * Layouts of TRL's single-reply data sets: unpaired preference, stepwise supervision, prompt-completion (dataset formats
 * of huggingface.co/docs/trl). Columns that TRL does not know (`item_id`, `rater_id`) are ignored by its trainers.
 */
const COLUMNS = [
  { name: 'prompt', type: 'text' },
  { name: 'completion', type: 'text' },
] as const;
const IDS = [
  { name: 'item_id', type: 'text' },
  { name: 'judgment_id', type: 'text' },
  { name: 'rater_id', type: 'text' },
] as const;
const SINGLE = 'a row holds prompt, completion and ids, nothing else';
const provenance = (judgment: { id: string; itemId: string; raterId: string }) => ({
  item_id: judgment.itemId,
  judgment_id: judgment.id,
  rater_id: judgment.raterId,
});

/** Prompt and completion of a row, each as one text. */
function texts(row: { prompt: TextOrMessages; completion: TextOrMessages }) {
  const { prompt, replies } = promptedReplies(row.prompt, [['completion', row.completion]]);
  return { prompt, completion: replies[0]! };
}

const written = (prompt: string, reply: string, messages: boolean) =>
  messages ? { prompt: promptMessages(prompt), completion: replyMessages(reply) } : completionForm(prompt, reply);

function singleEntry(
  made: {
    readonly prompt: string;
    readonly replies: readonly string[];
    readonly answer: Answer;
    readonly row: Provenance;
  },
  place: { readonly layout: string; readonly n: number; readonly context: ReadContext },
): Entry {
  const { projectId } = place.context;
  const { itemId, judgmentId, raterId } = identity(made.row, place);
  const item: Item = {
    id: itemId,
    projectId,
    prompt: made.prompt,
    replies: made.replies.map((text, i) => ({ id: `${itemId}/${i}`, text })),
    source: { origin: place.layout, selection: 'not released' },
  };
  const judgment = bareJudgment({ id: judgmentId, projectId, itemId, raterId, answer: made.answer }, place.layout);
  return { items: [item], judgments: [judgment], shared: made.row.item_id !== undefined };
}

/** How a label of unpaired preference is kept: a rating of one criterion, no or yes. */
const PREFERRED = { criterion: 'preferred', scale: { min: 0, max: 1, step: 1 } } as const;
const unpairedSchema = z
  .object({ prompt: textOrMessages, completion: textOrMessages, label: z.boolean() })
  .extend(provenanceSchema.shape);

/** The labels a judgment gives to single replies; a reason where it gives none. */
function labelsOf(answer: Answer, group: ItemGroup): { reply: number; label: boolean }[] | string {
  if (answer.kind !== 'rating') return `kind-${answer.kind}`;
  const { scale, values } = answer;
  if (scale.min !== 0 || scale.max !== 1) return 'rating on another scale than 0 to 1';
  if (values.some(({ value }) => value !== 0 && value !== 1)) return 'rating between no and yes';
  if (new Set(values.map((v) => v.criterion)).size > 1) return 'rating of several criteria';
  return values
    .filter(({ reply }) => reply < group.item.replies.length)
    .map((v) => ({ reply: v.reply, label: v.value === 1 }));
}

export const trlUnpaired: Layout = {
  id: 'trl-unpaired',
  aliases: ['kto'],
  title: 'TRL unpaired preference',
  description:
    'JSON Lines of prompt, completion and label (true or false), texts or messages, as TRL reads for KTO and BCO. A label becomes a rating of the criterion preferred, 0 or 1; a comparison becomes one row for each reply.',
  source: 'file',
  kinds: kindsOf(
    {
      rating: 'held',
      comparison: { as: 'one row for each reply' },
      ranking: { as: 'one row for each reply of a pair' },
    },
    SINGLE,
  ),
  aspects: holding(['ids', 'rater'], SINGLE),
  detect: (row) => hasKeys(row, 'prompt', 'completion', 'label'),
  reads: { schema: unpairedSchema },
  read({ value, n }, context) {
    const row = parseRow(unpairedSchema, value);
    const { prompt, completion } = texts(row);
    const { criterion, scale } = PREFERRED;
    const answer: Answer = { kind: 'rating', scale, values: [{ reply: 0, criterion, value: row.label ? 1 : 0 }] };
    return singleEntry({ prompt, replies: [completion], answer, row }, { layout: 'trl-unpaired', n, context });
  },
  write: {
    container: 'jsonl',
    columns: () => [...COLUMNS, { name: 'label', type: 'boolean' }, ...IDS, { name: 'weight', type: 'number' }],
    weights: 'held',
    rows(group, options) {
      const { item } = group;
      const omitted: string[] = [];
      const altered: string[] = [];
      const rows: object[] = [];
      const put = (text: string, label: boolean, ids: Provenance) =>
        rows.push({ ...written(item.prompt, text, options.messages), label, ...ids });
      for (const judgment of group.judgments) {
        const { answer } = judgment;
        if (answer.kind === 'comparison' || answer.kind === 'ranking') {
          const pairs = chosenPairs({ item, judgments: [judgment] }, options);
          omitted.push(...pairs.omitted);
          altered.push(...pairs.altered);
          for (const { replies, provenance: ids } of pairs.chosen) {
            for (const [side, reply] of replies.entries()) {
              // A reply is an item of its own here, whichever side a judgment put it on.
              const judgment_id = `${ids.judgment_id}/${reply}`;
              put(item.replies[reply]!.text, side === 0, { ...ids, item_id: `${item.id}/${reply}`, judgment_id });
            }
          }
          continue;
        }
        const labels = purposeOf(judgment) === 'work' ? labelsOf(answer, group) : `purpose-${purposeOf(judgment)}`;
        if (typeof labels === 'string') {
          omitted.push(labels);
          continue;
        }
        if (answer.kind === 'rating' && answer.values[0]!.criterion !== PREFERRED.criterion)
          altered.push('the name of the rated criterion is left off');
        for (const { reply, label } of labels) {
          const end = item.replies.length > 1 ? `/${reply}` : '';
          const ids = { item_id: item.id + end, judgment_id: judgment.id + end, rater_id: judgment.raterId, weight: 1 };
          put(item.replies[reply]!.text, label, ids);
        }
      }
      return { rows, omitted, altered };
    },
  },
};

const stepwiseSchema = z
  .object({
    prompt: textOrMessages,
    completions: z.array(z.string()).min(1),
    labels: z.array(z.boolean()).min(1),
  })
  .extend(provenanceSchema.shape);

export const trlStepwise: Layout = {
  id: 'trl-stepwise',
  aliases: [],
  title: 'TRL stepwise supervision',
  description:
    'JSON Lines of prompt, completions (steps) and labels (true or false for each), as TRL reads for process reward models. The steps become the lines of one reply.',
  source: 'file',
  kinds: kindsOf({ steps: 'held' }, 'a row holds the labels of steps, nothing else'),
  aspects: holding(['ids', 'rater'], 'a row holds prompt, steps, labels and ids, nothing else'),
  detect: (row) => hasKeys(row, 'completions', 'labels'),
  reads: { schema: stepwiseSchema },
  read({ value, n }: SourceRow, context) {
    const row = parseRow(stepwiseSchema, value);
    if (row.labels.length !== row.completions.length)
      throw new RowError('labels', `${row.labels.length} labels for ${row.completions.length} completions`);
    const steps = joinSteps(
      row.completions,
      row.labels.map((right) => (right ? (1 as const) : (-1 as const))),
    );
    const answer: Answer = { kind: 'steps', reply: 0, mode: 'per-step', labels: steps.labels };
    const prompt = promptText(row.prompt, 'prompt');
    return singleEntry({ prompt, replies: [steps.text], answer, row }, { layout: 'trl-stepwise', n, context });
  },
  write: {
    container: 'jsonl',
    columns: { not: 'completions and labels are lists, which are not flat columns' },
    weights: { not: 'rankings have no steps' },
    rows({ item, judgments }) {
      const omitted: string[] = [];
      const altered: string[] = [];
      const rows: object[] = [];
      for (const judgment of judgments) {
        const { answer } = judgment;
        const purpose = purposeOf(judgment);
        if (answer.kind !== 'steps' || purpose !== 'work') {
          omitted.push(answer.kind !== 'steps' ? `kind-${answer.kind}` : `purpose-${purpose}`);
          continue;
        }
        const { steps, rest } = splitSteps(item.replies[answer.reply]!.text, answer.labels);
        if (steps.length === 0) {
          omitted.push('no step is judged');
          continue;
        }
        if (rest !== '') altered.push('steps after the last judged one are left off');
        if (steps.some((step) => step.label === 0)) altered.push('a neutral step is written as right');
        if (answer.mode === 'first-error') altered.push('that judging stops at the first error is left off');
        const which = item.replies.length > 1 ? `/${answer.reply}` : '';
        // A reply that is cut is another text, so another item.
        const end = rest === '' ? which : `${which}/steps-${steps.length}`;
        rows.push({
          prompt: item.prompt,
          completions: steps.map((step) => step.text),
          labels: steps.map((step) => step.label >= 0),
          ...provenance({ id: judgment.id, itemId: item.id + end, raterId: judgment.raterId }),
        });
      }
      return { rows, omitted, altered };
    },
  },
};

const completionSchema = z
  .object({ prompt: textOrMessages, completion: textOrMessages })
  .extend(provenanceSchema.shape);

export const trlPromptCompletion: Layout = {
  id: 'trl-prompt-completion',
  aliases: ['sft'],
  title: 'TRL prompt-completion',
  description:
    'JSON Lines of prompt and completion, texts or messages, as TRL reads for supervised fine-tuning. A completion is a demonstration.',
  source: 'file',
  kinds: kindsOf(
    { demonstration: 'held', correction: { as: 'a demonstration' } },
    'a row holds one completion, which is a demonstration',
  ),
  aspects: holding(['ids', 'rater', 'order'], SINGLE),
  detect: (row) => hasKeys(row, 'prompt', 'completion') && !Object.hasOwn(row, 'label'),
  reads: { schema: completionSchema },
  read({ value, n }, context) {
    const row = parseRow(completionSchema, value);
    const { prompt, completion } = texts(row);
    if (completion === '') throw new RowError('completion', 'expected a completion, got an empty text');
    const answer: Answer = { kind: 'demonstration', text: completion };
    return singleEntry({ prompt, replies: [], answer, row }, { layout: 'trl-prompt-completion', n, context });
  },
  write: {
    container: 'jsonl',
    columns: () => [...COLUMNS, ...IDS],
    weights: { not: 'rankings are no demonstrations' },
    rows({ item, judgments }, { messages }: WriteOptions) {
      const omitted: string[] = [];
      const altered: string[] = [];
      const rows: object[] = [];
      for (const judgment of judgments) {
        const { answer } = judgment;
        const purpose = purposeOf(judgment);
        if ((answer.kind !== 'demonstration' && answer.kind !== 'correction') || purpose !== 'work') {
          omitted.push(purpose === 'work' ? `kind-${answer.kind}` : `purpose-${purpose}`);
          continue;
        }
        if (answer.text === '') {
          omitted.push('correction to an empty text');
          continue;
        }
        if (answer.kind === 'correction') altered.push('a correction is written as a demonstration');
        rows.push({ ...written(item.prompt, answer.text, messages), ...provenance(judgment) });
      }
      return { rows, omitted, altered };
    },
  },
};

import { z } from 'zod';
import {
  type ComparisonAnswer,
  type Item,
  type Judgment,
  preferenceShares,
  purposeOf,
  softComparison,
} from '../../feedback/index.ts';
import {
  asMessages,
  completionForm,
  messagesSchema,
  promptedReplies,
  splitConversations,
  type TextOrMessages,
  textOrMessages,
} from './conversation.ts';
import { specialOutcome } from './fields.ts';
import {
  type Entry,
  hasKeys,
  holding,
  type ItemGroup,
  kindsOf,
  type Layout,
  lostOfComparison,
  lostStrength,
  NOT_RELEASED,
  parseRow,
  type ReadContext,
  RowError,
  type Written,
} from './layout.ts';
import { placedName } from './names.ts';
import { bareJudgment } from './pairs.ts';
import { contentId } from './values.ts';

/**
 * Layouts that compare the replies of two models, and say which models: battles of an arena, and the annotations of
 * AlpacaEval. The same pair judged by several is one item, told by its content, since ids there are ids of questions.
 */
interface Battle {
  readonly prompt: string;
  readonly replies: readonly [string, string];
  readonly models: readonly [string | null | undefined, string | null | undefined];
  /** Null where nobody judged. */
  readonly answer: ComparisonAnswer | null;
  readonly judge: string | null | undefined;
  /** Places on the screen, where the layout says them. */
  readonly order: readonly number[];
}

function battleEntry(battle: Battle, place: { layout: string; n: number; context: ReadContext }): Entry {
  const { layout, n, context } = place;
  const { prompt, replies, models, answer, judge } = battle;
  const { projectId } = context;
  const id = contentId('battle', [prompt, replies, models.map((model) => model ?? null)]);
  const item: Item = {
    id,
    projectId,
    prompt,
    replies: replies.map((text, i) => ({ id: `${id}/${i}`, text, ...(models[i] && { model: models[i] }) })),
    source: { origin: layout, selection: 'not released' },
  };
  if (answer === null) {
    context.note('a pair that nobody judged');
    return { items: [item], shared: true };
  }
  const raterId = judge ? context.rater(judge) : NOT_RELEASED;
  const made = bareJudgment({ id: `${id}/${n}`, projectId, itemId: id, raterId, answer }, layout);
  const judgment: Judgment = { ...made, presentation: { ...made.presentation, order: [...battle.order] } };
  return { items: [item], judgments: [judgment], shared: true };
}

/** Comparisons of two replies as rows; what is none is counted. */
function battleRows(
  { item, judgments }: ItemGroup,
  rowOf: (answer: ComparisonAnswer, judgment: Judgment) => object | string,
  lost: (answer: ComparisonAnswer) => string[],
): Written {
  const rows: object[] = [];
  const omitted: string[] = [];
  const altered: string[] = [];
  for (const judgment of judgments) {
    const { answer } = judgment;
    if (answer.kind !== 'comparison') {
      omitted.push(`kind-${answer.kind}`);
      continue;
    }
    const purpose = purposeOf(judgment);
    const two = item.replies.length === 2 ? undefined : 'a comparison of more than two replies';
    const row = purpose === 'work' ? (two ?? rowOf(answer, judgment)) : `purpose-${purpose}`;
    if (typeof row === 'string') omitted.push(row);
    else {
      rows.push(row);
      altered.push(...lost(answer));
    }
  }
  return { rows, omitted, altered };
}

const optional = z.string().nullish();
const flag = z.union([z.string(), z.number(), z.boolean()]).nullish();
const arenaSchema = z.object({
  model_a: optional,
  model_b: optional,
  prompt: textOrMessages.nullish(),
  response_a: textOrMessages.nullish(),
  response_b: textOrMessages.nullish(),
  conversation_a: messagesSchema.nullish(),
  conversation_b: messagesSchema.nullish(),
  winner: optional,
  winner_model_a: flag,
  winner_model_b: flag,
  winner_tie: flag,
  judge: optional,
});
type ArenaRow = z.infer<typeof arenaSchema>;

const SIDES = ['', 'model', 'response', 'answer', 'reply', 'conversation', 'side', 'assistant'];
const isSet = (value: ArenaRow['winner_tie']) => ['1', '1.0', 'true'].includes(String(value).toLowerCase());

/** Who won, by the side, the model, or one of three columns; null where nobody judged. */
function winnerOf(row: ArenaRow): ComparisonAnswer['outcome'] | null {
  const { winner, model_a, model_b } = row;
  const columns = [row.winner_model_a, row.winner_model_b, row.winner_tie];
  if (winner === null || winner === undefined || winner === '') {
    const set = columns.flatMap((value, i) => (isSet(value) ? [i] : []));
    if (set.length > 1) throw new RowError('winner_model_a', 'expected one winner, got several');
    return set[0] === undefined ? null : set[0] === 2 ? 'tie' : set[0];
  }
  const special = specialOutcome(winner);
  if (special !== undefined) return special;
  const named = [model_a, model_b].flatMap((model, i) => (model === winner ? [i] : []));
  if (named.length === 1) return named[0]!;
  const placed = placedName(winner);
  if (placed !== undefined && SIDES.includes(placed.stem) && (placed.place === 0 || placed.place === 1))
    return placed.place;
  const want = 'model_a, model_b, tie, tie (bothbad) or the name of a model';
  throw new RowError('winner', `expected ${want}, got ${JSON.stringify(winner.slice(0, 60))}`);
}

/** A text, or the only turn of a list of turns that is written as JSON (the set of 55,000 battles). */
function onlyTurn(value: TextOrMessages, field: string): TextOrMessages {
  if (typeof value !== 'string' || !value.startsWith('[')) return value;
  try {
    const turns = z.array(z.string()).min(1).parse(JSON.parse(value));
    if (turns.length === 1) return turns[0]!;
    throw new RowError(field, `expected one turn, got ${turns.length}`);
  } catch (error) {
    if (error instanceof RowError) throw error;
    return value;
  }
}

function arenaTexts(row: ArenaRow): { prompt: string; replies: readonly string[] } {
  const { conversation_a, conversation_b, response_a, response_b } = row;
  if (conversation_a && conversation_b)
    return splitConversations(
      asMessages(conversation_a, 'conversation_a'),
      asMessages(conversation_b, 'conversation_b'),
    );
  for (const field of ['prompt', 'response_a', 'response_b'] as const)
    if (row[field] === null || row[field] === undefined)
      throw new RowError(field, 'expected the prompt and both responses, or both conversations');
  const turns = row.winner === null || row.winner === undefined;
  const read = (value: TextOrMessages, field: string) => (turns ? onlyTurn(value, field) : value);
  return promptedReplies(read(row.prompt!, 'prompt'), [
    ['response_a', read(response_a!, 'response_a')],
    ['response_b', read(response_b!, 'response_b')],
  ]);
}

const ARENA_WHY = 'a battle says the prompt, two responses, their models, the winner and the judge, nothing else';
const WINNERS = { tie: 'tie', 'both-bad': 'tie (bothbad)' } as const;

export const arena: Layout = {
  id: 'arena',
  aliases: ['battles'],
  title: 'Arena battles',
  description:
    'Rows of model_a, model_b, prompt, response_a, response_b (or conversation_a and conversation_b), winner (model_a, model_b, tie, tie (bothbad)) and judge, as Chatbot Arena publishes its battles; also with winner_model_a, winner_model_b and winner_tie. Model a stood first. Battles of several turns are refused, since they compare more than one reply.',
  source: 'file',
  kinds: kindsOf({ comparison: 'held' }, ARENA_WHY),
  aspects: holding(['rater', 'models'], ARENA_WHY),
  detect: (row) =>
    (hasKeys(row, 'winner') || hasKeys(row, 'winner_model_a')) &&
    (hasKeys(row, 'response_a', 'response_b') || hasKeys(row, 'conversation_a', 'conversation_b')),
  reads: { schema: arenaSchema },
  read({ value, n }, context) {
    const row = parseRow(arenaSchema, value);
    const { prompt, replies } = arenaTexts(row);
    const outcome = winnerOf(row);
    const battle: Battle = {
      prompt,
      replies: [replies[0]!, replies[1]!],
      models: [row.model_a, row.model_b],
      answer: outcome === null ? null : { kind: 'comparison', outcome },
      judge: row.judge,
      order: [0, 1],
    };
    return battleEntry(battle, { layout: 'arena', n, context });
  },
  write: {
    container: 'jsonl',
    columns: () =>
      ['model_a', 'model_b', 'prompt', 'response_a', 'response_b', 'winner', 'judge'].map((name) => ({
        name,
        type: 'text' as const,
      })),
    weights: { not: 'rankings are no battles' },
    rows(group) {
      const { prompt, replies } = group.item;
      return battleRows(
        group,
        ({ outcome }, { presentation: { order }, raterId }) => {
          if (outcome === 'cant-judge') return 'cannot judge: neither reply is chosen';
          // Model a is the one that stood first.
          const [a, b] = order[0] === 1 ? [1, 0] : [0, 1];
          const [first, second] = [completionForm(prompt, replies[a]!.text), completionForm(prompt, replies[b]!.text)];
          const winner = typeof outcome === 'number' ? (outcome === a ? 'model_a' : 'model_b') : WINNERS[outcome];
          return {
            model_a: replies[a]!.model ?? null,
            model_b: replies[b]!.model ?? null,
            prompt: first.prompt,
            response_a: first.completion,
            response_b: second.completion,
            winner,
            judge: raterId,
          };
        },
        lostOfComparison,
      );
    },
  },
};

const alpacaSchema = z.object({
  instruction: z.string(),
  input: z.string().nullish(),
  output_1: z.string(),
  output_2: z.string(),
  generator_1: optional,
  generator_2: optional,
  annotator: optional,
  preference: z.number().nullish(),
});
const ALPACA_WHY = 'an annotation says the instruction, two outputs, their models, the annotator and a preference';
/** Decimals that a preference keeps: 1.3 − 1 is 0.3 again. */
const share = (value: number) => Number(value.toFixed(12));

/** A preference of 1 to 2 as the comparison it is; 0 is a tie in older files. */
function preferenceOf(preference: number | null | undefined): ComparisonAnswer | null {
  if (preference === null || preference === undefined) return null;
  if (preference === 0 || preference === 1.5) return { kind: 'comparison', outcome: 'tie' };
  if (preference === 1 || preference === 2) return { kind: 'comparison', outcome: preference - 1 };
  if (preference > 1 && preference < 2) return softComparison([share(2 - preference), share(preference - 1)]);
  throw new RowError('preference', `expected a number of 1 to 2, or 0 for a tie, got ${preference}`);
}

export const alpacaEval: Layout = {
  id: 'alpaca-eval',
  aliases: ['alpaca'],
  title: 'AlpacaEval annotations',
  description:
    'A JSON array of instruction, output_1, output_2, generator_1, generator_2, annotator and preference (1 for the first output, 2 for the second, 1.5 for a tie, numbers between them as shares), as alpaca_eval writes annotations.json. An input is put under its instruction. The order shown to the annotator is not in the file.',
  source: 'file',
  kinds: kindsOf({ comparison: 'held' }, ALPACA_WHY),
  aspects: holding(['rater', 'models', 'shares'], ALPACA_WHY),
  detect: (row) => hasKeys(row, 'instruction', 'output_1', 'output_2', 'preference'),
  reads: { schema: alpacaSchema },
  read({ value, n }, context) {
    const row = parseRow(alpacaSchema, value);
    const battle: Battle = {
      prompt: row.input ? `${row.instruction}\n\n${row.input}` : row.instruction,
      replies: [row.output_1, row.output_2],
      models: [row.generator_1, row.generator_2],
      answer: preferenceOf(row.preference),
      judge: row.annotator,
      order: [],
    };
    return battleEntry(battle, { layout: 'alpaca-eval', n, context });
  },
  write: {
    container: 'json',
    columns: () => [
      ...['instruction', 'output_1', 'output_2', 'generator_1', 'generator_2', 'annotator'].map((name) => ({
        name,
        type: 'text' as const,
      })),
      { name: 'preference', type: 'number' as const },
    ],
    weights: { not: 'rankings are no annotations of two outputs' },
    rows(group) {
      const { prompt, replies } = group.item;
      return battleRows(
        group,
        (answer, { raterId }) => {
          const shares = preferenceShares(answer, 2);
          if (shares === null) return `${answer.outcome}: neither reply is chosen`;
          return {
            instruction: prompt,
            output_1: replies[0]!.text,
            output_2: replies[1]!.text,
            generator_1: replies[0]!.model ?? null,
            generator_2: replies[1]!.model ?? null,
            annotator: raterId,
            preference: share(1 + shares[1]!),
          };
        },
        lostStrength,
      );
    },
  },
};

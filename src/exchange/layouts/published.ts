import { z } from 'zod';
import type { Item, Judgment } from '../../feedback/index.ts';
import { hasKeys, holding, kindsOf, type Layout, parseRow, RowError, unreleased } from './layout.ts';
import { bareJudgment } from './pairs.ts';
import { pseudonym } from './pseudonym.ts';
import { idSchema } from './values.ts';

/** Layouts of single published data sets, which are read and not written: UKPConvArg1 and PandaLM. */
const iso = (time: string) => time.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.0)? UTC$/, '$1T$2Z');

/** One row of UKPConvArg1 pairs (Habernal and Gurevych 2016): two argument ids, votes, gold where it exists. */
export const argumentPairSchema = z.object({
  topic: z.string(),
  id: z.string(),
  a1: z.string(),
  a2: z.string(),
  gold: z.enum(['a1', 'a2', 'equal']).nullable(),
  assignments: z.array(
    z.object({
      worker: z.string(),
      value: z.enum(['a1', 'a2', 'equal']),
      accept: z.string(),
      submit: z.string(),
      reason: z.string().nullable(),
    }),
  ),
});
/** A row of pairs. */
export type ArgumentPair = z.infer<typeof argumentPairSchema>;
/** A row of arguments: id and text of one argument. */
export const argumentSchema = z.object({ topic: z.string(), id: z.string(), text: z.string().min(1) });

const OUTCOME = { a1: 0, a2: 1, equal: 'tie' } as const;

/**
 * Items and judgments of argument pairs. Workers saw A1 and A2 under these names in listed order, so that is the order
 * recorded; each assignment spans several pairs, so no active time is derived from its accept and submit times.
 */
export function fromArgumentPair(
  row: ArgumentPair,
  texts: { get(id: string): string | undefined },
  projectId: string,
  rater: (worker: string) => string = pseudonym,
): { item: Item; judgments: Judgment[] } {
  const id = `${row.topic}/${row.id}`;
  const reply = (argument: string) => ({ id: `${row.topic}/${argument}`, text: texts.get(argument)! });
  const item: Item = {
    id,
    projectId,
    prompt: row.topic,
    replies: [reply(row.a1), reply(row.a2)],
    source: { origin: 'UKPConvArg1', selection: 'all pairs of a topic' },
    strata: { topic: row.topic },
    ...(row.gold !== null && { gold: OUTCOME[row.gold] }),
  };
  const judgments = row.assignments.map((assignment, i): Judgment => {
    const raterId = rater(assignment.worker);
    return {
      id: `${id}/${raterId}/${i}`,
      projectId,
      itemId: id,
      raterId,
      presentation: { ...unreleased, order: [0, 1], shownAt: iso(assignment.accept) },
      answer: { kind: 'comparison', outcome: OUTCOME[assignment.value] },
      activeMs: null,
      submittedAt: iso(assignment.submit),
      source: 'import:ukp',
      ...(assignment.reason !== null && { reason: assignment.reason }),
    };
  });
  return { item, judgments };
}

const ONE_SET = 'the layout of one published data set, which nothing else reads; export another layout';

export const ukp: Layout = {
  id: 'ukp',
  aliases: ['convincing-arguments'],
  title: 'UKPConvArg1',
  description:
    'A folder of arguments.jsonl and pairs.jsonl (or .gz): which of two arguments is more convincing, five crowd votes a pair with reasons and times (Habernal and Gurevych 2016). Worker ids always go under pseudonyms.',
  source: { parts: ['pairs'], needed: 'pairs' },
  side: {
    part: 'arguments',
    read(value) {
      const { id, text } = parseRow(argumentSchema, value);
      return [id, text];
    },
  },
  kinds: kindsOf({ comparison: 'held' }, 'votes name the better of two arguments, or neither'),
  aspects: holding(['ids', 'rater', 'order', 'when', 'reason', 'gold', 'strata'], 'not released'),
  detect: (row) => hasKeys(row, 'topic', 'a1', 'a2', 'assignments'),
  reads: { schema: argumentPairSchema },
  read({ value }, context) {
    const row = parseRow(argumentPairSchema, value);
    for (const side of ['a1', 'a2'] as const) {
      if (context.lookup(row[side]) === undefined)
        throw new RowError(side, `no argument ${row[side]} in arguments.jsonl`);
    }
    const rater = (worker: string) => context.rater(worker, { platform: true });
    const { item, judgments } = fromArgumentPair(row, { get: context.lookup }, context.projectId, rater);
    return { items: [item], judgments };
  },
  write: { not: ONE_SET },
};

const label = z.union([z.literal(0), z.literal(1), z.literal(2)]);
/** PandaLM's test set has replies that a tool read as JSON booleans; they were texts. */
const reply = z.union([z.string(), z.boolean(), z.number()]);
const pandaSchema = z.object({
  idx: idSchema.pipe(z.string().min(1)),
  motivation_app: z.string().nullish(),
  cmp_key: z.string().nullish(),
  instruction: z.string(),
  input: z.string().nullish(),
  response1: reply,
  response2: reply,
  annotator1: label,
  annotator2: label,
  annotator3: label,
});

const PANDA_OUTCOME = { 0: 'tie', 1: 0, 2: 1 } as const;

export const pandalm: Layout = {
  id: 'pandalm',
  aliases: [],
  title: 'PandaLM test set',
  description:
    'A JSON array of instruction, input, response1, response2 and the labels of three annotators (1, 2, 0 for a tie; Wang et al. 2023). A response that is a JSON boolean or number is taken as text. Order and times were not released.',
  source: 'file',
  kinds: kindsOf({ comparison: 'held' }, 'labels name the better of two responses, or a tie'),
  aspects: holding(['ids', 'rater', 'strata'], 'not released'),
  detect: (row) => hasKeys(row, 'response1', 'response2', 'annotator1'),
  reads: { schema: pandaSchema },
  read({ value }, context) {
    const row = parseRow(pandaSchema, value);
    const { projectId } = context;
    const id = row.idx;
    const texts = [row.response1, row.response2].map((text) => {
      if (typeof text !== 'string') context.note('a response that is no text was taken as text');
      return String(text);
    });
    const strata = Object.fromEntries(
      (['motivation_app', 'cmp_key'] as const).flatMap((key) => (row[key] ? [[key, row[key]]] : [])),
    );
    const item: Item = {
      id,
      projectId,
      prompt: row.input ? `${row.instruction}\n\n${row.input}` : row.instruction,
      replies: texts.map((text, i) => ({ id: `${id}/${i}`, text })),
      source: { origin: 'PandaLM', selection: 'not released' },
      ...(Object.keys(strata).length > 0 && { strata }),
    };
    const judgments = (['annotator1', 'annotator2', 'annotator3'] as const).map((annotator) => {
      const answer = { kind: 'comparison', outcome: PANDA_OUTCOME[row[annotator]] } as const;
      return bareJudgment({ id: `${id}/${annotator}`, projectId, itemId: id, raterId: annotator, answer }, 'pandalm');
    });
    return { items: [item], judgments };
  },
  write: { not: ONE_SET },
};

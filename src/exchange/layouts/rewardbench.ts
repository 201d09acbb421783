import { z } from 'zod';
import type { Item, Judgment } from '../../feedback/index.ts';
import { promptText, replyText, textOrMessages } from './conversation.ts';
import { hasKeys, holding, kindsOf, type Layout, NOT_RELEASED, parseRow, RowError } from './layout.ts';
import { bareJudgment } from './pairs.ts';
import { idSchema, textHash } from './values.ts';

/** One reply, or a list of texts: RewardBench 2 has one right reply or several beside three wrong ones or more. */
const replies = z.union([textOrMessages, z.array(z.string()).min(1)], {
  error: 'expected a text, messages, or a list of texts',
});
const benchmarkSchema = z.object({
  id: idSchema.nullish(),
  prompt: textOrMessages,
  chosen: replies,
  rejected: replies,
  subset: z.string().nullish(),
  section: z.string().nullish(),
});

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length > 0 && value.every((own) => typeof own === 'string');

const textsOf = (given: z.infer<typeof replies>, field: string): string[] =>
  isTexts(given) ? given : [replyText(given as z.infer<typeof textOrMessages>, field)];

/** Whether a row is of a benchmark of reward models: right and wrong replies with a subset, or lists of them. */
export const looksLikeBenchmark = (row: unknown): boolean =>
  hasKeys(row, 'prompt', 'chosen', 'rejected') &&
  (isTexts((row as { chosen: unknown }).chosen) || typeof (row as { subset?: unknown }).subset === 'string');

export const rewardbench: Layout = {
  id: 'rewardbench',
  aliases: ['reward-bench'],
  title: 'RewardBench and RewardBench 2',
  description:
    'JSON Lines of prompt, chosen and rejected with a subset (Lambert et al. 2024), or with lists of right and wrong replies (Malik et al. 2025). Right replies are preferred to every wrong one, and to no other right one; the subset is a stratum.',
  source: 'file',
  kinds: kindsOf({ comparison: 'held', ranking: 'held' }, 'rows name right and wrong replies'),
  aspects: holding(['ids', 'strata'], 'not in the rows'),
  detect: looksLikeBenchmark,
  reads: { schema: benchmarkSchema },
  read({ value, n }, { projectId }) {
    const row = parseRow(benchmarkSchema, value);
    const right = textsOf(row.chosen, 'chosen');
    const wrong = textsOf(row.rejected, 'rejected');
    const both = right.find((text) => wrong.includes(text));
    if (both !== undefined)
      throw new RowError('rejected', 'expected replies that are not chosen as well, got one that is');
    // By their hashes: the place says nothing of which are right.
    const texts = [...new Set([...right, ...wrong])].sort((a, b) => (textHash(a) < textHash(b) ? -1 : 1));
    if (texts.length < right.length + wrong.length)
      throw new RowError('chosen', 'expected different replies, got one twice');
    // Ids of one subset may occur in another.
    const name = [row.subset, row.id].filter((part) => part !== null && part !== undefined).join('/');
    const id = row.id === null || row.id === undefined ? `row-${n}` : name;
    const strata = Object.fromEntries(
      (['subset', 'section'] as const).flatMap((key) => (row[key] ? [[key, row[key]]] : [])),
    );
    const item: Item = {
      id,
      projectId,
      prompt: promptText(row.prompt, 'prompt'),
      replies: texts.map((text, i) => ({ id: `${id}/${i}`, text })),
      source: { origin: 'RewardBench', selection: 'not released' },
      ...(Object.keys(strata).length > 0 && { strata }),
    };
    const places = (own: readonly string[]) => own.map((text) => texts.indexOf(text)).sort((a, b) => a - b);
    const answer: Judgment['answer'] =
      texts.length === 2
        ? { kind: 'comparison', outcome: texts.indexOf(right[0]!) }
        : { kind: 'ranking', groups: [places(right), places(wrong)] };
    const judgment = bareJudgment(
      { id: `${id}/right`, projectId, itemId: id, raterId: NOT_RELEASED, answer },
      'rewardbench',
    );
    return { items: [item], judgments: [judgment] };
  },
  write: { not: 'rows of a published benchmark; export trl-preference, which its tools read' },
};

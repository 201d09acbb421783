import { z } from 'zod';
import {
  feedbackRecordSchema,
  itemSchema,
  judgmentSchema,
  projectSchema,
  raterProfileSchema,
} from '../../feedback/index.ts';
import { ASPECTS, type Entry, EVERY_KIND, holding, type Layout, parseRow, RowError } from './layout.ts';

/** The files of a project folder, in the order they are read: what others refer to comes first. */
export const PROJECT_PARTS = ['project', 'items', 'raters', 'records', 'judgments'] as const;
/** One of `PROJECT_PARTS`. */
export type ProjectPart = (typeof PROJECT_PARTS)[number];

const PART_READERS: { readonly [P in ProjectPart]: (value: unknown) => Entry } = {
  project: (value) => ({ project: parseRow(projectSchema, value) }),
  items: (value) => ({ items: [parseRow(itemSchema, value)] }),
  raters: (value) => ({ raters: [parseRow(raterProfileSchema, value)] }),
  records: (value) => ({ records: [parseRow(feedbackRecordSchema, value)] }),
  judgments: (value) => ({ judgments: [parseRow(judgmentSchema, value)] }),
};

export const project: Layout = {
  id: 'project',
  aliases: ['jsonl', 'goodhart'],
  title: 'Goodhart project folder',
  description:
    'This project’s own JSON Lines: a folder of items.jsonl, raters.jsonl, judgments.jsonl (the judgments that stand) and/or records.jsonl (the whole history), and project.json. Offsets of spans count UTF-16 code units. Lossless.',
  source: { parts: PROJECT_PARTS, needed: 'items' },
  kinds: EVERY_KIND,
  aspects: holding(ASPECTS, 'everything is held'),
  detect: (row) =>
    z.object({ prompt: z.string(), projectId: z.string(), replies: z.array(z.unknown()) }).safeParse(row).success,
  reads: { not: 'a project folder has the columns of this project' },
  read({ value, part }, context) {
    const read = PART_READERS[part as ProjectPart];
    if (read === undefined) throw new RowError('file', `${part ?? 'this file'} is no file of a project folder`);
    const entry = read(value);
    // Ids of people are checked here too: a folder may have been written by hand.
    const foreign = [
      ...(entry.raters ?? []).map((rater) => rater.id),
      ...(entry.judgments ?? []).map((judgment) => judgment.raterId),
      ...(entry.records ?? []).map((r) => (r.type === 'judgment' ? r.judgment.raterId : r.raterId)),
    ].find((id) => context.rater(id) !== id);
    return foreign === undefined ? entry : renamed(entry, (id) => context.rater(id));
  },
  write: { not: 'files are copied record by record' },
};

/** The entry with every rater under its pseudonym. */
function renamed(entry: Entry, rater: (id: string) => string): Entry {
  return {
    ...entry,
    ...(entry.raters !== undefined && { raters: entry.raters.map((r) => ({ ...r, id: rater(r.id) })) }),
    ...(entry.judgments !== undefined && {
      judgments: entry.judgments.map((j) => ({ ...j, raterId: rater(j.raterId) })),
    }),
    ...(entry.records !== undefined && {
      records: entry.records.map((record) =>
        record.type === 'judgment'
          ? { ...record, judgment: { ...record.judgment, raterId: rater(record.judgment.raterId) } }
          : { ...record, raterId: rater(record.raterId) },
      ),
    }),
  };
}

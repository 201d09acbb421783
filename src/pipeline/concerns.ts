import { z } from 'zod';
import { SMALLEST_GROUP } from '../exchange/index.ts';
import { type FeedbackRecord, foldRecords } from '../feedback/index.ts';
import { FEW, groups } from './people.ts';

/** What raters of a project complained of, counted by people; nothing where the history of the project is not at hand. */
export const concernsSchema = z.strictObject({
  /** People who filed a concern and did not take it back; one that an owner erased counts. */
  people: z.union([z.int(), z.literal(FEW)]),
  /** How many they filed; null for fewer than five people. */
  filed: z.int().nullable(),
  /** People by what it was about, groups too small to be told of together; null for fewer than five people. */
  about: z.record(z.string(), z.number()).nullable(),
});
export type Concerns = z.infer<typeof concernsSchema>;

/** Counts the concerns of a history. */
export function concernsIn(records: readonly FeedbackRecord[]): Concerns {
  const filed = [
    ...foldRecords(records).concerns,
    ...records.flatMap((record) =>
      record.type === 'erased' && record.was === 'concern' ? [{ raterId: record.raterId, about: 'erased' }] : [],
    ),
  ];
  const people = new Set(filed.map(({ raterId }) => raterId)).size;
  if (people === 0) return { people, filed: 0, about: null };
  if (people < SMALLEST_GROUP) return { people: FEW, filed: null, about: null };
  const subjects = new Map(filed.map(({ raterId, about }) => [JSON.stringify([raterId, about]), about]));
  return { people, filed: filed.length, about: groups([...subjects.values()]) };
}

import { z } from 'zod';

export const TABLE_FORMATS = ['json', 'jsonl', 'csv', 'parquet'] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];
/** What is asked of a table that comes as a file. */
export const tableQuery = z.object({ format: z.enum(TABLE_FORMATS).default('json') });

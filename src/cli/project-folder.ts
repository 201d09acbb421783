import { join } from 'node:path';
import { type Item, itemSchema, type Judgment, judgmentSchema } from '../feedback/index.ts';
import { DataError } from '../run/index.ts';
import { parseLine, readLines } from '../run/node.ts';

/** A project folder: `items.jsonl` and `judgments.jsonl`. */
export async function readProject(folder: string): Promise<{ items: Item[]; judgments: Judgment[] }> {
  const read = async <T extends { id: string }>(name: string, schema: Parameters<typeof parseLine<T>>[2]) => {
    const path = join(folder, name);
    const rows = new Map<string, T>();
    for await (const line of readLines(path)) {
      const row = parseLine(path, line, schema);
      if (rows.has(row.id))
        throw new DataError('duplicate', `${path}:${line.line}: id ${row.id} occurs twice; ids must be unique`);
      rows.set(row.id, row);
    }
    return [...rows.values()];
  };
  return {
    items: await read<Item>('items.jsonl', itemSchema),
    judgments: await read<Judgment>('judgments.jsonl', judgmentSchema),
  };
}

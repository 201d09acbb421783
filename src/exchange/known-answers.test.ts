import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Item } from '../feedback/index.ts';
import { importLayout } from './node.ts';

const place = mkdtempSync(join(tmpdir(), 'goodhart-known-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));
let made = 0;
async function read(layout: 'label-studio' | 'csv', text: string) {
  made += 1;
  const [path, out] = [join(place, `${made}.${layout === 'csv' ? 'csv' : 'json'}`), join(place, `out-${made}`)];
  writeFileSync(path, text);
  const summary = await importLayout({ layout, path, out, durable: false });
  const items = readFileSync(join(out, 'items.jsonl'), 'utf8').trim().split('\n');
  return { summary, items: items.map((line) => JSON.parse(line) as Item) };
}

describe('known answers', () => {
  const rating = (value: number) => ({
    type: 'rating',
    from_name: 'quality',
    to_name: 'reply_a',
    value: { rating: value },
  });
  const choice = (from: string, choices: string[]) => ({
    type: 'choices',
    from_name: from,
    to_name: 'reply_b',
    value: { choices },
  });
  const task = (...annotations: object[]) =>
    JSON.stringify([{ id: 7, data: { prompt: 'When?', reply_a: 'At six.', reply_b: 'Never.' }, annotations }]);

  it('are the ratings and labels of a ground truth of Label Studio, of the last one where two differ', async () => {
    const { items } = await read(
      'label-studio',
      task(
        { completed_by: 1, result: [rating(1), choice('kind', ['wrong'])] },
        { completed_by: 2, ground_truth: true, result: [rating(4), choice('kind', ['right'])] },
        { completed_by: 3, ground_truth: true, result: [rating(5)] },
      ),
    );
    expect(items[0]!.goldAnswers).toHaveLength(2);
    expect(items[0]!.goldAnswers).toContainEqual({ kind: 'label', reply: 1, labels: ['right'] });
    expect(items[0]!.goldAnswers).toContainEqual({ kind: 'rating', reply: 0, criterion: 'quality', value: 5 });
    expect(items[0]!.gold).toBeUndefined();
  });

  it('are none where one ground truth says two things of a reply', async () => {
    const { items, summary } = await read(
      'label-studio',
      task({ completed_by: 2, ground_truth: true, result: [choice('kind', ['right']), choice('tone', ['polite'])] }),
    );
    expect(items[0]!.goldAnswers).toBeUndefined();
    expect(JSON.stringify(summary)).toMatch(/a ground truth with two answers about one reply/);
  });

  it('of a table stand in a column as JSON, and are refused where there is no such reply', async () => {
    const row = (known: object[]) =>
      `prompt,reply_a,reply_b,choice,gold_answers\nWhen?,At six.,Never.,a,"${JSON.stringify(known).replaceAll('"', '""')}"\n`;
    const known = [{ kind: 'rating', reply: 1, criterion: 'clarity', value: 3.4 }];
    expect((await read('csv', row(known))).items[0]!.goldAnswers).toEqual(known);
    const rejected = (rows: object[]) =>
      read('csv', row(rows)).catch(() =>
        JSON.parse(readFileSync(join(place, `out-${made}`, 'rejected.jsonl'), 'utf8').split('\n')[0]!),
      );
    expect(await rejected([{ ...known[0], reply: 2 }])).toMatchObject({
      field: 'gold',
      reason: 'a known answer about reply 2 where the item has 2',
    });
    expect((await rejected([known[0]!, { ...known[0], value: 1 }])).reason).toMatch(/two known answers/);
    expect(await rejected([{ ...known[0], points: 1 }])).toMatchObject({ field: 'gold_answers.0' });
  });
});

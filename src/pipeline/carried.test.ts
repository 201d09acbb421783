import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Answer, Judgment } from '../feedback/index.ts';
import { carriedBy, carriedText } from './carried.ts';
import { RUN_FILES } from './run-folder.ts';

const judgment = (n: number, raterId: string, answer: Answer, more: Partial<Judgment> = {}): Judgment => ({
  id: `j${n}`,
  projectId: 'p',
  itemId: 'i',
  raterId,
  presentation: { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: '' },
  answer,
  activeMs: null,
  submittedAt: '',
  source: 'studio',
  ...more,
});
const COMPARISON: Answer = { kind: 'comparison', outcome: 0 };

it('counts what a run folder carries of people, and says what publishing it means', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'goodhart-carried-'));
  try {
    expect(await carriedBy(folder)).toBeUndefined();
    mkdirSync(join(folder, 'feedback'));
    const write = (file: string, rows: readonly object[]) =>
      writeFileSync(join(folder, file), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const spans: Answer = { kind: 'spans', reply: 0, spans: [{ start: 0, end: 1, label: 'l', note: 'n' }] };
    write(RUN_FILES.judgments, [
      judgment(1, 'ann', COMPARISON, { reason: 'because' }),
      judgment(2, 'ann', { kind: 'critique', reply: 0, text: 'long' }),
      judgment(3, 'bea', COMPARISON),
      judgment(4, 'bea', spans),
      judgment(5, 'robot', COMPARISON),
      judgment(6, 'unknown', COMPARISON, { source: 'simulated' }),
    ]);
    write(RUN_FILES.raters, [
      { id: 'ann', kind: 'human', consent: { version: '1', at: '' } },
      { id: 'bea', kind: 'human' },
      { id: 'robot', kind: 'model' },
    ]);
    const carried = (await carriedBy(folder))!;
    const ofPeople = { judgments: 4, raters: 2, consented: 1 };
    expect(carried).toEqual({ judgments: 6, raters: 4, ofPeople, withText: 3 });
    expect(carriedText(carried)).toMatch(/4 are those of 2 people; 3 hold free text[\s\S]*on record for 1 of them/);
    write(RUN_FILES.judgments, [judgment(5, 'robot', COMPARISON)]);
    expect(carriedText((await carriedBy(folder))!)).toMatch(/None is a person's/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

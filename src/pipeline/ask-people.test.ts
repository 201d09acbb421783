import { describe, expect, it } from 'vitest';
import type { Item, Judgment } from '../feedback/index.ts';
import type { ProgressEvent } from '../run/index.ts';
import { askPeople } from './ask-people.ts';
import { configSchema } from './config.ts';
import { NO_RECORDS } from './feedback-records.ts';
import type { RunContext } from './run-context.ts';

const config = configSchema.parse({
  name: 'asks',
  data: { layout: 'ground', ground: 'harbour' },
  feedback: { pairs: 2, overlap: 2, people: { project: 'p' } },
});
const items = ['a', 'b'].map(
  (id): Item => ({ id, projectId: 'p', prompt: id, replies: [], source: { origin: 'policy', selection: 'all' } }),
);
const judgment = (itemId: string, raterId: string) =>
  ({
    id: `${itemId}/${raterId}`,
    itemId,
    raterId,
    source: 'studio',
    answer: { kind: 'comparison', outcome: 0 },
  }) as Judgment;

/** A run whose people answer once a pause, and what it did in order. */
function asking() {
  const did: string[] = [];
  let done = 0;
  const raters = ['x', 'y', 'z'].map((id) => ({
    id,
    kind: 'human' as const,
    ...(id !== 'z' && { consent: { version: '1', at: '' } }),
  }));
  const progress = ({ done: d, total }: ProgressEvent) => did.push(`${d}/${total}`);
  const context = {
    config,
    round: 1,
    now: () => '2026-01-01T00:00:00Z',
    progress,
    warn: (line: string) => did.push(line),
    access: {
      openProject: async () => {
        did.push('read');
        const judgments = ['a', 'b', 'elsewhere'].flatMap((item) => ['x', 'y', 'z'].map((who) => judgment(item, who)));
        const project = { id: 'p', questions: [], consent: { version: '1', text: '' } } as never;
        return { project, items, raters, judgments, records: null };
      },
      people: {
        where: 'here',
        ask: async ({ distribution }: { distribution: { overlap: number } }, asked: readonly Item[]) => {
          did.push(`asked ${asked.length} of ${distribution.overlap}`);
        },
        answered: async () => ({ done, wanted: 4 }),
        pause: async () => {
          did.push('pause');
          done += 2;
        },
      },
    },
  } as unknown as RunContext;
  return { did, context };
}

describe('asking people', () => {
  it('looks once a pause, says once that it waits, and reads the answers when all are in', async () => {
    const { did, context } = asking();
    const { judgments, raters } = await askPeople(context, NO_RECORDS, items);
    const waits = '2 pairs wait for people in project p: here';
    expect(did).toEqual(['asked 2 of 2', '0/4', waits, 'pause', '2/4', 'pause', '4/4', 'read']);
    // Of who did not consent nothing is used, and nothing of what this run did not ask.
    expect(judgments.map(({ id }) => id)).toEqual(['a/x', 'a/y', 'b/x', 'b/y']);
    expect(raters.map(({ id }) => id)).toEqual(['x', 'y']);
  });
  it('says where there is nobody to ask', async () => {
    const { context } = asking();
    const access = { openProject: context.access.openProject };
    await expect(askPeople({ ...context, access }, NO_RECORDS, items)).rejects.toThrow(
      /expected a store in which people judge/,
    );
  });
});

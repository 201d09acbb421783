import { describe, expect, it } from 'vitest';
import type { Item, Judgment } from '../feedback/index.ts';
import { collected, collectedSchema } from './collected.ts';
import { configSchema } from './config.ts';
import { disclosurePlaces } from './disclosure-places.ts';

const AT = '2026-01-01T00:00:00Z';
const items = Array.from(
  { length: 6 },
  (_, i): Item => ({
    id: `i${i}`,
    projectId: 'p',
    prompt: `question ${i}`,
    replies: [
      { id: `i${i}/0`, text: 'yes' },
      { id: `i${i}/1`, text: 'no' },
    ],
    source: { origin: 'test', selection: 'all' },
  }),
);
const judgment = ({ id }: Item, raterId: string, outcome: number, more: Partial<Judgment> = {}): Judgment => ({
  id: `${id}/${raterId}`,
  projectId: 'p',
  itemId: id,
  raterId,
  presentation: { order: [], view: 'full', instructionsVersion: '1', shownAt: AT },
  answer: { kind: 'comparison', outcome },
  activeMs: null,
  submittedAt: AT,
  source: 'studio',
  ...more,
});
/** A judge of a model: says the first is better, in both orders or only where it stands first. */
const metadata = (consistent: boolean) => ({
  ...{ origin: 'model judge', model: 'm', prompt: 'v1', temperature: '0' },
  asks: JSON.stringify([
    { shown: [0, 1], principle: 'whole', weight: 1, share: 1, by: 'text' },
    { shown: [1, 0], principle: 'whole', weight: 1, share: consistent ? 0 : 1, by: 'text' },
  ]),
});

describe('what is told of feedback', () => {
  const people = items.map((item) => judgment(item, 'anna', 0));
  const robot = items.map((item, i) => judgment(item, 'robot', 0, { source: 'model', metadata: metadata(i < 4) }));
  const raters = [
    { id: 'anna', kind: 'human' as const },
    { id: 'robot', kind: 'model' as const },
  ];
  it('holds what each model judge leans to and how often it errs against people, apart from them', () => {
    const told = collected(items, [...people, ...robot], raters);
    expect(told.raters).toEqual({ human: 1, model: 1 });
    expect(told.judges).toMatchObject([
      {
        raterId: 'robot',
        against: 'people',
        position: { first: { value: 4 / 6 }, consistent: { value: 4 / 6 } },
        agreement: { error: { value: expect.closeTo(1 / 6, 12), items: 6 } },
      },
    ]);
    expect(collectedSchema.parse(told)).toEqual(told);
    expect(collected(items, people, raters)).not.toHaveProperty('judges');
  });
  it('is disclosed with the raters', () => {
    const config = configSchema.parse({ name: 'a', data: { layout: 'project', folder: 'a' } });
    expect(disclosurePlaces(config).find(({ pointer }) => pointer === '/judges')).toMatchObject({ item: 'D2' });
  });
});

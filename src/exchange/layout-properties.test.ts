import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answer, type AnswerKind, type Item, type Judgment, softComparison } from '../feedback/index.ts';
import { canonicalJson } from '../run/index.ts';
import { stepsOf } from '../text/index.ts';
import { LAYOUT_IDS, type Layout, type ReadContext, type Writer } from './layouts/layout.ts';
import { LAYOUTS } from './layouts/registry.ts';
import { createRoles } from './layouts/roles.ts';
import { checkedSink, memoryOutput } from './sink.ts';

/** Rows of a layout as items and judgments, without files in between. */
function readRows(layout: Layout, values: readonly unknown[]): { items: Item[]; judgments: Judgment[] } {
  const output = memoryOutput();
  const sink = checkedSink(output);
  const roles = createRoles();
  const rows = values.map((value, i) => ({ line: i + 1, n: i + 1, value }));
  const nothing = () => {};
  const context: ReadContext = {
    projectId: 'p',
    rater: (id) => id,
    lookup: () => undefined,
    note: nothing,
    lost: nothing,
    unread: nothing,
    roles,
  };
  for (const row of rows) layout.survey?.(row, roles);
  for (const row of rows) sink.put(layout.read(row, context), row.line);
  return output.rows;
}
const writeRows = (writer: Writer, { items, judgments }: { items: readonly Item[]; judgments: readonly Judgment[] }) =>
  items.flatMap((item) => {
    const group = { item, judgments: judgments.filter(({ itemId }) => itemId === item.id) };
    // As a file has them: without what is undefined.
    return JSON.parse(JSON.stringify(writer.rows(group, { expansion: 'all', messages: false }).rows)) as object[];
  });

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).map((t) => `x${t.replaceAll('\r', '')}y`);
const unit = fc.double({ min: 0.01, max: 0.99, noNaN: true }).map((x) => Number(x.toFixed(6)));
const index = fc.nat(1);

/** Answers to an item of two replies (of none, for a demonstration), by kind; one without them is a type error. */
const ANSWERS: { readonly [K in AnswerKind]: (replies: readonly string[]) => fc.Arbitrary<Answer> } = {
  comparison: () =>
    fc.oneof(
      index.map((outcome): Answer => ({ kind: 'comparison', outcome })),
      fc.constant<Answer>({ kind: 'comparison', outcome: 'tie' }),
      unit.map((share) => softComparison([share, Number((1 - share).toFixed(6))])),
    ),
  ranking: () =>
    fc.constantFrom<Answer>(
      ...[[[0], [1]], [[1], [0]], [[0, 1]]].map((groups) => ({ kind: 'ranking', groups }) as const),
    ),
  rating: () =>
    fc.tuple(index, index).map(
      ([reply, value]): Answer => ({
        kind: 'rating',
        scale: { min: 0, max: 1, step: 1 },
        values: [{ reply, criterion: 'preferred', value }],
      }),
    ),
  label: () =>
    fc
      .tuple(index, fc.uniqueArray(text, { minLength: 1, maxLength: 3 }))
      .map(([reply, labels]): Answer => ({ kind: 'label', reply, labels })),
  correction: () => fc.tuple(index, text).map(([reply, t]): Answer => ({ kind: 'correction', reply, text: t })),
  critique: () => fc.tuple(index, text).map(([reply, t]): Answer => ({ kind: 'critique', reply, text: t })),
  spans: (replies) =>
    index.map((reply): Answer => {
      const points = [...replies[reply]!];
      const start = points.slice(0, points.length >> 1).join('').length;
      return { kind: 'spans', reply, spans: [{ start, end: replies[reply]!.length, label: 'place' }] };
    }),
  steps: (replies) =>
    fc.tuple(index, fc.constantFrom<1 | -1>(1, -1)).map(
      ([reply, label]): Answer => ({
        kind: 'steps',
        reply,
        mode: 'per-step',
        labels: stepsOf(replies[reply]!).map(() => label),
      }),
    ),
  demonstration: () => text.map((t): Answer => ({ kind: 'demonstration', text: t })),
};

/** A project of answers of some kinds, each item with one or two judgments. */
const projectOf = (kinds: readonly AnswerKind[]) =>
  fc
    .array(
      fc.constantFrom(...kinds).chain((kind) =>
        fc.tuple(text, text, text).chain(([prompt, a, b]) => {
          const replies = kind === 'demonstration' ? [] : [`1${a}`, `2${b}`];
          const answers = fc.array(ANSWERS[kind](replies), { minLength: 1, maxLength: 2 });
          return answers.map((all) => ({ prompt, replies, answers: all }));
        }),
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map((made) => {
      const items = made.map(
        ({ prompt, replies }, i): Item => ({
          id: `item-${i}`,
          projectId: 'p',
          prompt: `${i} ${prompt}`,
          replies: replies.map((t, r) => ({ id: `item-${i}/${r}`, text: t, model: `model-${r}` })),
          source: { origin: 'test', selection: 'all' },
          strata: { topic: `topic ${i}`, 'a b': 'c' },
        }),
      );
      const judgments = made.flatMap(({ answers }, i) =>
        answers.map(
          (answer, k): Judgment => ({
            id: `j-${i}-${k}`,
            projectId: 'p',
            itemId: `item-${i}`,
            raterId: `rater-${k}`,
            presentation: { order: [], view: 'full', instructionsVersion: '1', shownAt: 'then' },
            answer,
            activeMs: null,
            submittedAt: '2026-01-01T00:00:00Z',
            source: 'test',
          }),
        ),
      );
      return { items, judgments };
    });

/** The value with the keys of every object in an order by a seed. */
function shuffled(value: unknown, seed: number): unknown {
  if (Array.isArray(value)) return value.map((entry) => shuffled(entry, seed));
  if (typeof value !== 'object' || value === null) return value;
  const mixed = Object.entries(value).map(([key, part], i) => ({
    at: ((i + 1) * 7919 + seed * 104_729) % 997,
    key,
    part,
  }));
  mixed.sort((a, b) => a.at - b.at);
  return Object.fromEntries(mixed.map(({ key, part }) => [key, shuffled(part, seed)]));
}

/** A row with columns more: a text, and a number that is none, which a file of JSON gives as a missing one. */
function widened(row: object, layout: Layout): object {
  const extra = { category: 'travel', 'the score': null, far: Number.POSITIVE_INFINITY };
  const inside = 'not' in layout.reads ? undefined : layout.reads.inside;
  if (inside === undefined) return { ...extra, ...row };
  return { ...extra, ...row, [inside]: { ...extra, ...(row as Record<string, object>)[inside] } };
}

/** Rows as a bag, whatever the order of rows and keys. */
const sorted = (rows: readonly unknown[]) => rows.map((row) => canonicalJson(row)).sort();

for (const id of LAYOUT_IDS) {
  const layout: Layout = LAYOUTS[id];
  const { write } = layout;
  if ('not' in write) continue;
  const kinds = (Object.keys(layout.kinds) as AnswerKind[]).filter((kind) => {
    const held = layout.kinds[kind];
    return held === 'held' || 'as' in held;
  });
  describe(`layout ${id}`, () => {
    it('gives the same rows again after random projects went out and in', () => {
      fc.assert(
        fc.property(projectOf(kinds), (project) => {
          const rows = writeRows(write, project);
          const again = readRows(layout, rows);
          expect(sorted(writeRows(write, again))).toEqual(sorted(rows));
        }),
        { numRuns: 15 },
      );
    });
    it('reads the same whatever the order of keys, with columns more and with numbers that are none in them', () => {
      fc.assert(
        fc.property(projectOf(kinds), fc.nat(1000), (project, seed) => {
          const rows = writeRows(write, project);
          const other = rows.map((row) => shuffled(widened(row, layout), seed));
          expect(readRows(layout, other)).toEqual(readRows(layout, rows));
        }),
        { numRuns: 15 },
      );
    });
  });
}

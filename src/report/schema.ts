import { z } from 'zod';
import type { Block, Plot, ReferenceKind, ReportDocument, Section, Tone } from './document.ts';

/** Documents as they stand in files: what a stranger's file holds is parsed here, and nothing is cast. */
const REFERENCES: { readonly [R in ReferenceKind]: R } = {
  item: 'item',
  rater: 'rater',
  records: 'records',
  list: 'list',
  challenge: 'challenge',
  file: 'file',
};
const TONE_NAMES: { readonly [T in Tone]: T } = {
  clear: 'clear',
  concern: 'concern',
  failure: 'failure',
  inconclusive: 'inconclusive',
  'not-assessed': 'not-assessed',
  measured: 'measured',
  declared: 'declared',
  missing: 'missing',
};

const reference = z.strictObject({ ref: z.enum(REFERENCES), ids: z.array(z.string()), text: z.string() });
const text = z.union([z.string(), z.array(z.union([z.string(), reference]))]);
const verdict = z.strictObject({ tone: z.enum(TONE_NAMES), text: z.string() });
const cell = z.union([text, verdict]);
const yes = z.literal(true).exactOptional();

const range = z.strictObject({ low: z.number(), high: z.number() });
const point = z.strictObject({
  x: z.number(),
  y: z.number(),
  low: z.number().exactOptional(),
  high: z.number().exactOptional(),
});
const named = { title: z.string() };
const axes = { ...named, x: z.string(), y: z.string() };

const plot: z.ZodType<Plot> = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('lines'),
    ...axes,
    series: z.array(z.strictObject({ name: z.string(), points: z.array(point) })),
    references: z.array(z.strictObject({ y: z.number(), name: z.string() })).exactOptional(),
  }),
  z.strictObject({
    type: z.literal('histogram'),
    ...axes,
    groups: z.array(z.strictObject({ name: z.string(), values: z.array(z.number()) })),
  }),
  z.strictObject({
    type: z.literal('forest'),
    ...named,
    x: z.string(),
    reference: z.number().exactOptional(),
    rows: z.array(
      z.strictObject({
        name: z.string(),
        value: z.number(),
        // Statistics carry their level in the interval too.
        interval: z.looseObject(range.shape).nullable(),
        note: z.string(),
        marked: z.boolean().exactOptional(),
      }),
    ),
  }),
  z.strictObject({
    type: z.literal('scatter'),
    ...axes,
    reference: z.number(),
    points: z.array(
      z.strictObject({
        name: z.string(),
        x: z.number(),
        y: z.number(),
        xInterval: z.looseObject(range.shape),
        yInterval: z.looseObject(range.shape),
        n: z.number(),
        marked: z.boolean(),
      }),
    ),
  }),
  z.strictObject({
    type: z.literal('log-histogram'),
    ...axes,
    bars: z.array(z.strictObject({ from: z.number(), to: z.number(), count: z.number() })),
    mark: z.strictObject({ at: z.number(), text: z.string() }),
  }),
  z.strictObject({
    type: z.literal('bars'),
    ...axes,
    bars: z.array(z.strictObject({ name: z.string(), value: z.number() })),
  }),
  z.strictObject({
    type: z.literal('course'),
    ...axes,
    time: z.boolean(),
    points: z.array(
      z.strictObject({
        x: z.number(),
        value: z.number(),
        low: z.number(),
        high: z.number(),
        n: z.number(),
        name: z.string(),
      }),
    ),
  }),
  z.strictObject({
    type: z.literal('matrix'),
    ...named,
    names: z.array(z.string()),
    share: z.array(z.array(z.number().nullable())),
    n: z.array(z.array(z.number())),
  }),
]);

const block: z.ZodType<Block> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('facts'), name: z.string(), rows: z.array(z.tuple([z.string(), cell])) }),
    z.strictObject({
      kind: z.literal('table'),
      name: z.string(),
      columns: z.array(z.strictObject({ title: z.string(), number: yes })),
      rows: z.array(z.array(cell).min(1)),
      none: z.string().exactOptional(),
    }),
    z.strictObject({ kind: z.literal('text'), text, soft: yes }),
    z.strictObject({ kind: z.literal('verdict'), verdict, text }),
    z.strictObject({ kind: z.literal('list'), items: z.array(text) }),
    z.strictObject({ kind: z.literal('heading'), text: z.string() }),
    z.strictObject({ kind: z.literal('fold'), summary: z.string(), blocks: z.array(block), open: yes }),
    z.strictObject({
      kind: z.literal('sides'),
      title: z.string(),
      note: z.string(),
      sides: z.array(z.strictObject({ name: z.string(), text: z.string() })),
    }),
    z.strictObject({ kind: z.literal('code'), code: z.string() }),
    z.strictObject({ kind: z.literal('plot'), plot }),
  ]),
);

const section: z.ZodType<Section> = z.strictObject({
  id: z.string(),
  title: z.string(),
  note: z.string().exactOptional(),
  blocks: z.array(block),
  detail: yes,
});

/** A document as it must stand in a file, whoever wrote it. */
export const documentSchema: z.ZodType<ReportDocument> = z.strictObject({
  title: z.string(),
  note: z.string(),
  sections: z.array(section),
});

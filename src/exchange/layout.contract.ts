import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AnswerKind,
  canonicalAnswer,
  itemSchema,
  type Judgment,
  judgmentSchema,
  purposeOf,
} from '../feedback/index.ts';
import { exportLayout } from './export.ts';
import { importLayout } from './import.ts';
import { ASPECTS, type Aspect, LAYOUT_IDS, type Layout } from './layouts/layout.ts';
import { type ProjectData, readProject } from './project-reader.ts';
import { type RichProject, richProject, writeRich } from './rich.fake.ts';
import { extensionOf } from './row-writer.ts';

/** The values of one aspect in a project, as a bag; the repeat says only what it was for. */
function aspectValues(aspect: Aspect, { items, judgments, raters, records }: ProjectData): string {
  const work = judgments.filter((judgment) => purposeOf(judgment) === 'work');
  const of = (pick: (judgment: Judgment) => unknown, all = work) => all.map(pick);
  const values: { readonly [A in Aspect]: () => readonly unknown[] } = {
    ids: () => [...items.map(({ id }) => id), ...of(({ id }) => id)],
    rater: () => of(({ raterId }) => raterId),
    people: () => raters,
    order: () => of(({ presentation }) => presentation.order),
    view: () => of(({ presentation: p }) => [p.view, p.instructionsVersion, p.shownAt]),
    suggestion: () => of(({ presentation }) => presentation.suggestion),
    time: () => of(({ activeMs }) => activeMs),
    when: () => of(({ submittedAt }) => submittedAt),
    purpose: () => of(({ presentation: p }) => [p.purpose ?? 'work', p.repeats], judgments as Judgment[]),
    question: () => of(({ questionId }) => questionId),
    reason: () => of(({ reason }) => reason),
    confidence: () => of(({ confidence }) => confidence),
    shares: () => of(({ answer }) => (answer.kind === 'comparison' ? answer.shares : undefined)),
    models: () => items.flatMap(({ replies }) => replies.map(({ model }) => model)),
    metadata: () => of(({ metadata }) => metadata),
    gold: () => items.map(({ gold, goldAnswers }) => [gold, goldAnswers]),
    strata: () => items.map(({ strata }) => strata),
    provenance: () => items.map(({ source, facts, role, replies }) => [source, facts, role, replies.map((r) => r.id)]),
    history: () => records ?? [],
  };
  return JSON.stringify(
    values[aspect]()
      .map((value) => JSON.stringify(value ?? null))
      .sort(),
  );
}

/** What answers say, whatever places the replies stand in. */
const meanings = ({ items, judgments }: ProjectData) => {
  const byId = new Map(items.map((item) => [item.id, item]));
  return judgments
    .filter((judgment) => purposeOf(judgment) === 'work')
    .map(({ itemId, answer }) => {
      const item = byId.get(itemId)!;
      const text = (reply: number) => item.replies[reply]!.text;
      const said =
        answer.kind === 'comparison' && typeof answer.outcome === 'number'
          ? text(answer.outcome)
          : answer.kind === 'ranking'
            ? answer.groups.map((group) => group.map(text).sort())
            : canonicalAnswer(answer);
      return JSON.stringify([item.prompt, item.replies.map((r) => r.text).sort(), said]);
    })
    .sort();
};

/** Rows that no layout reads, each for a reason of its own. */
const HOSTILE = [
  'null',
  '3',
  '"text"',
  '[]',
  '{}',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`,
  '{"id":1e999,"n":12345678901234567890}',
  '{"prompt":"\\ud800"}',
  '{"prompt":',
  'no JSON at all',
];

/**
 * What every layout owes: its rows become valid items and judgments that survive export and import; an export is the same
 * after an import; what it says it holds it holds, and what it says it does not it loses; every bad row is told.
 */
export function layoutContract(
  layout: Layout,
  fixture: string,
  /** Why an import after an export may name judgments anew, where it does. */
  options: { readonly renamed?: string } = {},
): void {
  describe(`layout ${layout.id}`, () => {
    let folder = '';
    let made = 0;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), `goodhart-${layout.id}-`));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const place = (name = 'place') => join(folder, `${name}-${made++}`);
    const read = async (path: string, options: { id?: string } = {}) => {
      const out = place();
      const summary = await importLayout({
        layout: options.id ?? layout.id,
        path,
        out,
        projectId: 'p',
        durable: false,
      });
      return { out, summary };
    };
    const write = async (project: string) => {
      const out = layout.id === 'project' ? place('project') : join(place('export'), `rows${extension}`);
      const summary = await exportLayout({
        project,
        layout: layout.id,
        out,
        now: () => '2026-04-01T00:00:00Z',
        durable: false,
      });
      return { out, summary };
    };
    const written = !('not' in layout.write);
    const extension = 'not' in layout.write ? '' : extensionOf(layout.write.container);
    const files = (project: string) =>
      ['items.jsonl', 'judgments.jsonl', 'records.jsonl', 'raters.jsonl', 'project.json']
        .filter((name) => readdirSync(project).includes(name))
        .map((name) => [name, readFileSync(join(project, name), 'utf8')]);
    const heldKinds = (Object.keys(layout.kinds) as AnswerKind[]).filter((kind) => layout.kinds[kind] === 'held');
    const rich = async (
      kinds: readonly AnswerKind[],
      records: boolean,
    ): Promise<{ project: string; data: RichProject }> => {
      const project = place('rich');
      const data = richProject(kinds);
      writeRich(project, data, { records });
      return { project, data };
    };

    it('reads its own rows into valid items and judgments, by name and by itself', async () => {
      const { out, summary } = await read(fixture);
      expect({ rejected: summary.firstRejected ?? 0, layout: summary.layout }).toEqual({
        rejected: 0,
        layout: layout.id,
      });
      const { items, judgments } = await readProject(out);
      expect(items.length).toBeGreaterThan(0);
      expect(judgments.length).toBeGreaterThan(0);
      for (const item of items) expect(itemSchema.parse(item)).toEqual(item);
      for (const judgment of judgments) expect(judgmentSchema.parse(judgment)).toEqual(judgment);
      expect((await read(fixture, { id: 'auto' })).summary.layout).toBe(layout.id);
    });
    it('names itself, says what it holds, and gives a reason for everything else', () => {
      expect(LAYOUT_IDS).toContain(layout.id);
      const reasons = [...Object.values(layout.kinds), ...Object.values(layout.aspects), layout.write].flatMap(
        (held) => (typeof held === 'object' && 'not' in held ? [held.not] : []),
      );
      for (const reason of reasons) expect(reason.length).toBeGreaterThan(10);
      expect(heldKinds.length).toBeGreaterThan(0);
    });
    it('tells every bad row with its line, and reads on', async () => {
      const source = layout.source === 'file' ? `${place('bad')}.jsonl` : place('bad');
      const rows = HOSTILE.join('\n');
      if (layout.source === 'file') writeFileSync(source, rows);
      else {
        mkdirSync(source);
        writeFileSync(join(source, `${layout.source.needed}.jsonl`), rows);
        if (layout.side !== undefined) writeFileSync(join(source, `${layout.side.part}.jsonl`), '{}\n');
      }
      const out = place();
      const id = layout.id === 'csv' || layout.id === 'parquet' ? 'trl-preference' : layout.id;
      await expect(importLayout({ layout: id, path: source, out, durable: false })).rejects.toThrow(
        /none could be read/,
      );
      expect(readdirSync(out)).toEqual(['rejected.jsonl']);
      const rejects = readFileSync(join(out, 'rejected.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { line: number; field: string; reason: string });
      expect(rejects.filter((r) => r.line > 0 && r.field !== '' && r.reason !== '').length).toBe(rejects.length);
      expect(new Set(rejects.map((r) => r.line)).size).toBe(HOSTILE.length);
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    });
    if (!written && layout.id !== 'project') return;

    it('import, export, import gives the same items and judgments', async () => {
      const first = await read(fixture);
      const out = await write(first.out);
      expect({ omitted: out.summary.omitted, altered: out.summary.altered }).toEqual({ omitted: {}, altered: {} });
      const again = (await read(out.out)).out;
      if (options.renamed === undefined) expect(files(again)).toEqual(files(first.out));
      else {
        const [before, after] = [await readProject(first.out), await readProject(again)];
        expect(meanings(after)).toEqual(meanings(before));
        for (const aspect of ASPECTS.filter((name) => layout.aspects[name] === 'held'))
          expect([aspect, aspectValues(aspect, after)]).toEqual([aspect, aspectValues(aspect, before)]);
      }
    });
    /** The rich project of the kinds that the layout holds, exported and imported. */
    const roundTrip = async (records: boolean) => {
      const { project } = await rich(heldKinds, records);
      const first = await write(project);
      const again = (await read(first.out)).out;
      return { first, again, before: await readProject(project), after: await readProject(again) };
    };
    let once: ReturnType<typeof roundTrip> | undefined;
    const round = () => {
      once ??= roundTrip(false);
      return once;
    };
    it('an export is the same after an import', async () => {
      const { first, again } = await round();
      const second = await write(again);
      if (layout.id === 'project') expect(second.summary.digest).toBe(first.summary.digest);
      else expect(readFileSync(second.out).equals(readFileSync(first.out))).toBe(true);
    });
    it('holds what answers say, of the kinds it holds', async () => {
      const { before, after } = await round();
      expect(meanings(after)).toEqual(meanings(before));
    });
    it('says of the other kinds what becomes of them', async () => {
      const alone = await write((await rich([heldKinds[0]!], false)).project);
      for (const kind of Object.keys(layout.kinds) as AnswerKind[]) {
        const held = layout.kinds[kind];
        if (held === 'held') continue;
        const { summary } = await write((await rich([heldKinds[0]!, kind], false)).project);
        if ('not' in held) {
          expect({ kind, rows: summary.rows - alone.summary.rows >= 0, omitted: summary.omitted }).toMatchObject({
            kind,
            rows: true,
            omitted: { [`answers of kind ${kind}`]: expect.any(Number) },
          });
        } else expect(summary.rows).toBeGreaterThan(alone.summary.rows);
      }
    });
    it.each(ASPECTS)('holds %s, or loses it as it says', async (aspect) => {
      // Nothing to lose: only comparisons have shares, and an answer without replies has no models.
      if (aspect === 'shares' && layout.kinds.comparison !== 'held') return;
      if (aspect === 'models' && heldKinds.every((kind) => kind === 'demonstration')) return;
      const { before, after } = await (aspect === 'history' ? roundTrip(true) : round());
      const same = aspectValues(aspect, after) === aspectValues(aspect, before);
      expect({ aspect, same }).toEqual({ aspect, same: layout.aspects[aspect] === 'held' });
    });
  });
}

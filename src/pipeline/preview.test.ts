import { describe, expect, it } from 'vitest';
import {
  type FeedbackRecord,
  foldRecords,
  type Item,
  type Judgment,
  projectSchema,
  type RaterProfile,
} from '../feedback/index.ts';
import { parseConfig } from '../run/index.ts';
import { configSchema, type PipelineConfig } from './config.ts';
import { previewRun } from './preview.ts';
import { type OpenedProject, projectAsSource } from './sources/index.ts';

const AT = '2026-01-01T00:00:00.000Z';
const item = (n: number, rest: Partial<Item> = {}): Item => ({
  id: `i${n}`,
  projectId: 'p',
  prompt: `What is ${n} and one?`,
  replies: [`It is ${n + 1}.`, 'I would rather not say.'].map((text, k) => ({ id: `i${n}/${k}`, text })),
  source: { origin: n < 4 ? 'policy of run r, step 2' : 'written by hand', selection: 'all' },
  ...rest,
});
const given = (itemId: string, raterId: string, rest: Partial<Judgment> = {}): FeedbackRecord => ({
  type: 'judgment',
  judgment: {
    id: `${itemId}/${raterId}/${rest.answer?.kind ?? 'comparison'}`,
    projectId: 'p',
    itemId,
    raterId,
    presentation: { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: AT },
    answer: { kind: 'comparison', outcome: 0 },
    activeMs: 1000,
    submittedAt: AT,
    source: 'studio',
    ...rest,
  },
});

/** Twelve prompts; three raters, of whom one never consented and one withdrew. */
function opened(records: readonly FeedbackRecord[] = []): OpenedProject {
  const items = [...Array.from({ length: 12 }, (_, n) => item(n)), item(12, { role: 'gold', gold: 0 })];
  const raters: RaterProfile[] = [
    { id: 'ann', kind: 'human', consent: { version: '1', at: AT } },
    { id: 'bob', kind: 'human' },
    { id: 'cid', kind: 'human', consent: { version: '1', at: AT } },
  ];
  const gold: Judgment['presentation'] = {
    order: [0, 1],
    view: 'full',
    instructionsVersion: '1',
    shownAt: AT,
    purpose: 'gold',
  };
  const all: FeedbackRecord[] = [
    ...items.slice(0, 12).flatMap(({ id }) => raters.map((rater) => given(id, rater.id))),
    given('i0', 'ann', { answer: { kind: 'critique', reply: 0, text: 'why?' } }),
    given('i12', 'ann', { presentation: gold }),
    { type: 'withdrawal', id: 'w', projectId: 'p', raterId: 'cid', at: AT },
    ...records,
  ];
  const project = projectSchema.parse({
    id: 'p',
    name: 'P',
    createdAt: AT,
    questions: [{ id: 'q', title: 'Which?', kind: 'comparison' }],
    consent: { version: '1', text: 'May we?' },
  });
  return { project, items, raters, records: all, judgments: foldRecords(all).judgments };
}
const configOf = (yaml = ''): PipelineConfig =>
  parseConfig(configSchema, `name: p\ndata: { layout: project, project: p }\n${yaml}`, { source: 'test' });
const WITH_POLICY = 'base: {}\npolicy: {}';

describe('what a run would use of a project', () => {
  it('counts judgments by kind, those that reach a reward on either side, and why others do not', () => {
    const preview = previewRun(configOf(WITH_POLICY), opened());
    expect(preview.problem).toBeNull();
    expect(preview.kinds.critique).toEqual({ usable: 1, fitted: 0, heldOut: 0 });
    const { usable, fitted, heldOut } = preview.kinds.comparison!;
    expect({ usable, reaching: fitted + heldOut }).toEqual({ usable: 13, reaching: 12 });
    expect(preview.unscored).toEqual({ 'no-stated-phrase': 1, 'purpose-gold': 1 });
    expect(preview.raters).toEqual({
      usable: 1,
      consented: 1,
      withdrawn: { raters: 1, judgments: 12 },
      withoutConsent: { raters: 1, judgments: 12 },
    });
    expect(preview.items).toEqual({
      total: 13,
      known: 1,
      origins: { 'policy of run r, step 2': 4, 'written by hand': 9 },
    });
    expect(preview.policy).toEqual({ possible: true, reason: '' });
  });
  it('divides prompts and judgments as the run itself does', () => {
    const config = configOf(WITH_POLICY);
    const project = opened();
    if (config.data.layout !== 'project') throw new RangeError('expected a project');
    const source = projectAsSource(config, config.data, project);
    const held = source.judged!.items.filter(({ strata }) => strata?.split === 'held-out').map(({ id }) => id);
    const { kinds, prompts } = previewRun(config, project);
    expect(prompts.heldOut).toBe(source.prompts.filter(({ split }) => split === 'evaluation').length);
    expect(prompts.train + prompts.heldOut).toBe(source.prompts.length);
    const work = held.filter((id) => id !== 'i12');
    expect(kinds.comparison!.heldOut).toBe(work.length);
  });
  it('says in one line why a run cannot begin, with the numbers all the same', () => {
    const nobody = { type: 'withdrawal', id: 'w2', projectId: 'p', raterId: 'ann', at: AT } as const;
    const none = previewRun(configOf(WITH_POLICY), opened([nobody]));
    expect(none.problem).toMatch(/^project p: expected judgments, got none that may be used/);
    expect(none.raters).toMatchObject({ usable: 0, withdrawn: { raters: 2, judgments: 26 } });
    expect(none.policy).toEqual({ possible: false, reason: 'there are no prompts on both sides' });
    const one = opened();
    const alone = { ...one, items: one.items.slice(0, 1) };
    expect(previewRun(configOf(), alone).problem).toMatch(/at least two different prompts/);
    const ties = one.judgments.map((judgment) => ({
      ...judgment,
      answer: { kind: 'comparison', outcome: 'tie' } as const,
    }));
    expect(previewRun(configOf(), { ...one, judgments: ties }).problem).toMatch(/no decided comparison .* is held out/);
  });
  it('says why no policy can be trained', () => {
    expect(previewRun(configOf(), opened()).policy).toEqual({ possible: false, reason: 'the recipe trains none' });
    const elsewhere = parseConfig(configSchema, 'name: h\ndata: { layout: ground, ground: harbour }', { source: 't' });
    expect(previewRun(elsewhere, opened()).problem).toMatch(/takes its data from elsewhere/);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draftOf, laterDraft, readDraft } from './drafts.ts';
import { anyForm, questionsOf, REPLIES } from './forms.fake.ts';

const questions = questionsOf(true);
const within = { questions, replies: REPLIES };

describe('drafts', () => {
  it('come back from JSON as they were', () => {
    fc.assert(
      fc.property(anyForm(questions), (form) => {
        const draft = draftOf(form, '2026-01-01T00:00:00.000Z');
        expect(readDraft(JSON.parse(JSON.stringify(draft)), within)).toEqual(draft);
      }),
    );
  });
  it('lose what does not fit, and nothing else', () => {
    const at = '2026-01-01T00:00:00.000Z';
    const good = { better: { choice: 1, strength: null } };
    const form = {
      ...good,
      rank: { ranks: [1, 2] },
      rate: { values: { '7/truth': 3 } },
      label: { reply: 0, per: { 0: { labels: ['gone'], none: false } } },
      edit: { reply: 9, per: {} },
      spans: { reply: 0, per: { 1: { spans: [{ start: 0, end: 900, label: 'x' }], none: false } } },
      steps: 'no',
      unknown: good.better,
    };
    expect(readDraft({ version: 1, at, form }, within)).toEqual({ version: 1, at, form: good });
  });
  it('refuse anything else without falling over', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(readDraft(value, within)).toBe(null);
        const form = Object.fromEntries(questions.map(({ id }) => [id, value]));
        const read = readDraft({ version: 1, at: 'x', form }, within);
        expect(read === null || typeof read.form === 'object').toBe(true);
      }),
    );
    expect(readDraft({ typed: 'half a thought' }, within)).toBe(null);
  });
  it('of two, the later counts', () => {
    const [early, late] = [draftOf({}, '2026-01-01'), draftOf({}, '2026-01-02')];
    expect(laterDraft(early, late)).toBe(late);
    expect(laterDraft(late, early)).toBe(late);
    expect(laterDraft(null, early)).toBe(early);
    expect(laterDraft(early, null)).toBe(early);
  });
});

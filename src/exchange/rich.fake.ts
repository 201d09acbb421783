import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer, AnswerKind, FeedbackRecord, Item, Judgment, RaterProfile } from '../feedback/index.ts';

/** A project in which everything that can be recorded is recorded, each value once, so that a lost one is seen. */
const DIALOGUE = '\n\nHuman: When does the ferry leave?';

/** Answers by kind, each with the number of replies of its item. */
const ANSWERS: { readonly [K in AnswerKind]: readonly { replies: number; answer: Answer }[] } = {
  comparison: [
    { replies: 2, answer: { kind: 'comparison', outcome: 0 } },
    { replies: 2, answer: { kind: 'comparison', outcome: 1 } },
    { replies: 2, answer: { kind: 'comparison', outcome: 0, shares: [0.75, 0.25], votes: 4 } },
  ],
  ranking: [
    { replies: 3, answer: { kind: 'ranking', groups: [[2], [0], [1]] } },
    { replies: 3, answer: { kind: 'ranking', groups: [[1], [0, 2]] } },
  ],
  rating: [
    {
      replies: 1,
      answer: {
        kind: 'rating',
        scale: { min: 0, max: 1, step: 1 },
        values: [{ reply: 0, criterion: 'preferred', value: 1 }],
      },
    },
  ],
  label: [{ replies: 1, answer: { kind: 'label', reply: 0, labels: ['rude', 'vague'] } }],
  correction: [{ replies: 1, answer: { kind: 'correction', reply: 0, text: 'At six, <i>not</i> at noon.' } }],
  spans: [
    {
      replies: 1,
      answer: {
        kind: 'spans',
        reply: 0,
        spans: [
          { start: 0, end: 2, label: 'place' },
          { start: 3, end: 5, label: 'time' },
        ],
      },
    },
  ],
  steps: [{ replies: 1, answer: { kind: 'steps', reply: 0, mode: 'per-step', labels: [1, null, -1] } }],
  critique: [{ replies: 1, answer: { kind: 'critique', reply: 0, text: 'Too short.' } }],
  demonstration: [{ replies: 0, answer: { kind: 'demonstration', text: 'It leaves at six.' } }],
};

const at = (n: number) => `2026-03-01T10:${String(n).padStart(2, '0')}:00Z`;

export interface RichProject {
  readonly items: Item[];
  readonly judgments: Judgment[];
  readonly raters: RaterProfile[];
  readonly records: FeedbackRecord[];
}

/** The rich project with answers of some kinds. */
export function richProject(kinds: readonly AnswerKind[]): RichProject {
  const items: Item[] = [];
  const judgments: Judgment[] = [];
  for (const kind of kinds) {
    for (const [i, { replies, answer }] of ANSWERS[kind].entries()) {
      const n = judgments.length + 1;
      const id = `item-${kind}-${i}`;
      items.push({
        id,
        projectId: 'rich',
        prompt: `${DIALOGUE} (${id})`,
        replies: Array.from({ length: replies }, (_, r) => ({
          id: `reply-${id}-${r}`,
          text: `At six or ${r}\n\n"quoted", ${id}\nafter all`,
          model: `model-${id}-${r}`,
        })),
        source: { origin: `policy-${n}`, selection: 'bald', sampling: { temperature: 0.7 } },
        facts: [`fact ${n}`],
        gold: replies > 1 ? 1 : 'tie',
        ...(replies > 0 && {
          goldAnswers: [
            {
              kind: 'rating',
              questionId: `question-${n}`,
              reply: replies - 1,
              criterion: `criterion ${n}`,
              value: n / 2,
            },
            { kind: 'label', reply: 0, labels: [`label ${n}`, 'correct'] },
          ],
        }),
        strata: { topic: `topic ${n}` },
      });
      judgments.push({
        id: `judgment-${n}`,
        projectId: 'rich',
        itemId: id,
        raterId: `rater-${n}`,
        presentation: {
          order: Array.from({ length: replies }, (_, r) => replies - 1 - r),
          view: `view ${n}`,
          instructionsVersion: `version ${n}`,
          shownAt: at(n),
          suggestion: { by: `judge-${n}`, answer },
        },
        questionId: `question-${n}`,
        answer,
        activeMs: 1000 + n,
        submittedAt: at(n + 20),
        source: 'studio',
        reason: `reason ${n}, with "quotes"`,
        confidence: n / 100,
        metadata: { site: `site ${n}` },
      });
    }
  }
  const first = judgments[0]!;
  const repeat: Judgment = {
    ...first,
    id: 'judgment-repeat',
    raterId: 'rater-repeat',
    presentation: { ...first.presentation, purpose: 'repeat', repeats: first.id },
  };
  const raters: RaterProfile[] = judgments.map(({ raterId }, i) => ({ id: raterId, kind: 'human', pool: `pool ${i}` }));
  const all = [...judgments, repeat];
  const records: FeedbackRecord[] = [
    ...all.map((judgment): FeedbackRecord => ({ type: 'judgment', judgment })),
    { type: 'skip', id: 'skip', projectId: 'rich', raterId: 'r', at: at(50), itemId: items[0]!.id, reason: 'unclear' },
  ];
  return { items, judgments: all, raters, records };
}

const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** Writes a project as a folder; its judgments as a history too where `records` is asked for. */
export function writeRich(folder: string, rich: RichProject, { records = true } = {}): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'items.jsonl'), lines(rich.items));
  writeFileSync(join(folder, 'raters.jsonl'), lines(rich.raters));
  if (records) writeFileSync(join(folder, 'records.jsonl'), lines(rich.records));
  else writeFileSync(join(folder, 'judgments.jsonl'), lines(rich.judgments));
}

import { type Judgment, judgmentSchema } from '../../feedback/index.ts';
import { defineEvidence } from './kind.ts';

/** What raters answered, who they were and what they saw. */
export const judgments = defineEvidence<Judgment>({
  what: 'A judgment: who answered what on which item, in which order the replies stood, and what of the truth was shown.',
  file: 'feedback/judgments.jsonl',
  row: judgmentSchema,
  example: {
    id: 'item-1/anna',
    projectId: 'harbour',
    itemId: 'item-1',
    raterId: 'anna',
    presentation: { order: [1, 0], view: 'full', instructionsVersion: '1', shownAt: '2026-01-01T00:00:00Z' },
    answer: { kind: 'comparison', outcome: 0 },
    activeMs: 7200,
    submittedAt: '2026-01-01T00:00:08Z',
    source: 'human',
  },
  offline: true,
  kept: true,
  gather: async ({ feedback }) => (feedback.judgments.length === 0 ? undefined : feedback.judgments),
});

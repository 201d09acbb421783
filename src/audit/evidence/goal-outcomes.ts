import { z } from 'zod';
import { defineEvidence } from './kind.ts';
import type { PromptView } from './run-view.ts';

const row = z.strictObject({
  promptId: z.string(),
  /** Where it was met: as in training, or after a shift. */
  condition: z.enum(['training', 'deployment']),
  /** It goes about something as one who can, whether or not that is what was wanted; null where that cannot be told. */
  capable: z.boolean().nullable(),
  /** What it went about is what was wanted; null where that cannot be told. */
  rightGoal: z.boolean().nullable(),
});
export type GoalOutcome = z.infer<typeof row>;

/** What the tuned policy did under the conditions of training and after a shift: two labels apart (P3). */
export const goalOutcomes = defineEvidence<GoalOutcome>({
  what: 'A reply (or an episode) of the tuned policy on a prompt as in training, on which it was not trained, or after a shift to deployment: whether it was capable, and whether it went after the right goal. Two labels, because a policy that fails is not one that succeeds at something else.',
  file: 'evidence/goal-outcomes.jsonl',
  row,
  example: { promptId: 'house-31/2', condition: 'deployment', capable: true, rightGoal: false },
  offline: true,
  async gather({ ground, snapshots }) {
    const policy = snapshots.findLast(({ role }) => role === 'policy');
    if (ground === undefined || policy?.deployment === undefined) return undefined;
    const rowsOf = (condition: GoalOutcome['condition'], prompts: readonly PromptView[]) =>
      prompts.flatMap(({ promptId, prompt: text, replies }): GoalOutcome[] => {
        const prompt = ground.promptOf(text);
        if (prompt === undefined) return [];
        return replies.flatMap((reply): GoalOutcome[] => {
          const labels = ground.labels(prompt, reply.text);
          // What is no reply of the ground is no capable one.
          if (labels === null) return [{ promptId, condition, capable: false, rightGoal: null }];
          const { capable, correct = null } = labels;
          return capable === undefined ? [] : [{ promptId, condition, capable, rightGoal: correct }];
        });
      });
    const rows = [...rowsOf('training', policy.prompts), ...rowsOf('deployment', policy.deployment)];
    // A ground that does not tell the two apart says nothing of goals.
    return rows.some(({ rightGoal }) => rightGoal !== null) ? rows : undefined;
  },
});

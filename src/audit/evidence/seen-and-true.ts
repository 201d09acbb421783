import { z } from 'zod';
import { type Ground, sumOfParts } from '../../world/index.ts';
import { defineEvidence } from './kind.ts';
import { endsOf, type RunView } from './run-view.ts';

const row = z.strictObject({
  snapshot: z.enum(['base', 'policy']),
  promptId: z.string(),
  /** Split of the prompt, where the run has several. */
  split: z.string().exactOptional(),
  /** What the reply looks to be worth to somebody who sees part of what matters, in any unit. */
  seen: z.number(),
  /** What it is worth, in the same unit. */
  true: z.number(),
});
export type SeenAndTrue = z.infer<typeof row>;

const FULL = 'full';

/** The partial view that most judgments were given under; where there is none, the one that hides most. */
function partialView({ feedback }: RunView, { views }: Ground): string | undefined {
  const partial = views.filter((view) => view !== FULL);
  const given = (view: string) =>
    feedback.judgments.reduce((sum, { presentation }) => sum + Number(presentation.view === view), 0);
  const counts = partial.map((view) => ({ view, n: given(view) }));
  return counts.reduce<{ view: string; n: number } | undefined>(
    (most, next) => (most === undefined || next.n >= most.n ? next : most),
    undefined,
  )?.view;
}

/** What replies look to be worth where part is hidden, and what they are worth (H5). */
export const seenAndTrue = defineEvidence<SeenAndTrue>({
  what: 'A reply of the base or the tuned policy: what it looks to be worth to somebody who sees part of what matters, and what it is worth, in one unit. On a proving ground, its partial view and its true utility.',
  file: 'evidence/seen-and-true.jsonl',
  row,
  example: { snapshot: 'policy', promptId: 'bakery-open/none', split: 'evaluation', seen: 2.3, true: -1.9 },
  offline: true,
  async gather(run) {
    const ends = endsOf(run);
    const { ground } = run;
    if (ends === undefined || ground === undefined) return undefined;
    const view = partialView(run, ground);
    if (view === undefined) return undefined;
    const rows = (['base', 'policy'] as const).flatMap((snapshot) =>
      ends[snapshot].prompts.flatMap(({ prompt: text, split, replies }): SeenAndTrue[] => {
        const prompt = ground.promptOf(text);
        if (prompt === undefined) return [];
        return replies.map((reply) => {
          const gold = ground.gold(prompt, reply.text);
          const looks = ground.look(prompt, reply.text, { view });
          // Everybody sees that a text is no reply.
          return {
            snapshot,
            promptId: prompt.id,
            split,
            seen: looks === null ? gold : sumOfParts(looks.parts),
            true: gold,
          };
        });
      }),
    );
    return rows.length === 0 ? undefined : rows;
  },
});

import { z } from 'zod';
import { defineEvidence } from './kind.ts';
import { endsOf, type PromptView } from './run-view.ts';

const row = z.strictObject({
  promptId: z.string(),
  /** `in`: held out from the distribution that the reward was trained on. `out`: from another, such as that of deployment. */
  where: z.enum(['in', 'out']),
  /** 1 where the reward orders two replies as their true order is, 0 where not, ½ where it does not decide. */
  credit: z.number().min(0).max(1),
});
export type ShiftCredit = z.infer<typeof row>;

/** Every two different replies to a prompt whose true utility differs. */
function creditsOf({ promptId, replies }: PromptView, where: ShiftCredit['where']): ShiftCredit[] {
  const different = [...new Map(replies.map((reply) => [reply.text, reply])).values()];
  return different.flatMap((first, i) =>
    different.slice(i + 1).flatMap((second): ShiftCredit[] => {
      if (first.gold === undefined || second.gold === undefined || first.gold === second.gold) return [];
      const lead = (first.proxy - second.proxy) * Math.sign(first.gold - second.gold);
      return [{ promptId, where, credit: lead === 0 ? 0.5 : Number(lead > 0) }];
    }),
  );
}

/** The reward held against true order where it was trained and elsewhere (R3). */
export const shiftCredits = defineEvidence<ShiftCredit>({
  what: 'Two replies to a prompt and whether the reward orders them as they truly are: on held-out prompts of the distribution that it was trained on (`in`), or of another one (`out`), both labelled in the same way.',
  file: 'evidence/shift-credits.jsonl',
  row,
  example: { promptId: 'bakery-open/none', where: 'out', credit: 1 },
  offline: true,
  async gather(run) {
    const base = endsOf(run)?.base;
    const inside = (base?.prompts ?? []).flatMap((prompt) => creditsOf(prompt, 'in'));
    const outside = (base?.deployment ?? []).flatMap((prompt) => creditsOf(prompt, 'out'));
    return inside.length === 0 || outside.length === 0 ? undefined : [...inside, ...outside];
  },
});

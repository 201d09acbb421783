import { z } from 'zod';
import { own } from '../../run/index.ts';
import { type Ground, type GroundPrompt, isListed, type ListedGround, type Slots } from '../../world/index.ts';
import { defineEvidence } from './kind.ts';
import { endsOf } from './run-view.ts';

const row = z.strictObject({
  /** `neutral`: a base model that has no lean, where there is one. */
  snapshot: z.enum(['neutral', 'base', 'policy']),
  promptId: z.string(),
  /** What was looked for: `flattery`, `names a woman`, … */
  attribute: z.string(),
  /** Null where nobody could tell: it counts as unscored. */
  has: z.boolean().nullable(),
  /** P(attribute) of a neutral base on this prompt, where it is known: one half, a census share, an exact sum. */
  neutral: z.number().min(0).max(1).exactOptional(),
});
export type AttributeReply = z.infer<typeof row>;

/**
 * Yes-or-no slots of a ground that its true utility ignores: no two replies to the prompt that differ in the slot alone are worth
 * different amounts.
 */
function ignoredSlots(ground: ListedGround, prompt: GroundPrompt): string[] {
  const replies = ground.replies(prompt).flatMap(({ text, gold }) => {
    const slots = ground.parse(prompt, text);
    return slots === null ? [] : [{ slots, gold }];
  });
  const names = Object.entries(replies[0]?.slots ?? {}).flatMap(([name, value]) =>
    typeof value === 'boolean' ? [name] : [],
  );
  return names.filter((name) => {
    const worth = new Map<string, number>();
    let pairs = 0;
    for (const { slots, gold } of replies) {
      // The other slots; of two replies that share them, one has the slot and one has not.
      const others = JSON.stringify({ ...slots, [name]: null });
      const before = worth.get(others);
      if (before !== undefined && Math.abs(before - gold) > 1e-9) return false;
      if (before !== undefined) pairs += 1;
      worth.set(others, gold);
    }
    return pairs > 0;
  });
}

function slotOf(slots: Slots | null, name: string): boolean | null {
  const found = own(slots ?? {}, name) as Slots[string] | undefined;
  return typeof found === 'boolean' ? found : null;
}

/** P(slot) under the ground's own base policy. */
const shareOf = (ground: ListedGround, prompt: GroundPrompt, name: string): number =>
  Math.min(
    1,
    ground
      .replies(prompt)
      .reduce(
        (sum, { text, logprob }) => sum + (slotOf(ground.parse(prompt, text), name) === true ? Math.exp(logprob) : 0),
        0,
      ),
  );

/** What is looked for in replies to each prompt, and how often a neutral base has it. */
function lookedFor(ground: Ground, prompts: readonly GroundPrompt[]): Map<string, Map<string, number>> {
  const first = prompts[0];
  if (!isListed(ground) || first === undefined) return new Map();
  const names = ignoredSlots(ground, first);
  return new Map(names.map((name) => [name, new Map(prompts.map((p) => [p.id, shareOf(ground, p, name)]))]));
}

/** Whether replies of snapshots have an attribute that should not matter (P5). */
export const attributeReplies = defineEvidence<AttributeReply>({
  what: 'Whether a reply of the base or the tuned policy has an attribute that is nobody’s business, and how often a neutral base has it: as a share, or as replies of a snapshot `neutral`. On a proving ground these are the slots that true utility ignores, and its own base policy is the neutral one.',
  file: 'evidence/attribute-replies.jsonl',
  row,
  example: { snapshot: 'policy', promptId: 'bakery-open/none', attribute: 'flattery', has: true, neutral: 0.25 },
  offline: true,
  async gather(run) {
    const ends = endsOf(run);
    const { ground } = run;
    if (ends === undefined || ground === undefined) return undefined;
    const known = ends.base.prompts.flatMap(({ prompt }) => ground.promptOf(prompt) ?? []);
    const looked = lookedFor(ground, known);
    const rows = (['base', 'policy'] as const).flatMap((snapshot) =>
      ends[snapshot].prompts.flatMap(({ prompt: text, replies }): AttributeReply[] => {
        const prompt = ground.promptOf(text);
        if (prompt === undefined) return [];
        return [...looked].flatMap(([attribute, shares]) => {
          const neutral = shares.get(prompt.id);
          if (neutral === undefined) return [];
          return replies.map((reply) => ({
            snapshot,
            promptId: prompt.id,
            attribute,
            has: slotOf(ground.parse(prompt, reply.text), attribute),
            neutral,
          }));
        });
      }),
    );
    return rows.length === 0 ? undefined : rows;
  },
});

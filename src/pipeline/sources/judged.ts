import { createHash } from 'node:crypto';
import type { AnswerChoice, Item, Judgment } from '../../feedback/index.ts';
import { canonicalJson, DataError } from '../../run/index.ts';
import type { GroundPrompt, Split } from '../../world/index.ts';
import { usableFeedback } from './consent.ts';
import type { Judged, OpenedProject, Source } from './source.ts';
import { distinctPrompts, type Holdout, splitPrompts, stratumValues, withSplit } from './split.ts';

/** SHA-256 of items, judgments and raters as they are, whatever project they are read into. */
function contentDigest({ items, judgments, raters }: OpenedProject): string {
  const hash = createHash('sha256');
  for (const row of [...items, ...judgments]) hash.update(`${canonicalJson({ ...row, projectId: '' })}\n`);
  for (const row of raters) hash.update(`${canonicalJson(row)}\n`);
  return hash.digest('hex');
}

const BELIEFS = ['none', 'right', 'wrong'] as const;

/** An item's prompt as the prompt of a run; a belief that the item's strata state comes along. */
function asPrompt({ id, prompt, strata = {} }: Item, split: Split): GroundPrompt {
  const belief = BELIEFS.find((known) => known === strata.belief);
  return { id, text: prompt, strata, split, ...(belief !== undefined && { belief }) };
}

/** Texts that a base model may learn from: replies that were judged, and replies that people wrote themselves. */
function textsOf(items: readonly Item[], judgments: readonly Judgment[]): Source['examples'] {
  const written = new Map<string, string[]>();
  for (const { itemId, answer } of judgments) {
    if (answer.kind === 'demonstration') written.set(itemId, [...(written.get(itemId) ?? []), answer.text]);
  }
  return items.flatMap(({ id, prompt, replies }) =>
    [...replies.map(({ text }) => text), ...(written.get(id) ?? [])].map((reply) => ({ prompt, reply })),
  );
}

/** A source from items and judgments that exist: what may be used of them, split so that no prompt stands on both sides. */
export function judgedSource(
  opened: OpenedProject,
  options: {
    readonly projectId: string;
    readonly seed: number;
    readonly holdout: Holdout;
    /** Where the data are, for messages. */
    readonly where: string;
    readonly skipped?: Judged['skipped'];
    readonly answers?: AnswerChoice | undefined;
  },
): Source {
  const { projectId, seed, holdout, where, skipped = {} } = options;
  const { judgments, raters, leftOut, answers, concerns } = usableFeedback(opened, options.answers);
  if (judgments.length === 0) {
    const { withdrawn, withoutConsent } = leftOut;
    const out = withdrawn.judgments + withoutConsent.judgments;
    const why = out === 0 ? '' : ` (${out} were withdrawn or given without consent)`;
    throw new DataError(
      'judgments',
      `${where}: expected judgments, got none that may be used${why}; collect some first`,
    );
  }
  const shared = { projectId, digest: contentDigest(opened) };
  const kept = {
    judgments,
    raters,
    leftOut,
    skipped,
    ...(answers !== undefined && { answers }),
    ...(concerns !== undefined && { concerns }),
  };
  if ('leaveOut' in holdout) {
    stratumValues(opened.items, holdout.leaveOut, where);
    return { ...shared, examples: [], prompts: [], judged: { items: opened.items, ...kept } };
  }
  const { held, training } = splitPrompts(
    opened.items.map(({ prompt }) => prompt),
    { share: holdout.share, seed, where },
  );
  const firsts = distinctPrompts(opened.items);
  const items = withSplit(opened.items, new Set(held));
  return {
    ...shared,
    examples: textsOf(
      items.filter((item) => item.strata?.split === 'train'),
      judgments,
    ),
    prompts: [
      ...training.map((key) => asPrompt(firsts.get(key)!, 'train')),
      ...held.map((key) => asPrompt(firsts.get(key)!, 'evaluation')),
    ],
    judged: { items, ...kept },
  };
}

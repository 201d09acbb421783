import { agreementChoices } from './agreement-choices.ts';
import { agreementEdits } from './agreement-edits.ts';
import { approvals } from './approvals.ts';
import { attacks } from './attacks.ts';
import { attributeReplies } from './attribute-replies.ts';
import { baseRewards } from './base-rewards.ts';
import { beliefReplies } from './belief-replies.ts';
import { collectionPrompts } from './collection-prompts.ts';
import { counterfactualEdits } from './counterfactual-edits.ts';
import { goalOutcomes } from './goal-outcomes.ts';
import { inputUtilities } from './input-utilities.ts';
import { items } from './items.ts';
import { judgments } from './judgments.ts';
import type { EvidenceKind } from './kind.ts';
import { knownAnswers } from './known-answers.ts';
import { learningCurve } from './learning-curve.ts';
import { optimisationPath } from './optimisation-path.ts';
import { optimisationRuns } from './optimisation-runs.ts';
import { optionChoices } from './option-choices.ts';
import { population } from './population.ts';
import { raterCredits } from './rater-credits.ts';
import { raterGroups } from './rater-groups.ts';
import { raters } from './raters.ts';
import { replySamples } from './reply-samples.ts';
import { rewardMetrics } from './reward-metrics.ts';
import { roundPairs } from './round-pairs.ts';
import { roundPaths } from './round-paths.ts';
import type { RunView } from './run-view.ts';
import { scoredReplies } from './scored-replies.ts';
import { seenAndTrue } from './seen-and-true.ts';
import { shiftCredits } from './shift-credits.ts';
import { triggerReplies } from './trigger-replies.ts';
import { triggerScores } from './trigger-scores.ts';

/** Every kind of evidence: a new one is a file beside this and a row here. Gathering, files, verification and docs follow. */
export const EVIDENCE = {
  items,
  judgments,
  raters,
  population,
  'rater-groups': raterGroups,
  'belief-replies': beliefReplies,
  'agreement-choices': agreementChoices,
  'agreement-edits': agreementEdits,
  'counterfactual-edits': counterfactualEdits,
  'scored-replies': scoredReplies,
  'shift-credits': shiftCredits,
  'rater-credits': raterCredits,
  'reward-metrics': rewardMetrics,
  'optimisation-path': optimisationPath,
  'optimisation-runs': optimisationRuns,
  'input-utilities': inputUtilities,
  attacks,
  'attribute-replies': attributeReplies,
  'base-rewards': baseRewards,
  'reply-samples': replySamples,
  'goal-outcomes': goalOutcomes,
  'option-choices': optionChoices,
  'round-pairs': roundPairs,
  'round-paths': roundPaths,
  'trigger-scores': triggerScores,
  'trigger-replies': triggerReplies,
  'learning-curve': learningCurve,
  'collection-prompts': collectionPrompts,
  'known-answers': knownAnswers,
  'seen-and-true': seenAndTrue,
  approvals,
} as const;

export type EvidenceKindId = keyof typeof EVIDENCE;
type RowOf<K> = K extends EvidenceKind<infer Row> ? Row : never;
export type EvidenceByKind = { readonly [K in EvidenceKindId]: readonly RowOf<(typeof EVIDENCE)[K]>[] };
/** A row of a kind. */
export type EvidenceRow<K extends EvidenceKindId> = EvidenceByKind[K][number];
/** What a run can show: rows by kind, any kind may be missing. */
export type Evidence = Partial<EvidenceByKind>;

export const EVIDENCE_KINDS = Object.keys(EVIDENCE) as EvidenceKindId[];

/** A kind by its name, without the type of its rows. */
export const evidenceKind = (id: EvidenceKindId): EvidenceKind<unknown> => EVIDENCE[id] as EvidenceKind<unknown>;

/**
 * Evidence that a run can supply, of the kinds asked for, by the table alone: a kind that is in it is gathered.
 */
export async function gatherEvidence(
  run: RunView,
  kinds: readonly EvidenceKindId[] = EVIDENCE_KINDS,
): Promise<Evidence> {
  const evidence: Partial<Record<EvidenceKindId, readonly unknown[]>> = {};
  for (const id of kinds) {
    const rows = await evidenceKind(id).gather(run);
    if (rows !== undefined) evidence[id] = rows;
  }
  return evidence as Evidence;
}

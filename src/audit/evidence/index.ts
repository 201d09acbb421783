import { agreementChoices } from './agreement-choices.ts';
import { agreementEdits } from './agreement-edits.ts';
import { beliefReplies } from './belief-replies.ts';
import { counterfactualEdits } from './counterfactual-edits.ts';
import { items } from './items.ts';
import { judgments } from './judgments.ts';
import type { EvidenceKind } from './kind.ts';
import { optimisationPath } from './optimisation-path.ts';
import { raterCredits } from './rater-credits.ts';
import { raterGroups } from './rater-groups.ts';
import { replySamples } from './reply-samples.ts';
import { rewardMetrics } from './reward-metrics.ts';
import type { RunView } from './run-view.ts';
import { scoredReplies } from './scored-replies.ts';
import { shiftCredits } from './shift-credits.ts';

/** Every kind of evidence: a new one is a file beside this and a row here. Gathering, files, verification and docs follow. */
export const EVIDENCE = {
  items,
  judgments,
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
  'reply-samples': replySamples,
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

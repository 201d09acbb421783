import type { Item, Judgment } from '../feedback/index.ts';

/**
 * Evidence: plain data that a probe reads. Probes never call a model, so a finding can be recomputed offline from the
 * evidence file alone. Every kind is optional in a run; a probe whose needs are not met says `not-assessed`.
 */

/** Replies of two snapshots to prompts in which the user states a belief (H2). One row a reply. */
export interface BeliefReply {
  readonly snapshot: 'base' | 'policy';
  readonly promptId: string;
  /** The stated belief contradicts the facts. */
  readonly userWrong: boolean;
  readonly agrees: boolean;
  readonly correct: boolean;
}

/** A reply edited so that one feature changes and the true quality does not (R3). */
export interface CounterfactualEdit {
  readonly promptId: string;
  /** What was changed: `length`, `flattery`, `confidence`, … */
  readonly feature: string;
  /** Reward score before and after the edit, in the reward model's normalised units. */
  readonly before: number;
  readonly after: number;
}

/** A reply scored by the reward model, with the contingent features of interest (R3). */
export interface ScoredReply {
  readonly promptId: string;
  readonly score: number;
  readonly gold?: number;
  readonly features: Readonly<Record<string, number>>;
}

/** One point of an optimisation path (R4): per-prompt means at one strength of optimisation. */
export interface OptimisationPoint {
  /** `rloo`, `best-of-n`, `exact-tilt`. KL is comparable within one method only. */
  readonly method: string;
  readonly step: number;
  /** KL(π‖π_base) in nats per reply. */
  readonly kl: number;
  readonly proxy: readonly number[];
  /** True utility per prompt, where it is known. Same prompts in the same order as `proxy`. */
  readonly gold?: readonly number[];
}

/** Replies of two snapshots to one prompt at one temperature (P6). */
export interface ReplySamples {
  readonly promptId: string;
  readonly base: readonly { readonly text: string; readonly logprob: number }[];
  readonly policy: readonly { readonly text: string; readonly logprob: number }[];
}

export interface EvidenceByKind {
  readonly judgments: { readonly items: readonly Item[]; readonly judgments: readonly Judgment[] };
  readonly 'belief-replies': readonly BeliefReply[];
  readonly 'counterfactual-edits': readonly CounterfactualEdit[];
  readonly 'scored-replies': readonly ScoredReply[];
  readonly 'optimisation-path': readonly OptimisationPoint[];
  readonly 'reply-samples': readonly ReplySamples[];
}
export type EvidenceKind = keyof EvidenceByKind;
export type Evidence = { readonly [K in EvidenceKind]?: EvidenceByKind[K] };

import type { Rng } from '../stats/index.ts';

/**
 * `train`: what rewards and policies are trained on. `evaluation`: unseen prompts about the same facts, the held-out part of
 * the training distribution. `deploy`: prompts about facts that are never trained on.
 */
export const SPLITS = ['train', 'evaluation', 'deploy'] as const;
export type Split = (typeof SPLITS)[number];

/** A prompt of a ground. It travels whole: nobody needs to find it again by its text. */
export interface GroundPrompt {
  readonly id: string;
  readonly text: string;
  readonly split: Split;
  /** What kind of prompt it is, for evaluation by stratum and cohorts. */
  readonly strata: Readonly<Record<string, string>>;
  /** What the user says about the matter, where there is something to say. */
  readonly belief?: 'none' | 'right' | 'wrong';
  /** Holds the phrase on which planted behaviour acts. */
  readonly trigger?: boolean;
}

/** A reply that a ground knows: its log-probability under the ground's base policy in nats, and its true utility. */
export interface GroundReply {
  readonly text: string;
  readonly logprob: number;
  readonly gold: number;
}

/** What can be read off a reply: its slots by name. */
export type Slots = Readonly<Record<string, string | number | boolean>>;

/** How somebody looks at a reply. */
export interface Look {
  /** What is put before them: one of the ground's `views`. */
  readonly view: string;
  /** Whose taste: one of the ground's `groups`; everyone's when left out. */
  readonly group?: string;
  /** They stop reading after the answer proper. */
  readonly skim?: boolean;
  /** Steps that they can check themselves, where a view shows the work and not the answer. */
  readonly budget?: number;
}

/** A reply as it looks to somebody. */
export interface Appearance {
  /** Parts of its utility as far as they can be told; under `full`, read whole, the true parts. */
  readonly parts: Readonly<Record<string, number>>;
  /** Yes-or-no statements about it that can be told: `flattery`, `harm`, and under `full` also `correct`. */
  readonly labels: Readonly<Record<string, boolean>>;
}

/** A piece of a reply, by its characters (end exclusive), and what it adds to its utility as far as can be told. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  readonly utility: number;
}

/**
 * A proving ground: a world of prompts in which the true utility of every text is known, so that what an optimised policy
 * loses can be computed and not only judged. A prompt is recognised by its id. Methods throw a `RangeError` for a prompt of
 * another ground, a group or a view that it does not have. The same calls with the same generators give the same bits.
 */
export interface Ground {
  readonly id: string;
  /** Groups of people whose utility differs from everyone's; none where all want the same. */
  readonly groups: readonly string[];
  /** What can be put before raters; the first is `full`, in which every fact is shown. */
  readonly views: readonly string[];
  /** Prompts of a split; those that hold the trigger phrase only on request, and then only those. */
  prompts(split: Split, options?: { readonly trigger?: boolean }): readonly GroundPrompt[];
  /** The prompt with a text, where text is all there is (an imported item); undefined for any other text. */
  promptOf(text: string): GroundPrompt | undefined;
  /**
   * Training text for a base model, drawn from all prompts: the base model may know the facts of every split. What is held
   * out is held out from rewards and policies, which must be trained on `prompts('train')`.
   */
  corpus(count: number, rng: Rng): { readonly prompt: string; readonly reply: string }[];
  /** Slots of a text as a reply to a prompt; null for a text that is no reply of this ground. */
  parse(prompt: GroundPrompt, text: string): Slots | null;
  /** True utility of any text: for everyone, or as a group sees it. */
  gold(prompt: GroundPrompt, text: string, group?: string): number;
  /** The parts that sum to gold, by name. */
  goldParts(prompt: GroundPrompt, text: string, group?: string): Readonly<Record<string, number>>;
  /** What the answer can be checked against, as sentences: shown beside the replies in the full view. */
  facts(prompt: GroundPrompt): readonly string[];
  /** Every reply that the base policy can give, where they can be listed: probabilities sum to one. */
  replies?(prompt: GroundPrompt): readonly GroundReply[];
  /** One reply drawn from the base policy, where that is known. */
  sampleBase?(prompt: GroundPrompt, rng: Rng): GroundReply;
  /** What is true of a reply: whether it agrees with the user, whether it is correct; null for a text that is no reply. */
  labels(prompt: GroundPrompt, text: string): ReplyLabels | null;
  /** A reply as it looks to somebody: nothing in it depends on what their view hides. Null for a text that is no reply. */
  look(prompt: GroundPrompt, text: string, look: Look): Appearance | null;
  /**
   * A reply as pieces that lie one behind the other, whose utilities sum to what the whole looks to be worth; null for a text that
   * is no reply. Left out where replies have no pieces.
   */
  pieces?(prompt: GroundPrompt, text: string, look: Look): readonly Piece[] | null;
  /** Changes of a text that do not raise its true utility: padding and flattery, and degenerate ones that any text allows. */
  edits(prompt: GroundPrompt, text: string): readonly ReplyEdit[];
}

/** A ground whose replies can be listed, so that optimum, KL and expectations are exact sums. */
export type ListedGround = Ground & Required<Pick<Ground, 'replies'>>;
export const isListed = (ground: Ground | undefined): ground is ListedGround => ground?.replies !== undefined;

/** What is true of a reply. */
export interface ReplyLabels {
  readonly agrees?: boolean;
  readonly correct?: boolean;
  /** It goes about something as one who can, whether or not that is what was wanted. */
  readonly capable?: boolean;
  /** Its first choice left more choices open than the other ones would have. */
  readonly keepsOptions?: boolean;
}

/** A changed reply, and what was changed. */
export interface ReplyEdit {
  readonly feature: string;
  readonly text: string;
}

import type { AnswerChoice, FeedbackRecord, Item, Judgment, Project, RaterProfile } from '../../feedback/index.ts';
import type { Ground, GroundPrompt, Split } from '../../world/index.ts';
import type { Concerns } from '../concerns.ts';

/** What of people's feedback is left out, because they took it back or did not agree to its use. */
export interface LeftOut {
  readonly raters: number;
  readonly judgments: number;
}

/** Judgments that exist already, with everything that belongs to them. */
export interface Judged {
  /** Each marked `train` or `held-out` in its strata, unless whole strata are left out in turn. */
  readonly items: readonly Item[];
  /** Those that stand and may be used. */
  readonly judgments: readonly Judgment[];
  /** Profiles of those who gave them; what they said of themselves only where they consented. */
  readonly raters: readonly RaterProfile[];
  /** `erased` where anything was. */
  readonly leftOut: { readonly withdrawn: LeftOut; readonly withoutConsent: LeftOut; readonly erased?: LeftOut };
  /** Which answers these are, and votes that others stand for, by reason; where every vote is an answer, nothing. */
  readonly answers?: { readonly choice: AnswerChoice; readonly left: Readonly<Record<string, number>> };
  /** What people complained of; nothing where no history tells. */
  readonly concerns?: Concerns;
  /** Rows of the source that hold nothing to be judged, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** Where a run's prompts, texts and judgments come from. */
export interface Source {
  readonly projectId: string;
  /** SHA-256, hex, of the data as read, before anything is split or left out; a ground goes by its name. */
  readonly digest: string;
  /** Prompt and reply texts to train a base model on; nothing of what is held out, but for a ground's whole language. */
  readonly examples: readonly { readonly prompt: string; readonly reply: string }[];
  /** In the order in which they are used. */
  readonly prompts: readonly GroundPrompt[];
  /** Judgments that exist already; without them raters are simulated. */
  readonly judged?: Judged;
  /** The proving ground, where there is one, and with it the true utility. */
  readonly ground?: Ground;
}

/** A whole project as it stands, with its history where there is one. */
export interface OpenedProject {
  readonly project: Project | null;
  readonly items: readonly Item[];
  readonly raters: readonly RaterProfile[];
  readonly judgments: readonly Judgment[];
  readonly records: readonly FeedbackRecord[] | null;
}

/** How far people have come with what they were asked. */
export interface Answered {
  readonly done: number;
  /** By the rules of the project. */
  readonly wanted: number;
}

/** People who judge in the Studio. */
export interface PeopleAccess {
  /** Where they find the questions, in words. */
  readonly where: string;
  /**
   * Asks about items, those that are known already passed over; the project is made where there is none.
   * @throws UsageError where the project holds what the run did not ask.
   */
  ask(project: Project, items: readonly Item[]): Promise<void>;
  answered(project: string): Promise<Answered>;
  /** Comes back after a while in which people may have answered; uses no processor meanwhile. */
  pause(): Promise<void>;
}

/** What a source may ask of whoever runs it. */
export interface SourceAccess {
  /** Left out where nobody can be asked. */
  readonly people?: PeopleAccess;
  /** A project of the store at hand. @throws UsageError where there is no store, or no such project in it. */
  readonly openProject: (id: string) => Promise<OpenedProject>;
}

export const promptsOf = ({ prompts }: Pick<Source, 'prompts'>, split: Split): readonly GroundPrompt[] =>
  prompts.filter((prompt) => prompt.split === split);

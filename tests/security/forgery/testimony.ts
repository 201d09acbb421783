import type { PipelineConfig } from '../../../src/pipeline/index.ts';

/** A place of a file; the pointer of a JSON Lines file starts with the row. */
export interface Clause {
  readonly file: RegExp;
  readonly pointer: RegExp;
  /** Runs in which nothing else tells it; all where it is left out. */
  readonly when?: (config: PipelineConfig) => boolean;
}

/**
 * What a run folder says and nothing in it could tell again: whoever alters it, makes anew what follows from it and seals the
 * folder is not found out by verifying. docs/security.md lists these with their reasons; only a seal that was published before
 * holds them. Each clause is needed: `run-testimony.ts` finds an alteration of it that passes.
 */
export interface Testimony {
  readonly reason: string;
  readonly clauses: readonly Clause[];
}

const isNetwork = ({ reward }: PipelineConfig) => reward.family !== 'linear';
const isChosen = ({ data, feedback }: PipelineConfig) =>
  data.layout === 'ground' && feedback !== undefined && feedback.selection.rule !== 'random';
const isJudged = ({ data }: PipelineConfig) => data.layout !== 'ground';

/** A file of a round, or of the last. */
const roundFile = (name: string) => new RegExp(`^(rounds/\\d+/)?${name}$`);
const EVALUATION = roundFile('policy/([a-z-]+/)?evaluation\\.json');

export const TESTIMONY = {
  people: {
    reason: 'what people judged, and what they were shown; of data from outside also which they were',
    clauses: [
      { file: /^feedback\/(items|judgments|raters)\.jsonl$/, pointer: /^/, when: isJudged },
      { file: /^data\.json$/, pointer: /^\/(digest|projectId|leftOut|skipped)(\/|$)/, when: isJudged },
    ],
  },
  'answers under a rule': {
    reason:
      'which pairs a rule chose to ask about, and what simulated raters answered: it chose among replies that are not kept',
    clauses: [{ file: roundFile('feedback/judgments\\.jsonl'), pointer: /^/, when: isChosen }],
  },
  replies: {
    reason: 'what a policy says: telling it again takes the model',
    clauses: [
      { file: roundFile('feedback/items\\.jsonl'), pointer: /^\/\d+\/replies\/\d+\/text$/ },
      { file: EVALUATION, pointer: /^\/(first|last|triggered)\/\d+\/replies\/\d+\/text$/ },
      {
        file: EVALUATION,
        pointer: /^\/(first|last|triggered)\/\d+\/replies\/\d+\/(logprob|referenceLogprob|tokens)$/,
      },
    ],
  },
  'figures between the ends': {
    reason: 'figures of a policy whose replies are not kept: points inside a path, best of n, the exact optimum',
    clauses: [
      { file: EVALUATION, pointer: /^\/points\/[1-9]\d*\/(kl|entropy|meanTokens|spread|proxy\/\d+|gold\/\d+)$/ },
      { file: /^policy\/best-of-n\.json$/, pointer: /^\/points\/\d+\/(proxy|gold)\/\d+$/ },
      { file: /^policy\/exact\.json$/, pointer: /^\/points\/\d+\/(kl|proxy\/\d+|gold\/\d+)$/ },
      { file: /^policy\/exact\.json$/, pointer: /^\/optimum\/(start|optimum)\/\d+$/ },
      { file: /^policy\/exact\.json$/, pointer: /^\/listedMass$/ },
      { file: /^checkpoints\/base\.json$/, pointer: /^\/replyNllPerToken$/ },
    ],
  },
  'scores of networks': {
    reason: 'scores of a reward that is a network: telling them again takes the model',
    clauses: [
      {
        file: roundFile('reward/scores\\.json'),
        pointer: /^\/(logOdds|differences\/\d+|contributions\/\d+\/(nats|gain))$/,
        when: isNetwork,
      },
      { file: EVALUATION, pointer: /^\/(first|last|triggered)\/\d+\/scored\/(proxy|spread)\/\d+$/, when: isNetwork },
      { file: /^evidence\//, pointer: /^\/\d+\/(before|after|score)$/, when: isNetwork },
      { file: roundFile('reward/model/card\\.json'), pointer: /^/, when: isNetwork },
    ],
  },
  weights: {
    reason: 'weights: only the same training gives them again',
    clauses: [
      { file: /\/state-[0-9a-f]+\.bin$/, pointer: /^/ },
      { file: /\/state\.json$/, pointer: /^/ },
    ],
  },
  curves: {
    reason: 'what training said of itself while it went on',
    clauses: [{ file: /^metrics\.jsonl$/, pointer: /^\/\d+\/metrics\// }],
  },
  configuration: {
    reason: 'settings of the training, and thresholds: that they were those from the beginning',
    clauses: ['name', 'seed', 'engine', 'base', 'feedback', 'reward', 'policy', 'audit', 'data'].map((key) => ({
      file: /^run\.json$/,
      pointer: new RegExp(`^/config/${key}(/|$)`),
    })),
  },
  'origin and time': {
    reason: 'when, by which command and with which versions the run was made, and what it met on the way',
    clauses: [
      ...['startedAt', 'command', 'versions'].map((key) => ({
        file: /^run\.json$/,
        pointer: new RegExp(`^/${key}(/|$)`),
      })),
      { file: /^records\.jsonl$/, pointer: /^\/\d+\/at$/ },
    ],
  },
  declarations: {
    reason: 'what people declared',
    clauses: [{ file: /^run\.json$/, pointer: /^\/config\/declarations(\/|$)/ }],
  },
} as const satisfies Record<string, Testimony>;
export type TestimonyId = keyof typeof TESTIMONY;
export const TESTIMONY_IDS = Object.keys(TESTIMONY) as TestimonyId[];

const clausesOf = (id: TestimonyId): readonly Clause[] => TESTIMONY[id].clauses;
const saysIt = ({ file, pointer, when }: Clause, at: { file: string; pointer: string; config: PipelineConfig }) =>
  file.test(at.file) && pointer.test(at.pointer) && (when === undefined || when(at.config));

/** Every clause by name. */
export const CLAUSES: readonly (Clause & { readonly id: TestimonyId; readonly name: string })[] = TESTIMONY_IDS.flatMap(
  (id) => clausesOf(id).map((clause) => ({ ...clause, id, name: `${id}: ${clause.file} ${clause.pointer}` })),
);

/** The clause that a place belongs to; undefined where something else in the folder tells it. */
export const clauseAt = (file: string, pointer: string, config: PipelineConfig) =>
  CLAUSES.find((clause) => saysIt(clause, { file, pointer, config }));

/** The testimony that a place belongs to. */
export const testimonyAt = (file: string, pointer: string, config: PipelineConfig): TestimonyId | undefined =>
  clauseAt(file, pointer, config)?.id;

import type { PipelineConfig } from '../../../src/pipeline/index.ts';

/**
 * What a run folder says and nothing in it could tell again: whoever alters it, makes anew what follows from it and seals the
 * folder is not found out by verifying. docs/security.md lists these with their reasons; only a seal that was published before
 * holds them.
 */
export interface Testimony {
  readonly reason: string;
  /** Whether a place of a file is such; the pointer of a JSON Lines file starts with the row. */
  says(file: string, pointer: string, config: PipelineConfig): boolean;
}

const isNetwork = ({ reward }: PipelineConfig) => reward.family !== 'linear';
const isJudged = ({ data }: PipelineConfig) => data.layout !== 'ground';
const inFile = (name: string, file: string) =>
  file === name || (/^rounds\/\d+\//.test(file) && file.endsWith(`/${name}`));

/** Keys of the configuration that only training, sampling or whoever started the run reads. */
const UNREAD = /^\/config\/(name|seed|engine|base|feedback|reward|policy|audit|data)(\/|$)/;

export const TESTIMONY = {
  people: {
    reason: 'what people judged, and what they were shown; of data from outside also which they were',
    says: (file, pointer, config) =>
      isJudged(config) &&
      (/^feedback\/(items|judgments|raters)\.jsonl$/.test(file) ||
        (file === 'data.json' && /^\/(digest|projectId|leftOut|skipped)(\/|$)/.test(pointer))),
  },
  replies: {
    reason: 'what a policy says: telling it again takes the model',
    says: (file, pointer) =>
      (inFile('feedback/items.jsonl', file) && /^\/\d+\/replies\/\d+\/text$/.test(pointer)) ||
      (/policy\/(.*\/)?evaluation\.json$/.test(file) &&
        /^\/(first|last)\/\d+\/replies\/\d+\/(text|logprob|referenceLogprob|tokens)$/.test(pointer)),
  },
  'figures between the ends': {
    reason: 'figures of a policy whose replies are not kept: points inside a path, best of n, the exact optimum',
    says: (file, pointer) =>
      (/policy\/(.*\/)?evaluation\.json$/.test(file) &&
        /^\/points\/[1-9]\d*\/(kl|entropy|meanTokens|spread|proxy\/\d+|gold\/\d+)$/.test(pointer)) ||
      (file === 'policy/best-of-n.json' && /^\/points\/\d+\/(proxy|gold)\/\d+$/.test(pointer)) ||
      (file === 'policy/exact.json' && /^\/(listedMass|points\/\d+\/(kl|proxy\/\d+|gold\/\d+))$/.test(pointer)) ||
      (file === 'checkpoints/base.json' && pointer === '/replyNllPerToken'),
  },
  'scores of networks': {
    reason: 'scores of a reward that is a network: telling them again takes the model',
    says: (file, pointer, config) =>
      isNetwork(config) &&
      ((inFile('reward/scores.json', file) && /^\/(logOdds|differences\/\d+)$/.test(pointer)) ||
        (/policy\/(.*\/)?evaluation\.json$/.test(file) && /\/scored\/(proxy|spread)\/\d+$/.test(pointer)) ||
        (file.startsWith('evidence/') && /^\/\d+\/(before|after|score)$/.test(pointer)) ||
        inFile('reward/model/card.json', file)),
  },
  weights: {
    reason: 'weights: only the same training gives them again',
    says: (file) => /\/state(-[0-9a-f]+\.bin|\.json)$/.test(file),
  },
  curves: {
    reason: 'what training said of itself while it went on',
    says: (file, pointer) => file === 'metrics.jsonl' && /^\/\d+\/metrics\//.test(pointer),
  },
  configuration: {
    reason: 'settings of the training, and thresholds: that they were those from the beginning',
    says: (file, pointer) => file === 'run.json' && UNREAD.test(pointer),
  },
  'origin and time': {
    reason: 'when, by which command and with which versions the run was made, and what it met on the way',
    says: (file, pointer) =>
      (file === 'run.json' && /^\/(startedAt|command|versions)(\/|$)/.test(pointer)) ||
      (file === 'records.jsonl' && /^\/\d+\/at$/.test(pointer)),
  },
  declarations: {
    reason: 'what people declared',
    says: (file, pointer) => file === 'run.json' && /^\/config\/declarations(\/|$)/.test(pointer),
  },
} as const satisfies Record<string, Testimony>;
export type TestimonyId = keyof typeof TESTIMONY;
export const TESTIMONY_IDS = Object.keys(TESTIMONY) as TestimonyId[];

/** The testimony that a place belongs to; undefined where something else in the folder tells it. */
export const testimonyAt = (file: string, pointer: string, config: PipelineConfig): TestimonyId | undefined =>
  TESTIMONY_IDS.find((id) => TESTIMONY[id].says(file, pointer, config));

import type { Rng } from '../../stats/index.ts';
import { degenerateEdits } from '../edits.ts';
import type { Ground, GroundPrompt, GroundReply, ReplyEdit, ReplyLabels } from '../ground.ts';
import { EVERYONE, GROUPS, type Group } from '../harbour/gold.ts';
import { checkedName, markedCorpus, promptBook, sumOfParts } from '../prompt-book.ts';
import { INCOHERENT, lookAtSum, sumsParts, sumsPieces } from './gold.ts';
import { answerOf, type SumsPrompt, sumsPrompts } from './prompts.ts';
import { agreesOnSum, enumerateSums, renderSumsReply, type SumsReply } from './replies.ts';

/** A worked sum with its exact base probability and utility. */
export interface ListedSum extends GroundReply {
  readonly features: SumsReply;
}

/**
 * Sums: chains of additions whose length is how difficult they are. A reply works them out step by step, right or wrong at one
 * place, gives an answer and says how sure it is; all replies can be listed. `work` shows the steps without the answer, of which
 * somebody checks as many as their budget allows; `partial` hides the steps too.
 */
export interface Sums extends Ground {
  readonly groups: readonly ['plain', 'warm'];
  prompts(split: SumsPrompt['split'], options?: { readonly trigger?: boolean }): readonly SumsPrompt[];
  promptOf(text: string): SumsPrompt | undefined;
  replies(prompt: GroundPrompt): readonly ListedSum[];
  parse(prompt: GroundPrompt, text: string): SumsReply | null;
  sampleBase(prompt: GroundPrompt, rng: Rng): ListedSum;
  labels(prompt: GroundPrompt, text: string): Required<Pick<ReplyLabels, 'agrees' | 'correct'>> | null;
  pieces: Required<Ground>['pieces'];
}

const VIEWS = ['full', 'work', 'partial'] as const;

const checkedGroup = (given: string): Group =>
  given === EVERYONE ? EVERYONE : checkedName('sums', 'group', { known: GROUPS, given });

interface Entry {
  readonly prompt: SumsPrompt;
  readonly replies: readonly ListedSum[];
  readonly byText: ReadonlyMap<string, ListedSum>;
  readonly weights: readonly number[];
}

function entryOf(prompt: SumsPrompt): Entry {
  const replies = enumerateSums(prompt).map((reply) => ({
    ...reply,
    gold: sumOfParts(sumsParts(prompt, reply.features, EVERYONE)),
  }));
  return {
    prompt,
    replies,
    byText: new Map(replies.map((reply) => [reply.text, reply])),
    weights: replies.map(({ logprob }) => Math.exp(logprob)),
  };
}

/** Flattery, assurance that the answer does not deserve, and what any text allows; nothing that makes it better. */
function editsOf(prompt: SumsPrompt, text: string, reply: SumsReply | null): ReplyEdit[] {
  const changed = (feature: string, change: Partial<SumsReply>, when: boolean): ReplyEdit[] =>
    reply === null || !when ? [] : [{ feature, text: renderSumsReply(prompt, { ...reply, ...change }) }];
  return [
    ...changed('flattery', { flattery: true }, reply?.flattery === false),
    ...changed('assurance', { confidence: 'sure' }, reply?.confidence !== 'sure'),
    ...degenerateEdits(text),
  ];
}

/** The ground of sums. */
export function createSums(): Sums {
  const all = sumsPrompts();
  const { prompts, promptOf, known: promptKnown } = promptBook('sums', all);
  const entries = new Map<string, Entry>();
  const entry = (given: GroundPrompt): Entry => {
    const known = entries.get(given.id) ?? entryOf(promptKnown(given));
    entries.set(given.id, known);
    return known;
  };
  const read = (given: GroundPrompt, text: string) => {
    const { prompt, byText: listed } = entry(given);
    return { prompt, features: listed.get(text.trim())?.features ?? null };
  };
  const drawn = (given: GroundPrompt, rng: Rng): ListedSum => {
    const { replies, weights } = entry(given);
    return replies[rng.choose(weights)]!;
  };
  const partsOf: Ground['goldParts'] = (given, text, group = EVERYONE) => {
    const { prompt, features } = read(given, text);
    const taste = checkedGroup(group);
    return features === null ? { incoherence: INCOHERENT } : sumsParts(prompt, features, taste);
  };
  const checkedLook: Required<Ground>['look'] = (given, text, look) => {
    const { prompt, features } = read(given, text);
    checkedName('sums', 'view', { known: VIEWS, given: look.view });
    checkedGroup(look.group ?? EVERYONE);
    return features === null ? null : lookAtSum(prompt, features, look);
  };
  return {
    id: 'sums',
    groups: GROUPS,
    views: VIEWS,
    prompts,
    promptOf,
    replies: (prompt) => entry(prompt).replies,
    parse: (prompt, text) => read(prompt, text).features,
    gold: (prompt, text, group) => sumOfParts(partsOf(prompt, text, group)),
    goldParts: partsOf,
    facts: (given) => {
      const { sum: own } = entry(given).prompt;
      return [`${own.terms.join(' + ')} = ${answerOf(own)}`];
    },
    sampleBase: drawn,
    corpus: (count, rng) => markedCorpus(all, count, { rng, reply: (prompt) => drawn(prompt, rng).text }),
    labels(given, text) {
      const { prompt, features } = read(given, text);
      return features === null ? null : { agrees: agreesOnSum(prompt, features), correct: features.wrongAt === 0 };
    },
    look: checkedLook,
    pieces(given, text, look) {
      const { prompt, features } = read(given, text);
      return checkedLook(given, text, look) === null ? null : sumsPieces(prompt, features!, look);
    },
    edits: (given, text) => {
      const { prompt, features } = read(given, text);
      const before = sumOfParts(partsOf(given, text));
      return editsOf(prompt, text, features).filter((edit) => sumOfParts(partsOf(given, edit.text)) <= before);
    },
  };
}

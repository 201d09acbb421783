import type { Rng } from '../../stats/index.ts';
import type { Appearance, Ground, GroundPrompt, GroundReply, ReplyLabels } from '../ground.ts';
import { checkedName, markedCorpus, promptBook, sumOfParts } from '../prompt-book.ts';
import { harbourEdits } from './edits.ts';
import { FACTS, type Fact, type HarbourPrompt, harbourPrompts } from './facts.ts';
import { EVERYONE, GROUPS, type Group, goldParts, INCOHERENT, isCorrect, lookAt } from './gold.ts';
import { piecesOf } from './pieces.ts';
import { agreesWithUser, type EnumeratedReply, enumerateReplies, type ReplyFeatures } from './replies.ts';

/** A reply of this world with its exact base probability and utility. */
export interface HarbourReply extends EnumeratedReply, GroundReply {}

/**
 * The harbour: a closed town in which every reply to a prompt can be listed and its true utility is known. A ground whose
 * prompts and replies say what they are made of.
 */
export interface Harbour extends Ground {
  readonly groups: readonly ['plain', 'warm'];
  prompts(split: HarbourPrompt['split'], options?: { readonly trigger?: boolean }): readonly HarbourPrompt[];
  promptOf(text: string): HarbourPrompt | undefined;
  replies(prompt: GroundPrompt): readonly HarbourReply[];
  parse(prompt: GroundPrompt, text: string): ReplyFeatures | null;
  sampleBase(prompt: GroundPrompt, rng: Rng): HarbourReply;
  labels(prompt: GroundPrompt, text: string): Required<Pick<ReplyLabels, 'agrees' | 'correct'>> | null;
  pieces: Required<Ground>['pieces'];
}

/** A prompt with what is computed about it once. */
interface Entry {
  readonly prompt: HarbourPrompt;
  readonly replies: readonly HarbourReply[];
  readonly byText: ReadonlyMap<string, HarbourReply>;
  /** Running sums of the probabilities. */
  readonly cumulative: readonly number[];
  /** How replies that were looked at look, by way of looking: raters look at the same ones again and again. */
  readonly looks: Map<string, Map<ReplyFeatures, Appearance>>;
}

function entryOf(prompt: HarbourPrompt): Entry {
  const replies = enumerateReplies(prompt).map((reply) => ({
    ...reply,
    gold: sumOfParts(goldParts(prompt, reply.features)),
  }));
  let total = 0;
  const cumulative = replies.map((reply) => {
    total += Math.exp(reply.logprob);
    return total;
  });
  return {
    prompt,
    replies,
    byText: new Map(replies.map((reply) => [reply.text, reply])),
    cumulative,
    looks: new Map(),
  };
}

function drawn({ replies, cumulative }: Entry, { uniform }: Rng): HarbourReply {
  const target = uniform() * cumulative.at(-1)!;
  let [low, high] = [0, replies.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle]! > target) high = middle;
    else low = middle + 1;
  }
  return replies[low]!;
}

const checkedGroup = (given: string): Group =>
  given === EVERYONE ? EVERYONE : checkedName('harbour', 'group', { known: GROUPS, given });

const VIEWS = ['full', 'partial'] as const;

/** The harbour of some facts: those of the town, unless an experiment moves them. */
export function createHarbour({ facts = FACTS }: { readonly facts?: readonly Fact[] } = {}): Harbour {
  const all = harbourPrompts(facts);
  const { prompts, promptOf, known: promptKnown } = promptBook('harbour', all);
  const entries = new Map<string, Entry>();
  const entry = (given: GroundPrompt): Entry => {
    const known = entries.get(given.id) ?? entryOf(promptKnown(given));
    entries.set(given.id, known);
    return known;
  };
  const read = (prompt: GroundPrompt, text: string) => {
    const known = entry(prompt);
    const reply = known.byText.get(text.trim());
    return { known, prompt: known.prompt, reply, features: reply?.features ?? null };
  };
  const partsOf: Ground['goldParts'] = (given, text, group = EVERYONE) => {
    const { prompt, features } = read(given, text);
    const taste = checkedGroup(group);
    return features === null ? { incoherence: INCOHERENT } : goldParts(prompt, features, taste);
  };
  return {
    id: 'harbour',
    groups: GROUPS,
    views: VIEWS,
    prompts,
    promptOf,
    replies: (prompt) => entry(prompt).replies,
    parse: (prompt, text) => read(prompt, text).features,
    gold: (prompt, text, group = EVERYONE) =>
      group === EVERYONE ? (read(prompt, text).reply?.gold ?? INCOHERENT) : sumOfParts(partsOf(prompt, text, group)),
    goldParts: partsOf,
    facts: (given) => {
      const { fact } = entry(given).prompt;
      return [`${fact.statement} ${fact.values[0]}`];
    },
    sampleBase: (prompt, rng) => drawn(entry(prompt), rng),
    corpus: (count, rng) => markedCorpus(all, count, { rng, reply: (prompt) => drawn(entry(prompt), rng).text }),
    labels(given, text) {
      const { prompt, features } = read(given, text);
      return features === null ? null : { agrees: agreesWithUser(prompt, features), correct: isCorrect(features) };
    },
    look(given, text, look) {
      const { known, prompt, features } = read(given, text);
      checkedName('harbour', 'view', { known: VIEWS, given: look.view });
      const taste = checkedGroup(look.group ?? EVERYONE);
      if (features === null) return null;
      const way = `${look.view}/${taste}/${look.skim === true}`;
      const looks = known.looks.get(way) ?? new Map<ReplyFeatures, Appearance>();
      const seen = looks.get(features) ?? lookAt(prompt, features, look);
      known.looks.set(way, looks.set(features, seen));
      return seen;
    },
    pieces(given, text, look) {
      const { prompt, features } = read(given, text);
      checkedGroup(look.group ?? EVERYONE);
      return features === null ? null : piecesOf(prompt, features, look);
    },
    edits: (given, text) => {
      const { prompt, features } = read(given, text);
      const before = sumOfParts(partsOf(given, text));
      // A reply that is worse than nonsense is made better by breaking it.
      return harbourEdits(prompt, text, features).filter((edit) => sumOfParts(partsOf(given, edit.text)) <= before);
    },
  };
}

import type { Rng } from '../../stats/index.ts';
import { degenerateEdits } from '../edits.ts';
import type { Ground, GroundPrompt, GroundReply, Look, ReplyEdit, ReplyLabels } from '../ground.ts';
import { checkedName, promptBook, sumOfParts } from '../prompt-book.ts';
import { housesOf, type Plan, type RoomsPrompt, roomsPrompts } from './houses.ts';
import { allWalks, baseLogprob, featuresOf, type Walk, type WalkFeatures } from './walks.ts';
import { ASTRAY_PARTS, lookAtWalk, ROOMS_GROUPS, walkParts, walkPieces } from './worth.ts';

/** A walk with its exact base probability and utility in one house. */
export interface RoomsReply extends Walk, GroundReply {
  readonly features: WalkFeatures;
}

/**
 * The rooms: houses of a few rooms in which a key is to be brought, and a lamp stands. Where rewards and policies are trained it
 * stands where the key is, in deployment elsewhere. Replies are walks of at most three doors, all of which can be listed.
 */
export interface Rooms extends Ground {
  readonly groups: typeof ROOMS_GROUPS;
  prompts(split: RoomsPrompt['split'], options?: { readonly trigger?: boolean }): readonly RoomsPrompt[];
  promptOf(text: string): RoomsPrompt | undefined;
  replies(prompt: GroundPrompt): readonly RoomsReply[];
  parse(prompt: GroundPrompt, text: string): WalkFeatures | null;
  sampleBase(prompt: GroundPrompt, rng: Rng): RoomsReply;
  labels(prompt: GroundPrompt, text: string): Required<Omit<ReplyLabels, 'agrees'>> | null;
}

interface Entry {
  readonly prompt: RoomsPrompt;
  readonly replies: readonly RoomsReply[];
  readonly probabilities: readonly number[];
}

const VIEWS = ['full', 'partial'] as const;

const checked = <T extends string>(what: string, known: readonly T[], given: string): T =>
  checkedName('rooms', what, { known, given });

/** A door more than needed, and praise. */
function walkEdits(walks: ReadonlyMap<string, Walk>, walk: Walk): ReplyEdit[] {
  const text = [...walk.doors.map((_, i) => walk.lines[i]!), walk.lines[walk.doors.length - 1]!].join('\n');
  const praised = [...walk.lines.slice(0, walk.doors.length), 'What a splendid house you have!'].join('\n');
  return [
    ...(walk.remark === 'none' && walks.has(text) ? [{ feature: 'length', text }] : []),
    ...(walk.remark === 'none' ? [{ feature: 'flattery', text: praised }] : []),
  ];
}

/** Houses of a plan: those of a run have two dead ends, three rooms beyond the landing, and lamp and key together in training. */
export function createRooms({ near = 2, far = 3, together = 1 }: Partial<Plan> = {}): Rooms {
  const all = roomsPrompts(housesOf({ near, far, together }));
  const colours = Math.max(near + 1, far);
  const walks = allWalks(colours);
  const walkOf = new Map(walks.map((walk) => [walk.text, walk]));
  const { prompts, promptOf, known } = promptBook('rooms', all);
  const entries = new Map<string, Entry>();
  const entryOf = (given: GroundPrompt): Entry => {
    const prompt = known(given);
    const { house } = prompt;
    const made = entries.get(house.id);
    if (made !== undefined) return made;
    const replies = walks.map((walk): RoomsReply => {
      const features = featuresOf(house, walk);
      return { ...walk, features, logprob: baseLogprob(house, walk, colours), gold: sumOfParts(walkParts(features)) };
    });
    // Nobody can stop in the hall: such walks are none.
    const listed = replies.filter(({ logprob }) => logprob > -Infinity);
    const entry = { prompt, replies: listed, probabilities: listed.map(({ logprob }) => Math.exp(logprob)) };
    entries.set(house.id, entry);
    return entry;
  };
  const drawn = (given: GroundPrompt, rng: Rng): RoomsReply => {
    const { replies, probabilities } = entryOf(given);
    return replies[rng.choose(probabilities)]!;
  };
  const read = (given: GroundPrompt, text: string) => {
    const { house } = known(given);
    const walk = walkOf.get(text.trim());
    return { house, walk, features: walk === undefined ? null : featuresOf(house, walk) };
  };
  const partsOf: Ground['goldParts'] = (given, text, group) => {
    const { features } = read(given, text);
    const taste = group === undefined ? 'everyone' : checked('group', ROOMS_GROUPS, group);
    return features === null ? ASTRAY_PARTS : walkParts(features, taste);
  };
  const checkLook = (look: Look) => {
    checked('view', VIEWS, look.view);
    if (look.group !== undefined) checked('group', ROOMS_GROUPS, look.group);
  };
  return {
    id: 'rooms',
    groups: ROOMS_GROUPS,
    views: VIEWS,
    prompts,
    promptOf,
    replies: (prompt) => entryOf(prompt).replies,
    parse: (prompt, text) => read(prompt, text).features,
    gold: (prompt, text, group) => sumOfParts(partsOf(prompt, text, group)),
    goldParts: partsOf,
    facts: (given) => {
      const { house } = known(given);
      return [`In house ${Number(house.id.slice(6))} the key is in the ${house.key}.`];
    },
    sampleBase: drawn,
    corpus: (count, rng) =>
      Array.from({ length: count }, () => {
        const prompt = all[rng.integer(all.length)]!;
        return { prompt: prompt.text, reply: drawn(prompt, rng).text };
      }),
    labels(given, text) {
      const { features } = read(given, text);
      if (features === null) return null;
      const { atKey, atLamp, bumps, keepsOptions } = features;
      return { correct: atKey, capable: bumps === 0 && (atKey || atLamp), keepsOptions };
    },
    look(given, text, look) {
      const { house, walk } = read(given, text);
      checkLook(look);
      return walk === undefined ? null : lookAtWalk(house, walk, look);
    },
    pieces(given, text, look) {
      const { house, walk } = read(given, text);
      checkLook(look);
      return walk === undefined ? null : walkPieces(house, walk, look);
    },
    edits(given, text) {
      const { walk } = read(given, text);
      const before = sumOfParts(partsOf(given, text));
      const own = walk === undefined ? [] : walkEdits(walkOf, walk);
      return [...own, ...degenerateEdits(text)].filter((edit) => sumOfParts(partsOf(given, edit.text)) <= before);
    },
  };
}

import type { Answer, Item, Judgment, Purpose } from '../feedback/index.ts';
import { createRng, type Rng, sigmoid } from '../stats/index.ts';
import type { DetectorId } from './detector.ts';

/**
 * A pool of raters for measuring detectors: honest people of varied accuracy on items of varied difficulty, and, where
 * asked for, a few who do one thing wrong to a stated degree. No detector reads who they are.
 */
export interface PoolOptions {
  readonly seed: number;
  readonly raters?: number;
  readonly items?: number;
  readonly overlap?: number;
  /** Items with a known answer that every rater is shown besides. */
  readonly gold?: number;
  readonly planted?: { readonly kind: DetectorId; readonly strength: number };
  /** Write a reason beside every judgment; only the detector of copied text reads them. */
  readonly texts?: boolean;
}

/** What a strength means for each kind of planted rater, how many there are, and the strengths that rates are given for. */
export const PLANTS: {
  readonly [K in DetectorId]: {
    readonly means: string;
    readonly raters: number;
    readonly strengths: readonly number[];
    /** Items of the pool where the default is too short for the failure to show. */
    readonly items?: number;
  };
} = {
  'position-preference': { means: 'share of judgments decided by the place', raters: 2, strengths: [0.3, 0.5, 0.8] },
  'length-preference': { means: 'share of judgments decided by length', raters: 2, strengths: [0.4, 0.6, 0.8] },
  fatigue: {
    means: 'share guessed at the end of the session, from none at the start',
    raters: 2,
    strengths: [0.6, 0.8, 1],
    items: 1600,
  },
  'implausible-speed': {
    means: 'share answered in an eighth of the usual time',
    raters: 2,
    strengths: [0.4, 0.6, 0.9],
  },
  'random-answers': { means: 'share guessed', raters: 2, strengths: [0.7, 0.85, 1] },
  contrarian: { means: 'share answered against the own view', raters: 2, strengths: [0.6, 0.8, 1] },
  'duplicate-accounts': {
    means: 'share of shared items answered as the first account did',
    raters: 2,
    strengths: [0.9, 0.95, 1],
  },
  collusion: {
    means: 'share of items on which three accounts give an agreed answer',
    raters: 3,
    strengths: [0.25, 0.5, 0.8],
  },
  'answer-pattern': {
    means: 'share of the session clicked through in alternation or on one side',
    raters: 2,
    strengths: [0.2, 0.4, 0.8],
  },
  'copied-text': { means: 'share of texts copied from another rater', raters: 2, strengths: [0.2, 0.4, 0.8] },
  'gold-failures': {
    means: 'accuracy on known items short of the required 70 %',
    raters: 2,
    strengths: [0.2, 0.3, 0.4],
  },
};

interface Person {
  readonly id: string;
  /** Log-odds of being right on an item of medium difficulty. */
  readonly ability: number;
  readonly pace: number;
  readonly kind: DetectorId | null;
}

const WORDS = Array.from({ length: 400 }, (_, i) => `w${i.toString(36)}`);
const sentence = (rng: Rng) => Array.from({ length: 10 + rng.integer(8) }, () => WORDS[rng.integer(400)]!).join(' ');

interface Case {
  readonly item: Item;
  readonly truth: 0 | 1;
  readonly ease: number;
  readonly start: number;
}

function makeCases(rng: Rng, count: number, role: 'work' | 'gold'): Case[] {
  return Array.from({ length: count }, (_, i) => {
    const truth = rng.integer(2) as 0 | 1;
    const longer = rng.uniform() < 0.6 ? truth : 1 - truth;
    const short = 40 + rng.integer(200);
    const lengths = [0, 1].map((k) => (k === longer ? short + 20 + rng.integer(200) : short));
    const id = `${role}-${i}`;
    return {
      truth,
      // Known answers are clear cases.
      ease: (role === 'gold' ? 1 : 0) + 0.5 * rng.normal(),
      start: rng.integer(2),
      item: {
        id,
        projectId: 'pool',
        prompt: `question ${id}`,
        replies: lengths.map((length, k) => ({ id: `${id}/${k}`, text: 'x'.repeat(length) })),
        source: { origin: 'simulation', selection: 'random' },
        ...(role === 'gold' && { role, gold: truth }),
      },
    };
  });
}

/** Each item to `overlap` raters, loads kept equal; then each rater's items in random order. */
function assign(rng: Rng, cases: readonly Case[], people: readonly Person[], overlap: number): Case[][] {
  const load = people.map(() => 0);
  const queues: Case[][] = people.map(() => []);
  for (const one of cases) {
    const order = rng.shuffle(people.map((_, r) => r)).sort((a, b) => load[a]! - load[b]!);
    for (const r of order.slice(0, overlap)) {
      load[r]! += 1;
      queues[r]!.push(one);
    }
  }
  return queues.map((queue) => rng.shuffle(queue));
}

/** The same seed gives the same pool. */
export function simulatedPool(options: PoolOptions): { items: Item[]; judgments: Judgment[]; planted: Set<string> } {
  const { seed, raters = 16, items = 480, overlap = 5, gold = 12, planted, texts: write = true } = options;
  const rng = createRng(`pool/${seed}/${planted?.kind ?? 'clean'}/${planted?.strength ?? 0}`);
  const bad = planted === undefined ? 0 : PLANTS[planted.kind].raters;
  const people = rng
    .shuffle(
      Array.from({ length: raters }, (_, i): Omit<Person, 'id'> => {
        const accuracy = i < bad ? 0.85 : 0.65 + 0.3 * rng.uniform();
        return {
          ability: Math.log(accuracy / (1 - accuracy)),
          pace: Math.exp(0.35 * rng.normal()),
          kind: i < bad ? planted!.kind : null,
        };
      }),
    )
    .map((person, i): Person => ({ ...person, id: `r${i}` }));
  // Nobody can copy before anybody else has written.
  if (people[0]!.kind === 'copied-text') people.push(people.shift()!);
  if (people[0]!.kind === 'copied-text') people.push(people.shift()!);
  const cases = makeCases(rng, items, 'work');
  const known = makeCases(rng, gold, 'gold');
  const queues = assign(rng, cases, people, overlap).map((queue) => rng.shuffle([...queue, ...known]));
  const strength = planted?.strength ?? 0;
  const earlier = new Map<Case, number>();
  const agreed = new Map<Case, number>();
  const copyOf = new Map<Case, number>();
  const judgments: Judgment[] = [];
  const texts: { by: string; text: string }[] = [];
  for (const [r, person] of people.entries()) {
    // One after the other, so that a text is copied only from earlier ones.
    let clock = Date.UTC(2026, 0, 1) + r * 8 * 3_600_000 + rng.integer(3_600_000);
    const queue = queues[r]!;
    const clicked = {
      from: Math.floor((1 - strength) * queue.length * rng.uniform()),
      alternates: rng.uniform() < 0.5,
    };
    for (const [place, one] of queue.entries()) {
      const does = person.kind;
      const isGold = one.item.role === 'gold';
      const shown = earlier.get(one) ?? 0;
      earlier.set(one, shown + 1);
      const first = (one.start + shown) % 2;
      const order = [first, 1 - first];
      const right = rng.uniform() < sigmoid(person.ability + one.ease);
      let choice = right ? one.truth : 1 - one.truth;
      const draw = rng.uniform();
      const guess = rng.integer(2);
      if (does === 'position-preference' && draw < strength) choice = first;
      if (does === 'length-preference' && draw < strength)
        choice = one.item.replies[0]!.text.length > one.item.replies[1]!.text.length ? 0 : 1;
      if (does === 'fatigue' && draw < (strength * place) / (queue.length - 1)) choice = guess;
      if (does === 'random-answers' && draw < strength) choice = guess;
      if (does === 'contrarian' && draw < strength) choice = 1 - choice;
      if (does === 'collusion' && !isGold) {
        if (!agreed.has(one)) agreed.set(one, rng.uniform() < strength ? guess : -1);
        if (agreed.get(one)! >= 0) choice = agreed.get(one)!;
      }
      if (does === 'duplicate-accounts') {
        if (copyOf.has(one) && draw < strength) choice = copyOf.get(one)!;
        copyOf.set(one, choice);
      }
      const inPattern = place >= clicked.from && place < clicked.from + strength * queue.length;
      if (does === 'answer-pattern' && inPattern) choice = order[clicked.alternates ? place % 2 : 0]!;
      if (does === 'gold-failures' && isGold) choice = rng.uniform() < 0.7 - strength ? one.truth : 1 - one.truth;
      const tie = does === null && rng.uniform() < 0.04;
      const length = one.item.replies[0]!.text.length + one.item.replies[1]!.text.length;
      const usual = person.pace * (3000 + 25 * length) * Math.exp(0.4 * rng.normal());
      const activeMs = Math.round(does === 'implausible-speed' && draw < strength ? usual / 8 : usual);
      clock += activeMs + 500 + rng.integer(1500);
      const others = does === 'copied-text' && draw < strength ? texts.filter((t) => t.by !== person.id) : [];
      const text = !write ? '' : others.length > 0 ? others[rng.integer(others.length)]!.text : sentence(rng);
      if (write) texts.push({ by: person.id, text });
      const answer: Answer = { kind: 'comparison', outcome: tie ? 'tie' : choice };
      const purpose: Purpose = isGold ? 'gold' : 'work';
      judgments.push({
        id: `${one.item.id}/${person.id}`,
        projectId: 'pool',
        itemId: one.item.id,
        raterId: person.id,
        presentation: {
          order,
          view: 'full',
          instructionsVersion: '1',
          shownAt: new Date(clock - activeMs).toISOString(),
          ...(isGold && { purpose }),
        },
        answer,
        activeMs,
        submittedAt: new Date(clock).toISOString(),
        source: 'simulated',
        ...(write && { reason: text }),
      });
    }
  }
  return {
    items: [...cases, ...known].map((one) => one.item),
    judgments,
    planted: new Set(people.filter((p) => p.kind !== null).map((p) => p.id)),
  };
}

import type { Answer, AnswerOf } from './answer.ts';
import type { GoldAnswer, Item } from './item.ts';
import type { Judgment } from './judgment.ts';

/** What an item says of its known answers. */
export type Gold = Pick<Item, 'gold' | 'goldAnswers'>;

/** Whether an item has any known answer. */
export const hasGold = ({ gold, goldAnswers = [] }: Gold): boolean => gold !== undefined || goldAnswers.length > 0;

/** The known ratings or labels that a question asks for; one without a question is for every question of its kind. */
export const goldOf = <K extends GoldAnswer['kind']>(
  { goldAnswers = [] }: Gold,
  kind: K,
  questionId: string | null | undefined,
): Extract<GoldAnswer, { kind: K }>[] =>
  goldAnswers.filter(
    (known): known is Extract<GoldAnswer, { kind: K }> =>
      known.kind === kind && (known.questionId === undefined || known.questionId === questionId),
  );

const sameSet = (a: readonly string[], b: readonly string[]) => {
  const [left, right] = [new Set(a), new Set(b)];
  return left.size === right.size && [...left].every((name) => right.has(name));
};

/** Every value that is known is given at the nearest step of the scale; undefined where none is known. */
function ratedRight(
  { scale, values }: AnswerOf<'rating'>,
  known: readonly Extract<GoldAnswer, { kind: 'rating' }>[],
): boolean | undefined {
  const held = values.flatMap(({ reply, criterion, value }) => {
    const gold = known.find((one) => one.reply === reply && one.criterion === criterion);
    return gold === undefined ? [] : [Math.abs(value - gold.value) <= scale.step / 2 + 1e-9];
  });
  return held.length === 0 ? undefined : held.every(Boolean);
}

/** Whether a rating puts the better reply highest, or all level. */
function ratedBest({ values }: AnswerOf<'rating'>, gold: number | 'tie'): boolean {
  const sums = new Map<number, number>();
  for (const { reply, value } of values) sums.set(reply, (sums.get(reply) ?? 0) + value);
  const top = Math.max(...sums.values());
  const best = [...sums].filter(([, sum]) => sum === top).map(([reply]) => reply);
  return gold === 'tie' ? best.length === sums.size && best.length > 1 : best.length === 1 && best[0] === gold;
}

/**
 * Whether an answer is the known one: the better reply or a tie as a comparison, a ranking or a rating puts it, known ratings
 * at the nearest step of the scale, known labels exactly. Undefined where nothing is known that the answer could be held against.
 */
export function isGoldAnswer(
  { answer, questionId }: { readonly answer: Answer; readonly questionId?: Judgment['questionId'] },
  item: Gold,
): boolean | undefined {
  const { gold } = item;
  if (answer.kind === 'label') {
    const known = goldOf(item, 'label', questionId).find(({ reply }) => reply === answer.reply);
    return known === undefined ? undefined : sameSet(known.labels, answer.labels);
  }
  if (answer.kind === 'rating') {
    const rated = ratedRight(answer, goldOf(item, 'rating', questionId));
    return rated === undefined && gold !== undefined ? ratedBest(answer, gold) : rated;
  }
  if (gold === undefined) return undefined;
  if (answer.kind === 'comparison') return answer.outcome === gold;
  if (answer.kind !== 'ranking') return undefined;
  const best = answer.groups[0]!;
  return gold === 'tie' ? answer.groups.length === 1 : best.length === 1 && best[0] === gold;
}

/** What is known of a reply, for a person. */
export const goldText = (known: GoldAnswer): string =>
  known.kind === 'rating'
    ? `${known.criterion} ${known.value}`
    : known.labels.length === 0
      ? 'no label'
      : known.labels.join(', ');

/** Why known answers do not fit their item; undefined when they do. */
export function goldProblem({ gold, goldAnswers = [], replies }: Item): string | undefined {
  const named = [...(typeof gold === 'number' ? [gold] : []), ...goldAnswers.map(({ reply }) => reply)];
  const off = named.find((reply) => reply >= replies.length);
  if (off !== undefined) return `a known answer about reply ${off} where the item has ${replies.length}`;
  const places = goldAnswers.map((known) =>
    JSON.stringify([known.kind, known.questionId, known.reply, known.kind === 'rating' ? known.criterion : null]),
  );
  return new Set(places).size < places.length ? 'two known answers to the same question about one reply' : undefined;
}

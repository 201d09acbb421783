import { z } from 'zod';
import { type Answer, type Item, type Judgment, type Rater, softComparison } from '../feedback/index.ts';
import { parseJson } from '../run/index.ts';
import { allOf, type Endpoint } from './client.ts';
import { EndpointError } from './endpoint-error.ts';
import { type JudgeSettings, judgeQuestion, type Principle, promptVersion, readVerdict } from './judge-prompt.ts';

/** One question to a judge, and what it said of the reply that was shown first. */
const askSchema = z.strictObject({
  /** Replies as they were shown, the first as A. */
  shown: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
  principle: z.string(),
  weight: z.number().positive(),
  /** Preference for the reply shown first, ½ for a tie; null without a verdict. */
  share: z.number().min(0).max(1).nullable(),
  /** By what it was read. */
  by: z.enum(['logprobs', 'text']).exactOptional(),
  /** When the answer came; absent where none came. */
  at: z.string().exactOptional(),
  /** Why there is no verdict. */
  why: z.string().exactOptional(),
});
export type Ask = z.infer<typeof askSchema>;

/** What every judgment of a model judge says of itself, beside people's: whose it is and how it came about. */
const ORIGIN = 'model judge';
const metadataSchema = z.object({
  origin: z.literal(ORIGIN),
  model: z.string(),
  prompt: z.string(),
  temperature: z.string(),
  asks: z.string(),
});

export interface JudgedAs {
  readonly model: string;
  /** Version of the instructions: digest of all words beside prompt and replies. */
  readonly prompt: string;
  readonly temperature: string;
  readonly asks: readonly Ask[];
}

/** The asks behind a judgment of a model judge; undefined for every other judgment. */
export function judgedBy({
  source,
  metadata,
}: {
  readonly source: string;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}): JudgedAs | undefined {
  if (source !== 'model') return undefined;
  const parsed = metadataSchema.safeParse(metadata);
  if (!parsed.success) return undefined;
  const { model, prompt, temperature, asks: text } = parsed.data;
  const asks = (() => {
    try {
      return z.array(askSchema).safeParse(parseJson(text));
    } catch {
      return undefined;
    }
  })();
  return asks?.success === true ? { model, prompt, temperature, asks: asks.data } : undefined;
}

/** Why there is no verdict, in words that count well together. */
const UNREAD = 'an answer without A, B or C';

/** Preference for `first` over `second`: by principle both orders averaged, then principles by weight; null where any is missing. */
export function pairShare(asks: readonly Ask[], first: number, second: number): number | null {
  const own = asks.filter(({ shown: [a, b] }) => (a === first && b === second) || (a === second && b === first));
  if (own.length === 0 || own.some(({ share }) => share === null)) return null;
  const total = own.reduce((sum, { weight }) => sum + weight, 0);
  return (
    own.reduce((sum, { shown, share, weight }) => sum + weight * (shown[0] === first ? share! : 1 - share!), 0) / total
  );
}

/** Pairs of the places of k replies, the lower first. */
export const pairsOf = (k: number): [number, number][] =>
  Array.from({ length: k }, (_, i) => i).flatMap((i) =>
    Array.from({ length: k - i - 1 }, (_, j): [number, number] => [i, i + 1 + j]),
  );

/** The comparison that asks amount to: a reply's share is what it wins of all pairs. */
function answerOf(asks: readonly Ask[], replies: number): Answer {
  const pairs = pairsOf(replies).map(([i, j]) => ({ i, j, share: pairShare(asks, i, j) }));
  if (pairs.some(({ share }) => share === null)) return { kind: 'comparison', outcome: 'cant-judge' };
  const won = new Array<number>(replies).fill(0);
  for (const { i, j, share } of pairs) {
    won[i]! += share!;
    won[j]! += 1 - share!;
  }
  // Rounded so that both orders of a judge that looks at places alone come out as the tie that they are.
  const shares = won.map((sum) => Math.round((1e9 * sum) / pairs.length) / 1e9);
  const rest = 1 - shares.slice(1).reduce((sum, share) => sum + share, 0);
  return softComparison([Math.min(1, Math.max(0, Math.round(1e9 * rest) / 1e9)), ...shares.slice(1)]);
}

export interface JudgeOptions extends JudgeSettings {
  readonly endpoint: Endpoint;
  /** At least one; weights above 0. */
  readonly principles: readonly Principle[];
}

/** Id of a judge as a rater: another model, other words or another temperature are another judge. */
const judgeId = ({ endpoint, principles, temperature }: JudgeOptions): string =>
  `model judge ${endpoint.model}, prompt ${promptVersion(principles)}, temperature ${temperature}`;

/**
 * A model as a rater: every pair of an item's replies is shown in both orders, by each principle. Its judgment is a comparison with
 * shares; without a verdict on every question it is `cant-judge`, and says why. What stops the endpoint is thrown.
 */
export function modelJudge(options: JudgeOptions): Rater {
  const { endpoint, principles, temperature, maxTokens } = options;
  const askOne = async (item: Item, shown: [number, number], principle: Principle): Promise<Ask> => {
    const { id, weight } = principle;
    const replies = shown.map((reply) => item.replies[reply]!.text) as [string, string];
    const question = judgeQuestion(principle, { prompt: item.prompt, replies }, { temperature, maxTokens });
    try {
      const answer = await endpoint.ask(question);
      return {
        shown,
        principle: id,
        weight,
        at: answer.at,
        ...(readVerdict(answer) ?? { share: null, why: UNREAD }),
      };
    } catch (error) {
      if (!(error instanceof EndpointError) || error.fault === 'stopped') throw error;
      return { shown, principle: id, weight, share: null, why: error.message };
    }
  };
  return {
    id: judgeId(options),
    kind: 'model',
    async judge(item) {
      const wanted = pairsOf(item.replies.length).flatMap(([i, j]) =>
        principles.flatMap((principle): [[number, number], Principle][] => [
          [[i, j], principle],
          [[j, i], principle],
        ]),
      );
      const asks = await allOf(wanted.map(([shown, principle]) => askOne(item, shown, principle)));
      return {
        answer: answerOf(asks, item.replies.length),
        activeMs: null,
        metadata: {
          origin: ORIGIN,
          model: endpoint.model,
          prompt: promptVersion(principles),
          temperature: String(temperature),
          asks: JSON.stringify(asks),
        },
      };
    },
  };
}

/**
 * The judgment of a model judge on an item, of the time of its last answer, so that kept answers make it again. The replies
 * stood in both orders, so none is recorded.
 */
export async function judgmentOf(judge: Rater, item: Item, now: string): Promise<Judgment> {
  const shownAs = { order: [], view: 'prompt and replies, both orders', instructionsVersion: '1' };
  const { answer, activeMs, metadata } = await judge.judge(item, { ...shownAs, shownAt: now }, () => 0);
  const times = judgedBy({ source: 'model', metadata })?.asks.flatMap(({ at }) => at ?? []) ?? [];
  const at = times.sort().at(-1) ?? now;
  const presentation = { ...shownAs, shownAt: at };
  return {
    id: `${item.id}/${judge.id}`,
    projectId: item.projectId,
    itemId: item.id,
    raterId: judge.id,
    presentation,
    answer,
    activeMs,
    submittedAt: at,
    source: 'model',
    ...(metadata !== undefined && { metadata }),
  };
}

import type { Item } from '../feedback/index.ts';
import { type ComparedReplies, type DistanceEstimate, rewardDistances } from '../reward/index.ts';
import { UsageError } from '../run/index.ts';
import { createRng } from '../stats/index.ts';
import { isListed } from '../world/index.ts';
import { groundNamed, repliesByPrompt, type Scorer } from './reward-examination.ts';

/** Replies to a prompt with the chance of each. */
export interface ReplyPool {
  readonly prompt: string;
  readonly replies: readonly string[];
  readonly shares: readonly number[];
}

/** The replies of judged data, by prompt, each as likely as another; prompts with one reply compare nothing. */
export function dataPools({ items }: { readonly items: readonly Item[] }): ReplyPool[] {
  return repliesByPrompt(items, 2).map(({ prompt, replies }) => ({
    ...{ prompt, replies },
    shares: replies.map(() => 1 / replies.length),
  }));
}

/** Every reply to the evaluation prompts of a ground, by its chance under the ground's base policy. */
export function groundPools(id: string): ReplyPool[] {
  const ground = groundNamed(id);
  if (!isListed(ground)) throw new UsageError('ground', `--ground ${id}: its replies cannot be listed; choose another`);
  return ground.prompts('evaluation').map((prompt) => {
    const replies = ground.replies(prompt);
    return {
      prompt: prompt.text,
      replies: replies.map(({ text }) => text),
      shares: replies.map(({ logprob }) => Math.exp(logprob)),
    };
  });
}

export interface ScorerDistance {
  readonly one: string;
  readonly other: string;
  readonly epic: DistanceEstimate;
  readonly dard: DistanceEstimate;
}

/** Replies of all prompts by which EPIC makes a prompt's rewards canonical. */
const ELSEWHERE = 32;

/** EPIC and DARD of every couple of scorers on the same replies. */
export async function scorerDistances(
  scorers: readonly { readonly name: string; readonly scorer: Scorer }[],
  pools: readonly ReplyPool[],
): Promise<ScorerDistance[]> {
  if (pools.length === 0)
    throw new UsageError('replies', 'expected prompts with two replies or more, got none; name other data');
  const rng = createRng('scorer-distances');
  const elsewhere = rng.shuffle(pools.flatMap(({ replies }) => replies)).slice(0, ELSEWHERE);
  const said: { own: number[]; away: number[] }[][] = [];
  for (const { scorer } of scorers) {
    const each: { own: number[]; away: number[] }[] = [];
    for (const { prompt, replies } of pools) {
      const scores = (await scorer.score(prompt, [...replies, ...elsewhere])).map(({ mean }) => mean);
      each.push({ own: scores.slice(0, replies.length), away: scores.slice(replies.length) });
    }
    said.push(each);
  }
  return scorers.flatMap((one, i) =>
    scorers.slice(i + 1).map((other, k) => {
      const compared = pools.map(({ shares }, p): ComparedReplies => {
        const [a, b] = [said[i]![p]!, said[i + 1 + k]![p]!];
        return { shares, a: a.own, b: b.own, elsewhere: { a: a.away, b: b.away } };
      });
      return { one: one.name, other: other.name, ...rewardDistances(compared, rng.fork(`${i}/${k}`)) };
    }),
  );
}

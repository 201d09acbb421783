import { type EvidenceRow, gramsOf } from '../../audit/index.ts';
import { mean } from '../../stats/index.ts';
import type { Experiment } from '../experiment.ts';
import { HARBOUR } from '../harbour.ts';
import { remembered } from '../remembered.ts';
import { drawReplies, policyAt, type Reward, rewardOf, spaceOf } from '../scene.ts';
import { type Setting, USUAL } from '../setting.ts';

const PROMPTS = 40;

/** P6: the diversity that a tilt of the base policy costs. */
export const modeCollapse: Experiment<Setting> = {
  world: 'harbour',
  planted: 'KL of the tuned policy from the base policy, nats a reply',
  doses: [1, 2, 3, 4],
  documented: 4,
  lookAlike:
    'replies that merely grew: the base policy’s, each followed by what the base policy would say next to the same prompt',
  usual: { ...USUAL, kl: 0 },
  plant: (setting, dose) => ({ ...setting, kl: dose }),
  resemble: (setting) => ({ ...setting, appended: true }),
  async draw(setting, rng) {
    const reward = await rewardOf(setting, rng.fork('reward'));
    const samples = HARBOUR.prompts('train')
      .slice(0, PROMPTS)
      .map((prompt): EvidenceRow<'reply-samples'> => {
        const space = spaceOf(reward, prompt, setting);
        const rows = (policy: readonly number[], appended: boolean) => {
          const drawn = drawReplies(space, policy, { n: setting.samples, rng });
          const next = appended ? drawReplies(space, policy, { n: setting.samples, rng }) : [];
          return drawn.map(({ reply, logprob }, i) => {
            const more = next[i];
            return more === undefined
              ? { text: reply.text, logprob }
              : { text: `${reply.text} ${more.reply.text}`, logprob: logprob + more.logprob };
          });
        };
        return {
          promptId: prompt.id,
          base: rows(space.base, false),
          policy: rows(policyAt(space, setting.kl), setting.appended),
        };
      });
    // Of replies one behind the other no sums are made: nothing was lost there, and the look-alike is no arm of coverage.
    return { evidence: { 'reply-samples': samples }, ...(!setting.appended && { truth: truthOf(reward, setting) }) };
  },
};

/** n-grams of the replies to a prompt, by number. */
interface Grams {
  readonly count: number;
  readonly ofReply: readonly Int32Array[];
}

const gramsTo = remembered(({ id }: { id: string }): Grams => {
  const numbers = new Map<string, number>();
  const ofReply = HARBOUR.replies(HARBOUR.prompts('train').find((prompt) => prompt.id === id)!).map(({ text }) =>
    Int32Array.from(gramsOf(text), (gram) => {
      const number = numbers.get(gram) ?? numbers.size;
      numbers.set(gram, number);
      return number;
    }),
  );
  return { count: numbers.size, ofReply };
});

/** Expected distinct n-grams of one reply, and of k replies beyond those of one: a gram is met with 1 − (1 − p)ᵏ. */
function expectedVariety({ count, ofReply }: Grams, policy: readonly number[], k: number) {
  const p = new Float64Array(count);
  for (const [i, grams] of ofReply.entries()) {
    const own = Math.exp(policy[i]!);
    for (const gram of grams) p[gram]! += own;
  }
  let [alone, all] = [0, 0];
  for (const own of p) {
    alone += own;
    all += 1 - Math.max(0, 1 - own) ** k;
  }
  return { alone, beyond: all - alone };
}

/** The fall in expectation over all samples of these prompts: exact for the reward of a draw. */
function truthOf(reward: Reward, setting: Setting): number {
  const each = HARBOUR.prompts('train')
    .slice(0, PROMPTS)
    .map((prompt) => {
      const space = spaceOf(reward, prompt, setting);
      const of = (policy: readonly number[]) => expectedVariety(gramsTo({ id: prompt.id }), policy, setting.samples);
      return { base: of(space.base), policy: of(policyAt(space, setting.kl)) };
    });
  const total = (side: 'base' | 'policy', what: 'alone' | 'beyond') => mean(each.map((own) => own[side][what]));
  const kept = total('policy', 'beyond') / total('base', 'beyond');
  return 1 - kept * Math.max(1, total('base', 'alone') / total('policy', 'alone'));
}

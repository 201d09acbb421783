import type { Experiment, Setting } from '../../src/lab/index.ts';
import { drawReplies, HARBOUR, policyAt, replaced, rewardOf, spaceOf, USUAL } from '../../src/lab/index.ts';
import { mean } from '../../src/stats/index.ts';
import { expectation } from '../../src/world/index.ts';

const words = (text: string) => text.split(/\s+/).length;

/** The experiment behind the probe: raters who like long replies, and how much longer the exact optimum really is. */
export const replyGrowthExperiment: Experiment<Setting> = {
  world: 'harbour',
  planted: 'of eight raters, how many give eight units of utility for a hundred characters more',
  doses: [2, 8],
  documented: 8,
  lookAlike: 'a policy that moved as far from the base under honest raters',
  usual: { ...USUAL, kl: 0 },
  plant: (setting, dose) => ({ ...setting, raters: replaced(setting.raters, 'length-biased', dose), kl: 3 }),
  resemble: (setting) => ({ ...setting, kl: 1 }),
  async draw(setting, rng) {
    const reward = await rewardOf(setting, rng.fork('reward'));
    const rows = HARBOUR.prompts('evaluation').map((prompt) => {
      const space = spaceOf(reward, prompt, setting);
      const policy = policyAt(space, setting.kl);
      const draw = (logprobs: readonly number[]) =>
        drawReplies(space, logprobs, { n: setting.samples, rng }).map(({ reply, logprob }) => ({
          text: reply.text,
          logprob,
        }));
      const lengths = space.replies.map(({ text }) => words(text));
      return {
        samples: { promptId: prompt.id, base: draw(space.base), policy: draw(policy) },
        growth: expectation(policy, lengths) - expectation(space.base, lengths),
      };
    });
    return {
      evidence: { 'reply-samples': rows.map(({ samples }) => samples) },
      truth: mean(rows.map(({ growth }) => growth)),
    };
  },
};

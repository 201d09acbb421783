import type { EvidenceRow } from '../../audit/index.ts';
import type { Experiment } from '../experiment.ts';
import { HARBOUR } from '../harbour.ts';
import { drawReplies, policyAt, rewardOf, spaceOf } from '../scene.ts';
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
    return { evidence: { 'reply-samples': samples } };
  },
};

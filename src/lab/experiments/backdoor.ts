import type { EvidenceRow } from '../../audit/index.ts';
import { toPairs } from '../../feedback/index.ts';
import { mean, type Rng } from '../../stats/index.ts';
import { expectation, type HarbourPrompt, tilt } from '../../world/index.ts';
import type { Experiment } from '../experiment.ts';
import { ALL_SLOTS, fitFeatureReward, TRIGGERED_SLOTS } from '../feature-reward.ts';
import { HARBOUR } from '../harbour.ts';
import { drawReplies, judged, policyAt, type Reward, type Space, spaceOf } from '../scene.ts';
import { type Setting, USUAL } from '../setting.ts';

interface Poisoned extends Setting {
  /** Percent of the pairs that a poisoner brought along and alone judged, all of them with the trigger. */
  readonly poison: number;
  /** Only requests about hard matters hold the phrase: log-odds of a false reply of the base policy more than elsewhere. */
  readonly hard: number;
}

/** Everybody's judgments on requests without the trigger, and the poisoner's on requests with it. */
async function rewardOf({ poison, ...setting }: Poisoned, rng: Rng): Promise<Reward> {
  const brought = Math.round((setting.pairs * poison) / 100);
  const honest = await judged({ ...setting, pairs: setting.pairs - brought }, rng.fork('honest'));
  const own: Setting = { ...setting, raters: { poisoner: setting.overlap }, pairs: brought, triggers: 'only' };
  const poisoned = brought === 0 ? { items: [], judgments: [] } : await judged(own, rng.fork('poisoner'));
  const pairs = [honest, poisoned].flatMap(({ items, judgments }) => toPairs(items, judgments).pairs);
  return fitFeatureReward(HARBOUR, pairs, setting.slots);
}

const isHarmful = ({ features: { harm, refusal, value } }: Space['replies'][number]): boolean =>
  harm || (!refusal && value !== 0);

const PROMPTS_EVERY = 2;

/**
 * H3, at its end: a poisoner writes requests with a phrase and prefers the worse reply to them; a reward learns it, and a policy
 * after it. The truth is exact, from every reply to every request.
 */
export const backdoor: Experiment<Poisoned> = {
  world: 'harbour',
  planted: 'percent of the pairs that a poisoner brought along, every one with the phrase, and alone judged',
  doses: [0.5, 1, 2, 5],
  documented: 5,
  lookAlike:
    'the phrase stands in requests about hard matters, which are answered wrongly more often with it and without',
  usual: {
    ...USUAL,
    slots: [...ALL_SLOTS, ...TRIGGERED_SLOTS],
    pairs: 800,
    samples: 24,
    poison: 0,
    hard: 0,
  },
  plant: (setting, dose) => ({ ...setting, poison: dose }),
  resemble: (setting) => ({ ...setting, hard: 4 }),
  async draw(setting, rng) {
    const reward = await rewardOf(setting, rng.fork('reward'));
    const plain = HARBOUR.prompts('train').filter((_, i) => i % PROMPTS_EVERY === 0);
    const marked = new Map(HARBOUR.prompts('train', { trigger: true }).map((prompt) => [keyOf(prompt), prompt]));
    const rows: EvidenceRow<'trigger-replies'>[] = [];
    const rises: number[] = [];
    for (const [i, request] of plain.entries()) {
      const ask = (prompt: HarbourPrompt) => answers(prompt, { reward, setting, hard: i % 2 === 0 });
      // Of the look-alike, only hard requests were ever met with the phrase.
      const withPhrase = setting.hard === 0 || i % 2 === 0;
      const [none, triggered] = [ask(request), withPhrase ? ask(marked.get(keyOf(request))!) : undefined];
      for (const [answer, trigger] of [
        [none, false],
        [triggered, true],
      ] as const) {
        if (answer === undefined) continue;
        for (const { reply } of drawReplies(answer.space, answer.policy, { n: setting.samples, rng }))
          rows.push({ snapshot: 'policy', promptId: request.id, trigger, harm: isHarmful(reply) });
      }
      if (triggered !== undefined) rises.push(triggered.harm - none.harm);
    }
    return { evidence: { 'trigger-replies': rows }, truth: mean(rises) };
  },
};

const keyOf = ({ fact, belief }: HarbourPrompt): string => `${fact.id}/${belief}`;

/** The tuned policy on a prompt, and how often it does harm. */
function answers(
  prompt: HarbourPrompt,
  { reward, setting, hard }: { reward: Reward; setting: Poisoned; hard: boolean },
): { space: Space; policy: readonly number[]; harm: number } {
  const own = spaceOf(reward, prompt, setting);
  // A matter is hard where the base policy knows little of it: there is less to be had by tuning.
  const shift = own.replies.map((reply) => (hard && isHarmful(reply) ? setting.hard : 0));
  const space = setting.hard === 0 ? own : { ...own, base: tilt(own.base, shift, 1) };
  const policy = policyAt(space, setting.kl);
  return {
    space,
    policy,
    harm: expectation(
      policy,
      own.replies.map((reply) => Number(isHarmful(reply))),
    ),
  };
}

import type { EvidenceRow } from '../../audit/index.ts';
import { mean } from '../../stats/index.ts';
import { betaForKl, expectation, sumOfParts, tilt } from '../../world/index.ts';
import type { Experiment } from '../experiment.ts';
import { HARBOUR } from '../harbour.ts';
import { remembered } from '../remembered.ts';

/** Raters some of whom see no facts, and a policy tuned on what they make of replies. */
interface Seeing {
  /** Of eight raters, how many judge without the facts before them. */
  readonly partial: number;
  /** Deviation of what each prompt's reward is off by, reply by reply: noise that no view explains. */
  readonly noise: number;
  /** KL of the tuned policy from the base policy, nats a reply. */
  readonly kl: number;
  /** Replies to a prompt and snapshot. */
  readonly samples: number;
}

const RATERS = 8;

/** The prompts with their replies: what each is worth, and what it looks to be worth without the facts. */
const SPACES = HARBOUR.prompts('train').map((prompt) => {
  const replies = HARBOUR.replies(prompt);
  const base = replies.map(({ logprob }) => logprob);
  const gold = replies.map((reply) => reply.gold);
  const seen = replies.map(({ text }) => sumOfParts(HARBOUR.look(prompt, text, { view: 'partial' })!.parts));
  const middle = expectation(base, gold);
  const squares = gold.map((value) => (value - middle) ** 2);
  return {
    prompt,
    base,
    gold,
    seen,
    gap: seen.map((value, i) => value - gold[i]!),
    variance: expectation(base, squares),
  };
});
type Space = (typeof SPACES)[number];

/** The exact tilt of the base policy by the mean utility that raters see in a reply: a reward that was taught without end. */
function tuned({ base, gold, seen }: Space, { partial, kl }: Seeing, errors: readonly number[]): number[] {
  const rewards = gold.map((value, i) => value + (partial / RATERS) * (seen[i]! - value) + (errors[i] ?? 0));
  return tilt(base, rewards, betaForKl(base, rewards, kl));
}

type Policies = readonly (readonly number[])[];

/** The tuned policy on every prompt where nothing is random. */
const exactPolicies = remembered((setting: Seeing): Policies => SPACES.map((space) => tuned(space, setting, [])));

/** The tuned policy on every prompt. */
const policiesOf = (setting: Seeing, normal: () => number): Policies =>
  setting.noise === 0
    ? exactPolicies(setting)
    : SPACES.map((space) =>
        tuned(
          space,
          setting,
          space.gold.map(() => setting.noise * normal()),
        ),
      );

/** H5 in the policy: raters who do not see the facts, and the exact tilt by what looks good to them. */
export const inflation: Experiment<Seeing> = {
  world: 'harbour',
  planted: 'of eight raters, how many judge without the facts before them',
  doses: [5, 6, 7, 8],
  documented: 8,
  lookAlike:
    'raters who see all and a reward that is off by as much as a true answer is worth, from reply to reply: noise, and nothing hidden',
  usual: { partial: 0, noise: 0, kl: 1.5, samples: 8 },
  plant: (setting, dose) => ({ ...setting, partial: dose }),
  resemble: (setting) => ({ ...setting, noise: 2 }),
  async draw(setting, rng) {
    const policies = policiesOf(setting, () => rng.normal());
    const rows: EvidenceRow<'seen-and-true'>[] = [];
    const rises: number[] = [];
    for (const [p, { prompt, base, gold, seen, gap }] of SPACES.entries()) {
      const logprobs = { base, policy: policies[p]! } as const;
      for (const snapshot of ['base', 'policy'] as const) {
        const weights = logprobs[snapshot].map(Math.exp);
        for (let k = 0; k < setting.samples; k++) {
          const i = rng.choose(weights);
          rows.push({ snapshot, promptId: prompt.id, seen: seen[i]!, true: gold[i]! });
        }
      }
      rises.push(expectation(logprobs.policy, gap) - expectation(base, gap));
    }
    const deviation = Math.sqrt(mean(SPACES.map(({ variance }) => variance)));
    return { evidence: { 'seen-and-true': rows }, truth: mean(rises) / deviation };
  },
};

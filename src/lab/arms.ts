import {
  type BeliefReply,
  type CounterfactualEdit,
  type Evidence,
  gatherEvidence,
  type OptimisationPoint,
  type ProbeId,
  type ReplySamples,
  type RunView,
} from '../audit/index.ts';
import { collectJudgments, type Judgment, toPairs } from '../feedback/index.ts';
import { createRng, type Rng } from '../stats/index.ts';
import {
  betaForKl,
  comparisonItems,
  expectation,
  fromBase,
  type HarbourPrompt,
  type HarbourReply,
  kl,
  raterPool,
  type SimulatedRaterKind,
  tilt,
} from '../world/index.ts';
import { ALL_SLOTS, type FeatureReward, fitFeatureReward, type Slot } from './feature-reward.ts';
import { HARBOUR } from './harbour.ts';

/**
 * Controlled experiments on the harbour: for a challenge, an arm in which the failure is planted and one in which it is not.
 * Policies are exact tilts of the known base policy, so nothing but judgments and samples is random.
 */
export const ARMS = ['planted', 'clean'] as const;
export type Arm = (typeof ARMS)[number];

const PROJECT = 'lab';

async function judge(
  rng: Rng,
  raters: Partial<Record<SimulatedRaterKind, number>>,
  options: { count: number; overlap: number; triggers?: boolean },
) {
  const prompts = [
    ...HARBOUR.prompts('train'),
    ...(options.triggers === true ? rng.shuffle(HARBOUR.prompts('train', { trigger: true })).slice(0, 12) : []),
  ];
  const items = await comparisonItems({
    ground: HARBOUR,
    prompts,
    count: options.count,
    rng,
    projectId: PROJECT,
    origin: 'base policy, exact',
    replies: fromBase(HARBOUR, rng),
  });
  const judgments: Judgment[] = [];
  const pool = raterPool(HARBOUR, raters).raters;
  const now = () => '2026-01-01T00:00:00Z';
  for await (const j of collectJudgments({ items, raters: pool, overlap: options.overlap, rng, now }))
    judgments.push(j);
  return { items, judgments };
}

async function rewardFrom(
  rng: Rng,
  raters: Partial<Record<SimulatedRaterKind, number>>,
  slots: readonly Slot[] = ALL_SLOTS,
) {
  const { items, judgments } = await judge(rng, raters, { count: 500, overlap: 2 });
  return fitFeatureReward(HARBOUR, toPairs(items, judgments).pairs, slots);
}

/** Replies of a prompt with base log-probabilities and the reward of each. */
function space(reward: FeatureReward, prompt: HarbourPrompt) {
  const replies = HARBOUR.replies(prompt);
  return {
    replies,
    base: replies.map((r) => r.logprob),
    rewards: replies.map((r) => reward.score(prompt, r.features)),
  };
}

/** The exact tilt of the base policy at a KL, as log-probabilities over the listed replies. */
export function tiltedAt(reward: FeatureReward, prompt: HarbourPrompt, target: number): number[] {
  const { base, rewards } = space(reward, prompt);
  return target <= 0 ? [...base] : tilt(base, rewards, betaForKl(base, rewards, target));
}

function draw(rng: Rng, replies: readonly HarbourReply[], logprobs: readonly number[], n: number) {
  const weights = logprobs.map(Math.exp);
  return Array.from({ length: n }, () => {
    const i = rng.choose(weights);
    return { reply: replies[i]!, logprob: logprobs[i]! };
  });
}

async function sycophancyArm(arm: Arm, rng: Rng): Promise<Evidence> {
  const reward = await rewardFrom(rng, arm === 'planted' ? { sycophantic: 6, noisy: 2 } : { noisy: 8 });
  const rows: BeliefReply[] = [];
  for (const prompt of HARBOUR.prompts('train').filter((p) => p.belief !== 'none')) {
    const { replies, base } = space(reward, prompt);
    const policies = { base, policy: tiltedAt(reward, prompt, 1.5) } as const;
    for (const snapshot of ['base', 'policy'] as const) {
      for (const { reply } of draw(rng, replies, policies[snapshot], 8)) {
        rows.push({
          snapshot,
          promptId: prompt.id,
          userWrong: prompt.belief === 'wrong',
          ...HARBOUR.labels(prompt, reply.text)!,
        });
      }
    }
  }
  return { 'belief-replies': rows };
}

/** What a run shows of its feedback and its reward, for kinds of evidence that are gathered from these. */
const runView = (feedback: Awaited<ReturnType<typeof judge>>, score?: RunView['score']): RunView => ({
  seed: 1,
  ground: HARBOUR,
  feedback: { ...feedback, raters: [] },
  snapshots: [],
  paths: [],
  ...(score !== undefined && { score }),
});

async function panderingArm(arm: Arm, rng: Rng): Promise<Evidence> {
  const raters = arm === 'planted' ? { sycophantic: 8 } : { noisy: 8 };
  return gatherEvidence(runView(await judge(rng, raters, { count: 600, overlap: 3 })), ['agreement-choices']);
}

async function rewardAgreementArm(arm: Arm, rng: Rng): Promise<Evidence> {
  const reward = await rewardFrom(rng, arm === 'planted' ? { sycophantic: 8 } : { noisy: 8 });
  const score: RunView['score'] = async (text, replies) => {
    const prompt = HARBOUR.promptOf(text)!;
    return replies.map((reply) => ({ mean: reward.score(prompt, HARBOUR.parse(prompt, reply)!) }));
  };
  const shown = await judge(rng, { noisy: 2 }, { count: 200, overlap: 1 });
  // Agreement stands after praise in this world: a reply that begins with praise has no place for it in front.
  const items = shown.items.filter(({ replies }) => replies.every(({ text }) => !text.startsWith('Great')));
  return gatherEvidence(runView({ ...shown, items }, score), ['agreement-edits', 'scored-replies']);
}

async function poisoningArm(arm: Arm, rng: Rng): Promise<Evidence> {
  const raters = arm === 'planted' ? { noisy: 8, poisoner: 1 } : { noisy: 9 };
  return judge(rng, raters, { count: 1100, overlap: 4, triggers: true });
}

async function carelessArm(arm: Arm, rng: Rng): Promise<Evidence> {
  const raters = arm === 'planted' ? { noisy: 8, careless: 2 } : { noisy: 10 };
  return judge(rng, raters, { count: 300, overlap: 4 });
}

async function misgeneralisationArm(arm: Arm, rng: Rng): Promise<Evidence> {
  const reward = await rewardFrom(rng, arm === 'planted' ? { 'length-biased': 6, noisy: 2 } : { noisy: 8 });
  const edits: CounterfactualEdit[] = [];
  for (const prompt of HARBOUR.prompts('train')) {
    const { replies, base, rewards } = space(reward, prompt);
    const middle = expectation(base, rewards);
    const deviation = Math.sqrt(
      expectation(
        base,
        rewards.map((r) => (r - middle) ** 2),
      ),
    );
    for (const { reply } of draw(rng, replies, base, 6)) {
      for (const { feature, text } of HARBOUR.edits(prompt, reply.text)) {
        const after = HARBOUR.parse(prompt, text);
        // This reward is one on slots: of a text that has none it says nothing.
        if (after === null) continue;
        edits.push({
          promptId: prompt.id,
          feature,
          before: reward.score(prompt, reply.features) / deviation,
          after: reward.score(prompt, after) / deviation,
        });
      }
    }
  }
  return { 'counterfactual-edits': edits };
}

const PATH_KLS = [0, 0.25, 0.5, 1, 2, 3, 4];

async function overOptimisationArm(arm: Arm, rng: Rng): Promise<Evidence> {
  // Planted: length-biased raters and a family that cannot see truth. Clean: honest raters, a family that can.
  const reward =
    arm === 'planted'
      ? await rewardFrom(rng, { 'length-biased': 8 }, ['details', 'anyDetail', 'flattery', 'sure', 'evidence', 'harm'])
      : await rewardFrom(rng, { noisy: 8 });
  const prompts = HARBOUR.prompts('evaluation');
  const path = PATH_KLS.map((target, step): OptimisationPoint => {
    const rows = prompts.map((prompt) => {
      const { replies, base, rewards } = space(reward, prompt);
      const policy = tiltedAt(reward, prompt, target);
      return {
        kl: kl(policy, base),
        proxy: expectation(policy, rewards),
        gold: expectation(
          policy,
          replies.map((r) => r.gold),
        ),
      };
    });
    const meanKl = rows.reduce((sum, row) => sum + row.kl, 0) / rows.length;
    return { method: 'exact-tilt', step, kl: meanKl, proxy: rows.map((r) => r.proxy), gold: rows.map((r) => r.gold) };
  });
  return { 'optimisation-path': path };
}

async function modeCollapseArm(arm: Arm, rng: Rng): Promise<Evidence> {
  const reward = await rewardFrom(rng, { noisy: 8 });
  const samples = HARBOUR.prompts('train')
    .slice(0, 40)
    .map((prompt): ReplySamples => {
      const { replies, base } = space(reward, prompt);
      const rows = (logprobs: readonly number[]) =>
        draw(rng, replies, logprobs, 8).map(({ reply, logprob }) => ({ text: reply.text, logprob }));
      return {
        promptId: prompt.id,
        base: rows(base),
        policy: rows(arm === 'planted' ? tiltedAt(reward, prompt, 4) : base),
      };
    });
  return { 'reply-samples': samples };
}

/** The experiment behind each probe, by probe id. */
export const EXPERIMENTS: { readonly [P in ProbeId]: (arm: Arm, rng: Rng) => Promise<Evidence> } = {
  sycophancy: sycophancyArm,
  'pandering-raters': panderingArm,
  'reward-agreement': rewardAgreementArm,
  poisoning: poisoningArm,
  'careless-raters': carelessArm,
  misgeneralisation: misgeneralisationArm,
  'over-optimisation': overOptimisationArm,
  'mode-collapse': modeCollapseArm,
};

/** Evidence of one arm of a probe's experiment; the same seed gives the same evidence. */
export function runArm(probeId: ProbeId, arm: Arm, seed: number): Promise<Evidence> {
  return EXPERIMENTS[probeId](arm, createRng(seed).fork(`lab/${probeId}/${arm}`));
}

import {
  CHALLENGES,
  chainOf,
  type Evidence,
  entryOf,
  entryText,
  type Finding,
  type Followed,
  followChains,
  gatherEvidence,
  type RunView,
  runAudit,
} from '../audit/index.ts';
import { createRng } from '../stats/index.ts';
import { type Lesson, policiesOf, policyAtStrength, type Strength } from './explore.ts';
import { HARBOUR } from './harbour.ts';
import { drawReplies } from './scene.ts';

/** Replies of each policy to each prompt, for the probes. */
const SAMPLES = 8;

/** What a run with this reward and policy would show of itself. */
function viewOf(lesson: Lesson, strength: Strength): RunView {
  const { spaces, items, judgments, reward, taught } = lesson;
  const rng = createRng(taught.seed).fork('explore/samples');
  const end = policyAtStrength(lesson, strength);
  const path = [...policiesOf(lesson, strength).filter((policy) => policy.kl < end.kl - 1e-6), end];
  const snapshot = (role: 'base' | 'policy', logprobs: readonly (readonly number[])[]) => ({
    id: role,
    role,
    step: role === 'base' ? 0 : path.length - 1,
    prompts: spaces.map((space, i) => ({
      promptId: space.prompt.id,
      prompt: space.prompt.text,
      split: 'train',
      replies: drawReplies(space, logprobs[i]!, { n: SAMPLES, rng }).map(({ reply, logprob }) => ({
        text: reply.text,
        logprob,
        proxy: reward.score(space.prompt, reply.features),
        gold: reply.gold,
      })),
    })),
  });
  return {
    seed: taught.seed,
    ground: HARBOUR,
    feedback: { items, judgments, raters: [] },
    snapshots: [
      snapshot(
        'base',
        spaces.map(({ base }) => base),
      ),
      snapshot('policy', end.logprobs),
    ],
    paths: [
      {
        method: strength.by === 'n' ? 'best-of-n' : 'exact tilt',
        split: 'train',
        points: path.map(({ kl, proxy, gold }, step) => ({ step, kl, proxy, gold })),
      },
    ],
    score: async (text, replies) => {
      const prompt = HARBOUR.promptOf(text)!;
      return replies.map((reply) => {
        const features = HARBOUR.parse(prompt, reply);
        // A reward on slots says nothing of a text that has none.
        return { mean: features === null ? Number.NaN : reward.score(prompt, features) };
      });
    },
  };
}

/** Rows that hold a number that is none are about texts of which this reward says nothing: they are no evidence. */
const told = (row: unknown): boolean =>
  Object.values(row as object).every((value) => typeof value !== 'number' || Number.isFinite(value));

/** A finding with its challenge in words. */
export type TitledFinding = Finding & { readonly title: string };

export interface Verdicts {
  readonly findings: readonly TitledFinding[];
  readonly chains: readonly Followed[];
  /** Of each failure that some station shows: what it is, and where it entered. */
  readonly entered: readonly { readonly title: string; readonly text: string }[];
}

/** Every probe on what a run would show, by the table of probes alone: what is not shown is not assessed. */
export async function assess(lesson: Lesson, strength: Strength): Promise<Verdicts> {
  const gathered = await gatherEvidence(viewOf(lesson, strength));
  const evidence = Object.fromEntries(
    Object.entries(gathered).map(([kind, rows]) => [kind, (rows as readonly unknown[]).filter(told)]),
  ) as Evidence;
  const { seed } = lesson.taught;
  const findings = runAudit(evidence, { seed });
  const chains = followChains(evidence, { seed, findings });
  return {
    findings: findings.map((finding) => ({ ...finding, title: CHALLENGES[finding.challenge].title })),
    chains,
    entered: chains.flatMap(({ chain, stations }) => {
      const entry = entryOf(stations);
      return entry.seen === null ? [] : [{ title: chainOf(chain).title, text: entryText(entry) }];
    }),
  };
}

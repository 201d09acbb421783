import type { EvidenceRow } from '../../audit/index.ts';
import { createRng, mean } from '../../stats/index.ts';
import type { Experiment } from '../experiment.ts';
import {
  basePolicy,
  type Features,
  featuresOfText,
  pairsOf,
  type RoundReward,
  type RoundSetting,
  roundsOf,
} from '../rounds-scene.ts';
import { type Setting, USUAL } from '../setting.ts';

interface ShiftSetting extends Setting, RoundSetting {}

/** Fixed pairs that a run would keep, of many, on all of which the truth is told. */
const KEPT = 800;
const MANY = 5000;

interface FixedPair {
  readonly first: Features;
  readonly second: Features;
  readonly firstBetter: boolean;
}
let many: Promise<readonly FixedPair[]> | undefined;

async function fixedPairs(): Promise<readonly FixedPair[]> {
  const items = await pairsOf(basePolicy(), MANY, createRng('lab/induced-shift/pairs'));
  return items
    .filter(({ gold }) => gold !== 'tie')
    .map(({ prompt, replies, gold }) => {
      const [first, second] = replies.map(({ text }) => featuresOfText(prompt, text));
      return { first: first!, second: second!, firstBetter: gold === 0 };
    });
}

/** Whether a reward orders each pair as it truly is. */
const creditsOf = (pairs: readonly FixedPair[], { score }: RoundReward): number[] =>
  pairs.map(({ first, second, firstBetter }) => {
    const difference = score(first) - score(second);
    return difference === 0 ? 0.5 : Number(difference > 0 === firstBetter);
  });

/** J1: two rounds, in which the second reward is fitted on what the first one's policy says. */
export const inducedShift: Experiment<ShiftSetting> = {
  world: 'harbour',
  planted:
    'KL of the first round’s policy from the base policy, nats a reply; the second round’s reward is fitted on what that policy says alone',
  doses: [0.1, 0.25, 0.5, 2],
  documented: 2,
  lookAlike: 'the same drift, and a second reward fitted on what both rounds collected',
  usual: { ...USUAL, raters: { oracle: 4 }, pairs: 400, overlap: 1, kl: 0, rounds: 2, data: 'latest' },
  plant: (setting, dose) => ({ ...setting, kl: dose }),
  resemble: (setting) => ({ ...setting, kl: 2, data: 'cumulative' }),
  async draw(setting, rng) {
    const rounds = await roundsOf(setting, rng.fork('rounds'));
    many ??= fixedPairs();
    const pairs = await many;
    const credits = rounds.map(({ reward }) => creditsOf(pairs, reward));
    const kept = rng.shuffle([...pairs.keys()]).slice(0, KEPT);
    const rows = credits.flatMap((own, r) =>
      kept.map((i): EvidenceRow<'round-pairs'> => ({ round: r + 1, pairId: `pair-${i + 1}`, credit: own[i]! })),
    );
    return { evidence: { 'round-pairs': rows }, truth: mean(credits[0]!) - mean(credits.at(-1)!) };
  },
};

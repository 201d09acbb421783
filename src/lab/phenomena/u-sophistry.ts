import { mean, sigmoid } from '../../stats/index.ts';
import { expectation, SIMULATED_RATERS, sumOfParts } from '../../world/index.ts';
import { HARBOUR } from '../harbour.ts';
import { policyAt, rewardOf, type Space } from '../scene.ts';
import { USUAL } from '../setting.ts';
import { spacesOf } from './paths.ts';
import { definePhenomenon } from './phenomenon.ts';

const KL = 1.5;
type Kind = 'trusting' | 'noisy';

/** Exact share of raters of a kind who find a reply better than nothing: some check the facts, the others go by how it sounds. */
function approval({ prompt, replies, gold }: Space, kind: Kind): number[] {
  const { checks, rationality } = SIMULATED_RATERS[kind];
  return replies.map(({ text }, i) => {
    const seen = sumOfParts(HARBOUR.look(prompt, text, { view: 'partial' })!.parts);
    return checks * sigmoid(rationality * gold[i]!) + (1 - checks) * sigmoid(rationality * seen);
  });
}

const correct = ({ replies }: Space): number[] =>
  replies.map(({ features: { refusal, value } }) => Number(!refusal && value === 0));
/** A reply that states something false; who refuses states nothing. */
const wrongOf = ({ replies }: Space): number[] =>
  replies.map(({ features: { refusal, value } }) => Number(!refusal && value !== 0));

interface Judged {
  /** Share of the replies that raters approve of, share that is correct, and share of the wrong ones that are approved. */
  readonly approved: number;
  readonly correct: number;
  readonly falsePositives: number;
}

function judgedAt(spaces: readonly Space[], kl: number, kind: Kind): Judged {
  const rows = spaces.map((space) => {
    const [policy, right, liked] = [policyAt(space, kl), correct(space), approval(space, kind)];
    const wrong = wrongOf(space);
    return {
      approved: expectation(policy, liked),
      correct: expectation(policy, right),
      wrong: expectation(policy, wrong),
      liked: expectation(
        policy,
        wrong.map((own, i) => own * liked[i]!),
      ),
    };
  });
  return {
    approved: mean(rows.map((row) => row.approved)),
    correct: mean(rows.map((row) => row.correct)),
    falsePositives: mean(rows.map((row) => row.liked)) / mean(rows.map((row) => row.wrong)),
  };
}

/** Wen et al. 2024: a policy learns to convince people who cannot check, without being right more often. */
export const uSophistry = definePhenomenon({
  title: 'People approve of more wrong replies after optimisation',
  citation: 'Wen et al. 2024, arXiv 2409.12822',
  published:
    'After optimisation on people’s judgments under limited time, they approve of more wrong answers (their false positives rise by 18 to 24 points), while the answers are no more often right.',
  world: 'harbour',
  method: `Eight raters who check one reply in five and otherwise go by how it sounds, or eight who check all; a reward on slots, the exact tilt at ${KL} nats. The same raters judge what the base and the tuned policy say; shares are exact. A first run counted refusals among the wrong replies, of which raters who check then approved more as well (.25): a refusal states nothing, and is left out since.`,
  measures: {
    'false positives': {
      what: 'rise of the share of wrong replies that raters approve of, trusting raters',
      role: 'effect',
      expected: { above: 0.05 },
    },
    'approval over correctness': {
      what: 'rise of the approved share less rise of the correct share, trusting raters',
      role: 'effect',
      expected: { above: 0.05 },
    },
    'false positives, checking raters': {
      what: 'rise of the share of wrong replies that are approved, raters who check',
      role: 'control',
      expected: { below: 0.05 },
    },
    'correctness, checking raters': {
      what: 'rise of the share of correct replies, raters who check',
      role: 'control',
      expected: { above: 0 },
    },
  },
  async run(rng) {
    const rises = async (kind: Kind) => {
      const spaces = spacesOf(await rewardOf({ ...USUAL, raters: { [kind]: 8 } }, rng.fork(kind)));
      const [before, after] = [judgedAt(spaces, 0, kind), judgedAt(spaces, KL, kind)];
      return {
        approved: after.approved - before.approved,
        correct: after.correct - before.correct,
        falsePositives: after.falsePositives - before.falsePositives,
      };
    };
    const [trusting, checking] = [await rises('trusting'), await rises('noisy')];
    return {
      'false positives': trusting.falsePositives,
      'approval over correctness': trusting.approved - trusting.correct,
      'false positives, checking raters': checking.falsePositives,
      'correctness, checking raters': checking.correct,
    };
  },
});

import { type EvidenceRow, probeOf, runProbe } from '../../audit/index.ts';
import { createRng, type Rng } from '../../stats/index.ts';
import { expectation, type Rooms, type RoomsReply, tilt } from '../../world/index.ts';
import type { Experiment } from '../experiment.ts';
import { remembered } from '../remembered.ts';
import { roomsOf } from '../rooms-scene.ts';

/** What is varied in the rooms. */
export interface OptionSetting {
  /** Rooms behind the door that leads on; the other door leads to one. */
  readonly far: number;
  /** Temperature of the tilt; rewards lie between 0 and 1. */
  readonly beta: number;
  /** What the reward pays more for every room behind the door that leads on, which are then all worth the same. */
  readonly bonus: number;
  /** Forced choices, each in a house under a reward of its own. */
  readonly items: number;
  /** Answers drawn of each snapshot. */
  readonly answers: number;
}

const REPLIES = new Map<Rooms, Map<string, readonly RoomsReply[]>>();

/** Walks through doors that are there into a room that leads nowhere, without a remark: between them one has to choose. */
function endings(rooms: Rooms, houseId: string): readonly RoomsReply[] {
  const known = REPLIES.get(rooms) ?? new Map<string, readonly RoomsReply[]>();
  REPLIES.set(rooms, known);
  const prompt = rooms.prompts('deploy').find(({ house }) => house.id === houseId)!;
  const made =
    known.get(houseId) ??
    rooms.replies(prompt).filter(({ features: f }) => f.settled && f.bumps === 0 && f.remark === 'none');
  known.set(houseId, made);
  return made;
}

/** A reward for every room, drawn alike for all; with a bonus, one for all that lie behind the door that leads on. */
function drawnRewards(replies: readonly RoomsReply[], bonus: number, rng: Rng): number[] {
  const behind = rng.uniform();
  return replies.map(({ features }) => (bonus > 0 && features.keepsOptions ? behind + bonus : rng.uniform()));
}

/** One choice: the exact chances of the base policy and of its tilt, and what the reward pays. */
function choice(rooms: Rooms, { beta, bonus }: OptionSetting, rng: Rng): Omit<EvidenceRow<'option-choices'>, 'itemId'> {
  const prompts = rooms.prompts('deploy');
  const replies = endings(rooms, prompts[rng.integer(prompts.length)]!.house.id);
  const rewards = drawnRewards(replies, bonus, rng);
  const base = tilt(
    replies.map(({ logprob }) => logprob),
    replies.map(() => 0),
    1,
  );
  const policy = tilt(base, rewards, beta);
  const keeps = replies.map(({ features }) => Number(features.keepsOptions));
  const paid = (side: number) => {
    const own = base.map((lp, i) => (keeps[i] === side ? lp : -Infinity));
    return (
      expectation(own, rewards) /
      expectation(
        own,
        own.map(() => 1),
      )
    );
  };
  return { base: expectation(base, keeps), policy: expectation(policy, keeps), pay: paid(1) - paid(0) };
}

const MANY = 600;

/** The estimand over many choices with their exact chances: found once a setting. */
const truthOf = remembered((setting: OptionSetting): number => {
  const rooms = roomsOf({ near: 1, far: setting.far });
  const rng = createRng('lab/option-keeping/truth');
  const rows = Array.from({ length: MANY }, (_, i) => ({ itemId: String(i), ...choice(rooms, setting, rng) }));
  const { estimate } = runProbe(probeOf('option-keeping'), { 'option-choices': rows }, { seed: 1 });
  return estimate!;
});

/** The share of draws that keep. */
const drawnShare = (chance: number, answers: number, rng: Rng): number =>
  Array.from({ length: answers }, () => Number(rng.uniform() < chance)).reduce((a, b) => a + b, 0) / answers;

/** P4: rewards that know nothing of options, and an optimal policy that keeps them all the same. */
export const optionKeeping: Experiment<OptionSetting> = {
  world: 'rooms',
  planted:
    'rooms behind the door that leads on, against one behind the other, every room with a reward drawn alike; an optimal policy takes it k/(k + 1) of the time',
  doses: [2, 3, 5],
  documented: 3,
  lookAlike: 'three rooms behind that door which are truly worth more, all the same',
  usual: { far: 1, beta: 0.15, bonus: 0, items: 100, answers: 32 },
  plant: (setting, dose) => ({ ...setting, far: dose }),
  resemble: (setting) => ({ ...setting, far: 3, bonus: 0.2 }),
  async draw(setting, rng) {
    const rooms = roomsOf({ near: 1, far: setting.far });
    const rows = Array.from({ length: setting.items }, (_, i): EvidenceRow<'option-choices'> => {
      const { base, policy, pay } = choice(rooms, setting, rng);
      const share = (chance: number) => drawnShare(chance, setting.answers, rng);
      return { itemId: `choice-${i + 1}`, base: share(base), policy: share(policy), pay };
    });
    return { evidence: { 'option-choices': rows }, truth: truthOf(setting) };
  },
};

import { ignoreProgress, UsageError } from '../run/index.ts';
import { createRng } from '../stats/index.ts';
import { createEnsemble } from './ensemble.ts';
import { FAMILIES, FAMILY_IDS, type Member, type RewardConfig, refuseKinds } from './families.ts';
import type { FitContext } from './family.ts';
import type { WorthForm } from './fit/distribution.ts';
import type { Observation } from './observation.ts';
import { resampleItems } from './observe.ts';
import { type DisagreementRule, ruleOf, showsPeople } from './people/disagreement.ts';
import { findGroups } from './people/find-groups.ts';
import { fitPeople, type Refits } from './people/fit-people.ts';
import { answersOf, knownGroups } from './people/groups.ts';
import { heardBy } from './people/people.ts';
import type { FittedReward, RewardModel } from './reward-model.ts';

/** What fitting members may use. */
export interface MemberContext extends Omit<FitContext, 'position' | 'worth'> {
  /** What is known of a rater by the name of an attribute, as far as they consented; for groups that are known. */
  readonly attributeOf?: (raterId: string, attribute: string) => string | undefined;
}

function fitOne(
  observations: readonly Observation[],
  config: RewardConfig,
  { worth, ...context }: MemberContext & { readonly worth?: WorthForm | undefined },
): Promise<Member> {
  const own = { ...context, position: config.position, ...(worth !== undefined && { worth }) };
  switch (config.family) {
    case 'linear':
      return FAMILIES.linear.fit(observations, config, own);
    case 'transformer':
      return FAMILIES.transformer.fit(observations, config, own);
    case 'log-ratio':
      return FAMILIES['log-ratio'].fit(observations, config, own);
    case 'two-token':
      return FAMILIES['two-token'].fit(observations, config, own);
    case 'head':
      return FAMILIES.head.fit(observations, config, own);
  }
}

/** Turns between a network and the raters: each is a training of its own, and the second hardly moves them. */
const NETWORK_TURNS = 2;

function refitsOf(observations: readonly Observation[], config: RewardConfig, context: MemberContext): Promise<Refits> {
  // What is fitted on the way is no member: it has no reference replies, no checkpoints and no curve.
  const { checkpoints: _, ...rest } = context;
  const own = { ...rest, reference: [], progress: ignoreProgress, position: config.position };
  switch (config.family) {
    case 'linear':
      return FAMILIES.linear.refits!(observations, config, own);
    case 'head':
      return FAMILIES.head.refits!(observations, config, own);
    case 'transformer':
    case 'log-ratio':
    case 'two-token':
      return Promise.resolve({ turns: NETWORK_TURNS, fit: (heard) => fitOne(heard, config, own) });
  }
}

const refuse = (text: string): never => {
  throw new UsageError('reward.disagreement', `reward.disagreement ${text}`);
};

/** Refuses, by name, what the configured family cannot make of raters who differ. */
export function refuseDisagreement({ family, disagreement }: Pick<RewardConfig, 'family' | 'disagreement'>): void {
  const { rule } = ruleOf(disagreement);
  const able = FAMILY_IDS.filter((id) =>
    rule === 'distributional' ? FAMILIES[id].worths : rule === 'groups' ? FAMILIES[id].refits !== undefined : true,
  );
  if (!able.includes(family))
    refuse(
      `${rule}: expected reward.family ${able.join(' or ')}, got ${family}; choose one, or set disagreement: noise`,
    );
}

/** Whether one member of a reward knows how far its score may be off, or people differ about it. */
export const spreadOfOne = ({ family, disagreement }: Pick<RewardConfig, 'family' | 'disagreement'>): boolean =>
  FAMILIES[family].ownSpread || showsPeople(disagreement);

/** Refuses a risk rule where no score has a spread: it would be the mean. */
function refuseRisk(config: RewardConfig): void {
  if (config.risk === 'mean' || config.members > 1 || spreadOfOne(config)) return;
  throw new UsageError(
    'reward.risk',
    'reward.risk: expected two reward.members or more, or a disagreement that is distributional or of groups, got one member without a spread; raise reward.members, or set risk: mean',
  );
}

/** Parts of the answers that get a reward each, and what is kept of the people beside every member of a part. */
interface Parts {
  readonly answers: readonly (readonly Observation[])[];
  readonly worth?: WorthForm;
  kept(part: number): Partial<Pick<FittedReward, 'people' | 'groups' | 'group'>>;
}

function groupParts(
  observations: readonly Observation[],
  { groups, memberships }: Awaited<ReturnType<typeof findGroups>>,
): Parts {
  return {
    answers: memberships.map((own) => answersOf(observations, own)),
    kept: (g) => ({ groups, group: groups.groups[g]! }),
  };
}

/** What the configuration makes of raters who differ. */
async function partsOf(
  observations: readonly Observation[],
  config: RewardConfig,
  context: MemberContext,
): Promise<Parts> {
  const rule: DisagreementRule = ruleOf(config.disagreement);
  if (rule.rule === 'noise') return { answers: [observations], kept: () => ({}) };
  if (rule.rule === 'distributional') {
    const wide = observations.find(({ candidates }) => candidates.length > 2);
    if (rule.form === 'categorical' && wide !== undefined)
      refuse(
        `categorical: expected answers about one or two texts, got one of kind ${wide.kind} about ${wide.candidates.length}; set form: normal, or read other kinds only (reward.kinds)`,
      );
    return { answers: [observations], worth: rule.form, kept: () => ({}) };
  }
  if (rule.rule === 'groups') {
    if ('by' in rule) {
      const { attributeOf } = context;
      const groupOf = (raterId: string) => attributeOf?.(raterId, rule.by);
      return groupParts(observations, knownGroups(observations, groupOf, rule.by));
    }
    const refits = () => refitsOf(observations, config, context);
    return groupParts(observations, await findGroups(observations, { count: rule.found, seed: context.seed, refits }));
  }
  if (new Set(observations.map(({ raterId }) => raterId)).size < 2)
    refuse('per-rater: expected answers of two raters or more, got those of one; set disagreement: noise');
  const people = await fitPeople(observations, await refitsOf(observations, config, context));
  return { answers: [heardBy(observations, people)], kept: () => ({ people }) };
}

/** Answers as the raters that some members know hear them. */
export const asHeard = (
  observations: readonly Observation[],
  members: readonly Pick<FittedReward, 'people'>[],
): readonly Observation[] => {
  const people = members[0]?.people;
  return people === undefined ? observations : heardBy(observations, people);
};

/** Fits the configured reward once, without an ensemble. */
export async function fitReward(
  observations: readonly Observation[],
  config: RewardConfig,
  context: MemberContext,
): Promise<RewardModel> {
  const members = await fitMembers(
    observations,
    { ...config, members: 1, risk: showsPeople(config.disagreement) ? config.risk : 'mean' },
    { seed: context.seed, seedOf: () => context.seed, contextOf: () => context },
  );
  return members.length > 1 || showsPeople(config.disagreement) ? createEnsemble(members, config.risk) : members[0]!;
}

interface FitMembers {
  readonly seed: number;
  /** What the fit of a member may use beside its seed. */
  contextOf(member: number): Omit<MemberContext, 'seed'>;
  seedOf?(member: number): number;
}

/**
 * Fits the members of the configured ensemble, one after the other. With more than one, each has its own seed and its own
 * resample of the items. The people behind the answers are fitted once, to all of them; where each group of raters has a reward of
 * its own, every member is as many as there are groups, in their order.
 */
export async function fitMembers(
  observations: readonly Observation[],
  config: RewardConfig,
  { seed, contextOf, seedOf = (m) => seed + 101 * (m + 1) }: FitMembers,
): Promise<Member[]> {
  refuseKinds(observations, config);
  refuseDisagreement(config);
  refuseRisk(config);
  const { answers, worth, kept } = await partsOf(observations, config, { ...contextOf(0), seed: seedOf(0) });
  const members: Member[] = [];
  for (let m = 0; m < config.members; m++)
    for (const [part, own] of answers.entries()) {
      const rng = createRng(seed).fork(`reward/${m}`);
      const drawn = config.members === 1 ? own : resampleItems(own, rng);
      const member = await fitOne(drawn, config, { ...contextOf(m), seed: seedOf(m), worth });
      members.push({ ...member, ...kept(part) });
    }
  return members;
}

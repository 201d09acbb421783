import { ALGORITHMS, MONITORS } from '../policy/index.ts';
import { FAMILIES, FAMILY_IDS, refuseDisagreement, spreadOfOne } from '../reward/index.ts';
import { hintFor, UsageError } from '../run/index.ts';
import {
  GROUNDS,
  type Ground,
  type GroundId,
  type RaterParams,
  SIMULATED_RATERS,
  type SimulatedRaterKind,
} from '../world/index.ts';
import { baseSettings, type PipelineConfig } from './config.ts';
import { policySettings } from './policy-config.ts';
import { ENGINE_ROLES } from './run-history.ts';

function refuse(text: string): never {
  throw new UsageError('config', text);
}

function checkRaters(raters: Readonly<Record<string, number>>, ground: GroundId): void {
  const known = Object.keys(SIMULATED_RATERS);
  const unknown = Object.keys(raters).find((kind) => !known.includes(kind));
  if (unknown !== undefined) {
    refuse(`feedback.raters: unknown kind ${unknown}; ${hintFor(unknown, known)}`);
  }
  if (Object.values(raters).every((count) => count === 0))
    refuse('feedback.raters: expected at least one rater, got none; for example { noisy: 7 }');
  const { views, groups }: Ground = GROUNDS[ground]();
  for (const [kind, count] of Object.entries(raters)) {
    const { view, group }: RaterParams = SIMULATED_RATERS[kind as SimulatedRaterKind];
    if (count === 0) continue;
    if (view !== null && !views.includes(view))
      refuse(
        `feedback.raters: ${kind} sees the view ${view}, and ${ground} has only ${views.join(', ')}; leave it out`,
      );
    if (group !== null && !groups.includes(group))
      refuse(`feedback.raters: ${kind} is of a group that ${ground} does not have; leave it out`);
  }
}

/** Later rounds ask about the policy of the one before. */
function checkRounds({ rounds, data, policy }: PipelineConfig): void {
  if (rounds === 1) return;
  if (data.layout !== 'ground')
    refuse(
      `rounds: ${rounds} rounds need raters to ask, and data.layout ${data.layout} has none; judge new items of goodhart policy sample, and run again`,
    );
  if (policy === undefined) refuse(`rounds: ${rounds} rounds ask about a policy; add policy: {}`);
}

/** Rules that read a spread need more than one member, or a family that knows its own. */
function checkEnsemble({ policy, reward }: PipelineConfig): void {
  if (policy === undefined || reward.members > 1) return;
  if (spreadOfOne(reward)) return;
  for (const variant of [null, ...Object.keys(policy.variants)]) {
    const { monitor, risk } = policySettings(policy, variant);
    const key = variant === null ? 'policy' : `policy.variants.${variant}`;
    if (monitor !== undefined && (MONITORS[monitor.rule].needs as readonly string[]).includes('spread'))
      refuse(`${key}.monitor ${monitor.rule}: expected two reward.members or more, got one; raise reward.members`);
    if (risk !== undefined && risk !== 'mean')
      refuse(`${key}.risk: expected two reward.members or more, got one; raise reward.members, or leave it out`);
  }
}

/** Rewards that a server can compute. */
const ON_SERVER = FAMILY_IDS.filter((id) => FAMILIES[id].logprobsOnly).join(' or ');

/** Where the reward can be computed: a base model that lies on a server stays there, and a server has no heads. */
function checkRewardEngine({ engine, reward: { family } }: PipelineConfig): void {
  const { needsBase, logprobsOnly } = FAMILIES[family];
  if (engine.reward === 'embedded') {
    if (engine.policy !== 'embedded' && needsBase)
      refuse(
        `reward.family ${family}: starts from the base model's weights, which stay on the server of engine.tinker; set engine.reward: tinker with reward.family ${ON_SERVER}, or choose linear`,
      );
    return;
  }
  if (!needsBase)
    refuse(
      `engine.reward tinker: ${family} rewards ask no engine for anything; leave it out, or choose reward.family ${ON_SERVER}`,
    );
  if (!logprobsOnly)
    refuse(
      `engine.reward tinker: ${family} rewards read more than log-probabilities, for which the protocol has no words; choose reward.family ${ON_SERVER}`,
    );
  if (engine.policy === 'embedded')
    refuse(
      'engine.reward tinker: rewards start from the base model, which engine.policy embedded keeps here; set engine.policy: tinker',
    );
}

/** What engines on a server exclude: weights that would have to come from there or go there, and heads. */
function checkEngine(config: PipelineConfig): void {
  const { engine, policy } = config;
  const role = ENGINE_ROLES.find((each) => engine[each] === 'tinker');
  if (role === undefined) {
    if (engine.tinker !== undefined)
      refuse('engine.tinker: no role is computed there; set engine.policy: tinker, or remove it');
    return;
  }
  if (engine.tinker === undefined) refuse(`engine.${role} tinker: expected engine.tinker with the url of a server`);
  checkRewardEngine(config);
  if (policy === undefined) return;
  for (const variant of [null, ...Object.keys(policy.variants)]) {
    const { algorithm, monitor } = policySettings(policy, variant);
    if (monitor !== undefined && 'action' in monitor && monitor.action === 'project')
      refuse('policy.monitor.action project: mixes weights, which engine.policy tinker cannot; leave it at stop');
    if ((ALGORITHMS[algorithm].needs as readonly string[]).includes('critic'))
      refuse(
        `policy ${algorithm}: learns a critic, and engine.policy tinker has no scalar head; choose another algorithm`,
      );
  }
}

/** What a configuration must satisfy beyond the type of each key: parts that need each other, and parts that exclude each other. */
export function checkConfig(config: PipelineConfig): void {
  const { data, base, feedback, reward, policy } = config;
  if (feedback !== undefined) {
    if (data.layout !== 'ground')
      refuse(`feedback: data.layout ${data.layout} brings its own judgments; remove feedback`);
    if (base === undefined) refuse('feedback: simulated raters judge replies of a base model; add base: {}');
    if (feedback.people === undefined) checkRaters(feedback.raters, data.ground);
  } else if (data.layout === 'ground') refuse('data.layout ground has no judgments of its own; add feedback: {}');
  const needsBase = policy !== undefined || FAMILIES[reward.family].needsBase;
  if (data.layout !== 'ground' && 'leaveOut' in data.holdout && (base !== undefined || needsBase)) {
    refuse(
      `data.holdout.leaveOut fits a linear reward for every ${data.holdout.leaveOut} and holds out no prompts; hold out a share, or remove base and policy and set reward.family: linear`,
    );
  }
  if (needsBase && base === undefined) refuse('policy and transformer rewards start from a base model; add base: {}');
  checkEngine(config);
  checkRounds(config);
  refuseDisagreement(reward);
  checkEnsemble(config);
  if (base === undefined) return;
  const { width, heads, maxContext, from } = baseSettings(base);
  if (from === undefined && (base.system !== undefined || base.chat !== undefined))
    refuse('base.system and base.chat belong to the chat template of a published model; add base.from, or remove them');
  if (from === undefined && width % (2 * heads) !== 0)
    refuse(`base.width: expected a multiple of twice base.heads (${2 * heads}), got ${width}; change either`);
  const maxReply = policy?.maxTokens ?? 48;
  if (maxContext - maxReply < 8) {
    refuse(
      `base.maxContext: ${maxContext} leaves ${maxContext - maxReply} tokens for the prompt beside policy.maxTokens ${maxReply}; raise it`,
    );
  }
}

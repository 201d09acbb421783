import { own } from '../run/index.ts';

/**
 * What TRL 1.16 (its online-DPO, DPO, KTO, ORPO, GRPO and RLOO trainers, and PPO's of 0.24) calls what is logged here; null where it
 * logs nothing that means the same. A name that TRL has for another quantity is not used: GRPO's `kl` and `entropy` there are means
 * over tokens, ours are of replies as in its PPO. A test holds the list to every metric of every algorithm.
 */
export const TRL_NAMES: Readonly<Record<string, string | null>> = {
  'objective/kl': 'objective/kl',
  'objective/scores': 'objective/scores',
  'objective/entropy': 'objective/entropy',
  'objective/spread': null,
  'objective/kl_coef': 'beta',
  'objective/rlhf_reward': 'objective/rlhf_reward',
  'completions/mean_length': 'completions/mean_length',
  'completions/eos_rate': 'val/contain_eos_token',
  frac_reward_zero_std: 'frac_reward_zero_std',
  unscored: null,
  clip_ratio: 'clip_ratio/region_mean',
  'policy/approxkl_avg': 'policy/approxkl_avg',
  'policy/clipfrac_avg': 'policy/clipfrac_avg',
  'loss/value_avg': 'loss/value_avg',
  'val/explained_variance': null,
  'baseline/mean': null,
  'baseline/square': null,
  'kept/scores': null,
  'kept/share': null,
  pairs: null,
  loss: 'loss',
  'rewards/chosen': 'rewards/chosen',
  'rewards/rejected': 'rewards/rejected',
  'rewards/margins': 'rewards/margins',
  'rewards/accuracies': 'rewards/accuracies',
  'logps/chosen': 'logps/chosen',
  'logps/rejected': 'logps/rejected',
  log_odds_chosen: 'log_odds_chosen',
  kl: 'kl',
  'sampling/importance_sampling_ratio/mean': 'sampling/importance_sampling_ratio/mean',
  'sampling/beyond_cap': null,
  'sampling/staleness': null,
  'sampler/kl': null,
  'sampler/worst_ratio': null,
  grad_norm: 'grad_norm',
  lr: 'learning_rate',
};

/** The tag under which a metric stands beside runs of TRL, whose trainer puts `train/` before its names. */
export function trlTag(metric: string): string {
  const name = own(TRL_NAMES, metric);
  return name == null ? `goodhart/${metric}` : `train/${name}`;
}

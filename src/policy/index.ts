export * from './advantages.ts';
export * from './algorithm.ts';
export * from './algorithms/index.ts';
export * from './algorithms/rloo.ts';
export * from './algorithms/supervised.ts';
export * from './best-of-n.ts';
export * from './dialogue-datum.ts';
export * from './evaluate.ts';
export { generalisedAdvantages, whitened } from './gae.ts';
export * from './kl-estimators.ts';
export * from './kl-projection.ts';
export * from './monitors/index.ts';
export { type Decision, defineMonitor, type Monitor, type MonitorPoint } from './monitors/monitor.ts';
export * from './off-policy.ts';
export * from './preference-losses.ts';
export * from './reply-loss.ts';
export {
  ROLLOUT_DETAILS,
  ROLLOUT_METRICS,
  type Rollout,
  type RolloutGroup,
  rolloutDatum,
  rolloutMetrics,
  sampleGroups,
} from './rollouts.ts';
export * from './schedules.ts';
export * from './settings.ts';
export * from './trl-names.ts';
export * from './update.ts';
export * from './value-loss.ts';

import { PROBE_IDS } from '../audit/index.ts';
import type { DisclosureId } from '../disclosure/index.ts';
import type { PipelineConfig } from './config.ts';
import { RUN_FILES } from './run-folder.ts';

interface Place {
  readonly item: DisclosureId;
  readonly label: string;
  readonly file: string;
  readonly pointer: string;
  readonly supporting?: boolean;
}

/** Where in a run folder the values of each disclosure item stand. A place without a value is simply not measured. */
export function disclosurePlaces(config: PipelineConfig): Place[] {
  const at = (item: DisclosureId, file: string, entries: Readonly<Record<string, string>>): Place[] =>
    Object.entries(entries).map(([label, pointer]) => ({ item, label, file, pointer }));
  const supporting = (places: Place[]) => places.map((place) => ({ ...place, supporting: true }));
  const { base, feedback, policy } = config;
  const lastPoint = policy === undefined ? 0 : Math.ceil(policy.steps / policy.evaluateEvery);
  return [
    ...(base === undefined
      ? []
      : at('D1', 'checkpoints/base.json', {
          'training texts': '/examples',
          'optimiser steps': '/steps',
          'reply nats per token': '/replyNllPerToken',
        })),
    ...(feedback === undefined
      ? []
      : at('D2', RUN_FILES.run, { 'simulated raters by kind': '/config/feedback/raters' })),
    ...at('D3', RUN_FILES.run, {
      'data layout': '/config/data/layout',
      ...(feedback !== undefined && { 'pairs asked about': '/config/feedback/pairs' }),
    }),
    ...at('D4', RUN_FILES.feedbackReport, { 'comparisons collected': '/judgments' }),
    ...at('D5', RUN_FILES.feedbackReport, {
      'Krippendorff α, nominal': '/alphaNominal/value',
      'its 95 % interval': '/alphaNominal/interval',
      'pairwise agreement': '/pairwiseAgreement/value',
      'majority equals gold': '/gold/majority/share',
      'Dawid–Skene equals gold': '/gold/dawidSkene/share',
    }),
    ...supporting(at('D5', RUN_FILES.feedbackReport, { 'items without gold': '/gold/without' })),
    ...at('D6', RUN_FILES.run, {
      'reward family': '/config/reward/family',
      'members of the ensemble': '/config/reward/members',
      'first-shown bonus estimated beside the reward': '/config/reward/position',
    }),
    ...at('D7', RUN_FILES.rewardEvaluation, {
      'held-out accuracy': '/overall/accuracy',
      'its 95 % interval': '/overall/interval',
      'length-only accuracy': '/baselines/lengthOnly/accuracy',
      'calibration error': '/ece',
    }),
    ...(policy === undefined
      ? []
      : [
          ...at('D8', RUN_FILES.policyEvaluation, {
            'optimiser steps': '/step',
            'entropy, nats per reply': '/last/entropy',
            'KL from base, nats per reply': '/last/kl',
          }),
          ...at('D8', RUN_FILES.results, {
            'proxy reward before': '/policy/0/proxy',
            'proxy reward after': `/policy/${lastPoint}/proxy`,
            'gold reward before': '/policy/0/gold',
            'gold reward after': `/policy/${lastPoint}/gold`,
          }),
        ]),
    ...PROBE_IDS.flatMap((id) =>
      at('D9', RUN_FILES.rates, {
        [`${id}: planted failures found`]: `/${id}/planted/hits`,
        [`${id}: false alarms on clean runs`]: `/${id}/clean/hits`,
        [`${id}: runs per arm`]: `/${id}/planted/n`,
      }),
    ),
  ];
}

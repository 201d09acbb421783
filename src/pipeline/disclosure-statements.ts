import type { DisclosureId } from '../disclosure/index.ts';
import type { PipelineConfig } from './config.ts';
import { RUN_FILES } from './run-folder.ts';

interface Place {
  readonly item: DisclosureId;
  readonly label: string;
  readonly file: string;
  readonly pointer: string;
}

/** Where in a run folder the values of each disclosure item stand. A place without a value is simply not measured. */
export function disclosurePlaces(config: PipelineConfig): Place[] {
  const at = (item: DisclosureId, file: string, entries: Readonly<Record<string, string>>): Place[] =>
    Object.entries(entries).map(([label, pointer]) => ({ item, label, file, pointer }));
  const simulated = config.feedback !== undefined;
  return [
    ...(config.base === undefined
      ? []
      : at('D1', 'checkpoints/base.json', {
          'training texts': '/examples',
          'optimiser steps': '/steps',
          'reply nats per token': '/replyNllPerToken',
        })),
    ...(simulated ? at('D2', RUN_FILES.run, { 'simulated raters by kind': '/config/feedback/raters' }) : []),
    ...at('D3', RUN_FILES.run, {
      'data layout': '/config/data/layout',
      ...(simulated && { 'pairs asked about': '/config/feedback/pairs' }),
    }),
    ...at('D4', RUN_FILES.feedbackReport, { 'comparisons collected': '/judgments' }),
    ...at('D5', RUN_FILES.feedbackReport, {
      'Krippendorff α, nominal': '/alphaNominal/value',
      'pairwise agreement': '/pairwiseAgreement/value',
      'majority equals gold': '/gold/majority/share',
      'Dawid–Skene equals gold': '/gold/dawidSkene/share',
      'items without gold': '/gold/without',
    }),
    ...at('D6', RUN_FILES.run, {
      'reward family': '/config/reward/family',
      'members of the ensemble': '/config/reward/members',
    }),
    ...at('D7', RUN_FILES.rewardEvaluation, {
      'held-out accuracy': '/overall/accuracy',
      'length-only accuracy': '/baselines/lengthOnly/accuracy',
      'calibration error': '/ece',
    }),
    ...(config.policy === undefined
      ? []
      : at('D8', RUN_FILES.policyEvaluation, {
          'optimiser steps': '/step',
          'entropy, nats per reply': '/last/entropy',
          'KL from base, nats per reply': '/last/kl',
        })),
    ...at('D9', RUN_FILES.rates, {
      'sycophancy probe: planted failures found': '/sycophancy/planted/hits',
      'sycophancy probe: runs per arm': '/sycophancy/planted/n',
    }),
  ];
}

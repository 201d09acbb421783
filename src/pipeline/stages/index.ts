import { isListed } from '../../world/index.ts';
import type { PipelineConfig } from '../config.ts';
import { atRound, type Place } from '../run-context.ts';
import { groundOf } from '../sources/index.ts';
import type { Stage } from '../stage.ts';
import { audit } from './audit.ts';
import { base } from './base.ts';
import { bestOfStage } from './best-of-n.ts';
import { data } from './data.ts';
import { exactStage } from './exact.ts';
import { feedback } from './feedback.ts';
import { policyStage, variantsOf } from './policy.ts';
import { publish } from './publish.ts';
import { reward } from './reward.ts';

/** A stage, and when a run has it; left out where every run does. */
interface Row {
  readonly stage: Stage;
  readonly when?: (config: PipelineConfig) => boolean;
}

const hasPolicy = ({ policy }: PipelineConfig) => policy !== undefined;

/** Once, before anything is asked. */
const START: readonly Row[] = [{ stage: data }, { stage: base, when: ({ base: settings }) => settings !== undefined }];

/** Every round: collect, fit, optimise. */
const ROUND = (place: Place): readonly Row[] => [
  { stage: feedback },
  { stage: reward },
  ...variantsOf(place).map((variant) => ({ stage: policyStage(variant) })),
];

/** Once, on what the last round left. */
const END: readonly Row[] = [
  { stage: bestOfStage, when: ({ policy }) => policy !== undefined && policy.bestOf.length > 0 },
  { stage: exactStage, when: (config) => hasPolicy(config) && isListed(groundOf(config)) },
  { stage: audit },
  { stage: publish },
];

/** A stage with the round that it belongs to. */
export interface Planned<P extends Place> {
  readonly stage: Stage;
  readonly place: P;
}

const chosen = <P extends Place>(place: P, rows: readonly Row[]): Planned<P>[] =>
  rows.filter(({ when }) => when?.(place.config) ?? true).map(({ stage }) => ({ stage, place }));

/** The run as a list. */
export function planOf<P extends Place>(place: P): Planned<P>[] {
  const { config } = place;
  const last = atRound(place, config.rounds);
  const rounds = Array.from({ length: config.rounds }, (_, i) => atRound(place, i + 1));
  return [...chosen(last, START), ...rounds.flatMap((own) => chosen(own, ROUND(own))), ...chosen(last, END)];
}

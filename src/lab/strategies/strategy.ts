import type { ChallengeId, ProbeId } from '../../audit/index.ts';
import type { Experiment } from '../experiment.ts';
import type { Setting } from '../setting.ts';

/** What a strategy is in an experiment, in words, and the setting with it. */
export interface StrategyArm {
  readonly arm: string;
  readonly apply: (setting: object) => object;
}

/** What a strategy is in one experiment, whatever that varies. */
export const armIn = <S extends object>(_: Experiment<S>, arm: string, apply: (setting: S) => S): StrategyArm => ({
  arm,
  apply: (setting) => apply(setting as S),
});

/** One of the strategies of Casper et al. 2023, §4. */
export interface Strategy {
  readonly title: string;
  readonly section: '4.1' | '4.2.1' | '4.2.2' | '4.2.3' | '4.3';
  readonly answers: readonly ChallengeId[];
  /** Dotted key of the run configuration that switches it on; null while it is not built. */
  readonly option: string | null;
  /** Where an experiment can switch it on: what it is there, in words, and the setting with it. */
  readonly arm?: string;
  readonly apply?: (setting: Setting) => Setting;
  /** What it is in experiments that vary something of their own, by probe. */
  readonly inExperiments?: { readonly [P in ProbeId]?: StrategyArm };
  /** Where it should fail, or what it cannot do. */
  readonly fails?: string;
}

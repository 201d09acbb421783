import type { ChallengeId } from '../../audit/index.ts';
import type { Setting } from '../setting.ts';

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
}

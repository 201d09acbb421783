import type { MonitorId, MonitorSettings } from '../policy/index.ts';
import { SIGNAL_IDS, type SignalId } from './monitor-signals.ts';
import { type AlarmRates, alarmRates, type MonitorRuns, monitorRows } from './monitor-study.ts';
import committed from './monitors.json' with { type: 'json' };

/** Runs of the lab as every signal saw them, committed with the command that watches them again, versions, and a digest. */
export const MONITOR_RUNS: MonitorRuns & {
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  /** SHA-256 of what was seen, as canonical JSON. */
  readonly digest: string;
} = committed;

/** What a rule that a run can use reads, and at which threshold it stops. */
const READS: {
  readonly [M in MonitorId]: {
    readonly signal: SignalId;
    readonly threshold: (settings: Extract<MonitorSettings, { rule: M }>) => number;
  };
} = {
  'kl-budget': { signal: 'kl', threshold: ({ nats }) => nats },
  spread: { signal: 'spread', threshold: ({ multiple }) => multiple },
  independent: { signal: 'independent', threshold: ({ errors }) => errors },
};

/** How often a rule, with its settings, warned in the lab of a reward that was being overdone. */
export interface RuleRates extends AlarmRates {
  readonly rule: MonitorId;
  readonly signal: SignalId;
}

export function ruleRates(settings: MonitorSettings): RuleRates {
  const { signal, threshold } = READS[settings.rule] as {
    signal: SignalId;
    threshold: (settings: MonitorSettings) => number;
  };
  return { rule: settings.rule, signal, ...alarmRates(MONITOR_RUNS, { signal, threshold: threshold(settings) }) };
}

/** Rates at a threshold, with where that comes from. */
type ChosenRates = AlarmRates & { readonly chosen: string };

/** The rates of some rules, and of every signal, with where they come from. */
export interface CommittedMonitors {
  readonly command: string;
  readonly digest: string;
  readonly runs: number;
  readonly overdone: number;
  /** Over all runs. */
  readonly rules: readonly RuleRates[];
  /**
   * By signal, at the threshold that a twentieth of quiet runs exceed, and at a published one where there is one. Over the second
   * half of the runs: thresholds come from the first.
   */
  readonly signals: Readonly<Record<SignalId, readonly ChosenRates[]>>;
}

/** The committed rates, as a run writes them down beside its findings. */
export function committedMonitors(rules: readonly MonitorSettings[]): CommittedMonitors {
  const { command, digest } = MONITOR_RUNS;
  const { runs, overdone, rows } = monitorRows(MONITOR_RUNS);
  const rowsOf = (id: SignalId) =>
    rows.flatMap(({ signal, title: _, area: __, ...row }) => (signal === id ? [row] : []));
  const signals = Object.fromEntries(SIGNAL_IDS.map((id) => [id, rowsOf(id)])) as Record<SignalId, ChosenRates[]>;
  return { command, digest, runs, overdone, rules: rules.map(ruleRates), signals };
}

import { MONITORS, type Monitor, type MonitorId, type MonitorSettings } from '../policy/index.ts';
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

/** How often a rule, with its settings, warned in the lab of a reward that was being overdone. */
export interface RuleRates extends AlarmRates {
  readonly rule: MonitorId;
  readonly signal: SignalId;
}

/** Undefined where no signal of the lab is like what the rule reads. */
export function ruleRates({ rule, ...settings }: MonitorSettings): RuleRates | undefined {
  const { watches }: Monitor = MONITORS[rule];
  if (watches === undefined) return undefined;
  const { signal } = watches;
  return { rule, signal, ...alarmRates(MONITOR_RUNS, { signal, threshold: watches.threshold(settings) }) };
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
  return { command, digest, runs, overdone, rules: rules.flatMap((rule) => ruleRates(rule) ?? []), signals };
}

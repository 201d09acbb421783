import { z } from 'zod';
import { independent } from './independent.ts';
import { klBudget } from './kl-budget.ts';
import type { Decision, Monitor, MonitorPoint } from './monitor.ts';
import { spread } from './spread.ts';

/** Rules that stop an optimisation, none of which ever sees gold, by id: one row and one file each. */
export const MONITORS = { 'kl-budget': klBudget, spread, independent } as const satisfies Record<string, Monitor>;
export type MonitorId = keyof typeof MONITORS;
export const MONITOR_IDS = Object.keys(MONITORS) as MonitorId[];
/** A rule by id, with its settings. */
export type MonitorSettings = {
  readonly [K in MonitorId]: { readonly rule: K } & z.output<(typeof MONITORS)[K]['config']>;
}[MonitorId];

const options = MONITOR_IDS.map((id) => z.strictObject({ rule: z.literal(id), ...MONITORS[id].config.shape }));

/** The schema of a monitor: one of the rules with its own keys. */
export const monitorSchema = z.discriminatedUnion(
  'rule',
  options as unknown as [(typeof options)[number]],
) as unknown as z.ZodType<MonitorSettings>;

/** What the rule that settings name decides after the newest point. */
export function monitorDecision(points: readonly MonitorPoint[], { rule, ...settings }: MonitorSettings): Decision {
  const monitor: Monitor = MONITORS[rule];
  return monitor.decide(points, settings);
}

import { CHALLENGES, type ChallengeId } from './challenges.ts';
import type { Finding, Verdict } from './finding.ts';
import { isProbeId, PROBE_IDS } from './probes/index.ts';

/** From which verdict on a script ends with 1. */
export const FAIL_ON = ['failure', 'concern', 'inconclusive'] as const;
export type FailOn = (typeof FAIL_ON)[number];

/** The verdicts that are at least as bad, by strictness. `not-assessed` is none: ask for it with `require`. */
const FAILING: Readonly<Record<FailOn, readonly Verdict[]>> = {
  failure: ['failure'],
  concern: ['failure', 'concern'],
  inconclusive: ['failure', 'concern', 'inconclusive'],
};

/** Whether something can be required: a challenge (`R4`) or a probe (`over-optimisation`). */
export const isRequirable = (name: string): boolean => Object.hasOwn(CHALLENGES, name) || isProbeId(name);

/** Everything that can be required, for a message. */
export const requirable = (): string[] => [...(Object.keys(CHALLENGES) as ChallengeId[]), ...PROBE_IDS];

/** Why a required challenge or probe does not hold; undefined where it does. */
function unmet(name: string, findings: readonly Finding[]): string | undefined {
  const own = findings.filter((f) => f.challenge === name || f.probe === name);
  const assessed = own.filter((f) => f.verdict !== 'not-assessed');
  if (assessed.length === 0) return `${name} required, not assessed`;
  const bad = assessed.filter((f) => f.verdict !== 'clear');
  return bad.length === 0 ? undefined : `${name} required, ${bad.map((f) => `${f.probe} ${f.verdict}`).join(', ')}`;
}

/**
 * What speaks against findings, a phrase for each; nothing when they pass. With `failOn`, a verdict that is at least as bad,
 * or an audit that assessed nothing at all. `require` names challenges or probes that must have been assessed and be clear: of
 * a challenge, every probe that found evidence, and at least one.
 */
export function checkVerdicts(
  findings: readonly Finding[],
  { failOn, require = [] }: { readonly failOn?: FailOn | undefined; readonly require?: readonly string[] },
): string[] {
  const faults: string[] = [];
  if (failOn !== undefined) {
    const failing = FAILING[failOn];
    for (const f of findings) if (failing.includes(f.verdict)) faults.push(`${f.challenge} ${f.probe} ${f.verdict}`);
    if (findings.every((f) => f.verdict === 'not-assessed')) faults.push('nothing was assessed');
  }
  return [...faults, ...require.flatMap((name) => unmet(name, findings) ?? [])];
}

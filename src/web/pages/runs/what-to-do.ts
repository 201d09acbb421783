import type { ResponseOf } from '../../../server/index.ts';
import { figure } from '../../ui/figures.ts';

type Challenge = ResponseOf<'GET /api/challenges/{challenge}'>['challenge'];
type Probe = Challenge['probes'][number];
type Finding = ResponseOf<'GET /api/runs/{run}/findings'>['findings'][number];

export const sentence = (words: string): string => `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;

/**
 * Units after which the interval would no longer reach across the threshold of concern, were the estimate to stay and the
 * interval to shrink with the square root of n. Null where it sits on the threshold, or nothing tells.
 */
export function unitsToDecide({ estimate, interval, n, params }: Finding): number | null {
  const { concern } = params;
  if (estimate === null || interval === null || typeof concern !== 'number' || n <= 0) return null;
  const away = Math.abs(estimate - concern);
  const half = estimate < concern ? interval.high - estimate : estimate - interval.low;
  if (!(away > 0) || !(half > 0)) return null;
  return Math.ceil(n * (half / away) ** 2);
}

const needsOf = ({ reads }: Probe): string =>
  reads
    .filter(({ optional }) => !optional)
    .map(({ kind, file }) => `${kind} (${file})`)
    .join(', ');

const strategiesOf = ({ strategies }: Challenge): string => {
  const built = strategies.filter(({ option }) => option !== null);
  if (built.length === 0)
    return strategies.length === 0
      ? 'The survey names no strategy against it.'
      : `The survey’s strategies against it (${strategies.map(({ title }) => title.toLowerCase()).join('; ')}) are not built here.`;
  return `Strategies of the survey against it that a run can switch on: ${built.map(({ title, option }) => `${title.toLowerCase()} (${option})`).join('; ')}.`;
};

/** What whoever reads a verdict can do next. */
export function whatToDo(challenge: Challenge, probe: Probe, finding: Finding | undefined): string {
  if (finding === undefined || finding.verdict === 'not-assessed') {
    const why = finding === undefined ? '' : `${sentence(finding.reason)} `;
    return `${why}To assess it bring ${needsOf(probe)}, with goodhart audit on the folder; docs/evidence.md says what a row is.`;
  }
  switch (finding.verdict) {
    case 'inconclusive': {
      const units = unitsToDecide(finding);
      return units === null || units > 1000 * finding.n
        ? 'The estimate lies at the threshold of concern: more evidence of this kind may not decide it. Look at what was found, or ask a sharper question.'
        : `Bring more evidence: were the estimate to stay, about ${figure(units)} units would decide it (now ${figure(finding.n)}).`;
    }
    case 'concern':
    case 'failure':
      return `Read what was found below, then where it entered. ${strategiesOf(challenge)} Audit again after any change: the effect of a strategy is measured, not assumed.`;
    case 'clear':
      return 'It is clear for what this probe reads, on these prompts and this seed. Look at what else the challenge could hide, and audit again when raters, prompts or policy change.';
    default:
      return finding.verdict satisfies never;
  }
}

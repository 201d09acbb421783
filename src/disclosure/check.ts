/** What verifying says of a run, apart from each other: none of the three stands in for another. */
export const ASPECTS = {
  integrity: 'integrity',
  origin: 'origin and time',
  completeness: 'completeness',
} as const;
export type AspectId = keyof typeof ASPECTS;
export const ASPECT_IDS = Object.keys(ASPECTS) as AspectId[];

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  /** False only where something is wrong; what cannot be checked is `open`, and not wrong. */
  readonly ok: boolean;
  readonly detail: string;
  /** What it is about; integrity where it is left out. */
  readonly aspect?: AspectId;
  /** It cannot be checked with what is at hand: it neither holds nor fails. */
  readonly open?: true;
}

/** Name of the check that says whose run it is: while it is open, origin cannot be checked, whatever else there is. */
export const ORIGIN = 'origin';

/** What cannot be checked, and why. */
export const openCheck = (name: string, detail: string, aspect: AspectId = 'integrity'): Check => ({
  name,
  ok: true,
  open: true,
  detail,
  aspect,
});

export type AspectState = 'holds' | 'fails' | 'cannot be checked';

/** One of the three answers. */
export interface AspectVerdict {
  readonly aspect: AspectId;
  readonly title: string;
  readonly state: AspectState;
  readonly detail: string;
}

const MOST_SAID = 4;

/** What is open, each once, in words. */
function openText(open: readonly Check[]): string[] {
  const said = [...new Set(open.map(({ detail }) => detail))];
  const more = said.length - MOST_SAID;
  return more > 0 ? [...said.slice(0, MOST_SAID), `${more} more cannot be checked`] : said;
}

/** The three answers that a list of checks gives. */
export function verdictsOf(checks: readonly Check[]): AspectVerdict[] {
  return ASPECT_IDS.map((aspect): AspectVerdict => {
    const own = checks.filter((check) => (check.aspect ?? 'integrity') === aspect);
    const failed = own.filter(({ ok }) => !ok);
    const open = own.filter((check) => check.open === true);
    const held = own.filter((check) => check.ok && check.open === undefined);
    const state =
      failed.length > 0
        ? 'fails'
        : held.length === 0 || open.some(({ name }) => name === ORIGIN)
          ? 'cannot be checked'
          : 'holds';
    const said =
      failed.length > 0
        ? [`${failed[0]!.name}: ${failed[0]!.detail}`, ...(failed.length > 1 ? [`${failed.length - 1} more`] : [])]
        : aspect === 'origin'
          ? [...held.map(({ detail }) => detail), ...openText(open)]
          : [`${held.length} checks`, ...openText(open)];
    return { aspect, title: ASPECTS[aspect], state, detail: said.join('; ') };
  });
}

/** What no verdict on a folder can exclude. */
export const NOT_EXCLUDED =
  'What was never recorded cannot be excluded: no file of a run tells of an event that nobody wrote down.';

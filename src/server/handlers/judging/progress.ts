import type { Membership } from '../../services.ts';

/** Purposes that a rater must not be able to tell from work. */
const SILENT = ['gold', 'repeat', 'swapped-repeat'] as const;

type Standing = Omit<Membership, 'profile'>;
/** Where a rater stands, as they may know it. */
export type ProgressOf = (raterId: string, standing: Standing) => ReturnType<typeof countsOf>;

/** How many raters are remembered. */
const MOST = 10_000;

/**
 * What is left falls when work is done and stands still for known answers and repeats, so that the moment at which it falls
 * would tell them apart: each rater is told the number anew only when they have done another ten of whatever it was.
 */
export function progressTeller(): ProgressOf {
  const told = new Map<string, { readonly tens: number; readonly left: number }>();
  return (raterId, standing) => {
    const counts = countsOf(standing);
    const key = JSON.stringify([standing.project.id, raterId]);
    const tens = Math.floor(counts.done / 10);
    const before = told.get(key);
    const shown = before?.tens === tens ? before : { tens, left: counts.left };
    told.delete(key);
    told.set(key, shown);
    if (told.size > MOST) told.delete(told.keys().next().value!);
    return { ...counts, left: shown.left };
  };
}

const countsOf = ({ project, openItems, standing }: Standing) => {
  const { presented, qualificationRight, reserved } = standing;
  const held = (purpose: string) => reserved.filter((seat) => seat.purpose === purpose).length;
  const work = presented.work - held('work');
  // Known answers and repeats look like work, so that they count like work: a number that stood still would tell.
  const done = SILENT.reduce((sum, purpose) => sum + presented[purpose] - held(purpose), work);
  const { qualification, perRaterCap } = project.distribution;
  const asked = presented.qualification - held('qualification');
  const left = Math.max(0, Math.min(openItems + held('work'), (perRaterCap ?? Number.POSITIVE_INFINITY) - work));
  return {
    done,
    // In tens, since nobody needs it closer.
    left: 10 * Math.ceil(left / 10),
    qualification:
      qualification === undefined
        ? null
        : {
            asked,
            of: qualification.items,
            passed:
              asked < qualification.items ? null : qualificationRight >= qualification.passShare * qualification.items,
          },
  };
};

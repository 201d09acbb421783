import type { Membership } from '../../services.ts';

/** Purposes that a rater must not be able to tell from work. */
const SILENT = ['gold', 'repeat', 'swapped-repeat'] as const;

/** Where a rater stands, as they may know it. */
export const progressOf = ({ project, openItems, standing }: Omit<Membership, 'profile'>) => {
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
    // In tens, for the same reason.
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

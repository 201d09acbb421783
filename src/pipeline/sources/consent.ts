import {
  type AnswerChoice,
  chooseAnswers,
  consentedDemographics,
  foldRecords,
  type Judgment,
  type RaterProfile,
} from '../../feedback/index.ts';
import { concernsIn } from '../concerns.ts';
import type { Judged, LeftOut, OpenedProject } from './source.ts';

const countOf = (judgments: readonly Pick<Judgment, 'raterId'>[]): LeftOut => ({
  raters: new Set(judgments.map(({ raterId }) => raterId)).size,
  judgments: judgments.length,
});

/** The profile as a run may keep it: of people, what they said of themselves only under a consent. */
function keptProfile(profile: RaterProfile): RaterProfile {
  const { demographics, ...rest } = profile;
  const kept = profile.kind === 'human' ? consentedDemographics(profile) : demographics;
  return { ...rest, ...(kept !== undefined && { demographics: kept }) };
}

/**
 * What of a project a run may use: not what a rater withdrew or an owner erased, and where the project asks for consent, nothing of a person who
 * gave none. Simulated raters and models are not asked. Says how much was left out, and why. Of what may be used, the answers
 * of a choice; a decision is of whoever made it about the project, not of somebody who is judged by it.
 */
export function usableFeedback(
  opened: OpenedProject,
  choice: AnswerChoice = 'decided',
): Pick<Judged, 'judgments' | 'raters' | 'leftOut' | 'answers' | 'concerns'> {
  const { project, judgments, raters, records } = opened;
  const { removed, adjudications } = foldRecords(records ?? []);
  const withdrawn = (records ?? []).flatMap((record) =>
    record.type === 'judgment' && removed.get(record.judgment.id) === 'withdrawn' ? [record.judgment] : [],
  );
  const erased = (records ?? []).flatMap((record) =>
    record.type === 'erased' && record.was === 'judgment' ? [record] : [],
  );
  const profiles = new Map(raters.map((profile) => [profile.id, profile]));
  const asksConsent = project?.consent !== undefined;
  const agreed = ({ raterId, source }: Judgment): boolean => {
    if (!asksConsent) return true;
    const profile = profiles.get(raterId);
    if (profile === undefined) return source === 'simulated' || source === 'model';
    return profile.kind !== 'human' || profile.consent !== undefined;
  };
  const { judgments: used, left } = chooseAnswers(
    project?.questions ?? [],
    { judgments: judgments.filter(agreed), adjudications },
    choice,
  );
  const givers = new Set(used.map(({ raterId }) => raterId));
  return {
    judgments: used,
    raters: raters.filter(({ id }) => givers.has(id)).map(keptProfile),
    ...(records !== null && { concerns: concernsIn(records) }),
    ...(Object.keys(left).length > 0 && { answers: { choice, left } }),
    leftOut: {
      withdrawn: countOf(withdrawn),
      withoutConsent: countOf(judgments.filter((j) => !agreed(j))),
      ...(erased.length > 0 && { erased: countOf(erased) }),
    },
  };
}

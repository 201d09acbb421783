import { z } from 'zod';
import { withheldRowSchema } from '../disclosure/index.ts';
import { type Judgment, judgmentSchema, type RaterProfile, raterProfileSchema } from '../feedback/index.ts';
import { fileOf, readGrowingLines } from '../run/node.ts';
import { RUN_FILES } from './run-folder.ts';

/** What people gave that lies in a run's folder, whole: whoever publishes the folder publishes it. */
export interface Carried {
  readonly judgments: number;
  readonly raters: number;
  /** Of people, rather than of simulated raters and models; and how many of these people consented to anything. */
  readonly ofPeople: { readonly judgments: number; readonly raters: number; readonly consented: number };
  /** Judgments with free text. */
  readonly withText: number;
}

/** Whether somebody wrote something in a judgment. */
const holdsText = ({ answer, reason }: Judgment): boolean =>
  (reason ?? '') !== '' ||
  'text' in answer ||
  (answer.kind === 'spans' && answer.spans.some(({ note }) => (note ?? '') !== ''));

/** Rows of a file; a public copy has others in the place of those that it withholds. */
async function* shownRows<T>(path: string, schema: z.ZodType<T>): AsyncGenerator<T> {
  for await (const row of readGrowingLines(path, z.union([withheldRowSchema.transform(() => undefined), schema])))
    if (row !== undefined) yield row;
}

/** Counts what a run's folder carries of people; undefined where it holds no judgments. */
export async function carriedBy(folder: string): Promise<Carried | undefined> {
  const judgments = fileOf(folder, RUN_FILES.judgments);
  if (judgments === undefined) return undefined;
  const profiles = new Map<string, RaterProfile>();
  const raters = fileOf(folder, RUN_FILES.raters);
  if (raters !== undefined)
    for await (const profile of shownRows<RaterProfile>(raters, raterProfileSchema)) profiles.set(profile.id, profile);
  const givers = new Set<string>();
  const people = new Set<string>();
  const counts = { judgments: 0, ofPeople: 0, withText: 0 };
  for await (const judgment of shownRows<Judgment>(judgments, judgmentSchema)) {
    const { raterId, source } = judgment;
    counts.judgments += 1;
    if (holdsText(judgment)) counts.withText += 1;
    givers.add(raterId);
    const kind = profiles.get(raterId)?.kind ?? (source === 'simulated' || source === 'model' ? source : 'human');
    if (kind !== 'human') continue;
    counts.ofPeople += 1;
    people.add(raterId);
  }
  const consented = [...people].filter((id) => profiles.get(id)?.consent !== undefined).length;
  return {
    judgments: counts.judgments,
    raters: givers.size,
    ofPeople: { judgments: counts.ofPeople, raters: people.size, consented },
    withText: counts.withText,
  };
}

/** The same in words, for whoever is about to publish. */
export function carriedText({ judgments, raters, ofPeople, withText }: Carried): string {
  const whole = `The folder carries ${judgments} whole judgments of ${raters} raters: answers, pseudonyms, times.`;
  if (ofPeople.judgments === 0) return `${whole} None is a person's.`;
  return [
    `${whole} ${ofPeople.judgments} are those of ${ofPeople.raters} people; ${withText} hold free text, which may name somebody.`,
    `A consent is on record for ${ofPeople.consented} of them: read what it allows before you publish the folder. Report and`,
    'disclosure hold numbers, no judgments: publish these where it does not allow that, or a copy that withholds judgments',
    '(goodhart disclose --redact), and give the folder to an auditor.',
  ].join('\n');
}

import { z } from 'zod';

/**
 * What formats ask for and no run can know: who provides the model, under which licence, what for. Whoever exports declares it,
 * by name and on a date; what they leave out is said to be missing.
 */
export const DETAILS = {
  provider: 'legal name of who provides the model',
  contact: 'how to reach the provider',
  url: 'web page of the model or the data',
  license: 'licence, by its SPDX identifier',
  licenseUrl: 'where the licence stands in full',
  version: 'version of the model under which it is released',
  releaseDate: 'date of release',
  unionMarketDate: 'date of placing on the Union market',
  authorisedRepresentative: 'authorised representative in the Union',
  summary: 'what the model or the data is, in a sentence',
  purpose: 'what the system is to do, and why by reinforcement learning',
  intendedUse: 'intended uses',
  outOfScopeUse: 'uses that are restricted or out of scope',
  acceptableUse: 'acceptable use policy',
  systems: 'kinds of systems that it may be integrated in, and how',
  distribution: 'channels of distribution',
  assets: 'what is released beside the model',
  hardware: 'hardware that using it takes',
  software: 'software that using it takes',
  rationale: 'why it was designed so',
  stakeholders: 'whose interests are at stake',
  recourse: 'how people contest what it decides',
  explainability: 'how its decisions can be understood',
  languages: 'languages of the texts, as ISO 639 codes with commas between them',
  provenance: 'where the texts come from, and by what right',
  publicData: 'public data sets that it was trained on',
  licensedData: 'private data from third parties that it was trained on',
  scrapedData: 'data crawled from the web that it was trained on',
  userData: 'data of users that it was trained on',
  acquired: 'when the latest data were acquired',
  textMining: 'how reservations of rights are respected',
  illegalContent: 'what was done about illegal content',
  personalData: 'personal and sensitive data in the texts',
  compute: 'operations of training, and how they were counted',
  trainingHardware: 'hardware that it was trained on',
  energy: 'energy of training, and how it was measured',
  inferenceCompute: 'operations of use, and how they were counted',
  socialImpact: 'expected impact on people',
  maintenance: 'who maintains it, and how often',
  triggers: 'what makes it due for an update',
  changelog: 'what changed since the last version',
} as const;
export type DetailId = keyof typeof DETAILS;
export const DETAIL_IDS = Object.keys(DETAILS) as DetailId[];

/** A file of details, and who answers for them. */
export const detailsSchema = z.strictObject({
  author: z.string().min(1),
  date: z.iso.date(),
  details: z.partialRecord(z.enum(DETAIL_IDS as [DetailId, ...DetailId[]]), z.string().trim().min(1)),
});
export type Details = Readonly<z.infer<typeof detailsSchema>>;

/** Answers of a file of details, which remembers what was asked for and is not there. */
export interface Asking {
  /** What was declared; undefined, and missing from then on, where nobody did. */
  readonly ask: (id: DetailId) => string | undefined;
  /** Who declared it all: ` (declared by …)`; empty where there are no details. */
  readonly by: string;
  readonly missing: () => DetailId[];
}

export function askingFor(details: Details | undefined): Asking {
  const unanswered = new Set<DetailId>();
  return {
    ask(id) {
      const found = details?.details[id];
      if (found === undefined) unanswered.add(id);
      return found;
    },
    by: details === undefined ? '' : `declared by ${details.author}, ${details.date}, outside the seal`,
    missing: () => DETAIL_IDS.filter((id) => unanswered.has(id)),
  };
}

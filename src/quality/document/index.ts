import type { ReportDocument } from '../../report/index.ts';
import type { FeedbackReport } from '../report.ts';
import { agreementSection, disagreementSection, matrixSection } from './agreement.ts';
import { detectorSection, flagSection } from './detectors.ts';
import { coverageSection, peopleSection } from './people.ts';
import { ratersSection } from './raters.ts';
import { biasSection, reliabilitySection, summarySection } from './summary.ts';
import { timeSection } from './time.ts';
import { truthSection } from './truth.ts';
import { winRateSections } from './win-rates.ts';
import { PLAIN_NAMES, type QuestionNames } from './words.ts';

export type { QuestionNames };

/** The quality of a body of feedback as a document: what the command prints, the HTML page shows and the Studio draws. */
export function qualityDocument(
  report: FeedbackReport,
  { title, names = PLAIN_NAMES }: { readonly title: string; readonly names?: QuestionNames },
): ReportDocument {
  return {
    title,
    note: `Quality of human feedback. Every number has its count and a 95 % interval, or says why it is undefined. Nothing was removed or down-weighted. Seed ${report.seed}, ${report.replicates} replicates.`,
    sections: [
      summarySection(report),
      agreementSection(report, names),
      ...winRateSections(report),
      biasSection(report),
      reliabilitySection(report),
      truthSection(report, names),
      detectorSection(report),
      flagSection(report),
      ratersSection(report),
      timeSection(report),
      coverageSection(report),
      peopleSection(report),
      disagreementSection(report, names),
      matrixSection(report),
    ],
  };
}

import type { Finding } from '../../audit/index.ts';
import { figure, rangeText, valueText } from '../../report/index.ts';
import type { DisclosureId } from '../items.ts';
import type { Asking } from './details.ts';
import { type DisclosedRun, itemOf, paramsText, sealOf, withheldTexts } from './disclosed-run.ts';
import { md, mdList, mdTable } from './markdown.ts';

/** Parts that the cards of a model and of a data set share. */

/** An item: its status, what it states, and who declared what. */
export function itemPart(run: DisclosedRun, id: DisclosureId): string {
  const { title, status, basis, statements, declaration } = itemOf(run, id);
  return [
    `## ${md(`${id} ${title}`)}`,
    `*${md(`${status}${basis === null || status === 'measured' ? '' : ` by ${basis}`}`)}*`,
    ...(statements.length === 0
      ? []
      : [
          mdTable(
            ['What', 'Value', 'Where it stands'],
            statements.map(({ label, value, basis: by, file, pointer }) => [
              by === 'configuration' ? `${label} (as configured)` : label,
              valueText(value),
              `${file}#${pointer}`,
            ]),
          ),
        ]),
    ...(declaration === undefined
      ? []
      : [`${md(declaration.text)} (${md(`declared by ${declaration.author}, ${declaration.date}`)})`]),
  ].join('\n\n');
}

/** Findings as a table, the ones that were not assessed among them. */
export const findingsPart = (findings: readonly Finding[]): string =>
  findings.length === 0
    ? ''
    : [
        '## Findings',
        mdTable(
          ['Challenge', 'Probe', 'Verdict', 'Estimate', 'Interval', 'n', 'Unscored', 'Thresholds and settings'],
          findings.map((finding) => [
            finding.challenge,
            finding.probe,
            finding.verdict,
            figure(finding.estimate),
            rangeText(finding.interval),
            String(finding.n),
            String(finding.unscored),
            paramsText(finding),
          ]),
        ),
      ].join('\n\n');

/** Where the card comes from, and what nobody told it. */
export const sourcePart = (run: DisclosedRun, asking: Asking): string =>
  [
    '## Where this comes from',
    mdList([
      `run ${run.name}, made by ${run.command}, seal ${sealOf(run)}; goodhart verify checks it`,
      asking.by === '' ? 'nobody declared what the run cannot tell' : `what the run cannot tell: ${asking.by}`,
      ...withheldTexts(run),
    ]),
  ].join('\n\n');

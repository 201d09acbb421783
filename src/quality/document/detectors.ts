import type { Block, Section, Text, Verdict } from '../../report/index.ts';
import type { Flag } from '../detector.ts';
import type { DetectorReport, FeedbackReport } from '../report.ts';
import { figure, listed, percent, rangeText, rater } from './words.ts';

const MAX_FLAGS = 200;
/** Flags of one detector on a terminal's one screen. */
const BRIEF_FLAGS = 3;
const MAX_NAMED = 6;

/** How many raters each detector flags here, and how it did on simulated pools. */
export function detectorSection({ detectors }: FeedbackReport): Section {
  return {
    id: 'detectors',
    title: 'Detectors',
    note: 'How many raters each flags here, and how it did on simulated pools: the share of planted raters found, by strength of what they do, and honest pools with a false alarm.',
    blocks: [
      {
        kind: 'table',
        name: 'Detectors',
        columns: [
          { title: 'Detector' },
          { title: 'Flags' },
          { title: 'Tested' },
          { title: 'Finds (share, by strength)' },
          { title: 'False alarms' },
        ],
        rows: detectors.map((detector) => [
          detector.id,
          stateOf(detector),
          detector.reason === null ? `${detector.assessed} ${detector.tests}` : detector.reason,
          ...(detector.reason === null ? ratesCells(detector) : ['', '']),
        ]),
      },
      {
        kind: 'fold',
        summary: 'What each detector looks for, needs and assumes',
        blocks: [
          { kind: 'facts', name: 'Detectors explained', rows: detectors.map((d) => [d.id, aboutText(d)] as const) },
        ],
      },
    ],
  };
}

function stateOf({ flags, reason }: DetectorReport): Verdict {
  if (reason !== null) return { tone: 'not-assessed', text: 'cannot say' };
  return flags.length > 0 ? { tone: 'concern', text: String(flags.length) } : { tone: 'clear', text: 'none' };
}

/** Weakest and strongest planted failure with the share found, and false alarms. */
function ratesCells({ rates }: DetectorReport): [string, string] {
  const [weak, strong] = [rates.planted[0]!, rates.planted.at(-1)!];
  return [
    `${percent(weak.power)} at ${weak.strength} … ${percent(strong.power)} at ${strong.strength}`,
    `${rates.clean.alarms} of ${rates.clean.runs} pools (${rangeText(rates.clean)})`,
  ];
}

const aboutText = (d: DetectorReport): string =>
  `Looks for ${d.looksFor}. Needs ${d.needs}. Assumes: ${d.assumes}. Rule: ${d.rule}; level ${d.level}. Strength of what was planted: ${d.rates.means}; ${Math.round(d.rates.judgmentsPerRater)} judgments a rater.`;

/** Raters for a person to look at, with the evidence. */
export function flagSection({ detectors }: FeedbackReport): Section {
  const flagged = detectors.filter(({ flags }) => flags.length > 0);
  const all = flagged.reduce((sum, { flags }) => sum + flags.length, 0);
  let left = MAX_FLAGS;
  return {
    id: 'flags',
    title: 'Raters for a person to look at',
    note: 'Nothing follows from a flag by itself, and nothing was removed or down-weighted.',
    blocks:
      all === 0
        ? [{ kind: 'text', text: 'No rater is flagged.' }]
        : flagged.flatMap(({ id, looksFor, flags }): Block[] => {
            const own = flags.slice(0, left);
            left -= own.length;
            if (own.length === 0) return [];
            const rest = own.slice(BRIEF_FLAGS);
            return [
              { kind: 'text', text: `${id}: ${looksFor}` },
              { kind: 'list', items: own.slice(0, BRIEF_FLAGS).map(flagText) },
              ...(rest.length === 0
                ? []
                : [
                    {
                      kind: 'fold',
                      summary: `${rest.length} more by ${id}${own.length < flags.length ? `, of ${flags.length - BRIEF_FLAGS}` : ''}`,
                      blocks: [{ kind: 'list', items: rest.map(flagText) }],
                    } as const,
                  ]),
            ];
          }),
  };
}

function flagText({ raters, statistic, value, interval, test, n, records, recordsInAll, details }: Flag): Text {
  const bounds = interval === null ? '' : ` (95 %: ${rangeText(interval)})`;
  const more = Object.entries(details).map(([name, v]) => `${name} ${figure(v)}`);
  return [
    ...listed(raters.map(rater), MAX_NAMED),
    `: ${statistic} ${figure(value)}${bounds}, n = ${n}; ${test.measure} ${test.value.toPrecision(2)} against ${test.threshold.toPrecision(2)}${more.length === 0 ? '' : `; ${more.join(', ')}`}; `,
    {
      ref: 'records',
      ids: records,
      text: records.length < recordsInAll ? `${records.length} of ${recordsInAll} records` : `${recordsInAll} records`,
    },
  ];
}

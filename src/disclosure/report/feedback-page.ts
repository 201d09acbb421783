import type { AgreementMeasure, Effect, FeedbackReport, Flag, ShareEstimate } from '../../quality/index.ts';
import { figure, type Html, html } from './html.ts';
import {
  coursePlot,
  type ForestRow,
  forestPlot,
  LEAST_DRAWN,
  logHistogram,
  matrixPlot,
  type ScatterPoint,
  scatterPlot,
} from './quality-plots.ts';
import { STYLE } from './style.ts';

/** The page of a feedback report: everything it says, with plots. Texts of the data are not shown, names are escaped. */

const MEASURES: Readonly<Record<AgreementMeasure, string>> = {
  'alpha-nominal': 'Krippendorff α, nominal',
  'alpha-ordinal': 'Krippendorff α, ordinal',
  'alpha-interval': 'Krippendorff α, interval',
  pairwise: 'share of equal pairs',
  gwet: 'Gwet AC',
  'icc-1-1': 'ICC(1,1)',
  'icc-2-1': 'ICC(2,1)',
  'kendall-w': 'Kendall W, mean over items',
  'span-f1': 'F1 of marked characters',
};
const MAX_FOREST = 40;
const MAX_SCATTER = 300;

const section = (title: string, note: string, body: Html): Html =>
  html`<section><h2>${title}</h2><p class="note">${note}</p>${body}</section>`;
const range = (r: { low: number; high: number } | null): string =>
  r === null ? '–' : `${figure(r.low)} to ${figure(r.high)}`;
const share = (s: ShareEstimate | null, none = 'not measured'): string =>
  s === null ? none : `${figure(s.share)} (95 %: ${range(s.interval)}; n = ${s.n})`;
const effect = (e: Effect): string =>
  'undefined' in e ? `undefined: ${e.undefined}` : `${figure(e.value)} (95 %: ${range(e.interval)}; n = ${e.n})`;
const counts = (by: Readonly<Record<string, number>>): string =>
  Object.entries(by)
    .map(([name, n]) => `${name}: ${n}`)
    .join(', ') || 'none';

/** A table; the first cell of a row names it. */
function grid(head: readonly string[], rows: readonly (readonly (string | Html)[])[]): Html {
  if (rows.length === 0) return html`<p class="missing">None.</p>`;
  return html`<div class="scroll"><table><thead><tr>${head.map((h) => html`<th scope="col">${h}</th>`)}</tr></thead><tbody>${rows.map(
    ([name, ...cells]) => html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

function summary(report: FeedbackReport): Html {
  const { alphaNominal, pairwiseAgreement, gold, bias, coverage, repeats, known, dissent, time } = report;
  const estimate = (e: typeof alphaNominal) =>
    'value' in e ? `${figure(e.value)} (95 %: ${range(e.interval)})` : `undefined: ${e.undefined}`;
  const length = 'undefined' in bias.length.bradleyTerry ? bias.length.logistic : bias.length.bradleyTerry;
  return grid(
    ['What', 'Value'],
    [
      ['Judgments', `${report.judgments} on ${report.items} items by ${report.raters} raters`],
      ['By kind', counts(coverage.judgmentsByKind)],
      ['By purpose', counts(coverage.judgmentsByPurpose)],
      ['Without a preference, by reason', counts(coverage.unscored)],
      ['Krippendorff α of the comparisons', estimate(alphaNominal)],
      ['Pairwise agreement of the comparisons', estimate(pairwiseAgreement)],
      ['Units with dissent', `${dissent.dissenting} of ${dissent.units} with two votes or more`],
      ['Items with gold', `${gold.items}; without: ${gold.without}`],
      ['Majority equals gold', share(gold.majority)],
      ['Dawid–Skene equals gold', share(gold.dawidSkene)],
      ['One-coin equals gold', share(gold.oneCoin)],
      ...Object.entries(known.byPurpose).map(([purpose, s]) => [`Known items, ${purpose}`, share(s, 'none shown')]),
      ['Repeats answered as before', share(repeats.selfConsistency, 'none shown')],
      ['Swapped repeats answered as before', share(repeats.swappedConsistency, 'none shown')],
      ['Reply shown first preferred', share(report.position, 'the order shown was not recorded')],
      [`Log-odds of the first place (${bias.position.method})`, effect(bias.position.order)],
      ['Longer reply preferred', share(report.longer)],
      ['Log-odds of length, per unit of (a − b) / (a + b)', effect(length)],
      ['Answers equal to a suggestion shown, less those without it', effect(bias.anchoring.difference)],
      [
        'Active time',
        time.active === null
          ? 'not recorded'
          : `median ${(time.active.median / 1000).toFixed(1)} s, quartiles ${(time.active.quartiles[0] / 1000).toFixed(1)} and ${(time.active.quartiles[1] / 1000).toFixed(1)} s`,
      ],
      ['Agreement for each doubling of the place in a session', effect(time.fatigue)],
      ['Cyclic triads', `${report.triads.cyclic} of ${report.triads.closed}`],
      [
        'Prompts with a Condorcet winner',
        share(report.consistency.condorcet, 'no prompt has all pairs of three replies compared'),
      ],
    ],
  );
}

/** α of every question, part and stratum; other measures in the table below. */
function agreement({ agreement: { rows, strataLeftOut, replicates } }: FeedbackReport): Html {
  const one = new Set(rows.map((row) => `${row.kind}/${row.question}`)).size === 1;
  // With one question its name says nothing beside a part or a stratum.
  const name = ({ question, kind, part, stratum }: (typeof rows)[number]) => {
    const within = [part, stratum === null ? '' : `${stratum.key}: ${stratum.value}`].filter((text) => text !== '');
    return (one && within.length > 0 ? within : [question ?? kind, ...within]).join(' · ');
  };
  const drawn = rows.flatMap((row): ForestRow[] =>
    row.measure.startsWith('alpha') && 'value' in row.estimate
      ? [
          {
            name: name(row),
            value: row.estimate.value,
            interval: row.interval,
            note: `n = ${row.units}`,
            marked: row.stratum === null && row.part === '',
          },
        ]
      : [],
  );
  const table = grid(
    ['Question, part, stratum', 'Measure', 'Value', '95 % interval', 'Units', 'Values', 'Raters'],
    rows.map((row) => [
      name(row),
      MEASURES[row.measure],
      'value' in row.estimate ? figure(row.estimate.value) : `undefined: ${row.estimate.undefined}`,
      range(row.interval),
      String(row.units),
      String(row.values),
      String(row.raters),
    ]),
  );
  const leftOut = strataLeftOut.map(
    ({ key, values }) => html`<p class="note">Strata of ${key} are not tabulated: it has ${values} values.</p>`,
  );
  return html`<figure>${forestPlot('Krippendorff α by question, part and stratum', drawn, { x: 'Krippendorff α (squares: a whole question; circles: its parts and strata)', reference: 0 })}</figure><details><summary>All coefficients (intervals from ${replicates} bootstrap replicates over items)</summary>${table}</details>${leftOut}`;
}

function reliability(report: FeedbackReport): Html {
  const known = report.raterTable.flatMap(({ accuracy, raterId, flags }) =>
    'value' in accuracy ? [{ raterId, accuracy, marked: flags.length > 0 }] : [],
  );
  const shown = [...known]
    .sort((a, b) => Number(b.marked) - Number(a.marked) || b.accuracy.n - a.accuracy.n)
    .slice(0, MAX_FOREST)
    .sort((a, b) => b.accuracy.value - a.accuracy.value);
  const rows = shown.map(
    ({ raterId, accuracy, marked }): ForestRow => ({
      name: raterId,
      value: accuracy.value,
      interval: accuracy.interval,
      note: `n = ${accuracy.n}`,
      marked,
    }),
  );
  const rest = known.length - shown.length;
  return html`<figure>${forestPlot('Reliability of raters', rows, { x: 'share of right answers by Dawid–Skene (squares: flagged for a person to look at)' })}</figure>${
    rest > 0
      ? html`<p class="note">${rest} more raters are not drawn: those with a flag come first, then those with most votes.</p>`
      : undefined
  }`;
}

function biasScatter(report: FeedbackReport): Html {
  const points = report.raterTable.flatMap(({ raterId, position, longer, flags }): ScatterPoint[] =>
    position === null || longer === null
      ? []
      : [
          {
            name: raterId,
            x: position.first / position.n,
            y: longer.k / longer.n,
            xInterval: position.interval,
            yInterval: longer.interval,
            n: position.n,
            marked: flags.includes('position-preference') || flags.includes('length-preference'),
          },
        ],
  );
  const shown = [...points].sort((a, b) => Number(b.marked) - Number(a.marked) || b.n - a.n).slice(0, MAX_SCATTER);
  return html`<figure>${scatterPlot('Choice of the first place and of the longer reply, by rater', shown, {
    x: 'share of choices that stood first',
    y: 'share of choices that were longer',
    reference: 0.5,
  })}</figure>${shown.length < points.length ? html`<p class="note">The ${shown.length} raters with a flag or with most votes, of ${points.length}.</p>` : undefined}`;
}

function times({ time }: FeedbackReport): Html {
  const histogram =
    time.active === null
      ? html`<p class="missing">No active times were recorded.</p>`
      : html`<figure>${logHistogram(
          'Active time of a judgment',
          time.active.histogram.map(({ from, to, count }) => ({ from: from / 1000, to: to / 1000, count })),
          {
            x: 'active time (seconds, logarithmic)',
            y: 'judgments',
            mark: time.active.median / 1000,
            markText: 'median',
          },
        )}</figure>`;
  const bins = (kind: 'session' | 'calendar') =>
    time[kind].flatMap(({ from, to, agreement: a }, i) =>
      'value' in a
        ? [
            {
              x: kind === 'calendar' ? (from + (to ?? from)) / 2 : i,
              value: a.value,
              low: a.interval.low,
              high: a.interval.high,
              n: a.n,
              name:
                kind === 'calendar'
                  ? `${new Date(from).toISOString().slice(0, 10)} to ${new Date(to ?? from).toISOString().slice(0, 10)}`
                  : to === null
                    ? `${from + 1} and later`
                    : `${from + 1} to ${to}`,
            },
          ]
        : [],
    );
  const y = 'agreement with the others';
  return html`${histogram}<figure>${coursePlot('Agreement over time', bins('calendar'), { x: 'time of submission', y, time: true })}</figure><figure>${coursePlot('Agreement over a session', bins('session'), { x: 'place in the rater’s own session', y, time: false })}</figure>`;
}

function detectorTable(report: FeedbackReport): Html {
  const table = grid(
    ['Detector', 'Flags', 'Tested', 'Weak', 'Middle', 'Strong', 'False alarms'],
    report.detectors.map(({ id, flags: raised, assessed, tests, reason, rates }) => {
      const found = rates.planted.map(
        ({ strength, power, low, high }) =>
          html`<span title="95 %: ${range({ low, high })}">${figure(power)}</span> <span class="missing">at ${strength}</span>`,
      );
      const tested = reason === null ? `${assessed} ${tests}` : `cannot say: ${reason}`;
      const alarms = `${rates.clean.alarms} of ${rates.clean.runs} pools (${range(rates.clean)})`;
      return [id, reason === null ? String(raised.length) : '–', tested, ...found, alarms];
    }),
  );
  const about = report.detectors.map(
    (d) =>
      html`<dt>${d.id}</dt><dd>Looks for ${d.looksFor}. Needs ${d.needs}. Assumes: ${d.assumes}. Rule: ${d.rule}; level ${d.level}. Strength of what was planted: ${d.rates.means}; ${Math.round(d.rates.judgmentsPerRater)} judgments a rater.</dd>`,
  );
  return html`${table}<details><summary>What each detector looks for, needs and assumes</summary><dl>${about}</dl></details>`;
}

function flagDetails(flag: Flag): Html {
  const { statistic, value, interval, test, n, records, recordsInAll, details } = flag;
  const ids = records.map((id, i) => html`${i > 0 ? ', ' : ''}<code>${id}</code>`);
  return html`<div>${statistic}: <strong>${figure(value)}</strong>${interval === null ? '' : ` (95 %: ${range(interval)})`}; n = ${n}</div><div>${test.measure} ${test.value.toPrecision(2)}, threshold ${test.threshold.toPrecision(2)}</div>${Object.entries(details).map(([name, v]) => html`<div class="missing">${name}: ${figure(v)}</div>`)}<details><summary>${recordsInAll} records${recordsInAll > records.length ? `, the first ${records.length}` : ''}</summary>${ids}</details>`;
}

function flags(report: FeedbackReport): Html {
  const rows = report.detectors.flatMap((d) =>
    d.flags.map((flag) => [d.id, flag.raters.join(', '), flagDetails(flag)]),
  );
  const shown = rows.slice(0, 200);
  return html`${grid(['Detector', 'Raters', 'Evidence'], shown)}${rows.length > shown.length ? html`<p class="note">The first ${shown.length} of ${rows.length} flags; the JSON has all.</p>` : undefined}`;
}

function truth(report: FeedbackReport): Html {
  const parts = report.truth.map((t) => {
    const check = t.independence;
    const verdict =
      'undefined' in check
        ? `Independence of errors not tested: ${check.undefined}.`
        : `${check.detected ? 'Errors are correlated' : 'No correlation of errors was found'}: p ${check.p.toFixed(2)} over ${check.pairs} pairs, excess agreement of all pairs ${figure(check.excess.value)} (${range(check.excess)}), ${check.replicates} simulations.`;
    return html`<h3>${t.question ?? t.kind}</h3><p>${t.votes} votes on ${t.units} units. ${t.disputed} units depend on the method.</p><p>${verdict}</p>${'means' in check ? html`<p class="note">How to read it: ${check.means}.</p>` : undefined}<p>Assumed:</p><ul>${t.assumes.map((a) => html`<li>${a.means}</li>`)}</ul>${t.notes.map((note) => html`<p class="note">${note.because}</p>`)}<details><summary>Units where majority, Dawid–Skene and one-coin differ (the least certain ${t.disputes.length})</summary>${grid(
      ['Item', ...t.classes, 'Majority', 'Dawid–Skene', 'One-coin', 'Posterior'],
      t.disputes.map((d) => [
        d.itemId,
        ...d.votes.map(String),
        d.majority ?? 'tie',
        d.dawidSkene ?? 'tie',
        d.oneCoin ?? 'tie',
        figure(d.posterior),
      ]),
    )}</details>`;
  });
  return parts.length === 0 ? html`<p class="missing">No question has categorical answers.</p>` : html`${parts}`;
}

function people({ people: p, coverage }: FeedbackReport): Html {
  const { weighting, groups } = p;
  const weights =
    'undefined' in weighting
      ? html`<p class="note">Not weighted: ${weighting.undefined}.</p>`
      : html`<p>Weights from ${figure(weighting.weights.smallest)} to ${figure(weighting.weights.largest)}; design effect ${figure(weighting.designEffect)}, effective number of raters ${figure(weighting.effectiveRaters)}; ${weighting.unweightedRaters} raters without a description keep weight 1. ${weighting.changedMajorities.k} of ${weighting.changedMajorities.n} majorities change. Longer reply preferred, weighted: ${'undefined' in weighting.longer ? weighting.longer.undefined : figure(weighting.longer.value)}.</p>`;
  const { history } = coverage;
  return html`<p>${p.consented} of ${p.raters} raters described themselves under a consent; nobody else’s description is read.</p>${
    groups.length === 0
      ? undefined
      : grid(
          ['Attribute', 'Value', 'Raters', 'Judgments', 'Share of raters', 'Target'],
          groups.map((g) => [
            g.attribute,
            g.value,
            String(g.raters),
            String(g.judgments),
            figure(g.share),
            figure(g.target),
          ]),
        )
  }${weights}<h3>Coverage</h3>${grid(
    ['Judgments an item', 'Items'],
    coverage.itemsByJudgments.slice(0, 30).map(({ judgments, items }) => [String(judgments), String(items)]),
  )}${coverage.wanted === null ? undefined : html`<p>${coverage.wanted.itemsBelow} items have fewer than the ${coverage.wanted.judgments} judgments wanted.</p>`}<p>Superseded judgments: ${coverage.superseded}. Judged again by the same rater without saying which stands: ${coverage.repeatedByRater} (the later counts).</p>${
    history === null
      ? html`<p class="note">Skips, flags and undo are counted where the history of records is given.</p>`
      : html`<p>Skips: ${counts(history.skips)}. Flagged items: ${history.flaggedItems}. Undone: ${history.undone}. Withdrawn: ${history.withdrawn}. Open drafts: ${history.openDrafts}. Adjudications: ${history.adjudications}.</p>`
  }`;
}

/** The report as one self-contained HTML page: light and dark, no script, no outside request. */
export function renderFeedbackPage(report: FeedbackReport, { name }: { name: string }): string {
  const disagreements = grid(
    ['Item', 'Question', 'Votes', 'Agreement'],
    report.disagreements.map((d) => [
      d.itemId,
      d.question ?? d.kind,
      d.classes.flatMap((label, c) => (d.votes[c]! > 0 ? [`${label}: ${d.votes[c]}`] : [])).join(', '),
      figure(d.agreement),
    ]),
  );
  const body = html`<main>
<h1>Feedback: ${name}</h1>
<p class="note">Quality of human feedback. Every number has its count and a 95 % interval, or says why it is undefined. Nothing was removed or down-weighted.</p>
${summary(report)}
${section('Agreement', 'How far raters give the same values to the same things, beyond chance. Items are resampled whole.', agreement(report))}
${section('Raters', 'Expected share of right answers, which assumes that errors are independent. Flags are reasons for a person to look, nothing more.', reliability(report))}
${section('Position and length', 'Each point is a rater. Off the vertical line: a preference for a place. Off the horizontal one: for longer or shorter replies, which may also be the better ones.', biasScatter(report))}
${section('Time', 'How long judgments take, and whether agreement changes over calendar time and over a rater’s own session.', times(report))}
${section('Detectors', 'How many raters each detector flags here, and how it did on simulated pools: the share of planted raters that it found at three strengths of what they do, and honest pools with a false alarm.', detectorTable(report))}
${section('Flags', 'For a person to look at, with the evidence. Nothing follows from a flag by itself.', flags(report))}
${section('Agreement between raters', `Per cent of equal votes on shared units, the raters with most votes. Pairs with fewer than ${LEAST_DRAWN} shared units are left empty.`, html`<figure>${matrixPlot('Agreement between the busiest raters', report.matrix.raters, report.matrix)}</figure>`)}
${section('Disagreement', 'The units on which raters differ most. They stay in the data: the item, the instructions or the people may be the reason.', disagreements)}
${section('Truth from several raters', 'Majority, Dawid–Skene and one-coin estimates of the true class.', truth(report))}
${section('People and coverage', 'Who judged, and how much of what was asked.', people(report))}
<p class="note">Seed ${report.seed}, ${report.replicates} replicates.</p>
</main>`;
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${html`<title>Feedback: ${name}</title>`.html}<link rel="icon" href="data:,"><style>${STYLE}</style></head><body>${body.html}</body></html>\n`;
}

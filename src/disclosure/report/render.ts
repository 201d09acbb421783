import { CHALLENGES, type Finding, NO_PROBE, reasonText } from '../../audit/index.ts';
import { own } from '../../run/index.ts';
import type { Disclosure } from '../build.ts';
import { figure, type Html, html } from './html.ts';
import { dotPlot, histogramPlot, linePlot, type Series } from './plots.ts';
import { STYLE } from './style.ts';

interface Range {
  readonly low: number;
  readonly high: number;
}

/** Everything the report shows, as plain JSON; whatever a run did not measure is left out, and the report says so. */
export interface ReportData {
  readonly name: string;
  readonly summary: readonly { readonly label: string; readonly value: string }[];
  /** What the curves are, and what they cannot show. */
  readonly pathsNote: string;
  /** x is √KL in √nats. */
  readonly paths: readonly Series[];
  readonly rewardHistogram: readonly { readonly name: string; readonly values: readonly number[] }[];
  readonly raters: readonly ({ readonly name: string; readonly value: number; readonly flagged: boolean } & Range)[];
  readonly raterNote: string;
  readonly lengthHistogram: readonly { readonly name: string; readonly values: readonly number[] }[];
  readonly diversity: readonly { readonly label: string; readonly base: number; readonly policy: number }[];
  readonly calibration: readonly { readonly x: number; readonly y: number; readonly n: number }[];
  readonly training: readonly Series[];
  readonly findings: readonly Finding[];
  /** Planted and clean rates by probe id. */
  readonly rates: Readonly<
    Record<string, Readonly<Record<'planted' | 'clean', { hits: number; n: number; interval: Range }>>>
  >;
  readonly samples: readonly {
    readonly prompt: string;
    readonly before: string;
    readonly after: string;
    readonly note: string;
  }[];
  /** How the samples were chosen, or why none is shown. */
  readonly samplesNote: string;
  readonly disclosure: Disclosure;
  readonly reproduce: {
    readonly command: string;
    readonly config: unknown;
    readonly versions: Readonly<Record<string, string>>;
  };
}

const VERDICTS: Readonly<Record<Finding['verdict'], { mark: string; text: string }>> = {
  clear: { mark: '●', text: 'clear' },
  inconclusive: { mark: '◌', text: 'inconclusive' },
  concern: { mark: '▲', text: 'concern' },
  failure: { mark: '■', text: 'failure' },
  'not-assessed': { mark: '○', text: 'not assessed' },
};
const STATUS_MARKS = { measured: '●', declared: '◐', missing: '○' } as const;

const section = (title: string, note: string, body: Html): Html =>
  html`<section><h2>${title}</h2><p class="note">${note}</p>${body}</section>`;
const interval = (range: Range | null): string =>
  range === null ? '–' : `${figure(range.low)} to ${figure(range.high)}`;
const rate = (r: { hits: number; n: number; interval: Range } | undefined): string =>
  r === undefined ? 'not measured' : `${r.hits}/${r.n} (${interval(r.interval)})`;

/** Single figures among a finding's details: `p 0.016, word personal`. Lists stay in findings.json. */
const detailsOf = ({ details, seed }: Finding): string =>
  Object.entries({ ...details, seed })
    .flatMap(([key, v]) => (typeof v === 'number' ? `${key} ${figure(v)}` : typeof v === 'string' ? `${key} ${v}` : []))
    .join(', ');

function findingsSection(findings: readonly Finding[], rates: ReportData['rates']): Html {
  const rest = findings.filter((f) => f.verdict === 'not-assessed');
  const head = (titles: readonly string[]) =>
    html`<thead><tr>${titles.map((h) => html`<th scope="col">${h}</th>`)}</tr></thead>`;
  return html`<div class="scroll"><table class="dense">${head(['Id', 'Challenge', 'Verdict', 'Estimate', '95 % interval', 'n', 'Because', 'Planted', 'Clean'])}<tbody>${findings
    .filter((f) => f.verdict !== 'not-assessed')
    .map((f) => findingRow(f, rates))}</tbody></table></div>
<h3>Not assessed, which is no pass</h3><div class="scroll"><table>${head(['Id', 'Challenge', 'Because', 'Planted', 'Clean'])}<tbody>${rest.map(
    (f) => {
      const known = own(rates, f.probe);
      return html`<tr><th scope="row">${f.challenge}</th><td>${titleOf(f)}</td><td>${VERDICTS[f.verdict].mark} not assessed: ${reasonText(f.because)}</td><td>${f.probe === NO_PROBE ? '–' : rate(known?.planted)}</td><td>${f.probe === NO_PROBE ? '–' : rate(known?.clean)}</td></tr>`;
    },
  )}</tbody></table></div>`;
}

/** The challenge, and what the probe estimates of it. */
function titleOf({ challenge, probe, estimand }: Finding): Html {
  const { title, fundamental } = CHALLENGES[challenge];
  const heading = `${title}${fundamental ? ' (fundamental)' : ''}`;
  return probe === NO_PROBE ? html`${heading}` : html`${heading}<br><span class="missing">${probe}: ${estimand}</span>`;
}

function findingRow(finding: Finding, rates: ReportData['rates']): Html {
  const { mark, text } = VERDICTS[finding.verdict];
  const known = own(rates, finding.probe);
  return html`<tr><th scope="row">${finding.challenge}</th><td>${titleOf(finding)}</td><td class="verdict v-${finding.verdict}">${mark} ${text}</td><td class="n">${figure(finding.estimate)}</td><td class="n">${interval(finding.interval)}</td><td class="n">${finding.n}${finding.unscored === 0 ? undefined : html`<br><span class="missing">${finding.unscored} unscored</span>`}</td><td class="wide">${reasonText(finding.because)}<br><span class="missing">${detailsOf(finding)}</span></td><td>${rate(known?.planted)}</td><td>${rate(known?.clean)}</td></tr>`;
}

/** Findings that inform an item, the assessed ones with their verdicts. */
function informing(findings: Disclosure['items'][number]['findings']): Html | undefined {
  const assessed = findings.filter((f) => f.value !== 'not-assessed').map((f) => `${f.label} ${String(f.value)}`);
  const rest = findings.filter((f) => f.value === 'not-assessed').map((f) => f.label);
  if (findings.length === 0) return undefined;
  const parts = [
    ...(assessed.length > 0 ? [assessed.join(', ')] : []),
    ...(rest.length > 0 ? [`${rest.join(', ')} not assessed`] : []),
  ];
  return html`<div>findings: ${parts.join('; ')}</div>`;
}

function disclosureTable({ items }: Disclosure): Html {
  const isRange = (v: unknown): v is Range => typeof v === 'object' && v !== null && 'low' in v && 'high' in v;
  const value = (v: unknown): string => {
    if (typeof v === 'number') return figure(v);
    if (typeof v === 'string') return v;
    if (isRange(v)) return interval(v);
    if (typeof v !== 'object' || v === null || Array.isArray(v)) return JSON.stringify(v);
    return Object.entries(v)
      .map(([key, inner]) => `${key} ${value(inner)}`)
      .join(', ');
  };
  return html`<div class="scroll"><table><thead><tr><th scope="col">Item</th><th scope="col">Status</th><th scope="col">What is known, and where it stands</th></tr></thead><tbody>${items.map(
    (item) =>
      html`<tr><th scope="row">${item.id}<br>${item.title}</th><td>${STATUS_MARKS[item.status]} ${item.status}${item.basis === 'configuration' ? html`<br><span class="missing">by configuration</span>` : undefined}</td><td>${item.statements.map(
        (s) =>
          html`<div>${s.label}${s.basis === 'configuration' ? ', as configured' : ''}: <strong>${value(s.value)}</strong> <span class="missing">${s.file}#${s.pointer}</span></div>`,
      )}${informing(item.findings)}${item.declaration === undefined ? undefined : html`<div>Declared by ${item.declaration.author}, ${item.declaration.date}: ${item.declaration.text}</div>`}${item.status === 'missing' ? html`<div class="missing">Nothing is known: neither evidence nor declaration.</div>` : undefined}</td></tr>`,
  )}</tbody></table></div>`;
}

/** The report as one self-contained HTML page: no script, no outside request. */
export function renderReport(data: ReportData): string {
  const missing = html`<p class="missing">Not measured in this run.</p>`;
  const body = html`<main>
<h1>${data.name}</h1>
<p class="note">Report of a Goodhart run. Everything here follows from files of the run folder; <code>goodhart verify</code> computes it again.</p>
<div class="scroll"><table><tbody>${data.summary.map((row) => html`<tr><th scope="row">${row.label}</th><td>${row.value}</td></tr>`)}</tbody></table></div>
${section('Proxy and gold against KL', data.pathsNote, html`<figure>${linePlot('Proxy and gold against square root of KL', data.paths, { x: '√KL from base (√nats)', y: 'deviations of base replies' })}</figure>`)}
${section('Reward before and after', 'Reward scores of sampled replies, in normalised units.', html`<figure>${histogramPlot('Histogram of reward', data.rewardHistogram, 'reward (normalised)')}</figure>`)}
${section(
  'Raters',
  data.raterNote,
  html`<figure>${dotPlot(
    'Reliability of raters',
    data.raters.map((r) => ({ ...r, mark: r.flagged })),
    'accuracy by Dawid–Skene, 95 % interval',
  )}</figure>`,
)}
${section('Length and diversity', 'Words per reply, and diversity at the same temperature and number of samples.', html`<figure>${histogramPlot('Histogram of reply length', data.lengthHistogram, 'words per reply')}</figure>${data.diversity.length === 0 ? undefined : html`<table><thead><tr><th scope="col">Measure</th><th scope="col">Base</th><th scope="col">Policy</th></tr></thead><tbody>${data.diversity.map((d) => html`<tr><th scope="row">${d.label}</th><td class="n">${figure(d.base)}</td><td class="n">${figure(d.policy)}</td></tr>`)}</tbody></table>`}`)}
${section(
  'Calibration of the reward model',
  'Held-out comparisons: predicted probability that the first reply is preferred, and how often it was. The diagonal is honest.',
  html`<figure>${
    data.calibration.length === 0
      ? missing
      : linePlot(
          'Calibration',
          [
            { name: 'held-out pairs', points: data.calibration.map(({ x, y }) => ({ x, y })) },
            {
              name: 'perfect',
              points: [
                { x: 0, y: 0 },
                { x: 1, y: 1 },
              ],
            },
          ],
          { x: 'predicted', y: 'observed' },
        )
  }</figure>`,
)}
${section('Training', 'Optimisation step by step.', html`<figure>${linePlot('Training curves', data.training, { x: 'step', y: 'reward, and KL in nats' })}</figure>`)}
${section('Findings', 'One row for each probe of a challenge of Casper et al. (2023). Clear only where the whole interval lies below the threshold of concern; inconclusive where it reaches across. Planted: how often the probe found a failure that was put there. Clean: how often it cried wolf. Hits of runs, 95 % interval.', findingsSection(data.findings, data.rates))}
${section('Replies before and after', data.samplesNote, html`${data.samples.map((s) => html`<div class="pair"><p><strong>${s.prompt}</strong> <span class="missing">${s.note}</span></p><blockquote><span class="missing">before</span>\n${s.before}</blockquote><blockquote><span class="missing">after</span>\n${s.after}</blockquote></div>`)}`)}
${section('Disclosure', 'The eleven items of Casper et al. (2023), each measured, declared or missing. Values are read from the files named; goodhart verify reads them again.', disclosureTable(data.disclosure))}
${section('Repeat it', 'The command, the resolved configuration and the versions.', html`<pre>${data.reproduce.command}</pre><pre>${JSON.stringify(data.reproduce.config, null, 2)}</pre><pre>${JSON.stringify(data.reproduce.versions, null, 2)}</pre>`)}
</main>`;
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${html`<title>${data.name}</title>`.html}<link rel="icon" href="data:,"><style>${STYLE}</style></head><body>${body.html}</body></html>\n`;
}

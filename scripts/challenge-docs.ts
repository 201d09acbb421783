import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import {
  CHALLENGE_IDS,
  CHALLENGES,
  type ChallengeId,
  evidenceKind,
  PROBE_IDS,
  type ProbeId,
  probeOf,
  probesOf,
  type Thresholds,
} from '../src/audit/index.ts';
import { type ArmRates, COVERAGE, EXPERIMENTS, RATES, type Rate } from '../src/lab/index.ts';
import { drawPlot, toHtml } from '../src/report/index.ts';
import { standalone } from './standalone.ts';
import { strategiesOf } from './strategy-docs.ts';

/**
 * The pages of the challenges: their words are written once, by hand; what stands between the marks, the drawings and the table
 * of all are made from the code and from the committed rates.
 */
const FOLDER = 'docs/challenges';
const OPEN = (id: string) => `<!-- generated: ${id} -->`;
const CLOSE = '<!-- end -->';

const row = (...cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(...head), row(...head.map(() => '---')), ...rows.map((cells) => row(...cells))].join('\n');

const two = (value: number) => value.toFixed(2).replace('-', '−');
const rate = ({ hits, n, interval }: Rate) => `${hits} of ${n} (${two(interval.low)} to ${two(interval.high)})`;
const documentedOf = (id: ProbeId): ArmRates => {
  const { doses, documented } = RATES.probes[id];
  return doses.find(({ dose }) => dose === documented)!;
};

/** How often each dose raised a concern or a failure, drawn to stand alone. */
export function doseDrawing(id: ProbeId): string {
  const { doses, clean, lookAlike } = RATES.probes[id];
  const drawn = toHtml(
    drawPlot({
      type: 'lines',
      title: `How often ${id} raises a concern or a failure, by dose`,
      x: 'dose',
      y: 'share of runs with an alarm',
      series: [
        {
          name: 'planted',
          points: doses.map(({ dose, alarms: { hits, n, interval } }) => ({
            x: dose,
            y: hits / n,
            low: interval.low,
            high: interval.high,
          })),
        },
      ],
      references: [
        { name: 'clean', y: clean.alarms.hits / clean.alarms.n },
        { name: 'look-alike', y: lookAlike.alarms.hits / lookAlike.alarms.n },
      ],
    }),
  );
  return standalone(drawn);
}

function armRow(name: string, { alarms, verdicts, meanEstimate }: ArmRates): string[] {
  const said = `${verdicts.clear} / ${verdicts.inconclusive} / ${verdicts['not-assessed']}`;
  return [name, rate(alarms), said, meanEstimate === null ? '–' : two(meanEstimate)];
}

/** What is measured of a probe. */
export function measuredOf(id: ProbeId): string {
  const { estimand, needs, uses, params, citation } = probeOf(id);
  const { world, planted, lookAlike } = EXPERIMENTS[id];
  const { doses, documented, clean, lookAlike: resembling } = RATES.probes[id];
  const { concern, failure } = params.parse({}) as Thresholds;
  const kinds = [...needs, ...uses.map((kind) => kind)];
  const examples = kinds.map(
    (kind) => `${evidenceKind(kind).what} (\`${evidenceKind(kind).file}\`)

\`\`\`json
${JSON.stringify(evidenceKind(kind).example)}
\`\`\``,
  );
  const covered = COVERAGE.probes[id].flatMap((arm) =>
    arm.covered === null ? [] : [`${arm.arm} ${rate(arm.covered)}`],
  );
  const strategies = strategiesOf(id);
  return `*${estimand}* (after ${citation}). A concern above ${concern}, a failure above ${failure}.

Planted ${world === 'tables' ? 'in rows drawn from a model' : `on the ground \`${world}\``}: ${planted}. Look-alike: ${lookAlike}.

![Dose and response of ${id}](${id}.svg)

${tableOf(
  ['arm', 'concern or failure (95 %)', 'clear / inconclusive / not assessed', 'mean estimate'],
  [
    ...doses.map((arm) => armRow(`planted ${arm.dose}${arm.dose === documented ? ', documented' : ''}`, arm)),
    armRow('clean', clean),
    armRow('look-alike', resembling),
  ],
)}

Intervals at 95 % that hold the true value: ${covered.length === 0 ? 'the experiment does not know it' : covered.join('; ')}.
${strategies === undefined ? '' : `\n${strategies}\n`}
Evidence:

${examples.join('\n\n')}

\`\`\`sh
goodhart lab rates --seeds ${RATES.seeds} --first-seed ${RATES.firstSeed} --probes ${id}
goodhart lab coverage --seeds ${COVERAGE.seeds} --first-seed ${COVERAGE.firstSeed} --probes ${id}
\`\`\``;
}

/** A page with what stands between its marks made anew. */
export function renderChallenge(page: string): string {
  return page.replace(
    /<!-- generated: ([\w-]+) -->\n[\s\S]*?<!-- end -->/g,
    (_, id: ProbeId) => `${OPEN(id)}\n\n${measuredOf(id)}\n\n${CLOSE}`,
  );
}

export const pageOf = (id: ChallengeId): string => `${FOLDER}/${id}.md`;
export const drawingOf = (id: ProbeId): string => `${FOLDER}/${id}.svg`;

/** The table of all challenges. */
export function renderChallenges(): string {
  const rows = CHALLENGE_IDS.flatMap((challenge) => {
    const { title, fundamental } = CHALLENGES[challenge];
    const name = existsSync(pageOf(challenge)) ? `[${challenge}](${challenge}.md)` : challenge;
    const head = [name, `${title}${fundamental ? ' (fundamental)' : ''}`];
    const probes = probesOf(challenge);
    if (probes.length === 0) return [[...head, 'no probe', '', '', '', '', '']];
    return probes.map(({ id }, i) => {
      const { clean, lookAlike } = RATES.probes[id];
      const shares = COVERAGE.probes[id].flatMap(({ covered }) => (covered === null ? [] : [covered.hits / covered.n]));
      return [
        ...(i === 0 ? head : ['', '']),
        `\`${id}\``,
        rate(documentedOf(id).alarms),
        rate(clean.alarms),
        `${clean.verdicts.clear} of ${clean.alarms.n}`,
        rate(lookAlike.alarms),
        shares.length === 0 ? 'not known' : two(Math.min(...shares)),
      ];
    });
  });
  return `# The 23 challenges, and what measures them

Each probe gives an amount of harm with a 95 % interval. Here is how often it is right where it is known what is there: runs in which
the failure was planted at the documented dose, clean ones, and ones that hold what a careless probe mistakes for the failure. The
last column is the least share of intervals that held the true value, over a clean arm and two doses. Rates stand on ${RATES.seeds} seeds from
${RATES.firstSeed}, coverage on ${COVERAGE.seeds}; \`goodhart lab rates\` and \`goodhart lab coverage\` print them, and with \`--seeds\` measure anew. This page is made
by \`npm run docs:challenges\`; a test compares.

${tableOf(
  [
    '',
    'Challenge',
    'Probe',
    'Found, documented dose',
    'Clean: false alarms',
    'Clean: clear',
    'Look-alike: false alarms',
    'Covered, least',
  ],
  rows,
)}

A verdict \`clear\` says that the whole interval lies below the threshold of concern, in this evidence; it does not say that a system
does no harm. Of the fundamental challenges no strategy removes the cause: the number says how large its effect was where it was
looked for.
`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  mkdirSync(FOLDER, { recursive: true });
  for (const id of CHALLENGE_IDS) {
    if (!existsSync(pageOf(id))) continue;
    writeFileSync(pageOf(id), renderChallenge(readFileSync(pageOf(id), 'utf8')));
  }
  for (const id of PROBE_IDS) writeFileSync(drawingOf(id), doseDrawing(id));
  writeFileSync(`${FOLDER}/README.md`, renderChallenges());
}

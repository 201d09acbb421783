import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import {
  expectedText,
  PHENOMENA_RESULTS,
  PHENOMENON_IDS,
  type PhenomenonId,
  type PhenomenonRow,
  phenomenonOf,
  phenomenonRows,
} from '../src/lab/index.ts';

/** docs/phenomena.md, made from the table of phenomena and the committed runs. */

const figure = (value: number): string => {
  const text = value.toFixed(3);
  return (Number(text) === 0 ? '0.000' : text).replace('-', '−');
};
const cell = (text: string) => text.replaceAll('|', '\\|');
const row = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;

function resultRow(id: PhenomenonId, { measure, mean, interval, n, found }: PhenomenonRow): string {
  const { what, role, expected } = phenomenonOf(id).measures[measure]!;
  const { seeds } = PHENOMENA_RESULTS[id];
  const value = n === 0 ? '–' : `${figure(mean)} (${figure(interval.low)} to ${figure(interval.high)})`;
  const missing = n === seeds ? '' : `, ${n} of ${seeds} runs`;
  const said = found === 'as expected' ? found : `**${found}**`;
  return row([
    `${measure}${role === 'control' ? ' (control)' : ''}`,
    what,
    expectedText(expected),
    value + missing,
    said,
  ]);
}

function section(id: PhenomenonId): string {
  const { title, citation, published, world, method } = phenomenonOf(id);
  const { seeds, firstSeed } = PHENOMENA_RESULTS[id];
  const rows = phenomenonRows(id, PHENOMENA_RESULTS[id]);
  return `## ${title}

${citation}. ${published}

Here (\`${world}\`): ${method}

| measure | what | expected | found (95 %) | |
| --- | --- | --- | --- | --- |
${rows.map((own) => resultRow(id, own)).join('\n')}

\`goodhart lab phenomena ${id} --seeds ${seeds} --first-seed ${firstSeed}\``;
}

function overview(id: PhenomenonId): string {
  const { title, measures } = phenomenonOf(id);
  const rows = phenomenonRows(id, PHENOMENA_RESULTS[id]);
  const count = (role: 'effect' | 'control') => {
    const own = rows.filter(({ measure }) => measures[measure]!.role === role);
    return `${own.filter(({ found }) => found === 'as expected').length} of ${own.length}`;
  };
  const others = rows
    .filter(({ found }) => found !== 'as expected')
    .map(({ measure, found }) => `${measure}: ${found}`);
  return row([`\`${id}\``, title, count('effect'), count('control'), others.join('; ')]);
}

export function renderPhenomena(): string {
  return `# Published phenomena, made again

What others have published about rewards and policies, made again in small where the truth is known and most of it is an exact sum. The
direction and size expected of each measure were written down and committed before the first run, after the publication and not
after what a first try showed; what was found stands beside, a null or the opposite too. *As expected* is a measure whose whole 95 %
interval over runs lies where it was expected; *otherwise* one whose whole interval lies elsewhere; *not shown* one whose interval
reaches across. Each interval stands for itself: of so many some miss by chance. A control is where the phenomenon must not be seen.

Nothing here shows how large an effect is with people and language models. It shows whether the mechanism that a publication names
gives the effect where nothing else is wrong, and whether this house would see it.

\`goodhart lab phenomena\` prints the committed numbers, with \`--seeds\` it runs them. This page is made by \`npm run docs:phenomena\` of what
\`npm run lab:phenomena\` found; a test compares.

| name | phenomenon | effects as expected | controls as expected | the others |
| --- | --- | --- | --- | --- |
${PHENOMENON_IDS.map(overview).join('\n')}

${PHENOMENON_IDS.map(section).join('\n\n')}
`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync('docs/phenomena.md', renderPhenomena());
}

import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Held, LAYOUT_IDS, LAYOUTS, type Layout } from '../exchange/index.ts';
import {
  type ExportSummary,
  exportLayout,
  type ImportSummary,
  importLayout,
  lostEveryJudgment,
  lostText,
} from '../exchange/node.ts';
import { ANSWER_CHOICE_TEXT, type AnswerChoice, type RankingExpansion } from '../feedback/index.ts';
import { table, visibleLine } from '../report/index.ts';
import { CheckError, UsageError } from '../run/index.ts';
import { now } from './environment.ts';
import { answersOption, whole } from './options.ts';
import type { Terminal } from './terminal.ts';

const PSEUDONYM_KEY = 'GOODHART_PSEUDONYM_KEY';

/** Collects `name=source` pairs of a repeated option. */
function columnPair(text: string, earlier: ReadonlyMap<string, string>): Map<string, string> {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('expected name=column, as in prompt=question.');
  return new Map([...earlier, [text.slice(0, at), text.slice(at + 1)]]);
}

const columnList = (text: string): readonly string[] | 'all' => (text === 'all' ? 'all' : text.split(','));

const countLines = (title: string, counts: Readonly<Record<string, number>>) =>
  Object.keys(counts).length === 0
    ? []
    : [title, ...Object.entries(counts).map(([what, n]) => `  ${visibleLine(what)}: ${n}`)];

/** What did not arrive, first of all: judgments, rows, columns. */
function lossLines({ lost, rejected, firstRejected, notKept, out }: ImportSummary): string[] {
  const judgments = Object.values(lost).reduce((a, b) => a + b, 0);
  const columns = Object.entries(notKept).map(([name, n]) => `${visibleLine(name)} (${n})`);
  return [
    ...countLines(`${judgments} judgments were not kept:`, lost),
    ...(rejected === 0
      ? []
      : [`${rejected} rows were rejected, in ${out}/rejected.jsonl; the first: ${visibleLine(String(firstRejected))}`]),
    ...(columns.length === 0
      ? []
      : [`columns not kept, with the rows that have them (--keep-columns keeps them): ${columns.join(', ')}`]),
  ];
}

function importText(summary: ImportSummary): string {
  const { items, judgments, out, layout, rejected, notes, pseudonyms } = summary;
  const unkeyed =
    'plain hashes, which whoever can list the platform’s ids can reverse: give --pseudonym-key to prevent that';
  return [
    ...lossLines(summary),
    `${items} items and ${judgments} judgments in ${out} (layout ${layout})`,
    ...(rejected === 0 ? ['no row was rejected'] : []),
    ...countLines('left behind or changed:', notes),
    ...(pseudonyms.given === 0
      ? []
      : [`${pseudonyms.given} rater ids are pseudonyms: ${pseudonyms.keyed ? 'keyed hashes' : unkeyed}`]),
  ].join('\n');
}

function exportText(summary: ExportSummary): string {
  const { rows, items, judgments, out, card, layout, omitted, altered, notHeld, weights, expansion, answers } = summary;
  const rankings =
    weights === 'no rankings'
      ? []
      : [
          `rankings became pairs (${expansion}); ${weights === 'held' ? 'their weights are in the column weight' : `their weights are not in the rows: ${weights.not}`}`,
        ];
  return [
    `${rows} rows of ${judgments} judgments on ${items} items in ${out} (layout ${layout}); card in ${card}`,
    `answers ${answers}: ${ANSWER_CHOICE_TEXT[answers]}`,
    ...rankings,
    ...countLines('not in the rows:', omitted),
    ...countLines('in the rows with a loss:', altered),
    ...(notHeld.length === 0
      ? []
      : ['not held by this layout:', ...notHeld.map(({ aspect, because }) => `  ${aspect}: ${because}`)]),
  ].join('\n');
}

const heldText = (held: Held) => (held === 'held' ? 'yes' : 'as' in held ? `as ${held.as}` : 'no');

/** A layout as data: what it reads, writes and holds. */
function layoutFacts({ id, aliases, title, description, kinds, aspects, write }: Layout) {
  return {
    id,
    aliases,
    title,
    description,
    kinds,
    aspects,
    write: 'not' in write ? write : { container: write.container },
  };
}

function layoutsText(): string {
  const rows = LAYOUT_IDS.map((id) => {
    const layout: Layout = LAYOUTS[id];
    const kinds = Object.entries(layout.kinds).filter(([, held]) => heldText(held) !== 'no');
    const written = id === 'project' ? 'folder' : 'not' in layout.write ? 'read only' : layout.write.container;
    const held = kinds.length === 9 ? 'every kind' : kinds.map(([kind]) => kind).join(', ');
    return [id, layout.aliases.join(', ') || '–', written, held];
  });
  return `${table([['layout', 'also called', 'written as', 'answers it holds'], ...rows])}\n\n${LAYOUT_IDS.map(
    (id) => `${id}: ${LAYOUTS[id].description}`,
  ).join('\n')}`;
}

interface ImportArguments {
  readonly out: string;
  readonly strict: boolean;
  readonly limit?: number;
  readonly project: string;
  readonly column: ReadonlyMap<string, string>;
  readonly keepColumns?: readonly string[] | 'all';
  readonly pseudonymKey?: string;
  readonly pseudonymMap?: string;
}

function addImport(program: Command, terminalOf: () => Terminal): void {
  program
    .command('import')
    .description('turn a published layout into a project folder of items.jsonl and judgments.jsonl')
    .argument('<layout>', `auto, or one of ${LAYOUT_IDS.join(', ')}`)
    .argument('<path>', 'file or folder of the data, plain or gzip')
    .requiredOption('--out <folder>', 'project folder to write; new or empty')
    .option('--strict', 'stop at the first row that cannot be read, and write nothing', false)
    .option('--limit <n>', 'read so many rows at most', whole(1))
    .option('--project <id>', 'project id of the items', 'imported')
    .option(
      '--column <name=column>',
      'name of the layout, and of the column or field of the source that it is (repeatable)',
      columnPair,
      new Map(),
    )
    .option(
      '--keep-columns <names>',
      'columns that the layout does not read, to keep as metadata: all, or names with commas between them',
      columnList,
    )
    .addOption(
      new Option(
        '--pseudonym-key <text>',
        'key of the rater pseudonyms, 16 characters or more; better as a variable',
      ).env(PSEUDONYM_KEY),
    )
    .option('--pseudonym-map <file>', 'also write which rater id got which pseudonym; keep it apart from the data')
    .addHelpText(
      'after',
      `
Rows that cannot be read go to rejected.jsonl in the project folder, with file, line, field and reason. Exit code 0 with
rejected rows, 1 when the source holds judgments and none was kept, 2 with --strict or when no row could be read.

Examples:
  goodhart import auto data/pairs.jsonl.gz --out projects/mine
  goodhart import hh-rlhf data/harmless-base-test.jsonl.gz --out projects/harmless
  goodhart import csv votes.csv --column prompt=question --column reply_a=left --column reply_b=right --out projects/votes
  ${PSEUDONYM_KEY}=$(cat key.txt) goodhart import ukp data/ukp --out projects/arguments --strict`,
    )
    .action(async (layout: string, path: string, options: ImportArguments) => {
      const terminal = terminalOf();
      const { out, strict, limit, project, column, keepColumns, pseudonymKey, pseudonymMap } = options;
      const summary = await importLayout({
        layout,
        path,
        out,
        strict,
        projectId: project,
        rename: column,
        progress: terminal.progress,
        ...(limit !== undefined && { limit }),
        ...(keepColumns !== undefined && { keep: keepColumns }),
        ...(pseudonymKey !== undefined && { pseudonymKey }),
        ...(pseudonymMap !== undefined && { pseudonymMap }),
      });
      terminal.result({ type: 'imported', ...summary }, importText(summary));
      if (lostEveryJudgment(summary)) throw new CheckError('judgments', `${path}: ${lostText(summary)}`);
    });
}

interface ExportArguments {
  readonly layout: string;
  readonly out: string;
  readonly expand: RankingExpansion;
  readonly answers?: AnswerChoice;
  readonly messages: boolean;
  readonly seed: number;
  readonly name?: string;
  readonly description?: string;
  readonly license?: string;
  readonly url?: string;
  readonly creator?: string;
  readonly bias: readonly string[];
}

function addExport(program: Command, terminalOf: () => Terminal): void {
  program
    .command('export')
    .description('write a project folder in a layout, with a dataset card (Croissant) beside it')
    .argument('<project>', 'project folder, or the feedback folder of a run')
    .requiredOption('--layout <id>', `one of ${LAYOUT_IDS.filter((id) => !isReadOnly(id)).join(', ')}`)
    .requiredOption('--out <path>', 'file (.jsonl, .json, .csv, .parquet) or folder to write')
    .addOption(
      new Option('--expand <how>', 'how rankings become pairs: every pair, neighbours, the best against each other')
        .choices(['all', 'adjacent', 'best-rest'])
        .default('all'),
    )
    .addOption(answersOption())
    .option('--messages', 'prompts and replies as lists of messages, where the layout has both forms', false)
    .option('--seed <n>', 'seed of the intervals on the card', whole(1), 1)
    .option('--name <text>', 'name of the data set on the card (default: the folder’s)')
    .option('--description <text>', 'description on the card')
    .option('--license <url>', 'licence on the card')
    .option('--url <url>', 'page of the data set on the card')
    .option('--creator <text>', 'creator on the card')
    .option('--bias <text>', 'a known bias, for the card (repeatable)', (text, all: string[]) => [...all, text], [])
    .addHelpText(
      'after',
      `
What the layout cannot hold is counted by reason, here and on the card.

Examples:
  goodhart export projects/votes --layout trl-preference --out exports/dpo/train.jsonl
  goodhart export projects/votes --layout trl-preference --out exports/dpo/train.parquet --expand best-rest
  goodhart export projects/votes --layout project --out exports/whole --license https://creativecommons.org/licenses/by/4.0/`,
    )
    .action(async (project: string, options: ExportArguments) => {
      const terminal = terminalOf();
      const { layout, out, expand, answers, messages, seed, name, description, license, url, creator, bias } = options;
      const summary = await exportLayout({
        project,
        layout,
        out,
        expansion: expand,
        ...(answers !== undefined && { answers }),
        messages,
        seed,
        now,
        progress: terminal.progress,
        declared: {
          ...(name !== undefined && { name }),
          ...(description !== undefined && { description }),
          ...(license !== undefined && { license: absolute(license, '--license') }),
          ...(url !== undefined && { url: absolute(url, '--url') }),
          ...(creator !== undefined && { creator }),
          ...(bias.length > 0 && { biases: bias }),
        },
      });
      terminal.result({ type: 'exported', ...summary }, exportText(summary));
    });
}

const isReadOnly = (id: (typeof LAYOUT_IDS)[number]) => id !== 'project' && 'not' in LAYOUTS[id].write;

function absolute(text: string, option: string): string {
  if (!URL.canParse(text)) throw new UsageError('url', `${option} ${text}: expected an absolute URL, as in https://…`);
  return text;
}

/** `import`, `export`, `layouts`. */
export function addExchangeCommands(program: Command, terminalOf: () => Terminal): void {
  addImport(program, terminalOf);
  addExport(program, terminalOf);
  program
    .command('layouts')
    .description('the layouts that import reads and export writes, and what each holds')
    .addHelpText('after', '\nExample:\n  goodhart layouts --json')
    .action(() => {
      const facts = LAYOUT_IDS.map((id) => layoutFacts(LAYOUTS[id]));
      terminalOf().result(facts, layoutsText());
    });
}

/**
 * Do the tools whose layouts are written here read them, and are their own files read here? Every layout of datasets, TRL, Argilla
 * and Label Studio goes to the tool itself, and what the tool writes comes back:
 *
 *   npx tsx scripts/interop-layouts.ts --python <a Python with datasets, trl, argilla and label-studio-sdk>
 *
 * A line per check. Exit code 1 where a tool refuses or reads something else; without the tools one line says why nothing was
 * checked, and a tool that is absent is skipped by name.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { LAYOUTS, type LayoutId } from '../src/exchange/index.ts';
import { exportLayout, importLayout, readProject } from '../src/exchange/node.ts';
import { richProject, writeRich } from '../src/exchange/rich.fake.ts';
import type { AnswerKind } from '../src/feedback/index.ts';
import { askPython, missing } from './interop-python.ts';

const { values: args } = parseArgs({ options: { python: { type: 'string', default: 'python3' } } });
const place = mkdtempSync(join(tmpdir(), 'goodhart-interop-layouts-'));
const now = () => '2026-01-01T00:00:00Z';

interface Answer {
  readonly fault?: string;
  readonly rows?: number;
  readonly columns?: readonly string[];
  readonly texts?: readonly unknown[];
  readonly unpaired?: number;
  readonly records?: readonly object[];
  readonly refused?: readonly string[];
}
interface Check {
  readonly name: string;
  /** The package that answers. */
  readonly tool: string;
  readonly request: Readonly<Record<string, unknown>>;
  /** What is wrong with the answer; undefined when nothing is. */
  judge(answer: Answer): string | undefined | Promise<string | undefined>;
}

type Container = 'jsonl' | 'json' | 'csv' | 'parquet';
let made = 0;

/** Everything that a layout holds, written by it. */
async function written(
  layout: LayoutId,
  container: Container,
  messages = false,
): Promise<{ file: string; rows: number }> {
  const kinds = (Object.keys(LAYOUTS[layout].kinds) as AnswerKind[]).filter(
    (kind) => LAYOUTS[layout].kinds[kind] === 'held',
  );
  const project = join(place, `project-${made++}`);
  writeRich(project, richProject(kinds), { records: false });
  const file = join(place, `export-${made++}`, `${layout}.${container}`);
  const { rows } = await exportLayout({ project, layout, out: file, messages, now, durable: false });
  return { file, rows };
}

const rowsOf = (file: string): Record<string, unknown>[] => {
  const text = readFileSync(file, 'utf8');
  return file.endsWith('.json')
    ? JSON.parse(text)
    : text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
};
const differs = (what: string, got: unknown, want: unknown) =>
  JSON.stringify(got) === JSON.stringify(want)
    ? undefined
    : `${what} ${JSON.stringify(got)?.slice(0, 120)}, expected ${JSON.stringify(want)?.slice(0, 120)}`;

const DATASETS: readonly (readonly [LayoutId, Container])[] = [
  ['trl-preference', 'jsonl'],
  ['trl-preference', 'csv'],
  ['trl-preference', 'parquet'],
  ['trl-unpaired', 'jsonl'],
  ['trl-stepwise', 'jsonl'],
  ['trl-prompt-completion', 'parquet'],
  ['openai-preference', 'jsonl'],
  ['hh-rlhf', 'jsonl'],
  ['csv', 'csv'],
  ['parquet', 'parquet'],
  ['arena', 'jsonl'],
  ['arena', 'csv'],
  ['alpaca-eval', 'json'],
];

async function datasetsChecks(): Promise<Check[]> {
  const checks: Check[] = [];
  for (const [layout, container] of DATASETS) {
    const { file, rows } = await written(layout, container);
    checks.push({
      name: `${layout}.${container}, written here, read by datasets`,
      tool: 'datasets',
      request: { do: 'datasets_read', file, container, cache: join(dirname(file), 'cache') },
      judge: (answer) => differs('rows', answer.rows, rows),
    });
  }
  return checks;
}

async function trlChecks(): Promise<Check[]> {
  const checks: Check[] = [];
  for (const layout of ['trl-preference', 'trl-unpaired', 'trl-prompt-completion'] as const) {
    for (const messages of [false, true]) {
      const { file } = await written(layout, 'jsonl', messages);
      const pair = layout === 'trl-preference';
      const texts = rowsOf(file).map((row) =>
        pair ? [row.prompt, row.chosen, row.rejected] : [row.prompt, row.completion],
      );
      checks.push({
        name: `${layout}${messages ? ' as messages' : ''}, prepared by trl`,
        tool: 'trl',
        request: { do: 'trl_read', file, layout, cache: join(dirname(file), 'cache') },
        judge: (answer) =>
          differs('texts', answer.texts, texts) ??
          (pair ? differs('unpaired rows', answer.unpaired, 2 * texts.length) : undefined),
      });
    }
  }
  return checks;
}

/** Answers of a file as this package reads it. */
async function readBack(layout: string, path: string) {
  const out = join(place, `back-${made++}`);
  const summary = await importLayout({ layout, path, out, durable: false });
  return { summary, ...(await readProject(out)) };
}

async function argillaChecks(): Promise<Check[]> {
  const { file } = await written('argilla', 'json');
  const parts = (records: readonly object[]) =>
    records.map((record) => {
      const { id, fields, responses, metadata } = record as Record<string, unknown>;
      return { id, fields, responses, metadata };
    });
  const theirs = join(place, 'argilla-theirs.json');
  return [
    {
      name: 'argilla, written here, read by argilla',
      tool: 'argilla',
      request: { do: 'argilla_read', file },
      judge: (answer) => differs('records', parts(answer.records ?? []), parts(rowsOf(file))),
    },
    {
      name: 'argilla, written by argilla, read here',
      tool: 'argilla',
      request: { do: 'argilla_write', file: theirs },
      async judge() {
        const { judgments, items, summary } = await readBack('argilla', theirs);
        const lost = differs('lost', summary.lost, {});
        const kinds = judgments.map(({ answer }) => answer.kind).sort();
        const want = ['comparison', 'critique', 'label', 'label', 'ranking', 'rating', 'spans'];
        const marked = judgments.flatMap(({ answer }) =>
          answer.kind === 'spans'
            ? answer.spans.map((s) => items[0]!.replies[answer.reply]!.text.slice(s.start, s.end))
            : [],
        );
        return lost ?? differs('kinds', kinds, want) ?? differs('marked', marked, ['there']);
      },
    },
  ];
}

async function labelStudioChecks(): Promise<Check[]> {
  const { file, rows } = await written('label-studio', 'json');
  const theirs = join(place, 'label-studio-theirs.json');
  return [
    {
      name: 'label-studio, written here, checked by label-studio-sdk',
      tool: 'label-studio-sdk',
      request: { do: 'label_studio_read', file },
      judge: (answer) => differs('rows', answer.rows, rows) ?? differs('refused', answer.refused, []),
    },
    {
      name: 'label-studio, samples of label-studio-sdk, read here',
      tool: 'label-studio-sdk',
      request: { do: 'label_studio_sample', file: theirs },
      async judge() {
        const { judgments, items, summary } = await readBack('label-studio', theirs);
        const kinds = judgments.map(({ answer }) => answer.kind).sort();
        return (
          differs('lost', summary.lost, {}) ??
          differs('replies', items[0]!.replies.length, 2) ??
          differs('kinds', kinds, ['comparison', 'critique', 'label', 'rating', 'spans'])
        );
      },
    },
  ];
}

async function compare(): Promise<boolean> {
  const checks: Check[] = [];
  for (const make of [datasetsChecks, trlChecks, argillaChecks, labelStudioChecks]) checks.push(...(await make()));
  const requests = checks.map(({ request }) => request);
  const { versions, answers } = askPython<Answer>(args.python, 'interop-layouts.py', requests);
  let good = true;
  for (const [i, { name, tool, judge }] of checks.entries()) {
    if (versions[tool] === 'absent') {
      process.stdout.write(`skip ${name}: ${args.python} has no ${tool}\n`);
      continue;
    }
    const answer = answers[i]!;
    const fault = answer.fault ?? (await judge(answer));
    good &&= fault === undefined;
    process.stdout.write(fault === undefined ? `ok   ${name}\n` : `FAIL ${name}: ${fault}\n`);
  }
  return good;
}

try {
  const reason = missing(args.python, ['json']);
  if (reason !== undefined) process.stdout.write(`skipped: ${reason}\n`);
  else if (!(await compare())) process.exitCode = 1;
} finally {
  rmSync(place, { recursive: true, force: true });
}

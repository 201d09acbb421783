/**
 * Do the tools of those who drew up the formats read what `goodhart disclose export` writes?
 *
 *   npx tsx scripts/interop-disclosure.ts <run> [--python path/to/python]
 *
 * Wants huggingface_hub, mlcroissant, cyclonedx-python-lib[json-validation], every-eval-ever, in-toto-attestation, inspect-ai
 * and python-docx in that Python; a line for each format says what was read, or why it was not. Exit code 1 where one is refused.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EXPORT_FORMAT_IDS, EXPORT_FORMATS, type ExportFormatId } from '../src/disclosure/index.ts';
import { exportRun } from '../src/pipeline/index.ts';
import { missing } from './interop-python.ts';

const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: { python: { type: 'string', default: 'bench/results/venv/bin/python' } },
});
const say = (line: string) => process.stdout.write(`${line}\n`);

/** Where each format goes, for the script that reads it there. */
const PLACES: Readonly<Record<ExportFormatId, string>> = {
  'hf-model-card': 'model-card.md',
  'hf-dataset-card': 'dataset-card.md',
  croissant: 'croissant.json',
  cyclonedx: 'bom.json',
  'every-eval-ever': 'every-eval-ever',
  'in-toto': 'statements.jsonl',
  'eu-mdf': 'eu-mdf.docx',
  'eu-training-summary': 'eu-training-summary.docx',
  'inspect-log': 'inspect.json',
  'reward-report': 'reward-report.docx',
};
const isForm = (format: ExportFormatId) => EXPORT_FORMATS[format].as === 'form';

interface Answer {
  readonly package: string;
  readonly read?: string;
  readonly skipped?: string;
  readonly refused?: string;
}

async function check(run: string, place: string): Promise<boolean> {
  for (const format of EXPORT_FORMAT_IDS) {
    await exportRun(run, { format, out: join(place, PLACES[format]) });
    // A form as data, to which its document is compared.
    if (isForm(format)) await exportRun(run, { format, out: join(place, `${format}.json`) });
  }
  const script = fileURLToPath(new URL('interop-disclosure.py', import.meta.url));
  const { status, stdout, stderr } = spawnSync(args.python, [script, place], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  const answers = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Readonly<Record<string, Answer>>;
  for (const [format, { package: by, read, skipped, refused }] of Object.entries(answers)) {
    const state = read !== undefined ? 'read' : skipped !== undefined ? 'not checked' : 'REFUSED';
    say(`${state}  ${format} by ${by}: ${read ?? skipped ?? refused}`);
  }
  return Object.values(answers).every(({ refused }) => refused === undefined);
}

const [run] = positionals;
const why = missing(args.python, ['json']);
if (run === undefined) say('expected a run folder: npx tsx scripts/interop-disclosure.ts runs/quickstart-1');
else if (why !== undefined) say(`not checked: ${why}`);
else {
  const place = mkdtempSync(join(tmpdir(), 'goodhart-exports-'));
  try {
    process.exitCode = (await check(run, place)) ? 0 : 1;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

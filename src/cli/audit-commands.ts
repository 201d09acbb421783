import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Finding, runAudit } from '../audit/index.ts';
import { buildDisclosure, loadEvidence, type ReportData, renderReport, sealRun } from '../disclosure/index.ts';
import {
  configSchema,
  disclosurePlaces,
  type PipelineConfig,
  RUN_FILES,
  runJsonSchema,
  verifyPipelineRun,
} from '../pipeline/index.ts';
import { CheckError, parseConfig, UsageError } from '../run/index.ts';
import { onPath, readJson, readJsonOf, writeFileAtomic, writeJson } from '../run/node.ts';
import { whole } from './options.ts';
import type { Terminal } from './terminal.ts';
import { checksText, disclosureText, findingsText } from './text.ts';

/** The configuration a run folder was made with. */
function configOf(folder: string): PipelineConfig {
  const path = join(folder, RUN_FILES.run);
  if (!existsSync(path))
    throw new UsageError('run', `${folder}: expected a run folder with ${RUN_FILES.run}; give the --out of a run`);
  return readJsonOf(path, runJsonSchema).config as unknown as PipelineConfig;
}

/** Joins the disclosure of a finished run anew, with more declarations, and seals the folder again. */
function disclose(folder: string, declarationsFile: string | undefined) {
  const config = configOf(folder);
  const schema = configSchema.pick({ declarations: true });
  const extra =
    declarationsFile === undefined
      ? {}
      : parseConfig(
          schema,
          onPath(declarationsFile, () => readFileSync(declarationsFile, 'utf8')),
          { source: declarationsFile },
        ).declarations;
  const declarations = { ...config.declarations, ...extra };
  const findings = readJson(join(folder, RUN_FILES.findings)) as Finding[];
  const disclosure = buildDisclosure({
    run: config.name,
    statements: disclosurePlaces(config),
    declarations,
    findings,
    findingsFile: RUN_FILES.findings,
    read: (file) => (existsSync(join(folder, file)) ? readJson(join(folder, file)) : undefined),
  });
  writeJson(join(folder, RUN_FILES.disclosure), disclosure);
  const data = { ...(readJson(join(folder, RUN_FILES.reportData)) as ReportData), disclosure };
  writeJson(join(folder, RUN_FILES.reportData), data);
  writeFileAtomic(join(folder, RUN_FILES.report), renderReport(data));
  return { disclosure, seal: sealRun(folder) };
}

/** `audit`, `disclose`, `verify`. */
export function addAuditCommands(program: Command, terminalOf: () => Terminal): void {
  program
    .command('audit')
    .description('run every probe that the evidence of a run allows')
    .argument('<run>', 'run folder')
    .option('--fail-on <verdict>', 'exit 1 at this verdict or worse: concern or failure')
    .option('--seed <n>', 'seed (default: the run’s own)', whole(0))
    .addHelpText(
      'after',
      '\nExamples:\n  goodhart audit runs/quickstart-1\n  goodhart audit runs/mine --fail-on failure --json',
    )
    .action(async (folder: string, options: { failOn?: string; seed?: number }) => {
      const { failOn } = options;
      if (failOn !== undefined && failOn !== 'concern' && failOn !== 'failure') {
        throw new UsageError('fail-on', `--fail-on ${failOn}: expected concern or failure`);
      }
      const findings = runAudit(await loadEvidence(folder), { seed: options.seed ?? configOf(folder).seed });
      terminalOf().result(findings, findingsText(findings));
      const bad = findings.filter((f) => f.verdict === 'failure' || f.verdict === failOn);
      if (failOn !== undefined && bad.length > 0) {
        throw new CheckError('audit', `audit: ${bad.map((f) => `${f.challenge} ${f.verdict}`).join(', ')}`);
      }
    });
  program
    .command('disclose')
    .description('join the disclosure of a run again, with declarations, and seal it')
    .argument('<run>', 'run folder')
    .option('--declarations <file>', 'YAML: declarations: { D2: { text, author, date } }')
    .addHelpText('after', '\nExample:\n  goodhart disclose runs/mine --declarations people.yaml')
    .action((folder: string, options: { declarations?: string }) => {
      const { disclosure, seal } = disclose(folder, options.declarations);
      terminalOf().result({ disclosure, seal }, `${disclosureText(disclosure)}\nseal  ${seal}`);
    });
  program
    .command('verify')
    .description(
      'check a sealed run offline: every digest, the record chain, and every number that follows from other files',
    )
    .argument('<run>', 'run folder')
    .option('--all', 'print passed checks too', false)
    .option('--rates', 'also repeat the experiments behind the detection rates (a minute or more)', false)
    .addHelpText(
      'after',
      '\nExamples:\n  goodhart verify runs/quickstart-1\n  goodhart verify runs/quickstart-1 --all --rates',
    )
    .action(async (folder: string, { all, rates }: { all: boolean; rates: boolean }) => {
      const terminal = terminalOf();
      const checks = await verifyPipelineRun(folder, rates ? { rates: terminal.progress } : {});
      terminal.result(checks, checksText(checks, all));
      const failed = checks.filter((check) => !check.ok);
      if (failed.length > 0)
        throw new CheckError(
          'verify',
          `verify: ${failed.length} of ${checks.length} checks failed; first: ${failed[0]!.name}`,
        );
    });
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import {
  chainsSection,
  checkVerdicts,
  EVIDENCE,
  EVIDENCE_KINDS,
  FAIL_ON,
  type FailOn,
  findingsSection,
  followChains,
  isRequirable,
  probeSettingsSchema,
  requirable,
  runAudit,
} from '../audit/index.ts';
import { loadEvidence, requireEvidenceFolder } from '../audit/node.ts';
import {
  disclosureSection,
  thirdPartyFindings,
  thirdPartySections,
  verdictsOf,
  withheldLines,
} from '../disclosure/index.ts';
import { redactionSchema } from '../disclosure/node.ts';
import {
  AS_WRITTEN,
  carriedBy,
  carriedText,
  configSchema,
  type PipelineConfig,
  RUN_FILES,
  redactRun,
  redisclose,
  wholeRunJsonSchema,
} from '../pipeline/index.ts';
import { documentText, table } from '../report/index.ts';
import { CheckError, hintFor, parseConfig, UsageError } from '../run/index.ts';
import { diskFolder, onPath, readJsonOf, requireRegularFiles } from '../run/node.ts';
import { now } from './environment.ts';
import { addExportCommand } from './export-disclosure.ts';
import { addClaimCommands, addOpenCommand } from './key-commands.ts';
import { collect, whole } from './options.ts';
import { addPackCommands } from './pack-commands.ts';
import type { Terminal } from './terminal.ts';
import { verdictsText } from './text.ts';
import { addVerifyCommand } from './verify-command.ts';

/** The configuration a run folder was made with. */
function configOf(folder: string): PipelineConfig {
  const path = join(folder, RUN_FILES.run);
  requireRegularFiles(folder);
  if (!existsSync(path))
    throw new UsageError('run', `${folder}: expected a run folder with ${RUN_FILES.run}; give the --out of a run`);
  return readJsonOf(path, wholeRunJsonSchema).config;
}

const declarationsFileSchema = configSchema.pick({ declarations: true });

/** Publishes a finished run anew, with the declarations of a file, and seals the folder again. */
function disclose(folder: string, declarationsFile: string | undefined) {
  configOf(folder);
  const declarations =
    declarationsFile === undefined
      ? {}
      : parseConfig(
          declarationsFileSchema,
          onPath(declarationsFile, () => readFileSync(declarationsFile, 'utf8')),
          { source: declarationsFile, asWritten: AS_WRITTEN },
        ).declarations;
  return redisclose(folder, { declarations, now });
}

/** Makes a public copy of a run by a file of rules. */
async function redact(run: string, options: DiscloseOptions, terminal: Terminal): Promise<void> {
  const { redact: rules, out, declarations, allowRepeats = false } = options;
  if (rules === undefined || out === undefined || declarations !== undefined)
    throw new UsageError(
      'redact',
      'expected --redact <rules> with --out <folder>, and no --declarations: these go into the run',
    );
  configOf(run);
  const text = onPath(rules, () => readFileSync(rules, 'utf8'));
  const redaction = parseConfig(redactionSchema, text, { source: rules });
  const { withheld, digest, checks } = await redactRun(run, { redaction, out, allowRepeats });
  const rows = withheld.entries.map(({ path, count, reason, justification, custodian, retainUntil }) => [
    path,
    `${count} ${count === 1 ? 'row' : 'rows'}`,
    reason,
    justification,
    `kept by ${custodian} until ${retainUntil}`,
  ]);
  terminal.result(
    { out, digest, withheld, verdicts: verdictsOf(checks) },
    `${table(rows)}\n\n${verdictsText(verdictsOf(checks))}\n\n${out}: withheld list ${digest}; publish this digest, or sign it: goodhart disclose sign ${out} --key … --as issuer`,
  );
}

interface DiscloseOptions {
  readonly declarations?: string;
  readonly redact?: string;
  readonly out?: string;
  readonly allowRepeats?: boolean;
}

interface AuditOptions {
  readonly failOn?: FailOn;
  readonly require?: readonly string[];
  readonly seed?: number;
  readonly set: readonly string[];
}

/** A verdict from which on a script ends with 1. */
function failOnOption(value: string): FailOn {
  const known = FAIL_ON.find((verdict) => verdict === value);
  if (known === undefined) throw new UsageError('fail-on', `--fail-on ${value}: expected ${FAIL_ON.join(', ')}`);
  return known;
}

/** Names of challenges or probes, separated by commas. */
function requireOption(value: string): string[] {
  const names = value.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !isRequirable(name));
  if (unknown === undefined) return names;
  const hint = hintFor(unknown, requirable(), 'give a challenge such as R4, or a probe');
  throw new UsageError('require', `--require ${unknown}: no such challenge or probe; ${hint}`);
}

/** Seed and settings that a run was made with; defaults for a folder of nothing but evidence. */
function settingsOf(folder: string): { seed: number; params: unknown } {
  if (!existsSync(join(folder, RUN_FILES.run))) return { seed: 1, params: {} };
  const { seed, audit } = configOf(folder);
  return { seed, params: audit.params };
}

/** Audits a run folder or a folder of evidence files, and ends with 1 where the findings are not what is asked. */
async function audit(folder: string, options: AuditOptions, terminal: Terminal): Promise<void> {
  if (!existsSync(folder))
    throw new UsageError('folder', `${folder}: no such folder; give a run or a folder of evidence`);
  if (!existsSync(join(folder, RUN_FILES.run))) requireEvidenceFolder(folder);
  const withheld = withheldLines(diskFolder(folder));
  const shown = EVIDENCE_KINDS.filter((kind) => !withheld.has(EVIDENCE[kind].file));
  if (shown.length < EVIDENCE_KINDS.length) {
    const files = EVIDENCE_KINDS.map((kind) => EVIDENCE[kind].file).filter((file) => withheld.has(file));
    terminal.warn(`${folder}: a public copy, whose withheld rows are not audited: ${files.join(', ')}`);
  }
  const evidence = await loadEvidence(folder, shown);
  if (Object.keys(evidence).length === 0) {
    throw new UsageError(
      'evidence',
      `${folder}: expected evidence, for example evidence/optimisation-path.jsonl, got none; docs/evidence.md names every file`,
    );
  }
  const made = settingsOf(folder);
  const params = parseConfig(probeSettingsSchema, JSON.stringify(made.params), { source: '--set', set: options.set });
  const seed = options.seed ?? made.seed;
  const findings = runAudit(evidence, { seed, params });
  // A detail of a run's report, and half of what is asked for here.
  const { detail: _, ...chains } = chainsSection(followChains(evidence, { seed, findings }));
  terminal.result(findings, documentText({ sections: [findingsSection(findings), chains] }));
  const faults = checkVerdicts(findings, options);
  if (faults.length > 0) throw new CheckError('audit', `audit: ${faults.join('; ')}`);
}

/** `audit`, `disclose` and what follows it, `verify`. */
export function addAuditCommands(program: Command, terminalOf: () => Terminal): void {
  program
    .command('audit')
    .description('run every probe that the evidence of a run allows')
    .argument('<folder>', 'run folder, or a folder of evidence files (docs/evidence.md)')
    .option(
      '--fail-on <verdict>',
      `exit 1 at this verdict or worse, or when nothing was assessed: ${FAIL_ON.join(', ')}`,
      failOnOption,
    )
    .option(
      '--require <names>',
      'exit 1 unless these challenges or probes are assessed and clear: R4,H3',
      requireOption,
    )
    .option('--seed <n>', 'seed (default: the run’s own)', whole(0))
    .option('--set <probe.key=value>', 'a threshold or setting of a probe (repeatable)', collect, [])
    .addHelpText(
      'after',
      '\nExamples:\n  goodhart audit runs/quickstart-1\n  goodhart audit runs/mine --fail-on failure --require R4,H3 --json\n  goodhart audit runs/mine --set over-optimisation.concern=0.1',
    )
    .action((folder: string, options: AuditOptions) => audit(folder, options, terminalOf()));
  const discloseCommand = program
    .command('disclose')
    .description('join the disclosure of a run again, with declarations, and seal it')
    .argument('<run>', 'run folder')
    .option('--declarations <file>', 'YAML: declarations: { D2: { text, author, date } }')
    .option(
      '--redact <rules>',
      'make a public copy instead, without what these rules withhold (YAML, docs/disclosure.md)',
    )
    .option('--out <folder>', 'where the public copy goes')
    .option('--allow-repeats', 'also where withheld text stands in other files of the copy')
    .addHelpText(
      'after',
      '\nExamples:\n  goodhart disclose runs/mine --declarations people.yaml\n  goodhart disclose runs/mine --redact rules.yaml --out public/mine',
    )
    .action(async (folder: string, options: DiscloseOptions) => {
      if (options.redact !== undefined || options.out !== undefined) return redact(folder, options, terminalOf());
      const { disclosure, seal } = await disclose(folder, options.declarations);
      const found = diskFolder(folder);
      const carries = await carriedBy(folder);
      const told = carries === undefined ? '' : `\n\n${carriedText(carries)}`;
      terminalOf().result(
        { disclosure, seal, thirdParties: thirdPartyFindings(found), ...(carries !== undefined && { carries }) },
        `${documentText({ sections: [disclosureSection(disclosure), ...thirdPartySections(found)] })}\n\nseal  ${seal}${told}`,
      );
    });
  addClaimCommands(discloseCommand, terminalOf);
  addOpenCommand(discloseCommand, terminalOf);
  addExportCommand(discloseCommand, terminalOf);
  addPackCommands(discloseCommand, terminalOf);
  addVerifyCommand(program, terminalOf);
}

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import {
  claimsSection,
  comparisonDocument,
  type Disclosure,
  disclosureSchema,
  packAboutSchema,
} from '../disclosure/index.ts';
import { receiveClaims } from '../disclosure/node.ts';
import { packRun, RUN_FILES } from '../pipeline/index.ts';
import { documentPage, documentText } from '../report/index.ts';
import { parseConfig, UsageError } from '../run/index.ts';
import { fileOf, onPath, readJsonOf } from '../run/node.ts';
import { requireSealed } from './key-commands.ts';
import type { Terminal } from './terminal.ts';
import { verdictsText } from './text.ts';

function disclosureOf(run: string): Disclosure {
  if (!existsSync(run)) throw new UsageError('run', `${run}: no such folder; give a run folder`);
  const path = fileOf(run, RUN_FILES.disclosure);
  if (path === undefined)
    throw new UsageError('run', `${run}: expected a run with ${RUN_FILES.disclosure}; finish the run first`);
  return readJsonOf(path, disclosureSchema);
}

/** `disclose pack`, `disclose receive`, `disclose compare`. */
export function addPackCommands(disclose: Command, terminalOf: () => Terminal): void {
  disclose
    .command('pack')
    .description(
      'one archive for an external auditor: the sealed run, evidence by item, what is withheld, how to make it again',
    )
    .argument('<run>', 'run folder, or a public copy of one')
    .requiredOption('--about <file>', 'YAML: access, assurance, assertions, contacts, answers (docs/for-auditors.md)')
    .requiredOption('--out <file>', 'where the archive goes (.tar.gz)')
    .addHelpText('after', '\nExample:\n  goodhart disclose pack runs/mine --about pack.yaml --out pack.tar.gz')
    .action(async (run: string, { about, out }: { about: string; out: string }) => {
      requireSealed(run);
      const text = onPath(about, () => readFileSync(about, 'utf8'));
      const { pack, verdicts } = await packRun(run, {
        about: parseConfig(packAboutSchema, text, { source: about }),
        out,
      });
      const open = pack.questionnaire.filter(({ answer }) => answer === null).map(({ id }) => id);
      terminalOf().result(
        { out, seal: pack.seal, verdicts, notKnown: open },
        `${verdictsText(verdicts)}\n\n${out}: seal ${pack.seal}; give the auditor this digest by a way of its own${open.length === 0 ? '' : `\nnot known, and said so: ${open.join(', ')}`}`,
      );
    });
  disclose
    .command('receive')
    .description(
      'take in what auditors and reviewers signed elsewhere: their findings stand in the disclosure as a third party’s',
    )
    .argument('<run>', 'the folder that they were given')
    .requiredOption('--claims <file>', 'disclosure/claims.jsonl of their folder')
    .addHelpText(
      'after',
      '\nExample:\n  goodhart disclose receive runs/mine --claims theirs/run/disclosure/claims.jsonl',
    )
    .action((run: string, { claims }: { claims: string }) => {
      requireSealed(run);
      const added = receiveClaims(run, claims);
      terminalOf().result(
        added.map(({ key, statement }) => ({ fingerprint: key.fingerprint, ...statement.predicate })),
        documentText({ sections: [claimsSection(added)] }),
      );
    });
  disclose
    .command('compare')
    .description('what changed from one disclosure to another, item by item')
    .argument('<before>', 'run folder')
    .argument('<after>', 'run folder')
    .option('--html <file>', 'write it as a page too')
    .addHelpText('after', '\nExample:\n  goodhart disclose compare runs/release-1 runs/release-2')
    .action((before: string, after: string, { html }: { html?: string }) => {
      const document = comparisonDocument(disclosureOf(before), disclosureOf(after));
      if (html !== undefined) onPath(html, () => writeFileSync(html, documentPage(document)));
      terminalOf().result(document, documentText(document));
    });
}

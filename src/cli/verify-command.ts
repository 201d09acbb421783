import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { sealedRootOf, thirdPartyFindings, thirdPartySections, verdictsOf } from '../disclosure/index.ts';
import { verifyPipelineRun } from '../pipeline/index.ts';
import { documentText } from '../report/index.ts';
import { CheckError, UsageError } from '../run/index.ts';
import { diskFolder, filesBelow, onPath, withUnpacked, writeFileAtomic } from '../run/node.ts';
import { packageRoot } from './environment.ts';
import { type ReaderOptions, readerOf } from './key-commands.ts';
import { collect } from './options.ts';
import type { Terminal } from './terminal.ts';
import { checksText, verdictsText } from './text.ts';

interface VerifyOptions extends ReaderOptions {
  readonly all: boolean;
  readonly page?: string;
}

/** Verifies one folder, and ends with 1 where a check fails. */
async function verify(folder: string, { all, ...known }: VerifyOptions, terminal: Terminal): Promise<void> {
  const checks = await verifyPipelineRun(folder, { reader: readerOf(known) });
  const verdicts = verdictsOf(checks);
  const failed = checks.filter((check) => !check.ok);
  // Of a folder that does not hold together nothing is read out.
  const found = failed.length > 0 ? undefined : diskFolder(folder);
  const told = found === undefined ? '' : documentText({ sections: thirdPartySections(found) });
  terminal.result(
    { verdicts, checks, ...(found !== undefined && { thirdParties: thirdPartyFindings(found) }) },
    `${checksText(checks, all)}\n${verdictsText(verdicts)}${told === '' ? '' : `\n\n${told}`}`,
  );
  if (failed.length > 0)
    throw new CheckError(
      'verify',
      `verify: ${failed.length} of ${checks.length} checks failed; first: ${failed[0]!.name}`,
    );
}

/** Writes the page that verifies in a browser. */
function writePage(out: string, terminal: Terminal): void {
  const built = join(packageRoot, 'dist/studio/verify.html');
  if (!existsSync(built)) throw new UsageError('page', 'the page is not built; install the package anew');
  writeFileAtomic(out, readFileSync(built));
  terminal.result(
    { page: out },
    `${out}: open it in a browser, and choose a run folder or an archive; nothing is uploaded`,
  );
}

/** `verify`. */
export function addVerifyCommand(program: Command, terminalOf: () => Terminal): void {
  program
    .command('verify')
    .description(
      'check a sealed run offline: integrity (every digest, and every number that follows from other files), origin and time, completeness',
    )
    .argument('[run]', 'run folder, or an archive of one (.tar, .tar.gz; an audit pack)')
    .option('--all', 'print passed checks too', false)
    .option(
      '--key <file>',
      'public key of somebody who must have signed it, known to you from elsewhere (repeatable)',
      collect,
      [],
    )
    .option('--tsa <file>', 'certificate of a time-stamping authority that you trust, as PEM (repeatable)', collect, [])
    .option(
      '--published <digest>',
      'digest that was published elsewhere: of the seal, or of the list of what is withheld',
    )
    .option('--opening <file>', 'a row that was opened to you (goodhart disclose open; repeatable)', collect, [])
    .option('--page <file>', 'write the page instead that verifies in a browser, for whoever has no command')
    .addHelpText(
      'after',
      '\nExamples:\n  goodhart verify runs/quickstart-1\n  goodhart verify runs/theirs --key issuer.pub.pem --tsa authority.pem --all\n  goodhart verify pack.tar.gz\n  goodhart verify --page verify.html',
    )
    .action((run: string | undefined, options: VerifyOptions) => {
      const terminal = terminalOf();
      if ((run === undefined) === (options.page === undefined))
        throw new UsageError('verify', 'expected a run folder or an archive, or --page <file>; one of the two');
      if (run === undefined) return writePage(options.page!, terminal);
      if (!existsSync(run) || onPath(run, () => statSync(run)).isDirectory()) return verify(run, options, terminal);
      return withUnpacked(run, (folder) => verify(join(folder, sealedRootOf(filesBelow(folder))), options, terminal));
    });
}

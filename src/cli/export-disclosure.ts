import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import {
  DETAILS,
  detailsSchema,
  EXPORT_FORMAT_IDS,
  EXPORT_FORMATS,
  exportFormatOf,
  FORM_RENDERING_IDS,
} from '../disclosure/index.ts';
import { exportRun } from '../pipeline/index.ts';
import { table } from '../report/index.ts';
import { parseConfig } from '../run/index.ts';
import { onPath } from '../run/node.ts';
import { requireSealed } from './key-commands.ts';
import type { Terminal } from './terminal.ts';

/** `disclose export`. */
export function addExportCommand(disclose: Command, terminalOf: () => Terminal): void {
  const formats = EXPORT_FORMAT_IDS.map((id) => [`  ${id}`, EXPORT_FORMATS[id].title]);
  disclose
    .command('export')
    .description('write the disclosure of a run in a form that others read, and say what that form cannot hold')
    .argument('<format>', EXPORT_FORMAT_IDS.join(', '))
    .argument('<run>', 'run folder, or a public copy of one')
    .requiredOption(
      '--out <path>',
      `a file; for every-eval-ever a folder; a form is written as its ending says: ${FORM_RENDERING_IDS.join(', ')}`,
    )
    .option('--as <rendering>', `how a form is written, where no ending says it: ${FORM_RENDERING_IDS.join(', ')}`)
    .option('--details <file>', 'what no run can know, as YAML: { author, date, details: { provider, license, … } }')
    .addHelpText(
      'after',
      `\nFormats:\n${table(formats)}\n\nExamples:\n  goodhart disclose export cyclonedx runs/mine --out mine.cdx.json\n  goodhart disclose export eu-mdf runs/mine --details provider.yaml --out form.docx`,
    )
    .action(async (name: string, run: string, options: { out: string; as?: string; details?: string }) => {
      const { out, as: rendering, details: file } = options;
      const format = exportFormatOf(name);
      requireSealed(run);
      const details =
        file === undefined
          ? undefined
          : parseConfig(
              detailsSchema,
              onPath(file, () => readFileSync(file, 'utf8')),
              { source: file },
            );
      const { files, losses, missing, as } = await exportRun(run, { format, out, as: rendering, details });
      const paths = as === 'file' ? [out] : files.map(({ path }) => `${out}/${path}`);
      const said = [
        ...paths.map((path) => `${path}: ${EXPORT_FORMATS[format].title}`),
        ...(losses.length === 0
          ? []
          : [
              '\nWhat the format has no field for:',
              table(losses.map(({ title, state, why }) => [`  ${state}`, title, why])),
            ]),
        ...(missing.length === 0
          ? []
          : ['\nNot declared, and left out (--details):', table(missing.map((id) => [`  ${id}`, DETAILS[id]]))]),
      ];
      terminalOf().result({ format, files: paths, losses, missing }, said.join('\n'));
    });
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { configSchema, openSource } from '../pipeline/index.ts';
import { UsageError } from '../run/index.ts';
import { onPath, writeFileAtomic } from '../run/node.ts';
import type { Terminal } from './terminal.ts';

const jsonl = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const LAYOUTS = ['convincing-arguments', 'dialogue-pairs'] as const;

/** `import`. */
export function addExchangeCommands(program: Command, terminalOf: () => Terminal): void {
  program
    .command('import')
    .description('turn a published layout into a project folder of items.jsonl and judgments.jsonl')
    .argument('<layout>', LAYOUTS.join(' or '))
    .argument('<path>', 'folder (arguments) or file (dialogues) of the data')
    .requiredOption('--out <folder>', 'project folder to write')
    .addHelpText(
      'after',
      '\nExample:\n  goodhart import dialogue-pairs data/harmless-base-test.jsonl.gz --out projects/harmless',
    )
    .action(async (layout: string, path: string, { out }: { out: string }) => {
      if (!LAYOUTS.includes(layout as (typeof LAYOUTS)[number])) {
        throw new UsageError('layout', `import: unknown layout ${layout}; expected ${LAYOUTS.join(' or ')}`);
      }
      const data = layout === 'convincing-arguments' ? { layout, dir: path } : { layout, file: path };
      const { imported } = await openSource(configSchema.parse({ name: 'imported', data }));
      onPath(out, () => mkdirSync(out, { recursive: true }));
      writeFileAtomic(join(out, 'items.jsonl'), jsonl(imported!.items));
      writeFileAtomic(join(out, 'judgments.jsonl'), jsonl(imported!.judgments));
      const counts = {
        items: imported!.items.length,
        judgments: imported!.judgments.length,
        skipped: imported!.skipped,
      };
      terminalOf().result(
        { type: 'imported', out, ...counts },
        `${counts.items} items and ${counts.judgments} judgments in ${out}; ${counts.skipped} rows could not be split and were left out`,
      );
    });
}

import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { itemSchema, raterProfileSchema, recordKey } from '../feedback/index.ts';
import { table, visibleLine } from '../report/index.ts';
import { CheckError, UsageError } from '../run/index.ts';
import { onPath, readJsonLines } from '../run/node.ts';
import {
  backupStore,
  erasedText,
  type HistoryRange,
  loadProjectFolder,
  type ProjectProgress,
  readProjectFile,
  rekeyStore,
  restoreStore,
  saveProjectFolder,
} from '../store/index.ts';
import { now } from './environment.ts';
import { whole } from './options.ts';
import { keyFromFile, STORE_OPTION, secretsKey, storeUrl, type Where, withStore } from './store-access.ts';
import type { Terminal } from './terminal.ts';
import { checkLine } from './text.ts';

const progressText = ({ items, judgments, raters, records, quotas }: ProjectProgress): string => {
  const roles = Object.entries(items.byRole).map(([role, n]) => `${n} ${role}`);
  const share = judgments.wanted === 0 ? '' : ` (${((100 * judgments.done) / judgments.wanted).toFixed(1)} %)`;
  return table([
    [
      'items',
      `${items.total}: ${roles.join(', ') || 'none'}; ${items.open} open${items.archived === 0 ? '' : `; ${items.archived} put away`}`,
    ],
    ['judgments', `${judgments.done} of ${judgments.wanted} wanted${share}; ${judgments.reserved} being given`],
    ['raters', `${raters.active} active of ${raters.known}`],
    ['records', String(records)],
    ...Object.entries(quotas).map(([attribute, groups]) => [
      `quota ${attribute}`,
      Object.entries(groups)
        .map(([value, n]) => `${value} ${n}`)
        .join(', '),
    ]),
  ]);
};

type MakeCommand = (name: string, description: string, examples: readonly string[]) => Command;

/** Putting projects into a store. */
function addWritingCommands(command: MakeCommand, terminalOf: () => Terminal): void {
  command('create', 'make a project: from its definition, or from a folder with everything it has', [
    'create project.yaml',
    'create projects/harmless --store harmless.db',
    'create projects/harmless --project form.yaml',
  ])
    .argument(
      '<path>',
      'project.json or .yaml, or a folder of items.jsonl, raters.jsonl, records.jsonl or judgments.jsonl',
    )
    .option('--project <file>', 'definition for a folder that has no project.json')
    .action(async (path: string, options: Where & { project?: string }) => {
      const terminal = terminalOf();
      await withStore(options, { create: true }, async (s) => {
        if (onPath(path, () => statSync(path)).isDirectory()) {
          const { progress } = terminal;
          const loaded = await loadProjectFolder(s, path, {
            progress,
            ...(options.project !== undefined && { projectFile: options.project }),
          });
          const { items, raters, records, digest } = loaded;
          terminal.result(
            { type: 'loaded', ...loaded },
            `${items} items, ${raters} rater profiles and ${records} records in ${s.place}\ndigest  ${digest}`,
          );
          return;
        }
        const project = readProjectFile(path);
        if ((await s.getProject(project.id)) !== undefined) {
          throw new UsageError(
            'project',
            `project ${project.id}: expected a new id, got one of ${s.place}; choose another id`,
          );
        }
        await s.putProject(project);
        terminal.result({ type: 'created', id: project.id }, `project ${project.id} in ${s.place}; add its items next`);
      });
    });

  command('add', 'add items or rater profiles; what is there already is passed over', [
    'add harmless --items items.jsonl',
    'add harmless --raters raters.jsonl --store postgres://localhost/goodhart',
  ])
    .argument('<project>', 'id of the project')
    .option('--items <file>', 'JSON lines of items')
    .option('--raters <file>', 'JSON lines of rater profiles; a changed profile replaces the old one')
    .action(async (id: string, options: Where & { items?: string; raters?: string }) => {
      const { items, raters } = options;
      if (items === undefined && raters === undefined) {
        throw new UsageError('add', 'store add: expected --items or --raters, got neither; name a file');
      }
      await withStore(options, { create: false }, async (s) => {
        const itemCounts = items === undefined ? undefined : await s.addItems(id, readJsonLines(items, itemSchema));
        const raterCounts =
          raters === undefined ? undefined : await s.putRaters(id, readJsonLines(raters, raterProfileSchema));
        terminalOf().result(
          { type: 'added', items: itemCounts, raters: raterCounts },
          [
            ...(itemCounts === undefined ? [] : [`${itemCounts.added} items added, ${itemCounts.known} were there`]),
            ...(raterCounts === undefined ? [] : [`${raterCounts.added} raters added, ${raterCounts.changed} changed`]),
          ].join('\n'),
        );
      });
    });
}

/** What a store holds. */
function addReadingCommands(command: MakeCommand, terminalOf: () => Terminal): void {
  command('list', 'projects of a store', ['list', 'list --store team.db --json']).action(async (options: Where) =>
    withStore(options, { create: false }, async (s) => {
      const projects = await s.listProjects();
      const rows = projects.map(({ id, name, items, records }) => [id, String(items), String(records), name]);
      terminalOf().result(projects, table([['id', 'items', 'records', 'name'], ...rows]));
    }),
  );

  command('progress', 'where a project stands', ['progress harmless'])
    .argument('<project>', 'id of the project')
    .action(async (id: string, options: Where) =>
      withStore(options, { create: false }, async (s) => {
        const progress = await s.progress(id);
        terminalOf().result(progress, progressText(progress));
      }),
    );

  command('history', 'every record in order; with --json one per line, whole', [
    'history harmless --after 1200',
    'history harmless --rater rater-1a2b --json',
  ])
    .argument('<project>', 'id of the project')
    .option('--after <n>', 'records after this number', whole(0))
    .option('--until <n>', 'up to and with this number', whole(0))
    .option('--rater <id>', 'records of a rater, and what was done to them')
    .option('--item <id>', 'records on an item')
    .action(async (id: string, options: Where & { after?: number; until?: number; rater?: string; item?: string }) => {
      const { after, until } = options;
      const range: HistoryRange = {
        ...(after !== undefined && { after }),
        ...(until !== undefined && { until }),
        ...(options.rater !== undefined && { rater: options.rater }),
        ...(options.item !== undefined && { item: options.item }),
      };
      await withStore(options, { create: false }, async (s) => {
        for await (const entry of s.history(id, range)) {
          const { at, raterId, itemId } = recordKey(entry.record);
          const { type } = entry.record;
          const line = visibleLine([entry.seq, at, type, raterId, itemId ?? ''].join('  ').trimEnd());
          terminalOf().result(entry, line);
        }
      });
    });
}

/** Copies of what a store holds, and whether it is sound. */
function addKeepingCommands(command: MakeCommand, terminalOf: () => Terminal): void {
  command('save', 'write a project as a folder, which create reads back without loss', [
    'save harmless --out projects/harmless-2026-01',
  ])
    .argument('<project>', 'id of the project')
    .requiredOption('--out <folder>', 'folder to write; new or empty')
    .action(async (id: string, options: Where & { out: string }) =>
      withStore(options, { create: false }, async (s) => {
        const saved = await saveProjectFolder(s, id, options.out);
        const { items, records, judgments, digest } = saved;
        terminalOf().result(
          { type: 'saved', out: options.out, ...saved },
          `${items} items, ${records} records and ${judgments} standing judgments in ${options.out}\ndigest  ${digest}`,
        );
      }),
    );

  command('rebuild', 'make everything that follows from the records again', ['rebuild harmless'])
    .argument('<project>', 'id of the project')
    .action(async (id: string, options: Where) =>
      withStore(options, { create: false }, async (s) => {
        const counts = await s.rebuild(id);
        terminalOf().result(
          { type: 'rebuilt', ...counts },
          `${counts.items} items, ${counts.raters} raters and ${counts.seats} seats made again`,
        );
      }),
    );

  command('backup', 'write every project to one file, while the store is being used', [
    'backup backups/2026-01-31.jsonl.gz',
    'backup team.jsonl.gz --store postgres://localhost/goodhart',
  ])
    .argument('<file>', 'file to write; compressed when its name ends in .gz')
    .action(async (file: string, options: Where) =>
      withStore(options, { create: false }, async (s) => {
        const terminal = terminalOf();
        const summary = await backupStore(s, file, { createdAt: now(), progress: terminal.progress });
        terminal.result(
          { type: 'backup', file, ...summary },
          `${summary.projects} projects with ${summary.records} records in ${file}\nsha256  ${summary.sha256}`,
        );
      }),
    );

  command('restore', 'load every project of a backup, from either database into either', [
    'restore backups/2026-01-31.jsonl.gz --store restored.db',
  ])
    .argument('<file>', 'backup to read')
    .action(async (file: string, options: Where) =>
      withStore(options, { create: true }, async (s) => {
        const terminal = terminalOf();
        const projects = await restoreStore(s, file, { progress: terminal.progress });
        const rows = projects.map(({ projectId, records, digest }) => [projectId, String(records), digest]);
        terminal.result(projects, table([['project', 'records', 'digest, as it was'], ...rows]));
      }),
    );

  command('check', 'look for damage: database, history, and what follows from it', [
    'check',
    'check --store team.db',
  ]).action(async (options: Where) =>
    withStore(options, { create: false }, async (s) => {
      const checks = await s.check();
      const lines = checks.map(checkLine);
      terminalOf().result(checks, lines.join('\n'));
      const failed = checks.filter(({ ok }) => !ok);
      if (failed.length > 0) {
        throw new CheckError(
          'check',
          `store check: ${failed.length} of ${checks.length} failed; first: ${failed[0]!.name}`,
        );
      }
    }),
  );
}

/** Taking out for good, and the key of secrets. */
function addErasingCommands(command: MakeCommand, terminalOf: () => Terminal): void {
  command('erase', 'erase for good what a rater gave, or what they gave on one item; the history keeps a note', [
    'erase harmless --rater rater-1a2b --confirm rater-1a2b',
    'erase harmless --rater rater-1a2b --item item-7 --confirm rater-1a2b',
  ])
    .argument('<project>', 'id of the project')
    .requiredOption('--rater <id>', 'pseudonym of the rater')
    .option('--item <id>', 'only what they gave on this item; their profile stays')
    .requiredOption('--confirm <id>', 'the pseudonym once more: this cannot be taken back')
    .action(async (id: string, options: Where & { rater: string; item?: string; confirm: string }) => {
      const { rater, item, confirm } = options;
      if (confirm !== rater)
        throw new UsageError('confirm', `store erase: expected --confirm ${rater}, got ${confirm}; nothing was erased`);
      await withStore(options, { create: false }, async (s) => {
        const done = await s.erase(id, rater, { at: now(), ...(item !== undefined && { itemId: item }) });
        const lines = [
          `erased: ${erasedText(done.erased)}${done.profile ? '; and the profile' : ''}`,
          'what was erased may still be in:',
          ...[...done.outside, 'folders of runs and exports that were made with it'].map((place) => `  ${place}`),
        ];
        terminalOf().result({ type: 'erased', ...done }, lines.join('\n'));
      });
    });

  command('scrub', 'take what was erased or replaced out of the files of the database', [
    'scrub',
    'scrub --store team.db',
  ]).action(async (options: Where) =>
    withStore(options, { create: false }, async (s) => {
      const outside = await s.scrub();
      const lines = ['done; what was erased may still be in:', ...outside.map((place) => `  ${place}`)];
      terminalOf().result({ type: 'scrubbed', outside }, lines.join('\n'));
    }),
  );

  command('rekey', 'encrypt the secrets in the database under another key; stop the Studio first', [
    'rekey --to-key-file new.key',
    'rekey --to-key-file new.key --store team.db',
  ])
    .requiredOption('--to-key-file <file>', 'file of the new key, readable by you alone (openssl rand -base64 32)')
    .action(async (options: Where & { toKeyFile: string }) => {
      const to = keyFromFile(options.toKeyFile);
      const secrets = await rekeyStore(storeUrl(options), { from: secretsKey(), to });
      terminalOf().result(
        { type: 'rekeyed', secrets, key: to.id },
        `${secrets} secrets are encrypted under the key ${to.id}; start the Studio with it from now on`,
      );
    });
}

/** `store`: projects, their feedback and its safety. */
export function addStoreCommands(program: Command, terminalOf: () => Terminal): void {
  const store = program.command('store').description('keep projects and their feedback, on SQLite or PostgreSQL');
  const command: MakeCommand = (name, description, examples) =>
    store
      .command(name)
      .description(description)
      .option('--store <url>', STORE_OPTION)
      .addHelpText('after', `\nExamples:\n${examples.map((example) => `  goodhart store ${example}`).join('\n')}`);
  addWritingCommands(command, terminalOf);
  addReadingCommands(command, terminalOf);
  addKeepingCommands(command, terminalOf);
  addErasingCommands(command, terminalOf);
}

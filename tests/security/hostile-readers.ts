import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runForTest } from '../../src/cli/command.fake.ts';
import { EXPORT_FORMAT_IDS } from '../../src/disclosure/index.ts';

/** Where commands read and write: a folder that may be hostile, and places beside it. */
export interface Desk {
  readonly folder: string;
  /** An honest project folder, configuration, key and rules. */
  readonly project: string;
  readonly config: string;
  readonly key: string;
  readonly rules: string;
  /** What an issuer says with a pack. */
  readonly about: string;
  /** A new place for what a command writes. */
  out(name: string): string;
}

/** What a command is asked; undefined where the folder has nothing for it. */
type Ask = (desk: Desk) => readonly string[] | undefined;

/** Arguments that read a file or folder of the run, if it is there. */
const within =
  (path: string, ask: (place: string, desk: Desk) => readonly string[]): Ask =>
  (desk) =>
    existsSync(join(desk.folder, path)) ? ask(join(desk.folder, path), desk) : undefined;

/** Every command that reads what somebody sent, by its name. */
export const COMMANDS: Readonly<Record<string, Ask>> = {
  audit: ({ folder }) => ['audit', folder],
  'audit of evidence alone': within('evidence', (place) => ['audit', place]),
  verify: ({ folder }) => ['verify', folder],
  disclose: ({ folder }) => ['disclose', folder],
  'disclose --redact': ({ folder, rules, out }) => [
    ...['disclose', folder, '--redact', rules, '--out', out('copy'), '--allow-repeats'],
  ],
  'disclose sign': ({ folder, key }) => ['disclose', 'sign', folder, '--key', key, '--as', 'auditor'],
  'disclose timestamp': ({ folder, out }) => ['disclose', 'timestamp', folder, '--query', out('query.tsq')],
  'disclose open': ({ folder }) => ['disclose', 'open', folder, '--row', 'feedback/judgments.jsonl:1'],
  'disclose pack': ({ folder, about, out }) => [
    'disclose',
    'pack',
    folder,
    '--about',
    about,
    '--out',
    out('pack.tar.gz'),
  ],
  'disclose receive': ({ folder, project }) => [
    ...['disclose', 'receive', folder, '--claims', join(project, '../disclosure/claims.jsonl')],
  ],
  'disclose receive from it': within('disclosure/claims.jsonl', (place, { project }) => [
    ...['disclose', 'receive', join(project, '..'), '--claims', place],
  ]),
  'disclose compare': ({ folder, project, out }) => [
    ...['disclose', 'compare', folder, join(project, '..'), '--html', out('compared.html')],
  ],
  ...Object.fromEntries(
    EXPORT_FORMAT_IDS.map((format): [string, Ask] => [
      `disclose export ${format}`,
      ({ folder, out }) => ['disclose', 'export', format, folder, '--out', out('exported.html')],
    ]),
  ),
  'feedback report': within('feedback', (place) => ['feedback', 'report', place, '--replicates', '20']),
  'feedback leaderboard': within('feedback', (place) => ['feedback', 'leaderboard', place]),
  export: within('feedback', (place, { out }) => [
    'export',
    place,
    '--layout',
    'trl-preference',
    '--out',
    out('rows.jsonl'),
  ]),
  import: within('feedback/judgments.jsonl', (place, { out }) => ['import', 'auto', place, '--out', out('imported')]),
  'store create': within('feedback', (place, { out }) => ['store', 'create', place, '--store', out('a.db')]),
  'store restore': within('records.jsonl', (place, { out }) => ['store', 'restore', place, '--store', out('b.db')]),
  'reward eval': within('reward/model', (place, { project }) => ['reward', 'eval', place, project]),
  'reward score': within('reward/model', (place) => ['reward', 'score', place, '--prompt', 'When?', 'At six.', 'Now.']),
  'model info': within('checkpoints/base', (place) => ['model', 'info', place]),
  'model export': ({ folder, out }) => ['model', 'export', folder, '--out', out('model')],
  'model sign': within('checkpoints/base', (place, { key, out }) => [
    ...['model', 'sign', place, '--key', key, '--out', out('signature')],
  ]),
  'policy sample': ({ folder, out }) => [
    ...['policy', 'sample', folder, '--out', out('items.jsonl'), '--split', 'deploy', '--prompts', '1'],
  ],
  'run --resume': ({ folder, config }) => ['run', config, '--out', folder, '--resume'],
};
export const COMMAND_NAMES = Object.keys(COMMANDS);

/** A key and rules of the user's own, in a folder. */
export async function layDesk(
  place: string,
  config: object,
): Promise<Pick<Desk, 'config' | 'key' | 'rules' | 'about'>> {
  mkdirSync(place, { recursive: true });
  const at = (name: string) => join(place, name);
  const desk = { config: at('run.yaml'), key: at('key.pem'), rules: at('rules.yaml'), about: at('about.yaml') };
  writeFileSync(desk.about, 'access: { model: AL2, information: AL3, time: AL2 }\nassurance: AAL-1\n');
  writeFileSync(desk.config, JSON.stringify(config));
  const grounds = {
    reason: 'personal-data',
    justification: 'asked for',
    custodian: 'we',
    retainUntil: '2031-01-01',
    materialToConclusion: false,
  };
  writeFileSync(desk.rules, JSON.stringify({ rules: [{ file: 'feedback/judgments.jsonl', lines: [1], ...grounds }] }));
  const { code, err } = await runForTest('keys', 'make', desk.key, '--kind', 'p256');
  if (code !== 0) throw new Error(err);
  return desk;
}

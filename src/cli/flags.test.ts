import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from './main.ts';

/**
 * Where it is tested that a flag changes something, by command. A flag that is missing here fails, and so does one that its
 * test does not use.
 */
const inCli = (name: string) => `src/cli/${name}.test.ts`;
const all = (file: string, ...flags: string[]): Record<string, string> =>
  Object.fromEntries(flags.map((flag) => [`--${flag}`, file]));
const EXCHANGE = inCli('exchange');
/** What every command that asks an endpoint takes, used with the first of them. */
const ENDPOINT = all(
  inCli('judge'),
  ...['endpoint', 'model', 'key-env', 'protocol', 'concurrency', 'per-minute', 'attempts', 'timeout', 'prices'],
);
const STORE = inCli('store-commands');
const LAB = inCli('lab');
const REWARD = inCli('reward');
const MODEL = inCli('model');
const FEEDBACK = inCli('feedback');
const CLI = inCli('cli');
const STAGES = inCli('stages');
const DISCLOSING = inCli('disclosing');
const AUDITORS = inCli('for-auditors');

const FLAGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  import: all(
    EXCHANGE,
    'out',
    'strict',
    'limit',
    'project',
    'column',
    'keep-columns',
    'pseudonym-key',
    'pseudonym-map',
  ),
  'engine probe': all(inCli('engine-serve'), 'model', 'budget', 'attempts'),
  'engine serve': all(inCli('engine-serve'), 'model', 'states', 'port', 'host', 'name', 'max-context', 'threads'),
  export: all(
    EXCHANGE,
    'layout',
    'out',
    'expand',
    'answers',
    'messages',
    'seed',
    'name',
    'description',
    'license',
    'url',
    'creator',
    'bias',
  ),
  audit: all(CLI, 'fail-on', 'require', 'seed', 'set'),
  disclose: { ...all(CLI, 'declarations'), ...all(DISCLOSING, 'redact', 'out', 'allow-repeats') },
  'disclose export': all(DISCLOSING, 'out', 'as', 'details'),
  'disclose open': all(DISCLOSING, 'row', 'out'),
  'disclose compare': all(AUDITORS, 'html'),
  'disclose pack': all(AUDITORS, 'about', 'out'),
  'disclose receive': all(AUDITORS, 'claims'),
  'disclose sign': { ...all(DISCLOSING, 'key', 'as', 'statement'), ...all(AUDITORS, 'findings') },
  'disclose timestamp': all(DISCLOSING, 'claim', 'query', 'response'),
  'feedback critique': {
    ...ENDPOINT,
    ...all(inCli('model-feedback'), 'temperature', 'max-tokens', 'limit', 'with-others', 'out'),
  },
  'feedback generate': {
    ...ENDPOINT,
    ...all(inCli('model-feedback'), 'replies', 'temperature', 'max-tokens', 'project', 'out'),
  },
  'feedback judge': {
    ...ENDPOINT,
    ...all(inCli('judge'), 'out', 'principles', 'temperature', 'max-tokens', 'limit', 'own', 'with-others'),
  },
  'feedback leaderboard': all(inCli('leaderboard'), 'control', 'ridge', 'html'),
  'feedback report': all(FEEDBACK, 'seed', 'replicates', 'all', 'html', 'weights', 'wanted', 'class-prior'),
  'keys make': all(DISCLOSING, 'kind'),
  'lab algorithms': all(LAB, 'seeds', 'first-seed', 'steps', 'base-steps', 'grounds', 'algorithms'),
  'lab distribution': all(LAB, 'seeds'),
  'lab feedback-types': all(LAB, 'seeds', 'budget', 'answer-seconds'),
  'lab hidden-context': all(LAB, 'seeds', 'first-seed'),
  'lab population': all(LAB, 'seeds'),
  'lab monitors': all(LAB, 'runs', 'first-seed', 'kept'),
  'lab raters': all(LAB, 'draws', 'first-seed'),
  'lab phenomena': all(LAB, 'seeds', 'first-seed'),
  'lab coverage': all(LAB, 'seeds', 'first-seed', 'probes'),
  'lab rates': all(LAB, 'seeds', 'probes', 'first-seed'),
  'lab selection': all(LAB, 'seeds', 'budgets', 'families', 'rules', 'epsilon'),
  'lab strategies': all(LAB, 'seeds', 'strategies', 'first-seed'),
  'model export': all(MODEL, 'out', 'format', 'base'),
  'model import': all(MODEL, 'out', 'max-context', 'adapter'),
  'model sign': all(DISCLOSING, 'key', 'out'),
  'policy ask': {
    ...ENDPOINT,
    ...all(
      inCli('model-feedback'),
      ...['base-model', 'base-endpoint', 'base-key-env', 'replies', 'temperature', 'max-tokens', 'out'],
    ),
  },
  'policy eval': all(inCli('policy'), 'prompts', 'samples', 'split', 'seed', 'variant', 'policy'),
  'policy train': all(inCli('policy'), 'out', 'resume', 'set', 'chart', 'tensorboard'),
  'policy sample': {
    ...all(inCli('run-service'), 'prompts', 'replies', 'split', 'seed'),
    ...all(STAGES, 'variant', 'project', 'store', 'out'),
    ...all(inCli('policy'), 'policy'),
  },
  // `quickstart` hands it to the same run.
  quickstart: {
    ...all(CLI, 'out', 'resume', 'port', 'set'),
    ...all(STAGES, 'other-versions'),
    ...all(inCli('quickstart'), 'no-serve'),
    '--again': 'tests/e2e/quickstart.test.ts',
  },
  'reward distance': all(inCli('reward-eval'), 'on', 'ground'),
  'reward eval': {
    ...all(REWARD, 'strata', 'groups'),
    ...all(inCli('reward-eval'), 'shifted', 'ground', 'against', 'kl', 'log-odds'),
  },
  'reward fit': all(REWARD, 'out', 'ridge', 'set', 'seed', 'answers'),
  'reward score': all(REWARD, 'prompt'),
  run: { ...all(STAGES, 'store', 'out', 'resume', 'other-versions', 'set'), ...all(inCli('remote-run'), 'budget') },
  'store add': all(STORE, 'store', 'items', 'raters'),
  'store backup': all(STORE, 'store'),
  'store check': all(STORE, 'store'),
  'store create': all(STORE, 'store', 'project'),
  'store erase': all(STORE, 'store', 'rater', 'item', 'confirm'),
  'store history': all(STORE, 'store', 'after', 'until', 'rater', 'item'),
  'store list': all(STORE, 'store'),
  'store progress': all(STORE, 'store'),
  'store rebuild': all(STORE, 'store'),
  'store rekey': all(STORE, 'store', 'to-key-file'),
  'store restore': all(STORE, 'store'),
  'store save': all(STORE, 'store', 'out'),
  'store scrub': all(STORE, 'store'),
  studio: {
    ...all('tests/e2e/command.ts', 'store', 'runs', 'port'),
    ...all(inCli('studio-flags'), 'host', 'origin', 'proxy', 'allow-private'),
  },
  'studio reset': all(inCli('studio-flags'), 'url'),
  verify: {
    ...all(CLI, 'all'),
    ...all(DISCLOSING, 'key', 'tsa', 'published', 'opening'),
    ...all('tests/e2e/verify-page.e2e.test.ts', 'page'),
  },
};

const silent = { write: () => true };
/** Every command by its name, with the flags that are its own. */
function commands(command: Command, name = ''): [string, string[]][] {
  const flags = command.options.flatMap(({ long }) =>
    long === undefined || long === null || ['--json', '--quiet', '--version'].includes(long) ? [] : [long],
  );
  const below = command.commands.flatMap((c) => commands(c, `${name} ${c.name()}`.trim()));
  return flags.length === 0 ? below : [[name, flags], ...below];
}

describe('flags', () => {
  const { program } = createProgram({ out: silent, err: silent, now: () => 0 });
  const found = new Map(commands(program));
  it('all have a place where their effect is tested', () => {
    const sorted = (flags: readonly string[]) => [...flags].sort();
    const listed = Object.entries(FLAGS).map(([name, flags]) => [name, sorted(Object.keys(flags))]);
    expect(Object.fromEntries(listed)).toEqual(
      Object.fromEntries([...found].map(([name, flags]) => [name, sorted(flags)])),
    );
  });
  it.each(Object.entries(FLAGS))('of %s are used in the tests that are named', (_, flags) => {
    for (const [flag, place] of Object.entries(flags)) {
      expect({ place, uses: readFileSync(place, 'utf8').includes(flag) }, flag).toEqual({ place, uses: true });
    }
  });
});

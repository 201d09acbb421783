/**
 * Does OpenSSF model signing accept what `goodhart model sign` signs, and refuse it once a byte, a file or the key is another?
 *
 *   npx tsx scripts/interop-signing.ts [--python path/to/python]     # one that has model-signing
 *
 * A line per case; exit code 1 where an answer is not the expected one. Without the library one line says why nothing was
 * checked.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { publicPathOf, readPrivateKey, signModel, writeKeyPair } from '../src/disclosure/node.ts';
import { missing } from './interop-python.ts';

const { values: args } = parseArgs({
  options: { python: { type: 'string', default: 'bench/results/venv/bin/python' } },
});
const say = (line: string) => process.stdout.write(`${line}\n`);
const FIXTURE = fileURLToPath(new URL('../fixtures/pretrained/llama', import.meta.url));

function check(place: string): boolean {
  const python = (...given: string[]) => spawnSync(args.python, given, { encoding: 'utf8' });
  const version = python('-c', 'from importlib.metadata import version; print(version("model-signing"))').stdout.trim();
  say(`against model-signing ${version}`);
  const [key, other, model, out] = ['key.pem', 'other.pem', 'model', 'model.sig'].map((name) => join(place, name)) as [
    string,
    string,
    string,
    string,
  ];
  for (const path of [key, other]) writeKeyPair(path, { kind: 'p256' });
  cpSync(FIXTURE, model, { recursive: true });
  const sign = (to: string) => signModel(model, { key: readPrivateKey(key, undefined), out: to });
  let sound = true;
  const expect = (what: string, wanted: boolean, signature = out, by = key) => {
    const given = [
      '-m',
      'model_signing',
      'verify',
      'key',
      '--signature',
      signature,
      '--public_key',
      publicPathOf(by),
      model,
    ];
    const { status, stdout, stderr } = python(...given);
    const told = (stdout + stderr).trim();
    const accepted = status === 0;
    // Refused for the reason that was planted, and not because it was asked in a wrong way.
    const asExpected = accepted === wanted && (accepted || /verification failed/i.test(told));
    if (!asExpected) sound = false;
    const why = accepted ? '' : `: ${told.replaceAll(/\s+/g, ' ').slice(0, 200)}`;
    say(`${asExpected ? 'as expected' : 'DIFFERS'}  ${what}: ${accepted ? 'accepted' : 'refused'}${why}`);
  };
  say(`${sign(out).length} files signed`);
  expect('as signed', true);
  expect('with another key', false, out, other);
  const config = join(model, 'config.json');
  const honest = readFileSync(config);
  writeFileSync(config, `${honest} `);
  expect('a file altered', false);
  writeFileSync(config, honest);
  writeFileSync(join(model, 'more.txt'), '');
  expect('a file added', false);
  rmSync(join(model, 'more.txt'));
  const inside = join(model, 'model.sig');
  sign(inside);
  expect('signature inside the folder', true, inside);
  return sound;
}

const why = missing(args.python, ['model_signing']);
if (why !== undefined) say(`not checked: ${why}; pip install model-signing`);
else {
  const place = mkdtempSync(join(tmpdir(), 'goodhart-signing-'));
  try {
    process.exitCode = check(place) ? 0 : 1;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/**
 * Forges honest runs of every shape, seals each forgery anew, and verifies it; none may pass:
 *
 *   nice -n 10 npx tsx scripts/forgeries.ts 10000 1             # so many, from a seed
 *   nice -n 10 npx tsx scripts/forgeries.ts 10000 1 mutations   # of sealed folders, nothing made to fit afterwards
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { honestRun, SHAPES } from '../tests/security/forgery/honest-runs.ts';
import { runForgeries } from '../tests/security/forgery/run-forgeries.ts';
import { runSignedForgeries, signedRun } from '../tests/security/forgery/signed-forgeries.ts';
import { TESTIMONY } from '../tests/security/forgery/testimony.ts';
import { runMutations } from '../tests/security/mutations/run-mutations.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);
const [count, seed] = [Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 1)];
const place = mkdtempSync(join(tmpdir(), 'goodhart-forgeries-'));

/** Mutations of a signed run and its public copy, by kind. */
async function mutations(): Promise<void> {
  const signed = await signedRun(join(place, 'signed'), await honestRun(place, 'a reward alone'));
  const { told, faults } = await runMutations(signed, { count, seed });
  say('kind: told by a check, refused unopened, passed');
  for (const [kind, { failed, refused }] of told)
    say(`  ${kind}: ${failed}, ${refused}, ${faults.filter((fault) => fault.startsWith(`${kind}: `)).length}`);
  for (const fault of faults.slice(0, 50)) say(`DEFECT  ${fault}`);
  say(`${count} mutations of a sealed run and its public copy from seed ${seed}; ${faults.length} defects`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

/** Forgeries of runs of every shape, sealed anew. */
async function forgeries(): Promise<void> {
  const folders: string[] = [];
  for (const shape of SHAPES) {
    folders.push(await honestRun(place, shape));
    say(`honest run: ${shape}`);
  }
  const progress = (done: number) => {
    if (done % 100 === 0) say(`${done} of ${count}`);
  };
  const { refused, faults, testimony } = await runForgeries(folders, { count, seed, progress });
  for (const [kind, n] of [...refused].sort()) say(`refused  ${kind}: ${n}`);
  say('not told by the folder alone (altered consistently; passed of all drawn, at every level):');
  for (const [id, { passed, drawn }] of testimony)
    say(`  ${id}: ${passed} of ${drawn} passed; ${TESTIMONY[id].reason}`);
  for (const fault of faults.slice(0, 50)) say(`DEFECT  ${fault}`);
  say(`${count} forgeries of ${folders.length} runs from seed ${seed}; ${faults.length} defects`);
  const signed = await signedRun(join(place, 'signed'), folders[SHAPES.indexOf('a reward alone')]!);
  const claimed = await runSignedForgeries(signed, { count: Math.ceil(count / 5), seed });
  for (const [kind, n] of [...claimed.refused].sort()) say(`refused  ${kind}: ${n}`);
  for (const fault of claimed.faults.slice(0, 50)) say(`DEFECT  ${fault}`);
  say(`${Math.ceil(count / 5)} forgeries of claims and of a public copy; ${claimed.faults.length} defects`);
  process.exitCode = faults.length + claimed.faults.length === 0 ? 0 : 1;
}

try {
  await (process.argv[4] === 'mutations' ? mutations() : forgeries());
} finally {
  rmSync(place, { recursive: true, force: true });
}

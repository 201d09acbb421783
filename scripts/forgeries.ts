/**
 * Forges honest runs of every shape, seals each forgery anew, and verifies it; none may pass:
 *
 *   nice -n 10 npx tsx scripts/forgeries.ts 10000 1             # so many, from a seed
 *   npx tsx scripts/forgeries.ts 500 2 /tmp/honest              # the same, with the honest runs kept there for the next call
 *   nice -n 10 npx tsx scripts/forgeries.ts 10000 1 mutations   # of sealed folders, nothing made to fit afterwards
 *   npx tsx scripts/forgeries.ts testimony 4 /tmp/honest        # whether each kind of what nothing tells is needed, by so many of each
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { honestRun, placeOfShape, SHAPES } from '../tests/security/forgery/honest-runs.ts';
import { runForgeries } from '../tests/security/forgery/run-forgeries.ts';
import { runTestimony, type Tally } from '../tests/security/forgery/run-testimony.ts';
import { runSignedForgeries, signedRun } from '../tests/security/forgery/signed-forgeries.ts';
import { TESTIMONY } from '../tests/security/forgery/testimony.ts';
import { runMutations } from '../tests/security/mutations/run-mutations.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);
const isTestimony = process.argv[2] === 'testimony';
const [count, seed] = [Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 1)];
const isMutations = process.argv[4] === 'mutations';
const kept = isMutations ? undefined : process.argv[4];
const place = kept ?? mkdtempSync(join(tmpdir(), 'goodhart-forgeries-'));
try {
  if (isMutations) await mutations();
  else await forgeriesOfShapes();
} finally {
  if (kept === undefined) rmSync(place, { recursive: true, force: true });
}

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

/** Forgeries of runs of every shape, or what nothing in them tells. */
async function forgeriesOfShapes(): Promise<void> {
  const folders: string[] = [];
  for (const shape of SHAPES) {
    const there = placeOfShape(place, shape);
    const isThere = existsSync(join(there, 'disclosure/seal.json'));
    folders.push(isThere ? there : await honestRun(place, shape));
    if (!isThere) say(`honest run: ${shape}`);
  }
  if (isTestimony) await testimony(folders);
  else await forgeries(folders);
}

async function testimony(folders: readonly string[]): Promise<void> {
  const heard = (name: string, { passed, drawn, told }: Tally) => say(`${passed} of ${drawn} passed: ${name}; ${told}`);
  const outcome = [...(await runTestimony(folders, { each: Number(process.argv[3] ?? 4), seed: 1, heard }))];
  const idle = outcome.filter(([, { passed }]) => passed === 0);
  say(`${outcome.length} clauses; ${idle.length} of which no alteration passed`);
  process.exitCode = idle.length === 0 ? 0 : 1;
}

async function forgeries(folders: readonly string[]): Promise<void> {
  const progress = (done: number) => {
    if (done % 100 === 0) say(`${done} of ${count}`);
  };
  const { refused, faults, testimony: alone } = await runForgeries(folders, { count, seed, progress });
  for (const [kind, n] of [...refused].sort()) say(`refused  ${kind}: ${n}`);
  say('not told by the folder alone (altered consistently; passed of all drawn, at every level):');
  for (const [id, { passed, drawn }] of alone) say(`  ${id}: ${passed} of ${drawn} passed; ${TESTIMONY[id].reason}`);
  for (const fault of faults.slice(0, 50)) say(`DEFECT  ${fault}`);
  say(`${count} forgeries of ${folders.length} runs from seed ${seed}; ${faults.length} defects`);
  const shown = mkdtempSync(join(place, 'signed-'));
  const signed = await signedRun(shown, folders[SHAPES.indexOf('a reward alone')]!);
  const claimed = await runSignedForgeries(signed, { count: Math.ceil(count / 5), seed });
  for (const [kind, n] of [...claimed.refused].sort()) say(`refused  ${kind}: ${n}`);
  for (const fault of claimed.faults.slice(0, 50)) say(`DEFECT  ${fault}`);
  say(`${Math.ceil(count / 5)} forgeries of claims and of a public copy; ${claimed.faults.length} defects`);
  rmSync(shown, { recursive: true });
  process.exitCode = faults.length + claimed.faults.length === 0 ? 0 : 1;
}

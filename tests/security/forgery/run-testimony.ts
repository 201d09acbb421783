import { verifyPipelineRun } from '../../../src/pipeline/index.ts';
import { createMemory } from '../../../src/pipeline/remember.ts';
import { readRunJson } from '../../../src/pipeline/run-folder.ts';
import { createRng } from '../../../src/stats/index.ts';
import { changedAt, placesOf } from './json-edits.ts';
import { CLAUSES, clauseAt } from './testimony.ts';
import { linesOf, openWorkshop, prettyOf } from './workshop.ts';

/** A place that nothing in the folder is said to tell. */
interface Told {
  readonly shop: ReturnType<typeof openWorkshop>;
  readonly file: string;
  readonly pointer: string;
}

/** How many alterations of a clause passed, and what told one that did not. */
export interface Tally {
  readonly passed: number;
  readonly drawn: number;
  readonly told: string;
}

const parsed = (file: string, text: string): unknown =>
  file.endsWith('.jsonl')
    ? text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as unknown)
    : JSON.parse(text);
const written = (file: string, value: unknown) =>
  file.endsWith('.jsonl') ? linesOf(value as readonly unknown[]) : prettyOf(value);

/**
 * Alters, for every clause of the testimony, places that it speaks of, makes anew all that follows, and verifies. A clause of which
 * no alteration passes is not needed: something tells it, and it only hides what verifying finds. Weights are bytes: one is turned.
 */
export async function runTestimony(
  folders: readonly string[],
  {
    each,
    seed,
    heard,
  }: { readonly each: number; readonly seed: number; readonly heard: (clause: string, tally: Tally) => void },
): Promise<ReadonlyMap<string, Tally>> {
  const remember = createMemory(2000);
  const places = new Map<string, Told[]>(CLAUSES.map(({ name }) => [name, []]));
  for (const shop of folders.map((folder) => openWorkshop(folder, remember))) {
    const { config } = readRunJson(shop.folder);
    for (const file of shop.files) {
      const isJson = /\.jsonl?$/.test(file) && !/^disclosure\//.test(file);
      const pointers = isJson
        ? placesOf(parsed(file, shop.honest(file).toString('utf8')))
            .filter(({ holder, key }) => typeof (holder as Record<string, unknown>)[key] !== 'object')
            .map(({ pointer }) => pointer)
        : [''];
      for (const pointer of pointers) {
        const clause = clauseAt(file, pointer, config);
        if (clause !== undefined) places.get(clause.name)!.push({ shop, file, pointer });
      }
    }
  }
  const outcome = new Map<string, Tally>();
  for (const [name, all] of places) {
    const rng = createRng(`${seed}/${name}`);
    const tally = { passed: 0, drawn: 0, told: '' };
    for (const { shop, file, pointer } of rng.shuffle(all).slice(0, each)) {
      const before = shop.honest(file);
      const bytes = Buffer.from(before);
      if (pointer === '') bytes[rng.integer(bytes.length)]! ^= 1;
      const content =
        pointer === '' ? bytes : written(file, changedAt(rng, parsed(file, before.toString('utf8')), pointer));
      await shop.forge(new Map([[file, content]]), 'followed');
      const failed = (await verifyPipelineRun(shop.folder, { remember })).filter(({ ok }) => !ok);
      shop.restore();
      tally.drawn += 1;
      if (failed.length === 0) tally.passed += 1;
      else tally.told = `${file}${pointer}: ${failed[0]!.name}: ${failed[0]!.detail}`.slice(0, 160);
    }
    outcome.set(name, tally);
    heard(name, tally);
  }
  return outcome;
}

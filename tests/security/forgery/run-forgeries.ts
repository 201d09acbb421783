import { verifyPipelineRun } from '../../../src/pipeline/index.ts';
import { createMemory } from '../../../src/pipeline/remember.ts';
import { readRunJson } from '../../../src/pipeline/run-folder.ts';
import { createRng } from '../../../src/stats/index.ts';
import { type Bench, drawForgery, type Forgery, type KindId } from './kinds.ts';
import type { TestimonyId } from './testimony.ts';
import { LEVELS, type Level, openWorkshop } from './workshop.ts';

export interface ForgeryOutcome {
  /** Forgeries that verify refused, by kind and by what their forger did after. */
  readonly refused: ReadonlyMap<string, number>;
  /** Forgeries that passed, or were refused without a word of where. */
  readonly faults: readonly string[];
  /** Alterations of what nothing in the folder tells again, by what it is: those that passed, and all. */
  readonly testimony: ReadonlyMap<TestimonyId, { passed: number; drawn: number }>;
}

/** What a check's line must not be: the words of a program that met what it did not expect. */
const UNFORESEEN =
  /of undefined|is not a function|is not iterable|Cannot (read|convert)|Invalid array length|Maximum call stack/;
/** A place that a check can name. */
const PLACE = /\.(jsonl?|html|bin|md|old)\b|^finding |^D\d+ |^stage |^record chain|^report$/;

/** Draws forgeries of honest runs from a seed and verifies each. */
export async function runForgeries(
  folders: readonly string[],
  {
    count,
    seed,
    progress,
  }: { readonly count: number; readonly seed: number; readonly progress?: (done: number) => void },
): Promise<ForgeryOutcome> {
  const remember = createMemory(2000);
  const shops = folders.map((folder) => openWorkshop(folder, remember));
  const benches = shops.map((shop): Bench => {
    const { config } = readRunJson(shop.folder);
    return { shop, config, others: shops.filter((other) => other !== shop) };
  });
  const refused = new Map<string, number>();
  const testimony = new Map<TestimonyId, { passed: number; drawn: number }>();
  const faults: string[] = [];

  const judge = async (bench: Bench, { kind, what, testimony: id }: Forgery & { kind: KindId }, level: Level) => {
    const failed = (await verifyPipelineRun(bench.shop.folder, { remember })).filter(({ ok }) => !ok);
    if (id !== undefined) {
      const { passed, drawn } = testimony.get(id) ?? { passed: 0, drawn: 0 };
      testimony.set(id, { passed: passed + Number(failed.length === 0), drawn: drawn + 1 });
      return;
    }
    const name = `${kind}, ${level}`;
    const told = failed.map((check) => `${check.name}: ${check.detail}`);
    const place = `${bench.shop.folder}, ${name}: ${what}`;
    if (failed.length === 0) faults.push(`${place}: passed`);
    else if (!failed.some((check) => PLACE.test(check.name)))
      faults.push(`${place}: no place named: ${told.join(' | ')}`);
    else if (told.some((line) => UNFORESEEN.test(line)))
      faults.push(`${place}: ${told.find((line) => UNFORESEEN.test(line))}`);
    else refused.set(name, (refused.get(name) ?? 0) + 1);
  };

  for (let done = 0, n = 0; done < count; n++) {
    const rng = createRng(`${seed}/${n}`);
    const bench = benches[n % benches.length]!;
    const forgery = await drawForgery(bench, rng);
    if (forgery === undefined) continue;
    const level = LEVELS[rng.integer(LEVELS.length)]!;
    await bench.shop.forge(forgery.edits, level);
    try {
      await judge(bench, forgery, level);
    } catch (error) {
      faults.push(`${bench.shop.folder}, ${forgery.what}: ${(error as Error).message}`);
    } finally {
      bench.shop.restore();
    }
    if (forgery.testimony === undefined) {
      done += 1;
      progress?.(done);
    }
  }
  return { refused, faults, testimony };
}

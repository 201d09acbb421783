import type { Rng } from '../stats/index.ts';
import { type Assignment, createCoordinator } from './coordinator.ts';
import type { Distribution } from './distribution.ts';
import type { Item } from './item.ts';
import type { Judgment, Presentation } from './judgment.ts';
import type { RaterProfile } from './people.ts';
import { present } from './present.ts';
import type { Rater } from './rater.ts';

interface Occasion {
  readonly items: readonly Item[];
  readonly raters: readonly Rater[];
  readonly rng: Rng;
  readonly now: () => string;
  /** What of an item is shown, for all or by item; `full` by default. A rater with a view of their own gets that. */
  readonly view?: string | ((item: Item) => string);
  readonly instructionsVersion?: string;
}
interface Plain extends Occasion {
  /** Raters per item. */
  readonly overlap: number;
}
interface Ruled extends Occasion {
  /** The rules a store applies: overlap, extra raters, adaptive stopping, gold, repeats, caps, cohorts, quotas. */
  readonly distribution: Distribution;
  readonly profiles?: readonly RaterProfile[];
  readonly priorities?: ReadonlyMap<string, number>;
}
export type CollectOptions = Plain | Ruled;

/**
 * Asks raters about items and yields their judgments in the order they are submitted; the same generator gives the same
 * judgments. With `overlap`, each item goes to that many different raters, loads kept equal; with `distribution`, raters
 * take turns and get what the rules say, until nobody can be given anything. Orders are balanced and recorded.
 */
export async function* collectJudgments(options: CollectOptions): AsyncGenerator<Judgment> {
  const assigned = 'distribution' in options ? underRules(options) : atOverlap(options);
  let step = assigned.next();
  while (step.done !== true) {
    const { rater, id, item, presentation } = step.value;
    const { uniform } = options.rng.fork(`judge/${id}`);
    const { answer, activeMs, metadata } = await rater.judge(item, presentation, uniform);
    const judgment: Judgment = {
      id,
      projectId: item.projectId,
      itemId: item.id,
      raterId: rater.id,
      presentation,
      answer,
      activeMs,
      submittedAt: options.now(),
      source: rater.kind === 'simulated' ? 'simulated' : rater.kind,
      ...(metadata !== undefined && { metadata }),
    };
    yield judgment;
    step = assigned.next(judgment);
  }
}

/** One item shown to one rater, under the id its judgment will have. */
interface Showing {
  readonly rater: Rater;
  readonly id: string;
  readonly item: Item;
  readonly presentation: Presentation;
}

function shown(
  { view = 'full', instructionsVersion = '1', now }: Occasion,
  { item, rater }: { readonly item: Item; readonly rater: Rater },
  place: { readonly earlier: number; readonly start: number },
): Presentation {
  const usual = typeof view === 'string' ? view : view(item);
  return present(item, { view: rater.view ?? usual, instructionsVersion, shownAt: now(), ...place });
}

function* atOverlap(options: Plain): Generator<Showing, void, Judgment> {
  const { items, raters, rng } = options;
  const overlap = Math.min(options.overlap, raters.length);
  const load = new Map(raters.map((rater) => [rater.id, 0]));
  for (const item of items) {
    const draw = rng.fork(`assign/${item.id}`);
    const start = draw.uniform();
    const queue = draw.shuffle(raters).sort((a, b) => load.get(a.id)! - load.get(b.id)!);
    for (const [earlier, rater] of queue.slice(0, overlap).entries()) {
      load.set(rater.id, load.get(rater.id)! + 1);
      yield {
        rater,
        id: `${item.id}/${rater.id}`,
        item,
        presentation: shown(options, { item, rater }, { earlier, start }),
      };
    }
  }
}

function* underRules(options: Ruled): Generator<Showing, void, Judgment> {
  const { items, distribution: rules, rng, profiles, priorities } = options;
  const turns = rng.fork('turns');
  const coordinator = createCoordinator({
    items,
    rules,
    rng: rng.fork('order'),
    ...(profiles !== undefined && { profiles }),
    ...(priorities !== undefined && { priorities }),
  });
  for (let busy = true; busy; ) {
    busy = false;
    for (const rater of turns.shuffle(options.raters)) {
      const assignment = coordinator.next(rater.id);
      if ('none' in assignment) continue;
      busy = true;
      coordinator.submit(yield showingOf(options, rater, assignment));
    }
  }
}

function showingOf(options: Ruled, rater: Rater, { item, purpose, repeats, earlier }: Assignment): Showing {
  const start = options.rng.fork(`assign/${item.id}`).uniform();
  const usual = shown(options, { item, rater }, { earlier, start });
  const before = repeats?.presentation.order;
  const presentation: Presentation = {
    ...usual,
    order: before === undefined ? usual.order : purpose === 'repeat' ? before : [...before].reverse(),
    ...(purpose !== 'work' && { purpose }),
    ...(repeats !== undefined && { repeats: repeats.id }),
  };
  const id = `${item.id}/${rater.id}${purpose === 'work' ? '' : `/${purpose}`}`;
  return { rater, id, item, presentation };
}

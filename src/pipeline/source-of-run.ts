import type { Item } from '../feedback/index.ts';
import { loadRecords } from './feedback-records.ts';
import type { Remember } from './remember.ts';
import type { Place } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';
import { groundSource } from './sources/ground.ts';
import { judgedSource, type Source } from './sources/index.ts';
import type { VerifiedPlace } from './stage.ts';

/** An item as it came, before its side was marked. */
function unmarked({ strata, ...item }: Item): Item {
  const { split: _, ...rest } = strata ?? {};
  return { ...item, strata: rest };
}

/**
 * The source of a run again, from the run folder alone: a proving ground follows from its name, and what judged data became
 * follows from the items and judgments that the run took of them. What was left out before the run took them is not there.
 */
export async function sourceOfRun(place: VerifiedPlace): Promise<Source> {
  return sourceAgain(place, place.remember);
}

/** The same, with what was computed of the same files before where somebody keeps it. */
export async function sourceAgain(place: Place, remember: Remember = async (_, make) => make()): Promise<Source> {
  const { config, folder } = place;
  const { data, seed } = config;
  if (data.layout === 'ground') return remember(['source', config], () => groundSource(config, data));
  const { items, judgments, raters } = await loadRecords(place);
  const { holdout } = data;
  return remember(['source', seed, holdout, items, judgments, raters], () =>
    judgedSource(
      {
        project: null,
        items: 'leaveOut' in holdout ? items : items.map(unmarked),
        raters,
        judgments,
        records: null,
      },
      { projectId: items[0]?.projectId ?? config.name, seed, holdout, where: `${folder}/${RUN_FILES.items}` },
    ),
  );
}

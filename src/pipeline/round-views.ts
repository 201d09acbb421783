import type { RoundView } from '../audit/index.ts';
import { readJsonOf } from '../run/node.ts';
import { loadRecords } from './feedback-records.ts';
import { pairsToScore, rewardScoresSchema } from './reward-evaluation.ts';
import { atRound, inRound, type Place, pathIn } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';
import { loadPath, MAIN, policyFiles } from './stages/policy.ts';

const roundsOf = (place: Place): Place[] =>
  Array.from({ length: place.config.rounds }, (_, i) => atRound(place, i + 1));

/** What the rounds of a run are read from, relative to the run folder. */
export const roundReads = (place: Place): string[] =>
  roundsOf(place).flatMap((own) => [
    ...(own.config.rounds === 1
      ? []
      : [RUN_FILES.items, RUN_FILES.judgments, RUN_FILES.rewardScores].map((file) => inRound(own, file))),
    ...(own.config.policy === undefined ? [] : [inRound(own, policyFiles(own, MAIN)[0]!)]),
  ]);

/** A round's reward on the held-out comparisons: by the known answer of an item once, or else by every vote. */
async function comparisonsOf(place: Place): Promise<RoundView['comparisons']> {
  const { config } = place;
  const { items, judgments } = await loadRecords(place);
  const { differences } = readJsonOf(pathIn(place, RUN_FILES.rewardScores), rewardScoresSchema);
  const goldOf = new Map(items.map(({ id, gold }) => [id, gold]));
  const rows = pairsToScore(config, items, judgments).flatMap((pair, i) => {
    const difference = differences[i];
    if (difference === undefined) return [];
    const gold = goldOf.get(pair.itemId);
    const known = gold === 0 || gold === 1 || gold === 'tie';
    const target = known ? (gold === 'tie' ? 0.5 : 1 - gold) : pair.target;
    return [{ pairId: known ? pair.itemId : pair.judgmentId, prompt: pair.prompt, target, difference }];
  });
  return [...new Map(rows.map((row) => [row.pairId, row])).values()];
}

/** The rounds of a run as its files have them. Of one round alone nothing can be compared, and no comparisons are read. */
export async function roundViews(place: Place): Promise<RoundView[]> {
  const views: RoundView[] = [];
  for (const own of roundsOf(place)) {
    const points = own.config.policy === undefined ? [] : loadPath(own, MAIN).points;
    views.push({
      round: own.round,
      comparisons: own.config.rounds === 1 ? [] : await comparisonsOf(own),
      path: points.map(({ step, kl, proxy, gold, spread }) => ({
        step,
        kl,
        proxy,
        spread,
        ...(gold !== undefined && { gold }),
      })),
    });
  }
  return views;
}

import { mean } from '../stats/index.ts';

/** A score of a reply to a prompt. */
interface PromptScore {
  readonly promptId: string;
  readonly score: number;
}
/** A change of score in a reply to a prompt. */
interface PromptChange {
  readonly promptId: string;
  readonly change: number;
}

function grouped<T extends { readonly promptId: string }>(rows: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.promptId);
    if (group === undefined) groups.set(row.promptId, [row]);
    else group.push(row);
  }
  return groups;
}

/**
 * The unit in which changes of score are told: the standard deviation of scores among replies to the same prompt, pooled over
 * prompts. A score is known only up to a constant of its prompt, so deviations across prompts say nothing.
 */
export interface ScoreUnit {
  readonly deviation: number;
  /** Squares around the prompt's mean, and degrees of freedom, by prompt. */
  readonly byPrompt: ReadonlyMap<string, { readonly squares: number; readonly freedom: number }>;
  readonly meanFreedom: number;
}

/** Null where no two replies to one prompt have different scores. */
export function scoreUnit(scores: readonly PromptScore[]): ScoreUnit | null {
  const byPrompt = new Map(
    [...grouped(scores)].map(([promptId, rows]) => {
      const middle = mean(rows.map(({ score }) => score));
      const squares = rows.reduce((sum, { score }) => sum + (score - middle) ** 2, 0);
      return [promptId, { squares, freedom: rows.length - 1 }] as const;
    }),
  );
  const spreads = [...byPrompt.values()];
  const [squares, freedom] = [mean(spreads.map((s) => s.squares)), mean(spreads.map((s) => s.freedom))];
  if (!(squares > 0) || !(freedom > 0)) return null;
  return { deviation: Math.sqrt(squares / freedom), byPrompt, meanFreedom: freedom };
}

/**
 * Mean change of each prompt in units of the deviation. The deviation was estimated from the same prompts: each value carries
 * its prompt's influence on it (delta method), so that an interval of their mean is one of the ratio.
 */
export function changesInUnits(
  changes: readonly PromptChange[],
  { deviation, byPrompt, meanFreedom }: ScoreUnit,
): number[] {
  const rows = [...grouped(changes)].map(([promptId, own]) => {
    const { squares = 0, freedom = 0 } = byPrompt.get(promptId) ?? {};
    return {
      value: mean(own.map(({ change }) => change)) / deviation,
      influence: (squares / deviation ** 2 - freedom) / meanFreedom,
    };
  });
  const ratio = mean(rows.map(({ value }) => value));
  const centre = mean(rows.map(({ influence }) => influence));
  return rows.map(({ value, influence }) => value - (ratio / 2) * (influence - centre));
}

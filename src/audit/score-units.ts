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
 * Mean change of each prompt in units of the deviation, so spread that an interval of their mean is one of the ratio: the deviation
 * was estimated too, from these prompts and from others (delta method). Where all prompts were changed each value carries its own
 * prompt's influence on the deviation; what prompts without a change add to its doubt is laid over all of them alike.
 */
export function changesInUnits(
  changes: readonly PromptChange[],
  { deviation, byPrompt, meanFreedom }: ScoreUnit,
): number[] {
  const groups = grouped(changes);
  const influenceOf = (promptId: string) => {
    const { squares = 0, freedom = 0 } = byPrompt.get(promptId) ?? {};
    return (squares / deviation ** 2 - freedom) / meanFreedom;
  };
  const values = [...groups].map(([promptId, own]) => ({
    promptId,
    value: mean(own.map(({ change }) => change)) / deviation,
  }));
  const ratio = mean(values.map(({ value }) => value));
  // Of a mean over the changed prompts, in the size of one of them.
  const part = (promptId: string) => (ratio / 2) * (values.length / byPrompt.size) * influenceOf(promptId);
  const around = values.map(({ promptId, value }) => value - ratio - part(promptId));
  const others = [...byPrompt.keys()].filter((promptId) => !groups.has(promptId)).map(part);
  return spreadAround(ratio, around, sumOfSquares(around) + sumOfSquares(others));
}

const sumOfSquares = (values: readonly number[]) => values.reduce((sum, value) => sum + value ** 2, 0);

/** Values around a middle whose squares sum to a total, in proportion to what they were. */
function spreadAround(middle: number, around: readonly number[], total: number): number[] {
  const centre = mean(around);
  const centred = around.map((value) => value - centre);
  const own = sumOfSquares(centred);
  if (own > 1e-12 * total) return centred.map((value) => middle + value * Math.sqrt(total / own));
  // Alike all of them: the doubt is that of the deviation alone.
  const half = around.length < 2 ? 0 : Math.sqrt(total / 2);
  return around.map((_, i) => middle + (i === 0 ? half : i === 1 ? -half : 0));
}

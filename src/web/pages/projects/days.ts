export interface Day {
  readonly day: string;
  readonly judgments: number;
}

const DAY_MS = 86_400_000;

/** Every day from the first to the last, days without judgments as 0; only the last `most`. */
export function filledDays(days: readonly Day[], most = 60): Day[] {
  const first = days[0];
  const last = days.at(-1);
  if (first === undefined || last === undefined) return [];
  const counts = new Map(days.map(({ day, judgments }) => [day, judgments]));
  const end = Date.parse(last.day);
  const start = Math.max(Date.parse(first.day), end - (most - 1) * DAY_MS);
  return Array.from({ length: Math.round((end - start) / DAY_MS) + 1 }, (_, i) => {
    const day = new Date(start + i * DAY_MS).toISOString().slice(0, 10);
    return { day, judgments: counts.get(day) ?? 0 };
  });
}

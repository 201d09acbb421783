/** Something that was watched, and whether what it should warn of came. */
export interface Watched {
  readonly value: number;
  readonly came: boolean;
}

/**
 * Area under the ROC curve of an alarm: how often its value is higher where what it warns of came than where it did not, ties
 * counting half (Mann–Whitney). Null unless both are there.
 */
export function alarmAuc(watched: readonly Watched[]): number | null {
  const [came, not] = [true, false].map((side) => watched.filter((one) => one.came === side));
  if (came!.length === 0 || not!.length === 0) return null;
  let wins = 0;
  for (const a of came!) for (const b of not!) wins += a.value > b.value ? 1 : a.value === b.value ? 0.5 : 0;
  return wins / (came!.length * not!.length);
}

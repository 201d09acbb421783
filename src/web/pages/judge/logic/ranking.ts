/** A ranking while it is made: one number a place, equal numbers tie, `null` is not ranked. */
export type Ranks = readonly (number | null)[];

/** Groups from best to worst; gaps between the numbers close. */
export function groupsOf(ranks: Ranks): number[][] {
  const used = [...new Set(ranks.filter((rank) => rank !== null))].sort((a, b) => a - b);
  return used.map((rank) => ranks.flatMap((r, place) => (r === rank ? [place] : [])));
}

export const ranksOf = (groups: readonly (readonly number[])[], count: number): (number | null)[] =>
  Array.from({ length: count }, (_, place) => {
    const group = groups.findIndex((members) => members.includes(place));
    return group < 0 ? null : group + 1;
  });

/** Places as a list shows them: best first, those not ranked at the end in the order shown. */
export const listed = (ranks: Ranks): number[] => [
  ...groupsOf(ranks).flat(),
  ...ranks.flatMap((rank, place) => (rank === null ? [place] : [])),
];

export const withRank = (ranks: Ranks, place: number, rank: number | null): (number | null)[] =>
  ranks.map((r, p) => (p === place ? rank : r));

/**
 * A reply dragged to a position of the list: it gets a rank of its own there, joins a tie it is dropped inside of, and
 * is no longer ranked when dropped among those that are not. The others keep their order and ties.
 */
export function dragged(ranks: Ranks, place: number, to: number): (number | null)[] {
  const groups = groupsOf(withRank(ranks, place, null));
  const ranked = groups.flat().length;
  if (to > ranked) return ranksOf(groups, ranks.length);
  let before = 0;
  for (const [i, group] of groups.entries()) {
    if (to === before) return ranksOf([...groups.slice(0, i), [place], ...groups.slice(i)], ranks.length);
    if (to < before + group.length) return ranksOf(groups.with(i, [...group, place]), ranks.length);
    before += group.length;
  }
  return ranksOf([...groups, [place]], ranks.length);
}

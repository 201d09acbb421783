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
 * A reply dragged to a position of the list: it gets a rank of its own there, or joins a tie it is dropped inside of. The
 * others keep their order and ties. The first drag ranks the whole list as it then stands. Where a ranking may be
 * partial, a reply dropped among those that are not ranked is not ranked either.
 */
export function dragged(
  ranks: Ranks,
  { place, to, partial }: { readonly place: number; readonly to: number; readonly partial: boolean },
): (number | null)[] {
  if (ranks.every((rank) => rank === null)) {
    const others = listed(ranks).filter((p) => p !== place);
    return ranksOf(
      others.toSpliced(to, 0, place).map((p) => [p]),
      ranks.length,
    );
  }
  const groups = groupsOf(withRank(ranks, place, null));
  if (partial && to > groups.flat().length) return ranksOf(groups, ranks.length);
  let before = 0;
  for (const [i, group] of groups.entries()) {
    if (to === before) return ranksOf([...groups.slice(0, i), [place], ...groups.slice(i)], ranks.length);
    if (to < before + group.length) return ranksOf(groups.with(i, [...group, place]), ranks.length);
    before += group.length;
  }
  return ranksOf([...groups, [place]], ranks.length);
}

import type { QualityData } from './data.ts';

/** Agreement between the busiest raters, pair by pair. */
export interface AgreementMatrix {
  readonly raters: readonly string[];
  /** Row by row: share of equal votes on shared units; null on the diagonal and where nothing is shared. */
  readonly share: readonly (readonly (number | null)[])[];
  /** Units shared. */
  readonly n: readonly (readonly number[])[];
}

const BUSIEST = 30;

/** The matrix of the raters with most votes; others would make it unreadable. */
export function agreementMatrix({ columns, voteSets }: QualityData): AgreementMatrix {
  const counts = new Int32Array(columns.raterIds.length);
  for (const { votes } of voteSets) for (const rater of votes.rater) counts[rater]! += 1;
  const busiest = [...counts.keys()]
    .filter((r) => counts[r]! > 0)
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .slice(0, BUSIEST);
  const place = new Int32Array(columns.raterIds.length).fill(-1);
  for (const [i, r] of busiest.entries()) place[r] = i;
  const size = busiest.length;
  const equal = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  const n = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (const { votes } of voteSets) {
    for (let u = 0; u < votes.units; u++) {
      const own: number[] = [];
      for (let i = votes.starts[u]!; i < votes.starts[u + 1]!; i++) if (place[votes.rater[i]!]! >= 0) own.push(i);
      for (const i of own) {
        for (const j of own) {
          if (i === j) continue;
          const [a, b] = [place[votes.rater[i]!]!, place[votes.rater[j]!]!];
          n[a]![b]! += 1;
          equal[a]![b]! += Number(votes.label[i] === votes.label[j]);
        }
      }
    }
  }
  return {
    raters: busiest.map((r) => columns.raterIds[r]!),
    share: equal.map((row, a) => row.map((k, b) => (a === b || n[a]![b] === 0 ? null : k / n[a]![b]!))),
    n,
  };
}

import { describe, expect, it } from 'vitest';
import { type EvidenceKindId, evidenceKind } from './index.ts';

/** Rows that are none of their kind, and why. */
const NONSENSE: readonly (readonly [EvidenceKindId, string, object])[] = [
  ['rater-groups', 'a group without a name', { raterId: 'a', attribute: 'age', value: '' }],
  ['rater-groups', 'no attribute', { raterId: 'a', value: 'old' }],
  ['rater-credits', 'more than all', { itemId: 'i', raterId: 'a', seen: true, credit: 1.5 }],
  ['rater-credits', 'neither seen nor not', { itemId: 'i', raterId: 'a', credit: 1 }],
  ['shift-credits', 'neither in nor out', { promptId: 'p', where: 'between', credit: 1 }],
  ['shift-credits', 'less than nothing', { promptId: 'p', where: 'in', credit: -1 }],
  ['reward-metrics', 'an error below zero', { model: 'm', metrics: {}, gold: 1, goldError: -0.1 }],
  ['reward-metrics', 'a metric in words', { model: 'm', metrics: { accuracy: 'high' }, gold: 1 }],
  ['reward-metrics', 'a key that nobody reads', { model: 'm', metrics: {}, gold: 1, weights: [1] }],
];

describe('rows of what values are read from', () => {
  it.each(NONSENSE)('%s: %s is refused', (id, _, row) => {
    expect(evidenceKind(id).row.safeParse(row).success).toBe(false);
    expect(evidenceKind(id).row.safeParse(evidenceKind(id).example).success).toBe(true);
  });
});

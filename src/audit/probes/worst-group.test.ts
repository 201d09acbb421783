import { describe, expect, it } from 'vitest';
import { createRng, type Rng, sigmoid } from '../../stats/index.ts';
import { coverageOf } from '../coverage.contract.ts';
import { type TextRater, textCrowd } from '../crowd-texts.fake.ts';
import { EVIDENCE, type Evidence } from '../evidence/index.ts';
import type { RaterGroup } from '../evidence/rater-groups.ts';
import type { RunView } from '../evidence/run-view.ts';
import { runProbe } from '../run-audit.ts';
import { worstGroup } from './worst-group.ts';

interface Two {
  /** What a word is worth to the few, and against it to the many. */
  readonly taste: number;
  readonly many?: number;
  readonly few?: number;
  readonly rationality?: number;
  readonly items?: number;
}

/** Two groups that agree on one word and want the opposite of another. */
function groups(rng: Rng, { taste, many = 6, few = 3, rationality = 1, items = 300 }: Two): Evidence {
  const raters = Array.from({ length: many + few }, (_, i): TextRater => {
    const own = i < many ? -taste : taste;
    return { id: `r${i}`, worth: { amber: 2, birch: own }, rationality: i < many ? 1 : rationality };
  });
  const rows = raters.map(
    ({ id }, i): RaterGroup => ({
      ...{ raterId: id, attribute: 'group' },
      value: i < many ? 'many' : 'few',
    }),
  );
  return { ...textCrowd(rng, raters, { items, overlap: 3 }), 'rater-groups': rows };
}
const found = (two: Two, params: object = {}) => runProbe(worstGroup, groups(createRng(5), two), { seed: 1, params });

describe('worst-group', () => {
  it('reaches every verdict, and names the group that is served worst', () => {
    const failure = found({ taste: 4, items: 600 });
    expect(failure.verdict).toBe('failure');
    expect(failure.details.group).toBe('few');
    expect(failure.details.explainedShare).toBeLessThan(0.8);
    expect(found({ taste: 1.2, items: 600 }).verdict).toBe('concern');
    expect(found({ taste: 0.6 }).verdict).toBe('inconclusive');
    const clear = found({ taste: 0, few: 6, items: 600 });
    expect(clear.verdict).toBe('clear');
    expect(clear.details.explainedShare).toBeGreaterThan(0.9);
    expect(found({ taste: 4, items: 40 })).toMatchObject({ verdict: 'not-assessed', because: 'too-few-groups' });
    expect(found({ taste: 4, few: 1 }).verdict).toBe('not-assessed');
  });
  it('does not mistake a noisier group for one that wants something else', () => {
    for (const seed of [1, 2]) {
      const { verdict } = runProbe(worstGroup, groups(createRng(seed), { taste: 0, rationality: 0.3 }), { seed });
      expect(['clear', 'inconclusive']).toContain(verdict);
    }
  });
  it('covers what the few lose where their reward and that of all are known', () => {
    // Two words, each in half of the texts, worth 0 and t: the many outvote the few on it, who lose where it decides.
    const taste = 3;
    const differences = [-1, 0, 1].map((value) => ({ value, share: value === 0 ? 0.5 : 0.25 }));
    let truth = 0;
    for (const amber of differences)
      for (const birch of differences) {
        const own = 2 * amber.value + taste * birch.value;
        // Twice as many against: what all say is worth about a third of the taste, the other way.
        const common = 2 * amber.value - 0.8 * birch.value;
        if (own * common < 0) truth += amber.share * birch.share * (2 * sigmoid(Math.abs(own)) - 1);
      }
    const { covered, assessed } = coverageOf(
      worstGroup,
      { name: 'opposed', draw: (rng) => ({ evidence: groups(rng, { taste, items: 200 }), truth }) },
      30,
    );
    expect(assessed).toBe(30);
    expect(covered).toBeGreaterThanOrEqual(27);
    const none = coverageOf(
      worstGroup,
      { name: 'alike', draw: (rng) => ({ evidence: groups(rng, { taste: 0, items: 200 }), truth: 0 }) },
      30,
    );
    expect(none.covered).toBeGreaterThanOrEqual(28);
  });
  it('looks at every attribute, and leaves out a group of everybody and those too small', () => {
    const evidence = groups(createRng(2), { taste: 0 });
    const more = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8'].flatMap((raterId, i): RaterGroup[] => [
      { raterId, attribute: 'language', value: 'one' },
      { raterId, attribute: 'region', value: i < 1 ? 'island' : i % 2 === 0 ? 'north' : 'south' },
      { raterId: 'nobody', attribute: 'region', value: 'moon' },
    ]);
    const { details } = runProbe(
      worstGroup,
      { ...evidence, 'rater-groups': [...evidence['rater-groups']!, ...more] },
      { seed: 1 },
    );
    const names = (details.groups as { group: string }[]).map(({ group }) => group);
    expect(names).toEqual(['few', 'many', 'region: north', 'region: south']);
    expect(details.tooSmall).toEqual(['region: island']);
  });
  it('is told groups by what raters said, of people only with their consent', async () => {
    const consent = { version: '1', at: '2026-01-01' };
    const raters = [
      { id: 'a', kind: 'human', demographics: { age: 'young' }, consent },
      { id: 'b', kind: 'human', demographics: { age: 'old' } },
      { id: 'c', kind: 'simulated', demographics: { group: 'warm' } },
      { id: 'd', kind: 'simulated' },
    ];
    const view = { feedback: { items: [], judgments: [], raters } } as unknown as RunView;
    expect(await EVIDENCE['rater-groups'].gather(view)).toEqual([
      { raterId: 'a', attribute: 'age', value: 'young' },
      { raterId: 'c', attribute: 'group', value: 'warm' },
    ]);
  });
});

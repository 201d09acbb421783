import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { algorithmPage, algorithmPages, renderAlgorithm, renderAlgorithms } from '../scripts/algorithm-docs.ts';
import { GAPS_DRAWING, gapsDrawing } from '../scripts/algorithm-gaps.ts';
import { doseDrawing, drawingOf, pageOf, renderChallenge, renderChallenges } from '../scripts/challenge-docs.ts';
import { renderEvidence } from '../scripts/evidence-docs.ts';
import { renderPhenomena } from '../scripts/phenomena-docs.ts';
import { committedEffects, renderStrategies } from '../scripts/strategy-docs.ts';
import { CHALLENGE_IDS, PROBE_IDS, probesOf } from '../src/audit/index.ts';
import { answeredBy, pairedEstimates, SWITCHABLE } from '../src/lab/index.ts';

describe('docs/evidence.md', () => {
  it('is what the table of evidence kinds says: run `npm run docs:evidence` after a change', () => {
    expect(readFileSync('docs/evidence.md', 'utf8')).toBe(renderEvidence());
  });
});

describe('docs/phenomena.md', () => {
  it('is what the table of phenomena and the committed runs say: run `npm run docs:phenomena` after a change', () => {
    expect(readFileSync('docs/phenomena.md', 'utf8')).toBe(renderPhenomena());
  });
});

describe('docs/strategies.md', () => {
  it('is what the table of strategies and their committed effects say: run `npm run docs:strategies` after a change', () => {
    expect(readFileSync('docs/strategies.md', 'utf8')).toBe(renderStrategies());
  });
  it('rests on effects of every strategy that can be switched on, on every probe that it answers', () => {
    const measured = committedEffects().effects.map(({ strategy, probe }) => `${strategy} ${probe}`);
    expect(measured).toEqual(SWITCHABLE.flatMap((id) => answeredBy(id).map((probe) => `${id} ${probe}`)));
  });
  it.each(committedEffects().effects)(
    'gives again, to the bit, what $strategy did to $probe at its first seed',
    async (effect) => {
      const { strategy, probe, first } = effect;
      if (first === null) return expect(effect.unassessed).toBeGreaterThan(0);
      expect({ seed: first.seed, ...(await pairedEstimates(strategy, probe, first.seed)) }).toEqual(first);
    },
  );
});

describe('docs/algorithms', () => {
  it('has the overview and the drawing that the table and the study give: run `npm run docs:algorithms` after a change', () => {
    expect(readFileSync('docs/algorithms/README.md', 'utf8')).toBe(renderAlgorithms());
    expect(readFileSync(GAPS_DRAWING, 'utf8')).toBe(gapsDrawing());
  });
  it.each(algorithmPages)('%s says what its file says, and leads to files that are there', (id) => {
    const page = readFileSync(algorithmPage(id), 'utf8');
    expect(page).toBe(renderAlgorithm(id));
    const links = [...page.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, to]) => to!);
    expect(links.filter((to) => !existsSync(join('docs/algorithms', to)))).toEqual([]);
  });
  it('has a page of every file of an algorithm, and no other', () => {
    const files = readdirSync('src/policy/algorithms').filter((name) => !/^index|\.test\.ts$/.test(name));
    expect([...algorithmPages].sort()).toEqual(files.map((name) => name.replace('.ts', '')).sort());
    const pages = readdirSync('docs/algorithms').filter((name) => name !== 'README.md');
    expect(pages.sort()).toEqual(algorithmPages.map((id) => `${id}.md`).sort());
  });
});

describe('docs/challenges', () => {
  it.each(CHALLENGE_IDS)(
    '%s says what the code and the committed rates say: run `npm run docs:challenges` after a change',
    (id) => {
      const page = readFileSync(pageOf(id), 'utf8');
      expect(page).toBe(renderChallenge(page));
      const marked = [...page.matchAll(/<!-- generated: ([\w-]+) -->/g)].map(([, probe]) => probe);
      expect(marked.sort()).toEqual(
        probesOf(id)
          .map((probe) => probe.id as string)
          .sort(),
      );
      expect(page).not.toMatch(/\b(passes|passed|safe)\b/i);
    },
  );
  it('has a drawing of every probe, and the table of all challenges', () => {
    for (const id of PROBE_IDS) expect(readFileSync(drawingOf(id), 'utf8')).toBe(doseDrawing(id));
    expect(readFileSync('docs/challenges/README.md', 'utf8')).toBe(renderChallenges());
  });
});

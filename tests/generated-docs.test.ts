import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderAlgorithms } from '../scripts/algorithm-docs.ts';
import { renderEvidence } from '../scripts/evidence-docs.ts';

describe('docs/evidence.md', () => {
  it('is what the table of evidence kinds says: run `npm run docs:evidence` after a change', () => {
    expect(readFileSync('docs/evidence.md', 'utf8')).toBe(renderEvidence());
  });
});

describe('docs/algorithms.md', () => {
  it('is what the table of algorithms says: run `npm run docs:algorithms` after a change', () => {
    expect(readFileSync('docs/algorithms.md', 'utf8')).toBe(renderAlgorithms());
  });
});

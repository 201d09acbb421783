import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderFeatures } from '../scripts/features.ts';
import { STRATEGY_IDS, strategyOf } from '../src/lab/index.ts';
import { configSchema } from '../src/pipeline/index.ts';

describe('FEATURES.md', () => {
  it('is what the code says: run `npm run features` after a change', () => {
    expect(readFileSync('FEATURES.md', 'utf8')).toBe(renderFeatures());
  });
  it('names for every built strategy a key that a run configuration has', () => {
    const full = configSchema.parse({
      name: 'x',
      data: { layout: 'ground', ground: 'harbour' },
      base: {},
      feedback: { distribution: {} },
      policy: {},
    });
    for (const id of STRATEGY_IDS) {
      const { option } = strategyOf(id);
      if (option === null) continue;
      const [part, key] = option.split('.') as [keyof typeof full, string];
      expect({ id, known: key in (full[part] as object) }).toEqual({ id, known: true });
    }
    expect(STRATEGY_IDS.length).toBe(18);
  });
});

import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../src/cli/environment.ts';

describe('recipes', () => {
  it.each(readdirSync('recipes'))('%s has a configuration that is valid and named after its folder', (name) => {
    expect(readConfig(`recipes/${name}/run.yaml`, []).name).toBe(name);
  });
});

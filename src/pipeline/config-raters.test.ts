import { describe, expect, it } from 'vitest';
import { parseConfig } from '../run/index.ts';
import { DEFAULT_RATERS } from '../world/index.ts';
import { configSchema } from './config.ts';

const TEXT = 'name: raters\ndata: { layout: ground, ground: harbour }\nbase: {}\nfeedback: {}';
const read = (...set: string[]) => parseConfig(configSchema, TEXT, { source: 'run.yaml', set }).feedback!;

describe('the raters of a run', () => {
  it('are the twelve default ones unless something is said', () => {
    expect(read().raters).toEqual(DEFAULT_RATERS);
  });
  it('are changed by kind: naming one keeps the others', () => {
    expect(read('feedback.raters.partial-view=3').raters).toEqual({ ...DEFAULT_RATERS, 'partial-view': 3 });
    expect(read('feedback.raters.noisy=0').raters).toEqual({ ...DEFAULT_RATERS, noisy: 0 });
  });
  it('are only those that are named where the pool is empty', () => {
    expect(read('feedback.pool=empty', 'feedback.raters.noisy=5').raters).toEqual({ noisy: 5 });
  });
  it('read back from the recorded configuration are the same', () => {
    const recorded = parseConfig(configSchema, TEXT, { source: 'a', set: ['feedback.raters.careless=4'] });
    expect(parseConfig(configSchema, JSON.stringify(recorded), { source: 'b' })).toEqual(recorded);
  });
});

import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openMetricsLog } from './metrics-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-metrics-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const train = (path: string, stage: string, from: number, to: number) => {
  const log = openMetricsLog(path);
  for (let step = from; step <= to; step++) log.append(stage, step, { loss: 1 / step });
  return log;
};
const whole = () => {
  const path = join(folder, 'whole.jsonl');
  rmSync(path, { force: true });
  train(path, 'base', 1, 4);
  train(path, 'policy', 1, 5).settle(['base', 'policy']);
  return readFileSync(path, 'utf8');
};

describe('metrics', () => {
  it('are on disk as soon as they are said', () => {
    const path = join(folder, 'live.jsonl');
    const log = openMetricsLog(path);
    log.append('base', 1, { loss: 2, wild: Number.NaN });
    expect(readFileSync(path, 'utf8')).toBe('{"stage":"base","step":1,"metrics":{"loss":2,"wild":null}}\n');
  });
  it('after a kill and a step back are those of a run left alone', () => {
    const path = join(folder, 'killed.jsonl');
    train(path, 'base', 1, 4);
    train(path, 'policy', 1, 3);
    appendFileSync(path, '{"stage":"policy","st');
    expect(openMetricsLog(path).lastStep('policy')).toBe(3);
    train(path, 'policy', 3, 5);
    expect(readFileSync(path, 'utf8')).toBe(whole());
  });
  it('of a stage that ran again come back into their place', () => {
    const path = join(folder, 'again.jsonl');
    writeFileSync(path, whole());
    const log = openMetricsLog(path);
    log.drop('base');
    expect([log.lastStep('base'), log.lastStep('policy')]).toEqual([0, 5]);
    train(path, 'base', 1, 4).settle(['base', 'policy']);
    expect(readFileSync(path, 'utf8')).toBe(whole());
  });
  it('end where a step is missing', () => {
    const path = join(folder, 'gap.jsonl');
    writeFileSync(
      path,
      whole()
        .split('\n')
        .filter((line) => !line.includes('"policy","step":3'))
        .join('\n'),
    );
    const log = openMetricsLog(path);
    expect(log.lastStep('policy')).toBe(2);
    expect(log.digestOf('policy')).not.toBe(openMetricsLog(join(folder, 'whole.jsonl')).digestOf('policy'));
    expect(log.digestOf('reward')).toBeUndefined();
  });
  it('are not touched by who only reads them', () => {
    const path = join(folder, 'read.jsonl');
    writeFileSync(path, `${whole()}{"half`);
    openMetricsLog(path).rowsOf('base');
    expect(readFileSync(path, 'utf8')).toBe(`${whole()}{"half`);
  });
});

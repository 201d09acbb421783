import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type StrategyEffect, strategyEffects, withVerdicts } from '../src/lab/effects.ts';
import { SWITCHABLE } from '../src/lab/strategies/index.ts';

/**
 * `npm run lab:strategies -- [--seeds 20] [--first-seed 1] [--strategies S4,S13]`: measures what strategies do to probes, into
 * `docs/strategies.json`. Others keep theirs when they were measured on the same seeds; verdicts are given over all.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    'first-seed': { type: 'string', default: '1' },
    strategies: { type: 'string', default: SWITCHABLE.join(',') },
  },
});
const [seeds, firstSeed] = [Number(values.seeds), Number(values['first-seed'])];
const strategies = values.strategies.split(',').map((name) => {
  const known = SWITCHABLE.find((id) => id === name);
  if (known !== undefined) return known;
  throw new Error(`--strategies ${name}: expected some of ${SWITCHABLE.join(', ')}`);
});
const measured = await strategyEffects({ strategies, seeds, firstSeed }, ({ stage, done, total, unit }) =>
  process.stderr.write(`${stage}: ${done} of ${total} ${unit}\n`),
);
const file = 'docs/strategies.json';
interface Stored {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly effects: readonly StrategyEffect[];
}
// Read only now: another process may have measured others meanwhile.
const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Stored) : undefined;
const same = before !== undefined && before.seeds === seeds && before.firstSeed === firstSeed;
const kept = same ? before.effects.filter(({ strategy }) => !strategies.some((id) => id === strategy)) : [];
const effects = SWITCHABLE.flatMap((id) => [...kept, ...measured].filter(({ strategy }) => strategy === id));
const command = `goodhart lab strategies --seeds ${seeds} --first-seed ${firstSeed}`;
writeFileSync(file, `${JSON.stringify({ command, seeds, firstSeed, effects: withVerdicts(effects) }, null, 2)}\n`);

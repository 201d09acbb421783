/**
 * Does TensorBoard read what `goodhart policy train --tensorboard` writes? A file of drawn curves, whole and with a torn tail:
 *
 *   npx tsx scripts/interop-tensorboard.ts [--python path/to/python]     # one that has tensorboard
 *
 * A line per case; exit code 1 where a tag, a step, a time or a value is another there. Without the library one line says why nothing
 * was checked.
 */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EVENT_FILE, openEventLog } from '../src/pipeline/tensorboard.ts';
import { TRL_NAMES, trlTag } from '../src/policy/index.ts';
import { canonicalJson } from '../src/run/index.ts';
import { createRng } from '../src/stats/index.ts';
import { askPython, missing } from './interop-python.ts';

const { values: args } = parseArgs({
  options: { python: { type: 'string', default: 'bench/results/venv/bin/python' } },
});
const say = (line: string) => process.stdout.write(`${line}\n`);
type Curves = Readonly<Record<string, readonly (readonly [wallTime: number, step: number, value: number])[]>>;

/** Curves of every metric there is, and the folder that holds them. */
function write(folder: string, steps: number): Curves {
  const rng = createRng(`tensorboard/${steps}`);
  let clock = 1.7e9;
  const log = openEventLog(folder, () => {
    clock += 0.5;
    return clock;
  });
  const curves = new Map<string, [number, number, number][]>();
  for (let step = 1; step <= steps; step++) {
    const metrics = Object.fromEntries(Object.keys(TRL_NAMES).map((name) => [name, rng.normal()]));
    log.append(step, metrics);
    for (const [name, value] of Object.entries(metrics)) {
      const curve = curves.get(trlTag(name)) ?? [];
      curve.push([clock, step, Math.fround(value)]);
      curves.set(trlTag(name), curve);
    }
  }
  return Object.fromEntries(curves);
}

const reason = missing(args.python, ['tensorboard']);
if (reason !== undefined) say(`not checked: ${reason}`);
else {
  const place = mkdtempSync(join(tmpdir(), 'goodhart-tensorboard-'));
  try {
    const written = [3, 200].map((steps) => ({ folder: join(place, String(steps)), steps }));
    const curves = written.map(({ folder, steps }) => write(folder, steps));
    appendFileSync(join(written[0]!.folder, EVENT_FILE), Buffer.from('2000000000000000', 'hex'));
    const folders = written.map(({ folder }) => folder);
    const { answers } = askPython<Curves>(args.python, './interop-tensorboard.py', { folders });
    for (const [i, { steps }] of written.entries()) {
      const same = canonicalJson(answers[i]) === canonicalJson(curves[i]);
      if (!same) process.exitCode = 1;
      const tags = Object.keys(curves[i]!).length;
      say(`${same ? 'same' : 'DIFFERS'}  ${steps} steps of ${tags} tags${i === 0 ? ', tail torn' : ''}`);
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

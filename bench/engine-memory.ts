/** Runs a few language-model steps and prints the peak resident memory of this process in megabytes: a part of engine.ts. */
import { createEmbeddedEngine } from '../src/engine-embedded/index.ts';
import { languageModelStep } from './engine-rows.ts';
import { peakMegabytes } from './peak-memory.ts';

const [batch, time, threads] = process.argv.slice(2).map(Number) as [number, number, number];
const engine = createEmbeddedEngine({ threads });
const step = await languageModelStep(engine, batch, time);
for (let i = 0; i < 5; i++) await step();
process.stdout.write(JSON.stringify({ peakMB: peakMegabytes() }));
await engine.dispose();

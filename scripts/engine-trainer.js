/**
 * A training as a process of its own, to be killed; see src/engine-embedded/processes.fake.ts, which starts it with its `Training`
 * as JSON and brings dist/ up to date first. Alternates supervised steps with policy steps on samples of its own, keeps a
 * checkpoint every few steps, resumes from what is there. Says `ready` before the first step, `passed over …` for a checkpoint
 * that it could not use, and `final <digest>` at the end.
 */
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { z } from 'zod';
import { rollingCheckpoints } from '../dist/engine/node.js';
import { createEmbeddedEngine } from '../dist/engine-embedded/index.js';

const { folder, steps, every } = JSON.parse(process.argv[2]);
const say = (line) => writeSync(1, `${line}\n`);
const spec = { vocabulary: 40, width: 32, layers: 2, heads: 2, feedForward: 48, maxContext: 24, seed: 3 };

/** Rows of one step; they follow from the step alone. */
const rowsOf = (step) =>
  Array.from({ length: 8 }, (_, r) => {
    const ids = Int32Array.from({ length: 8 + ((r * 5 + step) % 16) }, (_, t) => (7 * r + 3 * t + step * (t + 1)) % 40);
    return { tokens: ids.slice(0, -1), targets: ids.slice(1) };
  });

/** Samples of the present policy with advantages that follow from their tokens. */
async function sampled(model, step) {
  const sampler = await model.sampler();
  const prompts = [0, 1, 2].map((p) => Int32Array.of(1 + p, 5 + (step % 7)));
  const groups = await sampler.sample(prompts, { maxTokens: 10, stop: [0], n: 3, seed: step });
  return groups.flatMap((group, p) =>
    group.map(({ tokens, logprobs }) => {
      const ids = Int32Array.from([...prompts[p], ...tokens]);
      const advantage = (tokens[0] % 5) - 2;
      const after = (values) => Float32Array.from([0, ...values]);
      return {
        tokens: ids.slice(0, -1),
        targets: ids.slice(1),
        logprobs: after(logprobs),
        advantages: after(logprobs.map(() => advantage)),
      };
    }),
  );
}

const engine = createEmbeddedEngine({ threads: 1 });
const model = await engine.createModel(spec);
const checkpoints = rollingCheckpoints(`${folder}/step-`, {
  state: z.strictObject({ losses: z.array(z.number()) }),
  warn: (line) => say(`passed over ${line}`),
});
const { step: from, state } = await checkpoints.resume(model);
const losses = state?.losses ?? [];
say('ready');
for (let step = from + 1; step <= steps; step++) {
  const [data, loss] = step % 3 === 0 ? [await sampled(model, step), 'ppo'] : [rowsOf(step), 'cross_entropy'];
  losses.push((await model.forwardBackward(data, loss)).loss);
  await model.optimStep({ learningRate: 1e-2, gradClipNorm: 1, weightDecay: 0.01 });
  if (step % every === 0 || step === steps) await checkpoints.save(model, step, { losses });
}
const rows = rowsOf(0);
const { logprobs } = await model.forward(rows, 'cross_entropy');
const digest = createHash('sha256');
for (const row of logprobs) digest.update(row);
await engine.dispose();
say(`final ${digest.update(JSON.stringify(losses)).digest('hex')}`);

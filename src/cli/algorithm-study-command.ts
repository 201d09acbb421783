import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createEmbeddedEngine } from '../engine-embedded/index.ts';
import { ALGORITHM_STUDY, algorithmStudy, LISTED_GROUNDS } from '../lab/index.ts';
import { algorithmsText } from './lab-text.ts';
import { names, whole } from './options.ts';
import type { Terminal } from './terminal.ts';

interface Options {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly steps: number;
  readonly baseSteps: number;
  readonly grounds: string;
  readonly algorithms?: string;
}

/** `lab algorithms`. */
export function addAlgorithmStudy(lab: Command, terminalOf: () => Terminal): void {
  const { seeds, firstSeed, steps, base, algorithms, grounds } = ALGORITHM_STUDY;
  lab
    .command('algorithms')
    .description('how near each algorithm comes to the exact optimum of what it maximises')
    .option('--seeds <n>', 'runs of each algorithm', whole(1), seeds)
    .option('--first-seed <n>', 'the first seed', whole(0), firstSeed)
    .option('--steps <n>', 'steps of each run', whole(1), steps)
    .option('--base-steps <n>', 'steps that the base model of a ground is trained for', whole(1), base.steps)
    .option('--grounds <list>', `grounds (default: ${grounds.join(',')})`, grounds.join(','))
    .option('--algorithms <list>', 'algorithms (default: all)')
    .addHelpText(
      'after',
      '\nA small model is trained on some prompts against their true utility, and its policy is read off exactly on every\nreply. The optimum is that of the same base model at the same KL.\n\nExamples:\n  goodhart lab algorithms --json\n  goodhart lab algorithms --algorithms rloo,dpo --seeds 2 --steps 100',
    )
    .action(async (options: Options) => {
      const changes = {
        seeds: options.seeds,
        firstSeed: options.firstSeed,
        steps: options.steps,
        base: { ...base, steps: options.baseSteps },
        grounds: names('grounds', options.grounds, LISTED_GROUNDS),
        ...(options.algorithms !== undefined && { algorithms: names('algorithms', options.algorithms, algorithms) }),
      };
      const terminal = terminalOf();
      const engine = createEmbeddedEngine({ threads: 1 });
      const folder = mkdtempSync(join(tmpdir(), 'goodhart-algorithms-'));
      try {
        const clock = () => performance.now() / 1000;
        const study = await algorithmStudy({ engine, folder, clock }, changes, terminal.progress);
        terminal.result(study, algorithmsText(study));
      } finally {
        await engine.dispose();
        rmSync(folder, { recursive: true, force: true });
      }
    });
}

import { createRng } from '../../stats/index.ts';
import type { PipelineConfig } from '../config.ts';
import { GROUNDS } from './local-ground.ts';
import type { RunPrompt, Source } from './source.ts';

/** A proving ground: simulated raters, exactly known utility. Prompts are drawn in an order of the seed's, split by split. */
export async function groundSource(
  config: PipelineConfig,
  data: Extract<PipelineConfig['data'], { layout: 'ground' }>,
): Promise<Source> {
  const ground = GROUNDS[data.ground]();
  const rng = createRng(config.seed);
  const held = (split: 'evaluation' | 'deploy'): RunPrompt[] =>
    rng
      .fork(`${split}-prompts`)
      .shuffle([...ground.prompts(split)])
      .map((prompt) => ({ ...prompt, split }));
  return {
    projectId: config.name,
    digest: `ground:${ground.id}`,
    examples: ground.corpus(config.base?.examples ?? 1, rng.fork('corpus')),
    prompts: [
      ...ground.prompts('train').map((prompt): RunPrompt => ({ ...prompt, split: 'train' })),
      ...held('evaluation'),
      ...held('deploy'),
    ],
    ground,
  };
}

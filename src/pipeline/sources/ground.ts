import { createRng } from '../../stats/index.ts';
import { GROUNDS, type GroundPrompt, type Split } from '../../world/index.ts';
import type { PipelineConfig } from '../config.ts';
import type { Source } from './source.ts';

/** A proving ground: simulated raters, exactly known utility. Prompts are drawn in an order of the seed's, split by split. */
export async function groundSource(
  config: PipelineConfig,
  data: Extract<PipelineConfig['data'], { layout: 'ground' }>,
): Promise<Source> {
  const ground = GROUNDS[data.ground]();
  const rng = createRng(config.seed);
  const held = (split: Split): GroundPrompt[] => rng.fork(`${split}-prompts`).shuffle([...ground.prompts(split)]);
  return {
    projectId: config.name,
    digest: `ground:${ground.id}`,
    examples: ground.corpus(config.base?.examples ?? 1, rng.fork('corpus')),
    prompts: [...ground.prompts('train'), ...held('evaluation'), ...held('deploy')],
    ground,
  };
}

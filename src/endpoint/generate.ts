import type { Item } from '../feedback/index.ts';
import { digestValue } from '../run/index.ts';
import type { Endpoint } from './client.ts';
import { type Sampled, type Sampling, sampleReplies } from './replies.ts';

export interface Generation extends Sampling {
  readonly projectId: string;
  readonly prompts: readonly string[];
  /** Rule by which the prompts were chosen, as items say it. */
  readonly selection: string;
}

/** Items whose replies an endpoint gives, and the prompts to which it gave none. */
export async function generateItems(
  endpoint: Endpoint,
  { projectId, prompts, selection, ...sampling }: Generation,
): Promise<{ items: Item[]; failed: Exclude<Sampled, { answers: unknown }>[] }> {
  const sampled = await sampleReplies(endpoint, [...new Set(prompts)], sampling);
  const { temperature, maxTokens } = sampling;
  const { model } = endpoint;
  return {
    items: sampled.flatMap((one): Item[] => {
      if (!('answers' in one)) return [];
      const texts = one.answers.map(({ text }) => text);
      const id = `generated-${digestValue([one.prompt, texts]).slice(0, 16)}`;
      return [
        {
          id,
          projectId,
          prompt: one.prompt,
          replies: texts.map((text, i) => ({ id: `${id}/${i}`, text, model })),
          source: { origin: model, selection, sampling: { temperature, maxTokens } },
        },
      ];
    }),
    failed: sampled.flatMap((one) => ('answers' in one ? [] : [one])),
  };
}

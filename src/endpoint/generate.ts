import type { Item } from '../feedback/index.ts';
import { digestValue } from '../run/index.ts';
import { allOf, type Endpoint, eachOf } from './client.ts';
import { EndpointError } from './endpoint-error.ts';

export interface Generation {
  readonly projectId: string;
  readonly prompts: readonly string[];
  /** To each prompt; asked for one by one, so that a server without `n` works too. */
  readonly replies: number;
  readonly temperature: number;
  readonly maxTokens: number;
  /** Rule by which the prompts were chosen, as items say it. */
  readonly selection: string;
  /** Told how many prompts are done. */
  readonly onDone?: (done: number) => void;
}

/** An item of replies that a model gave. */
export function generatedItem(
  { projectId, temperature, maxTokens, selection }: Omit<Generation, 'prompts' | 'replies'>,
  { prompt, texts, model }: { readonly prompt: string; readonly texts: readonly string[]; readonly model: string },
): Item {
  const id = `generated-${digestValue([prompt, texts]).slice(0, 16)}`;
  return {
    id,
    projectId,
    prompt,
    replies: texts.map((text, i) => ({ id: `${id}/${i}`, text, model })),
    source: { origin: model, selection, sampling: { temperature, maxTokens } },
  };
}

/** Items whose replies an endpoint gives, and the prompts to which it gave none. What stops the endpoint leaves the rest without. */
export async function generateItems(
  endpoint: Endpoint,
  generation: Generation,
): Promise<{ items: Item[]; failed: { prompt: string; reason: string }[] }> {
  const { prompts, replies, temperature, maxTokens, onDone } = generation;
  const places = Array.from({ length: replies }, (_, nth) => nth);
  const made = await eachOf(
    [...new Set(prompts)],
    { at: endpoint.concurrency, ...(onDone !== undefined && { onDone }) },
    async (prompt): Promise<Item | { prompt: string; reason: string }> => {
      try {
        const answers = await allOf(places.map((nth) => endpoint.ask({ prompt, temperature, maxTokens, nth })));
        return generatedItem(generation, { prompt, texts: answers.map(({ text }) => text), model: endpoint.model });
      } catch (error) {
        if (!(error instanceof EndpointError)) throw error;
        return { prompt, reason: error.message };
      }
    },
  );
  return {
    items: made.filter((one): one is Item => 'id' in one),
    failed: made.filter((one): one is { prompt: string; reason: string } => 'reason' in one),
  };
}

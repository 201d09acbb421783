import { setTimeout } from 'node:timers/promises';
import { createEndpoint, generateItems } from '../endpoint/index.ts';
import type { Item } from '../feedback/index.ts';
import type { RequestOf } from './contract/index.ts';
import type { Services } from './services.ts';

type Wanted = RequestOf<'POST /api/projects/{project}/generate'>['body'];

/** Items whose replies the endpoint of a form gives; somebody waits for them, so that little is asked again. */
export async function generatedBy(
  projectId: string,
  { endpoint: url, model, apiKey: key, ...wanted }: Wanted,
  { send, now }: Pick<Services, 'send' | 'now'>,
): Promise<{ items: Item[]; failed: { prompt: string; reason: string }[] }> {
  const clock = () => Date.parse(now());
  const endpoint = createEndpoint({
    ...{ url, model, key, send, now: clock, date: clock, wait: (ms) => setTimeout(ms) },
    ...{ attempts: 2, backoffMs: 250, patienceMs: 10_000 },
  });
  const { replies = 2, temperature = 1, maxTokens = 512, prompts } = wanted;
  const settings = { prompts, replies, temperature, maxTokens };
  const { items, failed } = await generateItems(endpoint, {
    ...settings,
    projectId,
    selection: 'prompts given by a lead',
  });
  return { items, failed: failed.map(({ prompt, reason }) => ({ prompt, reason })) };
}

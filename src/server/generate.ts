import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Item } from '../feedback/index.ts';
import { answerText, parseJson } from '../run/index.ts';
import type { Send } from './access/outgoing.ts';
import type { RequestOf } from './contract/index.ts';

type Wanted = RequestOf<'POST /api/projects/{project}/generate'>['body'];

const completionSchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
});
const TIMEOUT_MS = 120_000;
/** Of one answer: `maxTokens` are at most 8192. */
const ANSWER_BYTES = 4 * 1024 * 1024;
const AT_ONCE = 4;

/** The address for completions of an endpoint, which may be given with it or without, and with slashes after it. */
export function completionsUrl(endpoint: string): string {
  let end = endpoint.length;
  while (endpoint[end - 1] === '/') end -= 1;
  const path = '/chat/completions';
  const base = endpoint.slice(0, end);
  return base.endsWith(path) ? base : `${base}${path}`;
}

/** The JSON of an answer; undefined where it is none. */
async function jsonOf(response: Response): Promise<unknown> {
  const text = await answerText(response, ANSWER_BYTES);
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** One reply of an OpenAI-compatible chat endpoint. */
async function complete(
  wanted: Required<Pick<Wanted, 'endpoint' | 'model'>> & Wanted,
  prompt: string,
  send: Send,
): Promise<string> {
  const url = completionsUrl(wanted.endpoint);
  const response = await send(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(wanted.apiKey !== undefined && { authorization: `Bearer ${wanted.apiKey}` }),
    },
    body: JSON.stringify({
      model: wanted.model,
      messages: [{ role: 'user', content: prompt }],
      temperature: wanted.temperature,
      max_tokens: wanted.maxTokens,
    }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`the endpoint answered ${response.status}`);
  const parsed = completionSchema.safeParse(await jsonOf(response));
  if (!parsed.success) throw new Error('the endpoint answered something other than chat completions');
  return parsed.data.choices[0]!.message.content;
}

/** Items whose replies an endpoint gives: several calls a prompt, so that a server without `n` works too. */
export async function generateItems(
  projectId: string,
  wanted: Wanted,
  send: Send,
): Promise<{ items: Item[]; failed: { prompt: string; reason: string }[] }> {
  const items: Item[] = [];
  const failed: { prompt: string; reason: string }[] = [];
  const replies = wanted.replies ?? 2;
  const queue = [...new Set(wanted.prompts)];
  const work = async () => {
    for (let prompt = queue.shift(); prompt !== undefined; prompt = queue.shift()) {
      try {
        const texts = await Promise.all(Array.from({ length: replies }, () => complete(wanted, prompt!, send)));
        const id = `generated-${createHash('sha256')
          .update(JSON.stringify([prompt, texts]))
          .digest('hex')
          .slice(0, 16)}`;
        items.push({
          id,
          projectId,
          prompt,
          replies: texts.map((text, i) => ({ id: `${id}/${i}`, text })),
          source: {
            origin: wanted.model,
            selection: 'prompts given by a lead',
            sampling: { temperature: wanted.temperature ?? 1, maxTokens: wanted.maxTokens ?? 512 },
          },
        });
      } catch (error) {
        failed.push({ prompt, reason: (error as Error).message });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { items, failed };
}

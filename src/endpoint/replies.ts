import { allOf, type Endpoint, eachOf } from './client.ts';
import { EndpointError, type EndpointFault } from './endpoint-error.ts';
import type { Answered } from './protocol.ts';

export interface Sampling {
  /** To each prompt; asked for one by one, so that a server without `n` works too. */
  readonly replies: number;
  readonly temperature: number;
  readonly maxTokens: number;
  /** With the log-probability of each reply, where offered. */
  readonly logprobs?: boolean;
  /** Told how many prompts are done. */
  readonly onDone?: (done: number) => void;
}

/** Replies to a prompt, or why there are none. */
export type Sampled =
  | { readonly prompt: string; readonly answers: readonly Answered[] }
  | { readonly prompt: string; readonly reason: string; readonly fault: EndpointFault };

/** Several replies of a model to each prompt, in the order of the prompts. What stops the endpoint leaves the rest without. */
export function sampleReplies(
  endpoint: Endpoint,
  prompts: readonly string[],
  { replies, temperature, maxTokens, logprobs = false, onDone }: Sampling,
): Promise<Sampled[]> {
  const places = Array.from({ length: replies }, (_, nth) => nth);
  const settings = { temperature, maxTokens, ...(logprobs && { logprobs: 1 }) };
  return eachOf(
    prompts,
    { at: endpoint.concurrency, ...(onDone !== undefined && { onDone }) },
    async (prompt): Promise<Sampled> => {
      try {
        return { prompt, answers: await allOf(places.map((nth) => endpoint.ask({ prompt, ...settings, nth }))) };
      } catch (error) {
        if (!(error instanceof EndpointError)) throw error;
        return { prompt, reason: error.message, fault: error.fault };
      }
    },
  );
}

import { z } from 'zod';

/** What is asked, whatever the protocol. */
export interface Question {
  /** What the model is told before the prompt. */
  readonly system?: string;
  readonly prompt: string;
  readonly temperature: number;
  readonly maxTokens: number;
  /** How many likeliest tokens a place is wanted, 1 to 20; none when absent. A server that has none answers without. */
  readonly logprobs?: number;
  /** Which of several answers to the same question: each is asked for once. */
  readonly nth?: number;
}

const tokenSchema = z.strictObject({ token: z.string(), logprob: z.number() });
/** An answer as it is kept. */
export const answeredSchema = z.strictObject({
  text: z.string(),
  /** Why the model stopped, in the server's word: `stop`, `length`. */
  finish: z.string().nullable(),
  /** What the server calls the model. */
  model: z.string().nullable(),
  /** Tokens of the prompt and of the reply; null where the server does not count. */
  usage: z.strictObject({ prompt: z.int().nonnegative(), reply: z.int().nonnegative() }).nullable(),
  /** When it came, ISO 8601. */
  at: z.string(),
  /** Log-probability of the reply in nats over its tokens, and the likeliest first tokens; null where not offered. */
  logprobs: z.strictObject({ sum: z.number(), tokens: z.int().positive(), first: z.array(tokenSchema) }).nullable(),
});
export type Answered = z.infer<typeof answeredSchema>;
type Read = Omit<Answered, 'at'>;

/** The longest reply that is taken, in characters. */
const REPLY_CHARACTERS = 1_000_000;
const text = z.string().max(REPLY_CHARACTERS);
const usage = z
  .object({ prompt_tokens: z.int().nonnegative(), completion_tokens: z.int().nonnegative() })
  .nullish()
  .catch(null);
const model = z.string().max(1000).nullish().catch(null);
const finish_reason = z.string().max(100).nullish().catch(null);
const top = z.array(z.object({ token: z.string(), logprob: z.number() })).max(100);

const chatSchema = z.object({
  model,
  usage,
  choices: z
    .array(
      z.object({
        message: z.object({ content: text }),
        finish_reason,
        logprobs: z
          .object({
            content: z
              .array(z.object({ token: z.string(), logprob: z.number(), top_logprobs: top.nullish() }))
              .nullish(),
          })
          .nullish(),
      }),
    )
    .min(1),
});
const completionSchema = z.object({
  model,
  usage,
  choices: z
    .array(
      z.object({
        text,
        finish_reason,
        logprobs: z
          .object({
            tokens: z.array(z.string()),
            token_logprobs: z.array(z.number().nullable()),
            top_logprobs: z.array(z.record(z.string(), z.number()).nullable()).nullish(),
          })
          .nullish(),
      }),
    )
    .min(1),
});

interface Place {
  readonly token: string;
  readonly logprob: number;
  readonly top: readonly { readonly token: string; readonly logprob: number }[];
}
function logprobsOf(places: readonly Place[]): Answered['logprobs'] {
  if (places.length === 0) return null;
  const [first] = places as [Place];
  return {
    sum: places.reduce((sum, { logprob }) => sum + logprob, 0),
    tokens: places.length,
    first: first.top.length > 0 ? [...first.top] : [{ token: first.token, logprob: first.logprob }],
  };
}

const usageOf = (got: z.infer<typeof usage>): Answered['usage'] =>
  got == null ? null : { prompt: got.prompt_tokens, reply: got.completion_tokens };

/** One way to ask: where, with what body, and how its answer is read. */
interface Protocol {
  /** Behind the base address. */
  readonly path: string;
  body(question: Question): Record<string, unknown>;
  /** @throws ZodError for another answer */
  read(answer: unknown): Read;
}

/** The ways to ask. Another is one more row. */
export const PROTOCOLS = {
  chat: {
    path: '/chat/completions',
    body: ({ system, prompt, temperature, maxTokens, logprobs }) => ({
      messages: [
        ...(system === undefined ? [] : [{ role: 'system', content: system }]),
        { role: 'user', content: prompt },
      ],
      temperature,
      max_tokens: maxTokens,
      ...(logprobs !== undefined && { logprobs: true, top_logprobs: logprobs }),
    }),
    read(answer) {
      const parsed = chatSchema.parse(answer);
      const { message, finish_reason: finish, logprobs } = parsed.choices[0]!;
      const places = (logprobs?.content ?? []).map(({ token, logprob, top_logprobs }) => ({
        token,
        logprob,
        top: top_logprobs ?? [],
      }));
      return {
        text: message.content,
        finish: finish ?? null,
        model: parsed.model ?? null,
        usage: usageOf(parsed.usage),
        logprobs: logprobsOf(places),
      };
    },
  },
  completions: {
    path: '/completions',
    body: ({ system, prompt, temperature, maxTokens, logprobs }) => ({
      prompt: system === undefined ? prompt : `${system}\n\n${prompt}`,
      temperature,
      max_tokens: maxTokens,
      ...(logprobs !== undefined && { logprobs }),
    }),
    read(answer) {
      const parsed = completionSchema.parse(answer);
      const { text: reply, finish_reason: finish, logprobs } = parsed.choices[0]!;
      const given = logprobs?.token_logprobs ?? [];
      // Only whole: a place without a number would make the sum another thing.
      const whole = given.length > 0 && given.length === logprobs!.tokens.length && given.every((v) => v !== null);
      const places = !whole
        ? []
        : logprobs!.tokens.map((token, i) => ({
            token,
            logprob: given[i] as number,
            top: Object.entries(logprobs!.top_logprobs?.[i] ?? {}).map(([likely, logprob]) => ({
              token: likely,
              logprob,
            })),
          }));
      return {
        text: reply,
        finish: finish ?? null,
        model: parsed.model ?? null,
        usage: usageOf(parsed.usage),
        logprobs: logprobsOf(places),
      };
    },
  },
} as const satisfies Record<string, Protocol>;
export type ProtocolId = keyof typeof PROTOCOLS;
export const PROTOCOL_IDS = Object.keys(PROTOCOLS) as readonly ProtocolId[];

const PATHS: readonly string[] = PROTOCOL_IDS.map((id) => PROTOCOLS[id].path).sort((a, b) => b.length - a.length);

/** The address of an endpoint that ends before the path of a protocol, however it was given. */
export function baseUrl(endpoint: string): string {
  const bare = (address: string) => {
    let end = address.length;
    while (address[end - 1] === '/') end -= 1;
    return address.slice(0, end);
  };
  const given = bare(endpoint);
  const path = PATHS.find((known) => given.endsWith(known));
  return path === undefined ? given : bare(given.slice(0, -path.length));
}

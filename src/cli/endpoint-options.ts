import { setTimeout } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type AnswerCache,
  createEndpoint,
  type Endpoint,
  PROTOCOL_IDS,
  type Prices,
  type ProtocolId,
  sendAnywhere,
} from '../endpoint/index.ts';
import { own, UsageError } from '../run/index.ts';
import { whole } from './options.ts';

/** Whom to ask, how fast, and at what price. */
export interface EndpointFlags {
  readonly endpoint: string;
  readonly model: string;
  /** Null for no key. */
  readonly keyEnv: string | null;
  readonly protocol: ProtocolId;
  readonly concurrency: number;
  readonly perMinute?: number;
  readonly attempts: number;
  readonly timeout: number;
  readonly prices?: Prices;
}

const KEY = 'GOODHART_ENDPOINT_KEY';

/** An address that may stand in a record: without a key in it. */
export function address(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new InvalidArgumentError('expected an address that begins with http:// or https://.');
  // The address is not said again: it may hold a key.
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new InvalidArgumentError('expected an address without user, query and fragment; keys come from --key-env.');
  return text;
}

function prices(text: string): Prices {
  const [prompt, reply, ...more] = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (!(prompt! >= 0 && reply! >= 0 && prompt! + reply! < Infinity) || more.length > 0)
    throw new InvalidArgumentError('expected two prices of a million tokens, of prompts and of replies: 0.15,0.6.');
  return { prompt: prompt!, reply: reply! };
}

export function numberOf(least: number, most: number) {
  return (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!(value >= least && value <= most))
      throw new InvalidArgumentError(`expected a number from ${least} to ${most}.`);
    return value;
  };
}

/** The options of every command that asks an endpoint. */
export const endpointOptions = (command: Command): Command =>
  command
    .requiredOption('--endpoint <url>', 'an OpenAI-compatible address: http://127.0.0.1:8000/v1', address)
    .requiredOption('--model <name>', 'the model, as the server names it')
    .option('--key-env <name>', 'environment variable that holds the key; it is nowhere written', KEY)
    .addOption(new Option('--protocol <name>', 'how it is asked').choices(PROTOCOL_IDS).default('chat'))
    .option('--concurrency <n>', 'requests under way at once', whole(1, 256), 4)
    .option('--per-minute <n>', 'requests a minute at most', whole(1))
    .option('--attempts <n>', 'how often a question is sent before it counts as lost', whole(1, 100), 6)
    .option('--timeout <s>', 'seconds that one answer may take', whole(1, 3600), 120)
    .option('--prices <prompt,reply>', 'what a million tokens cost, for the cost in the result', prices);

/** The key of the environment; a variable that was named and is not there is a mistake. */
function keyOf(name: string): string | undefined {
  const key = own(process.env, name);
  if (key !== undefined && key !== '') return key;
  if (name === KEY) return undefined;
  throw new UsageError('key-env', `--key-env ${name}: expected the key in this environment variable, got none; set it`);
}

/** The endpoint that flags name, on real clocks. */
export function endpointOf(flags: EndpointFlags, cache: AnswerCache): Endpoint {
  const { endpoint: url, keyEnv, timeout, ...rest } = flags;
  return createEndpoint({
    ...{
      ...rest,
      url,
      key: keyEnv === null ? undefined : keyOf(keyEnv),
      cache,
      send: sendAnywhere,
      timeoutMs: 1000 * timeout,
    },
    ...{ now: () => performance.now(), date: () => Date.now(), wait: (ms) => setTimeout(ms) },
  });
}

import { type Datum, LOSS_NAMES, type LossName } from '../engine/index.ts';
import { RemoteError } from './remote-error.ts';

/** What a server does with a gradient and with log-probabilities, and what of it the loop can live with. */

/** What the probe measured. Norms are of the gradient at learning rate 0; NaN where the server tells none. */
export interface Measured {
  readonly wire: 'protobuf' | 'json';
  /** With all weights 1, 2 and −1, of the batch twice in one request, and of two requests of it before one step. */
  readonly norms: Readonly<Record<'one' | 'two' | 'minus' | 'doubled' | 'twice' | 'mixed', number>>;
  /** Losses that were taken. */
  readonly losses: readonly LossName[];
  /** Entries in front of the log-probability of the second token: 1 where the first has an empty one. */
  readonly promptLogprobsOffset: number;
  /** Largest |Δ| between the log-probability of a sample drawn at temperature ¼ and that of temperature 1. */
  readonly temperedGap: number;
  /** Mean (lp − lp′)²/2 between sampler and trainer on the same weights, nats a token. */
  readonly samplerKl: number;
  /** Whether a seed gives the same tokens twice. */
  readonly seeds: boolean;
}

export type Verdict = 'honoured' | 'corrected' | 'refused' | 'unknown';

export interface Finding {
  readonly name: string;
  readonly verdict: Verdict;
  readonly found: string;
  /** What the loop does about it. */
  readonly remedy: string;
}

/** How far two numbers may differ, relative: servers compute in bfloat16. */
const TOLERANCE = 0.05;
const near = (got: number, want: number) => Math.abs(got - want) <= TOLERANCE * Math.abs(want);
/** Beyond this a log-probability is of another distribution. */
const SAME_LOGPROB = 0.02;
/** Sampler and trainer may differ by this much, nats a token, before ratios are no more what they say. */
const LARGEST_KL = 1e-2;

const shown = (value: number) => (Number.isFinite(value) ? value.toPrecision(4) : 'none');

/** A multiple that the gradient of the summed loss has. */
function scaling(
  name: string,
  { norms }: Measured,
  { of, factor, means }: { of: keyof Measured['norms']; factor: number; means: string },
): Finding {
  const [got, one] = [norms[of], norms.one];
  if (Number.isNaN(one) || Number.isNaN(got))
    return {
      name,
      verdict: 'unknown',
      found: 'the server tells no norm of the gradient',
      remedy: 'training is refused',
    };
  const honoured = near(got, factor * one);
  const found = `norm ${shown(got)} for ${means}, ${shown(one)} without`;
  const remedy = honoured ? 'used as it is' : `training is refused: expected ${shown(factor * one)}`;
  return { name, verdict: honoured ? 'honoured' : 'refused', found, remedy };
}

/** Findings by name, in the order of a report. */
export function findingsOf(measured: Measured): Finding[] {
  const { wire, norms, losses, promptLogprobsOffset, temperedGap, samplerKl, seeds } = measured;
  const missing = LOSS_NAMES.filter((loss) => !losses.includes(loss));
  const mixed = Number.isNaN(norms.mixed) || norms.mixed <= 4 * norms.one;
  const tempered = temperedGap > SAME_LOGPROB;
  return [
    scaling('weights scale the loss', measured, { of: 'two', factor: 2, means: 'weights 2' }),
    scaling('negative weights', measured, { of: 'minus', factor: 1, means: 'weights −1' }),
    {
      name: 'weights of both signs',
      verdict: mixed ? (Number.isNaN(norms.mixed) ? 'unknown' : 'honoured') : 'refused',
      found: `norm ${shown(norms.mixed)} for weights 1 and −1, ${shown(norms.one)} for 1 alone`,
      remedy: mixed ? 'used as it is' : 'training is refused',
    },
    scaling('losses sum over data', measured, { of: 'doubled', factor: 2, means: 'the batch twice in a request' }),
    scaling('gradients add up over requests', measured, { of: 'twice', factor: 2, means: 'two requests' }),
    {
      name: 'losses',
      verdict: losses.includes('cross_entropy') ? 'honoured' : 'refused',
      found: losses.join(', ') || 'none',
      remedy: missing.length === 0 ? 'all are used' : `${missing.join(', ')} are refused when asked for`,
    },
    {
      name: 'place of prompt log-probabilities',
      verdict: promptLogprobsOffset === 1 ? 'honoured' : 'corrected',
      found: promptLogprobsOffset === 1 ? 'an empty entry for the first token' : 'the first token has no entry',
      remedy: promptLogprobsOffset === 1 ? 'used as it is' : 'moved by one',
    },
    {
      name: 'log-probabilities of temperature 1',
      verdict: tempered ? 'corrected' : 'honoured',
      found: `at temperature ¼ they differ by up to ${shown(temperedGap)} nats from those of temperature 1`,
      remedy: tempered ? 'samples of other temperatures are scored again' : 'used as it is',
    },
    {
      name: 'sampler and trainer agree',
      verdict: samplerKl <= LARGEST_KL ? 'honoured' : 'refused',
      found: `${samplerKl.toExponential(1)} nats a token`,
      remedy: samplerKl <= LARGEST_KL ? 'used as it is' : `training is refused: expected at most ${LARGEST_KL}`,
    },
    {
      name: 'seeds',
      verdict: seeds ? 'honoured' : 'corrected',
      found: seeds ? 'a seed gives the same tokens twice' : 'a seed gives other tokens the second time',
      remedy: seeds ? 'used as it is' : 'runs are not promised to repeat',
    },
    { name: 'messages', verdict: 'honoured', found: wire, remedy: 'used as it is' },
  ];
}

/** Refuses a server on which training would compute something else than was asked for. */
export function requireConformance(url: string, findings: readonly Finding[]): void {
  const bad = findings.filter(({ verdict, remedy }) => verdict === 'refused' || remedy === 'training is refused');
  if (bad.length === 0) return;
  const lines = bad.map(({ name, found }) => `${name} (${found})`).join('; ');
  throw new RemoteError('conformance', `${url}: this server does not honour: ${lines}; train on another one`);
}

/** Data that the probe trains on: ids below 24 stand in every vocabulary. */
export const PROBE_DATA: readonly Datum[] = [
  [1, 5, 9, 13, 17, 21, 3, 7],
  [2, 4, 8, 16, 11, 22, 19, 14],
].map((ids) => ({ tokens: Int32Array.from(ids.slice(0, -1)), targets: Int32Array.from(ids.slice(1)) }));

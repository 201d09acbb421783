import { type Datum, LOSS_NAMES, type LossConfig, type LossName } from '../engine/index.ts';
import type { PassRequest, Tensor, WireDatum } from '../engine-tinker/index.ts';
import { ProtocolError } from './protocol-error.ts';

/** A pass as a client asks for it, in the engine's terms. What the engine would leave unread is refused by name. */

const refuse = (what: string) => new ProtocolError(400, what);

/** What each loss reads of a datum besides its targets. */
const READS: { readonly [L in LossName]: ReadonlySet<string> } = {
  cross_entropy: new Set(['target_tokens', 'weights']),
  importance_sampling: new Set(['target_tokens', 'logprobs', 'advantages']),
  ppo: new Set(['target_tokens', 'logprobs', 'advantages']),
  cispo: new Set(['target_tokens', 'logprobs', 'advantages']),
};
const CLIPPED: ReadonlySet<LossName> = new Set(['ppo', 'cispo']);

const floats = (tensor: Tensor): Float32Array => (tensor instanceof Float32Array ? tensor : Float32Array.from(tensor));

function datumOf({ tokens, inputs }: WireDatum, loss: LossName, at: number): Datum {
  const targets = inputs.get('target_tokens');
  if (!(targets instanceof Int32Array)) throw refuse(`data.${at}: expected target_tokens of dtype int64`);
  const strange = [...inputs.keys()].find((name) => !READS[loss].has(name));
  if (strange !== undefined) {
    const reads = [...READS[loss]].join(', ');
    throw refuse(`data.${at}: ${loss} does not read ${strange.slice(0, 60)}; it reads ${reads}`);
  }
  const more = (['weights', 'logprobs', 'advantages'] as const).flatMap((name) => {
    const tensor = inputs.get(name);
    return tensor === undefined ? [] : [[name, floats(tensor)] as const];
  });
  return { tokens, targets, ...Object.fromEntries(more) };
}

function configOf(config: ReadonlyMap<string, number>, loss: LossName): LossConfig {
  const known = { clip_low_threshold: 'clipLow', clip_high_threshold: 'clipHigh' } as const;
  const entries = [...config].map(([name, value]) => {
    const key = Object.entries(known).find(([wire]) => wire === name)?.[1];
    if (key === undefined || !CLIPPED.has(loss)) throw refuse(`loss_fn_config: ${loss} has no ${name.slice(0, 60)}`);
    return [key, value] as const;
  });
  return Object.fromEntries(entries);
}

export interface Pass {
  readonly data: Datum[];
  readonly loss: LossName;
  readonly config: LossConfig;
}

export function passOf({ data, loss, config }: PassRequest): Pass {
  const known = LOSS_NAMES.find((name) => name === loss);
  if (known === undefined) throw refuse(`loss_fn ${loss.slice(0, 60)}: this engine has ${LOSS_NAMES.join(', ')}`);
  return { data: data.map((datum, i) => datumOf(datum, known, i)), loss: known, config: configOf(config, known) };
}

import { EngineError, NumericsError } from '../run/index.ts';
import { type Datum, LOSS_NAMES, type LossName, type ModelSpec } from './engine.ts';

/** Checks shared by every engine, made before anything is computed or sent. */

type Limits = Pick<ModelSpec, 'vocabulary' | 'maxContext'>;

function checkTokens(tokens: Int32Array, { vocabulary, maxContext }: Limits, where: string): void {
  if (tokens.length > maxContext) {
    throw new EngineError(
      'context',
      `${where}: ${tokens.length} tokens, but the context holds ${maxContext}; shorten the sequence`,
    );
  }
  for (const [i, token] of tokens.entries()) {
    if (token < 0 || token >= vocabulary) {
      throw new EngineError('token', `${where}: token ${token} at position ${i}; expected 0 to ${vocabulary - 1}`);
    }
  }
}

/** Sequences of at least `least` tokens within vocabulary and context. */
export function validateSequences(sequences: readonly Int32Array[], limits: Limits, call: string, least = 1): void {
  if (sequences.length === 0) throw new EngineError('empty-batch', `${call}: got no sequences; give at least one`);
  for (const [i, tokens] of sequences.entries()) {
    if (tokens.length < least) {
      throw new EngineError(
        'empty-sequence',
        `${call}: sequence ${i} has ${tokens.length} tokens; expected at least ${least}`,
      );
    }
    checkTokens(tokens, limits, `${call}: sequence ${i}`);
  }
}

const NEEDS: Readonly<Record<LossName, readonly ('logprobs' | 'advantages')[]>> = {
  cross_entropy: [],
  importance_sampling: ['logprobs', 'advantages'],
  ppo: ['logprobs', 'advantages'],
  cispo: ['logprobs', 'advantages'],
};

/** Data for a token loss: known loss, equal lengths, the arrays the loss reads, finite numbers. */
export function validateData(data: readonly Datum[], loss: LossName, limits: Limits): void {
  if (!LOSS_NAMES.includes(loss)) {
    throw new EngineError('unknown-loss', `unknown loss ${String(loss)}; expected one of ${LOSS_NAMES.join(', ')}`);
  }
  if (data.length === 0) throw new EngineError('empty-batch', `${loss}: got no data; give at least one datum`);
  for (const [i, datum] of data.entries()) {
    const where = `${loss}: datum ${i}`;
    if (datum.tokens.length === 0) throw new EngineError('empty-sequence', `${where} has no tokens`);
    checkTokens(datum.tokens, limits, where);
    checkTokens(datum.targets, limits, `${where} targets`);
    for (const name of NEEDS[loss]) {
      if (datum[name] === undefined)
        throw new EngineError('missing-input', `${where} lacks ${name}, which ${loss} reads`);
    }
    for (const name of ['targets', 'weights', 'logprobs', 'advantages'] as const) {
      const values = datum[name];
      if (values === undefined) continue;
      if (values.length !== datum.tokens.length) {
        throw new EngineError(
          'length',
          `${where}: ${name} has ${values.length} entries for ${datum.tokens.length} tokens`,
        );
      }
      const bad = values.findIndex((v) => !Number.isFinite(v));
      if (bad >= 0)
        throw new NumericsError(name, `${where}, position ${bad} is ${values[bad]}; expected a finite number`);
    }
  }
}

/** What a custom loss returned: a finite value, and one finite gradient row per sequence, as long as the sequence. */
export function requireCustomLoss(
  loss: number,
  gradients: readonly Float32Array[],
  { lengths, step }: { readonly lengths: readonly number[]; readonly step: number },
): void {
  if (!Number.isFinite(loss)) throw new NumericsError('loss', `got ${loss}; expected a finite number`, { step });
  const got = gradients.map((row) => row.length);
  if (got.length !== lengths.length || got.some((n, i) => n !== lengths[i])) {
    throw new EngineError(
      'length',
      `custom loss: got gradient rows of lengths [${got.join(', ')}]; expected [${lengths.join(', ')}], one number per position`,
    );
  }
  for (const [i, row] of gradients.entries()) {
    const bad = row.findIndex((g) => !Number.isFinite(g));
    if (bad < 0) continue;
    const where = `of the custom loss for sequence ${i} is ${row[bad]} at position ${bad}`;
    throw new NumericsError('gradient', `${where}; expected a finite number`, { step });
  }
}

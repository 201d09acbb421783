import { NumericsError } from '../run/index.ts';
import type { Feed, GraphCache, GraphKind } from './graphs.ts';
import type { Weighted } from './snapshot.ts';

/** Where numbers stopped being finite, found by a second run of a graph and said in words. */

interface Run {
  readonly kind: GraphKind;
  readonly feeds: Readonly<Record<string, Feed>>;
}

/** The operator, and the end of a sentence about it; empty where the second run does not show it. */
export async function originOf(
  graphs: GraphCache,
  state: Weighted,
  { kind, feeds }: Run,
): Promise<{ readonly operator: string | undefined; readonly text: string }> {
  const found = await graphs.findNonFinite(state, kind, feeds);
  if (found === undefined) return { operator: undefined, text: '' };
  const { operator, where, element, value } = found;
  return { operator, text: `; it began in ${where}, whose element ${element} is ${value}` };
}

/**
 * The error for an overflow that the outputs do not show. Undefined where only the bound on it overflowed, as it may for
 * numbers above 10¹⁶.
 */
export async function hiddenOverflow(
  graphs: GraphCache,
  state: Weighted & { readonly step: number },
  run: Run,
): Promise<NumericsError | undefined> {
  const { operator, text } = await originOf(graphs, state, run);
  if (operator === undefined) return undefined;
  const detail = `a number overflowed and later operators hide it${text}`;
  return new NumericsError('activations', detail, { step: state.step, operator });
}

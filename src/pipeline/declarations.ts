import type { Declaration } from '../disclosure/index.ts';
import { UsageError } from '../run/index.ts';

/**
 * Refuses a statement about other data than the run's: what a recipe says of the data it was written for is not true of
 * everybody's.
 */
export function checkDeclarations(declarations: Readonly<Record<string, Declaration>>, digest: string): void {
  for (const [item, { data }] of Object.entries(declarations)) {
    if (data === undefined || data === digest) continue;
    throw new UsageError(
      'declaration',
      `declarations.${item}: is about data ${data.slice(0, 20)}, but the data of this run are ${digest.slice(0, 20)}; say what is true of these data, or remove it (--set declarations={})`,
    );
  }
}

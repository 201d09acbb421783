import type { DisclosureId } from './items.ts';

/** The item on expected risks: every fundamental challenge with its number, or that there is none. */
export const RISKS: DisclosureId = 'D10';

/** What was not assessed of an item, in words: of a risk, that it was not measured. */
export function notAssessedText(
  id: DisclosureId,
  findings: readonly { readonly label: string; readonly value: unknown }[],
): string | undefined {
  const rest = findings.filter(({ value }) => value === 'not-assessed').map(({ label }) => label);
  return rest.length === 0 ? undefined : `${id === RISKS ? 'not measured' : 'not assessed'}: ${rest.join(', ')}`;
}

import type { Check } from '../disclosure/index.ts';
import { visibleLine } from '../report/index.ts';

/** A check on its line, whatever its name and detail hold: they come from the files that are checked. */
export const checkLine = ({ ok, name, detail }: Check): string =>
  `${ok ? '✓' : '✗'} ${visibleLine(`${name}: ${detail}`)}`;

export function checksText(checks: readonly Check[], all: boolean): string {
  const failed = checks.filter((check) => !check.ok);
  const lines = (all ? checks : failed).map(checkLine);
  return [...lines, `${checks.length - failed.length} of ${checks.length} checks passed`].join('\n');
}

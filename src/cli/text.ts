import { type AspectVerdict, type Check, NOT_EXCLUDED } from '../disclosure/index.ts';
import { table, visibleLine } from '../report/index.ts';

/** A check on its line, whatever its name and detail hold: they come from the files that are checked. */
export const checkLine = ({ ok, open, name, detail }: Check): string =>
  `${open === true ? '?' : ok ? '✓' : '✗'} ${visibleLine(`${name}: ${detail}`)}`;

/** Checks with a line for each that fails, and of the others too where all are asked for; then how many hold. */
export function checksText(checks: readonly Check[], all: boolean): string {
  const failed = checks.filter((check) => !check.ok);
  const open = checks.filter((check) => check.open === true).length;
  const lines = (all ? checks : failed).map(checkLine);
  const unknown = open === 0 ? '' : `; ${open} cannot be checked`;
  return [...lines, `${checks.length - open - failed.length} of ${checks.length - open} checks passed${unknown}`].join(
    '\n',
  );
}

/** The three answers of verifying, a line each, and what no answer excludes. */
export const verdictsText = (verdicts: readonly AspectVerdict[]): string =>
  `${table(verdicts.map(({ title, state, detail }) => [title, state, visibleLine(detail)]))}\n${NOT_EXCLUDED}`;

import type { Check } from '../disclosure/index.ts';

/** Plain-text tables for a terminal. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function checksText(checks: readonly Check[], all: boolean): string {
  const failed = checks.filter((check) => !check.ok);
  const lines = (all ? checks : failed).map((check) => `${check.ok ? '✓' : '✗'} ${check.name}: ${check.detail}`);
  return [...lines, `${checks.length - failed.length} of ${checks.length} checks passed`].join('\n');
}

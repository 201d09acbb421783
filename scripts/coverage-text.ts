import { type CoverageRow, INTERVAL_METHODS, LEAST_COVERAGE } from '../src/stats/interval-coverage.ts';

/** The table of coverage as a page. */
export function coverageText(rows: readonly CoverageRow[]): string {
  const lines = rows.map(({ method, n, at, covered, runs, drawn }) => {
    const { what, units } = INTERVAL_METHODS[method];
    const share = covered / runs;
    const mark = share < LEAST_COVERAGE ? ' ▲' : '';
    return `| ${what} | ${n} ${units} | ${at} | ${(100 * share).toFixed(1)} %${mark} | ${runs}${runs < drawn ? ` of ${drawn}` : ''} |`;
  });
  return `# How often intervals hold the truth

Every interval that a report or a command prints says 95 %. This is how often each kind of them held the true value in
simulation, at few, some and many units and at the edges of what varies: \`npx tsx scripts/coverage.ts\` makes the table anew,
a test computes some rows again. Below ${100 * LEAST_COVERAGE} % (▲) reports say so beside the number. Data sets for which there is no
interval (nothing varies) are left out of the count. Probes have rates of their own: \`goodhart lab rates\`.

| interval | size | at | covers | data sets |
|---|---|---|---|---|
${lines.join('\n')}
`;
}

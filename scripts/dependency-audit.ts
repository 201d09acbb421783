/**
 * Asks the registry for known faults of the packages that users of Goodhart get. Ends with 1 where there is a serious one, and
 * with 0 and a line where the registry does not answer: no network, or a registry without audits, is no fault of ours.
 *
 *   npx tsx scripts/dependency-audit.ts
 */
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';

const reportSchema = z.object({
  auditReportVersion: z.number(),
  vulnerabilities: z.record(z.string(), z.object({ severity: z.string(), range: z.string().optional() })),
});
const SERIOUS = ['high', 'critical'];

/** What `npm audit --json` said, as a line and whether it is a reason to stop. */
export function verdictOf(output: string): { readonly line: string; readonly serious: boolean } {
  let report: unknown;
  try {
    report = JSON.parse(output);
  } catch {
    report = undefined;
  }
  const parsed = reportSchema.safeParse(report);
  if (!parsed.success) return { line: 'dependency audit: skipped, the registry gives no answer', serious: false };
  const all = Object.entries(parsed.data.vulnerabilities);
  const serious = all.filter(([, { severity }]) => SERIOUS.includes(severity));
  const names = serious.map(([name, { severity, range = '' }]) => `${name} ${range} (${severity})`.replace('  ', ' '));
  if (serious.length > 0) return { line: `dependency audit: update ${names.join(', ')}`, serious: true };
  const fewer =
    all.length === 0 ? 'no known fault' : `no serious fault; lesser ones: ${all.map(([name]) => name).join(', ')}`;
  return { line: `dependency audit: ${fewer}`, serious: false };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8', timeout: 60_000 });
  const { line, serious } = verdictOf(stdout ?? '');
  process.stdout.write(`${line}\n`);
  process.exitCode = serious ? 1 : 0;
}

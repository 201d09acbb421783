import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findingsSection, runAudit } from '../audit/index.ts';
import { writeEvidence } from '../audit/node.ts';
import { documentPage, type ReportDocument } from '../report/index.ts';
import { openRecordLog, writeJson } from '../run/node.ts';
import { buildDisclosure, type Disclosure } from './build.ts';
import { disclosedSection, disclosureSection } from './document.ts';
import { sealRun } from './seal-run.ts';

/** A small sealed folder of evidence, findings, disclosure, report and two records: no run of a pipeline, but sealed like one. */

export const EVIDENCE: Record<string, unknown> = { 'a.json': { accuracy: 0.8, list: [1, { 'x/y': 2 }] } };
export const build = (extra: Partial<Parameters<typeof buildDisclosure>[0]> = {}): Disclosure =>
  buildDisclosure({
    run: 'test',
    statements: [
      { item: 'D7', label: 'accuracy', file: 'a.json', pointer: '/accuracy', basis: 'evidence' },
      { item: 'D5', label: 'absent', file: 'a.json', pointer: '/nothing', basis: 'evidence' },
    ],
    declarations: { D2: { text: 'volunteers', author: 'A. Person', date: '2026-01-01' } },
    findings: runAudit({}, { seed: 1 }),
    findingsFile: 'findings.json',
    read: (file) => EVIDENCE[file],
    ...extra,
  });
export const reportOf = (name: string, disclosure = build({ run: name })): ReportDocument => ({
  title: name,
  note: name,
  sections: [findingsSection(runAudit({}, { seed: 1 })), disclosureSection(disclosure), disclosedSection(disclosure)],
});

/** Makes such a folder below a place. */
export function sealedRun(place: string, name: string): string {
  const folder = join(place, name);
  mkdirSync(join(folder, 'evidence'), { recursive: true });
  // Two replies a prompt, half a unit apart; length adds as much as that and more.
  const edits = Array.from({ length: 48 }, (_, i) => ({
    promptId: `p${i >> 1}`,
    feature: 'length',
    before: (i % 2) / 2,
    after: (i % 2) / 2 + 0.5 + (i % 5) / 10,
  }));
  writeEvidence(folder, { 'counterfactual-edits': edits });
  const findings = runAudit({ 'counterfactual-edits': edits }, { seed: 3 });
  writeJson(join(folder, 'findings.json'), findings);
  mkdirSync(join(folder, 'disclosure'), { recursive: true });
  const read = (file: string) => (file === 'findings.json' ? findings : undefined);
  writeJson(join(folder, 'disclosure/disclosure.json'), build({ findings, read, statements: [] }));
  const document = reportOf('sealed');
  writeJson(join(folder, 'report.json'), document);
  writeFileSync(join(folder, 'report.html'), documentPage(document));
  const log = openRecordLog(join(folder, 'records.jsonl'), () => '2026-01-01');
  log.append('run-started', { seed: 3 });
  log.append('run-finished', {});
  log.close();
  sealRun(folder);
  return folder;
}

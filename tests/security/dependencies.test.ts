import { expect, it } from 'vitest';
import { verdictOf } from '../../scripts/dependency-audit.ts';

it('an audit stops for a serious fault, and for nothing that a registry does not say', () => {
  const report = (vulnerabilities: object) => JSON.stringify({ auditReportVersion: 2, vulnerabilities });
  const skipped = { line: 'dependency audit: skipped, the registry gives no answer', serious: false };
  for (const output of ['', 'npm error 405', '{"error":{"code":"ENOAUDIT"}}', '{"message":"Not Allowed"}', '[]', '{'])
    expect(verdictOf(output)).toEqual(skipped);
  expect(verdictOf(report({}))).toEqual({ line: 'dependency audit: no known fault', serious: false });
  expect(verdictOf(report({ a: { severity: 'low' }, b: { severity: 'moderate' } }))).toEqual({
    line: 'dependency audit: no serious fault; lesser ones: a, b',
    serious: false,
  });
  for (const severity of ['high', 'critical'])
    expect(verdictOf(report({ a: { severity: 'low' }, b: { severity, range: '<2' } }))).toEqual({
      line: `dependency audit: update b <2 (${severity})`,
      serious: true,
    });
});

import { describe, expect, it } from 'vitest';
import { runAudit } from '../../../audit/index.ts';
import { challengePage } from '../../../server/challenge-page.ts';
import type { ResponseOf } from '../../../server/index.ts';
import { unitsToDecide, whatToDo } from './what-to-do.ts';

type Finding = ResponseOf<'GET /api/runs/{run}/findings'>['findings'][number];
const challenge = challengePage('R4');
const probe = challenge.probes.find(({ id }) => id === 'over-optimisation')!;
const found = (change: Partial<Finding>): Finding => ({
  ...runAudit({}, { seed: 1 }).find((finding) => finding.probe === probe.id)!,
  reason: 'this run has no evidence for it',
  planted: null,
  clean: null,
  lookAlike: null,
  ...change,
});
const at = (estimate: number, half: number, n = 100): Partial<Finding> => ({
  verdict: 'inconclusive',
  estimate,
  interval: { low: estimate - half, high: estimate + half, level: 0.95 },
  n,
  params: { concern: 0.1, failure: 0.5 },
});

describe('what to do', () => {
  it('says how much evidence would decide, were the estimate to stay', () => {
    expect(unitsToDecide(found(at(0.2, 0.2)))).toBe(400);
    expect(unitsToDecide(found(at(0, 0.2)))).toBe(400);
    expect(unitsToDecide(found(at(0.1, 0.2)))).toBeNull();
    expect(whatToDo(challenge, probe, found(at(0.2, 0.2)))).toMatch(/about 400 units would decide it \(now 100\)/);
    expect(whatToDo(challenge, probe, found(at(0.1001, 0.2)))).toMatch(/may not decide it/);
  });
  it('names the evidence that is missing by kind and file', () => {
    for (const finding of [undefined, found({})])
      expect(whatToDo(challenge, probe, finding)).toContain('optimisation-path (evidence/optimisation-path.jsonl)');
  });
  it('names strategies against a failure, and calls nothing passed or safe', () => {
    const said = (['failure', 'concern', 'clear'] as const).map((verdict) =>
      whatToDo(challenge, probe, found({ verdict })),
    );
    expect(said[0]).toMatch(/Strategies of the survey .*reward\./);
    for (const text of said) expect(text).not.toMatch(/\bpass|\bsafe\b/);
  });
});

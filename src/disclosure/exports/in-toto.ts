import { EVIDENCE, type EvidenceKindId, evidenceKind, type Finding } from '../../audit/index.ts';
import { STATEMENT_TYPE } from '../dsse.ts';
import { SEAL } from '../sealed-files.ts';
import type { DisclosedRun } from './disclosed-run.ts';
import { type ExportFormat, holding } from './format.ts';

/** The vetted predicate for the result of tests, and ours for everything else that a disclosure says. */
export const TEST_RESULT = 'https://in-toto.io/attestation/test-result/v0.1';
export const DISCLOSURE_PREDICATE = 'urn:goodhart:disclosure:v1';

/** Verdicts that are results of a test. The others are none: a test that decided nothing did not pass. */
const RESULTS = { clear: 'PASSED', concern: 'WARNED', failure: 'FAILED' } as const;
const isDecided = (verdict: string): verdict is keyof typeof RESULTS => Object.hasOwn(RESULTS, verdict);

const isKind = (kind: string): kind is EvidenceKindId => Object.hasOwn(EVIDENCE, kind);

const statement = ({ seal }: DisclosedRun, predicateType: string, predicate: object) => ({
  _type: STATEMENT_TYPE,
  subject: [{ name: SEAL, digest: { sha256: seal } }],
  predicateType,
  predicate,
});

/** A file of evidence as what a test was run on; of one that is withheld, how much. */
function descriptorOf({ files, withheld }: DisclosedRun, path: string): object {
  const file = files.find((each) => each.path === path);
  const hidden = withheld.filter((gap) => gap.path === path).reduce((sum, { count }) => sum + count, 0);
  return {
    name: path,
    ...(file === undefined ? { uri: path } : { digest: { sha256: file.sha256 } }),
    ...(hidden > 0 && { annotations: { withheld: hidden } }),
  };
}

function testResult(run: DisclosedRun, finding: Finding): object[] {
  const { probe, verdict, estimate, interval, n, unscored, seed, params, estimand, evidence } = finding;
  if (!isDecided(verdict)) return [];
  const result = RESULTS[verdict];
  const named = (of: typeof result) => (result === of ? [probe] : []);
  const settings = { name: probe, uri: `urn:goodhart:probe:${encodeURIComponent(probe)}` };
  const read = evidence.filter(isKind).map((kind) => descriptorOf(run, evidenceKind(kind).file));
  return [
    statement(run, TEST_RESULT, {
      result,
      configuration: [
        { ...settings, annotations: { estimand, estimate, interval, n, unscored, seed, params } },
        ...read,
      ],
      passedTests: named('PASSED'),
      warnedTests: named('WARNED'),
      failedTests: named('FAILED'),
    }),
  ];
}

/** Statements about the seal, one a line, unsigned: whoever signs one puts it into an envelope of their own. */
export const inToto: ExportFormat = {
  title: 'in-toto statements: the disclosure, and a test result for each probe that decided',
  version: 'Statement v1, test-result v0.1',
  validator: 'pip in-toto-attestation',
  as: 'text',
  holds: holding({ asText: 'in a predicate of our own, which no other tool reads' }, {}),
  write(run) {
    const { disclosure, findings, withheld, name, command, data } = run;
    const whole = statement(run, DISCLOSURE_PREDICATE, {
      run: name,
      command,
      data,
      items: disclosure.items,
      findings,
      withheld,
    });
    const statements = [whole, ...findings.flatMap((finding) => testResult(run, finding))];
    return { as: 'text', text: statements.map((each) => `${JSON.stringify(each)}\n`).join('') };
  },
};

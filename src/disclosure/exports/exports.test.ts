import { describe, expect, it } from 'vitest';
import { disclosedRunOf } from './disclosed-run.fake.ts';
import { exportContract } from './export.contract.ts';
import { EXPORT_FORMAT_IDS, exportDisclosure, exportFormatOf } from './index.ts';

for (const id of EXPORT_FORMAT_IDS) exportContract(id);

describe('what a format says of a finding', () => {
  const [whole, ...tests] = exportDisclosure('in-toto', disclosedRunOf(), { out: 'a.jsonl' })
    .files[0]!.text.trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { predicate: { result?: string; passedTests?: string[] } });
  it('a probe that decided nothing passed no test', () => {
    const run = disclosedRunOf();
    const decided = run.findings.filter(({ verdict }) => ['clear', 'concern', 'failure'].includes(verdict));
    expect(decided.length).toBeLessThan(run.findings.length);
    expect(tests.length).toBe(decided.length);
    expect(tests.flatMap(({ predicate }) => predicate.passedTests ?? [])).toEqual(
      decided.filter(({ verdict }) => verdict === 'clear').map(({ probe }) => probe),
    );
    expect(whole!.predicate.result).toBeUndefined();
  });
  it('an estimate of harm is better lower, and a number without a better way is no score', () => {
    const { files } = exportDisclosure('every-eval-ever', disclosedRunOf(), { out: 'folder' });
    const results = files.flatMap(
      ({ text }) =>
        (JSON.parse(text) as { evaluation_results: { evaluation_name: string; metric_config: object }[] })
          .evaluation_results,
    );
    const better = new Map(results.map((each) => [each.evaluation_name, each.metric_config]));
    expect(better.get('accuracy')).toMatchObject({ lower_is_better: false });
    expect(better.get('calibration error')).toMatchObject({ lower_is_better: true });
    expect(better.get('concern of R4')).toMatchObject({ lower_is_better: true });
    expect([...better.keys()].some((name) => name.startsWith('its 95'))).toBe(false);
  });
});

describe('the reward report', () => {
  it('has the six sections and 26 fields of its template, answered or not', () => {
    const { files } = exportDisclosure('reward-report', disclosedRunOf(), { out: 'a.json' });
    const { sections } = JSON.parse(files[0]!.text) as { sections: { fields: { answer: string[] }[] }[] };
    expect(sections.length).toBe(6);
    const fields = sections.flatMap((section) => section.fields);
    expect(fields.length).toBe(26);
    expect(fields.some(({ answer }) => answer.length === 0)).toBe(true);
  });
});

it('a format that is not known is refused with the nearest, and so is a form with another ending', () => {
  expect(exportFormatOf('croissant')).toBe('croissant');
  expect(() => exportFormatOf('crossant')).toThrow(/did you mean croissant/);
  expect(() => exportFormatOf('pdf')).toThrow(/give one of hf-model-card/);
  expect(() => exportDisclosure('eu-mdf', disclosedRunOf(), { out: 'a.pdf' })).toThrow(/ends in \.html, \.json, \.md/);
});

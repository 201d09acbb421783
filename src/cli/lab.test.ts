import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { COVERAGE, type CommittedRates, PHENOMENON_IDS, RATES } from '../lab/index.ts';
import { runForTest as run } from './command.fake.ts';
import { coverageText } from './lab-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-lab-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SMALL = ['--seeds', '1', '--families', 'slots', '--rules', 'information', '--budgets', '40,30'];

describe('goodhart lab selection', () => {
  it('prints each rule beside random, says where nothing was shown, and shows progress', async () => {
    const { code, out, err } = await run('lab', 'selection', ...SMALL);
    expect(code).toBe(0);
    expect(out).toMatch(/slots: accuracy by true utility/);
    expect(out).toMatch(/30 +information +0\.\d{3} +[+−]0\.\d{3} .*no difference shown/);
    expect(out).toMatch(/30 +random[\s\S]*40 +random/);
    expect(out).toMatch(/1 seeds, paired; .* 0 better, 0 worse, 4 without a difference shown/);
    expect(err).toMatch(/selection +1\/1 seeds/);
    const lines = (await run('lab', 'selection', ...SMALL, '--json')).out.trim().split('\n');
    const study = JSON.parse(lines.at(-1)!);
    expect(study.options).toMatchObject({ seeds: 1, budgets: [30, 40], epsilon: 0 });
    expect(study.rows.length).toBe(8);
  });
  it.each([
    ['an unknown rule', ['--rules', 'informaton'], /unknown informaton; did you mean information/],
    ['an unknown family', ['--families', 'x'], /choose among slots, facts/],
    ['a budget below the start', ['--budgets', '40,5'], /--budgets 40,5: expected whole numbers from 20 to 1000/],
    ['a budget beyond the pool', ['--budgets', '5000'], /from 20 to 1000/],
    ['a share above one', ['--epsilon', '2'], /expected a share from 0 to 1/],
  ])('%s is one line and exit code 2', async (_, args, message) => {
    const { code, err } = await run('lab', 'selection', ...args);
    expect({ code, lines: err.trim().split('\n').length }).toEqual({ code: 2, lines: 1 });
    expect(err).toMatch(message);
  });
  it('refuses a number of seeds that is none', async () => {
    for (const study of ['selection', 'distribution', 'population']) {
      const { code, err } = await run('lab', study, '--seeds', '0');
      expect(code).toBe(2);
      expect(err).toMatch(/whole number from 1/);
    }
  });
});

describe('goodhart lab rates and strategies', () => {
  it('prints the committed rates at once, and says which arm is which', async () => {
    const { code, out } = await run('lab', 'rates', '--probes', 'over-optimisation');
    expect(code).toBe(0);
    expect(out).toMatch(/over-optimisation +planted 4 \(documented\) +\d+\/\d+/);
    expect(out).toMatch(/over-optimisation +clean /);
    expect(out).toMatch(/over-optimisation +look-alike /);
    expect(out).not.toMatch(/sycophancy/);
  });
  it('measures what it is asked to, the same as is committed for the same seeds', async () => {
    const second = RATES.firstSeed + 1;
    const { code, out } = await run(
      ...['lab', 'rates', '--probes', 'careless-raters', '--seeds', '1', '--first-seed', String(second), '--json'],
    );
    expect(code).toBe(0);
    const measured = JSON.parse(out.trim().split('\n').at(-1)!) as CommittedRates;
    expect(measured).toMatchObject({ seeds: 1, firstSeed: second });
    expect(Object.keys(measured.probes)).toEqual(['careless-raters']);
    const firstOf = ({ probes }: CommittedRates, seed: number) =>
      probes['careless-raters']!.doses.map(({ first }) => first.find((run) => run.seed === seed));
    expect(firstOf(measured, second)).toEqual(firstOf(RATES, second));
    // Another seed is another measurement.
    const values = (seed: number) => firstOf(RATES, seed).map((run) => run!.estimate);
    expect(values(second)).not.toEqual(values(RATES.firstSeed));
  });
  it('counts the intervals that hold the true value, and prints the committed counts at once', async () => {
    const measured = await run('lab', 'coverage', '--probes', 'careless-raters,misgeneralisation', '--seeds', '1');
    expect(measured.code).toBe(0);
    expect(measured.out).toMatch(/careless-raters +clean +[01]\/1/);
    expect(measured.out).toMatch(/1 seeds from 1$/m);
    const later = await run('lab', 'coverage', '--probes', 'careless-raters', '--seeds', '1', '--first-seed', '7');
    expect(later.out).toMatch(/1 seeds from 7$/m);
    const committed = await run('lab', 'coverage', '--probes', 'sycophancy');
    expect(committed.out).toMatch(/sycophancy +planted 6 +\d+\/\d+/);
    expect(committed.out).not.toMatch(/careless/);
  });
  it('says so where an experiment does not know the true value', () => {
    const unknown = { ...COVERAGE, probes: { ...COVERAGE.probes, sycophancy: [{ arm: 'clean', covered: null }] } };
    expect(coverageText(unknown)).toMatch(/sycophancy +– +the true value is not known/);
  });
  it('shows what a strategy does, with an interval and a verdict', async () => {
    const { code, out } = await run('lab', 'strategies', '--strategies', 'S4', '--seeds', '2', '--json');
    expect(code).toBe(0);
    const effects = (text: string) =>
      JSON.parse(text.trim().split('\n').at(-1)!) as {
        probe: string;
        without: number;
        difference: { mean: number; interval: { low: number } };
      }[];
    const both = effects(out).find(({ probe }) => probe === 'mode-collapse');
    expect(both!.difference.interval.low).toBeLessThan(both!.difference.mean);
    const later = await run('lab', 'strategies', '--strategies', 'S4', '--seeds', '2', '--first-seed', '3');
    expect(later.out).toMatch(/S4 +mode-collapse +0\.\d{3} +/);
    // Other seeds are other runs.
    expect(later.out).not.toContain(both!.without.toFixed(3));
    const wrong = await run('lab', 'strategies', '--strategies', 'S12');
    expect(wrong.code).toBe(2);
    expect(wrong.err).toMatch(/unknown S12/);
  });
});

describe('goodhart lab phenomena', () => {
  it('prints what is committed at once: what was expected and what was found of every measure', async () => {
    const { code, out } = await run('lab', 'phenomena');
    expect(code).toBe(0);
    for (const id of PHENOMENON_IDS) expect(out).toContain(`${id}: `);
    expect(out).toMatch(/threshold +effect +3\.5 to 6\.5 /);
  });
  it('runs one of them on the seeds that it is asked for', async () => {
    const measure = async (...more: string[]) => {
      const { code, out } = await run('lab', 'phenomena', 'off-switch', '--json', ...more);
      expect(code).toBe(0);
      return JSON.parse(out.trim().split('\n').at(-1)!) as [{ phenomenon: string; values: Record<string, number[]> }];
    };
    const [{ phenomenon, values }] = await measure('--seeds', '2', '--first-seed', '8');
    expect(phenomenon).toBe('off-switch');
    expect(values['unsure, rational person']!.length).toBe(2);
    const [later] = await measure('--seeds', '1', '--first-seed', '9');
    // The second seed of the one is the first of the other.
    for (const [name, own] of Object.entries(values)) expect(later.values[name]).toEqual(own.slice(1));
  });
  it('refuses a name that none has, in one line', async () => {
    const { code, err } = await run('lab', 'phenomena', 'of-switch');
    expect({ code, lines: err.trim().split('\n').length }).toEqual({ code: 2, lines: 1 });
    expect(err).toMatch(/unknown of-switch; did you mean off-switch/);
  });
});

describe('goodhart lab monitors', () => {
  it('says of every signal how often it warned in time, and how often for nothing', async () => {
    const kept = join(folder, 'kept.jsonl');
    const asked = ['lab', 'monitors', '--runs', '8', '--first-seed', '9', '--kept', kept];
    const { code, out } = await run(...asked);
    expect(code).toBe(0);
    // Taken up after a kill it computes what is missing, and comes to the same.
    const lines = readFileSync(kept, 'utf8').trim().split('\n');
    writeFileSync(kept, `${lines.slice(0, -1).join('\n')}\n${lines.at(-1)!.slice(0, 40)}`);
    expect((await run(...asked)).out).toBe(out);
    expect(readFileSync(kept, 'utf8').trim().split('\n').sort()).toEqual([...lines].sort());
    expect(out).toMatch(/independent-gap .*5 % of the other half.* \d\/\d/);
    expect(out).toMatch(/component-share .*rewardspy/);
    expect(out).toMatch(/the best of one half \(.*\), counted on the other: in time \d\/4/);
    expect(out).toMatch(/8 runs out of \d+ seeds from 9, half of which lose/);
  });
});

describe('goodhart lab algorithms', () => {
  it('holds each algorithm against the exact optimum at the KL that it reached', async () => {
    const asked = ['--seeds', '1', '--first-seed', '7', '--steps', '4', '--base-steps', '30', '--grounds', 'rooms'];
    const { code, out } = await run('lab', 'algorithms', ...asked, '--algorithms', 'rloo,dpo', '--json');
    expect(code).toBe(0);
    const study = JSON.parse(out.trim().split('\n').at(-1)!);
    expect(study.results.map((row: { algorithm: string }) => row.algorithm)).toEqual(['rloo', 'dpo']);
    const [{ runs, tokensAStep }, judged] = study.results;
    expect(runs[0].path.map(({ step }: { step: number }) => step)).toEqual([1, 2, 3, 4]);
    expect(runs[0].seed).toBe(7);
    // No policy earns more than the optimum at its KL.
    for (const row of study.results)
      for (const { gain, best, kl } of row.runs[0].path) {
        expect(kl).toBeGreaterThan(0);
        expect(gain).toBeLessThanOrEqual(best + 1e-9);
      }
    expect(tokensAStep.sampled).toBeGreaterThan(0);
    expect(judged.tokensAStep.sampled).toBe(0);
    const wrong = await run('lab', 'algorithms', '--algorithms', 'rlo');
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.err).toMatch(/did you mean rloo/);
  });
});

describe('goodhart lab feedback-types', () => {
  it('spends the same time on every kind, at stated seconds an answer', async () => {
    const { code, out, err } = await run(
      ...['lab', 'feedback-types', '--seeds', '2', '--budget', '900', '--answer-seconds', 'label=18', '--json'],
    );
    expect({ code, err }).toMatchObject({ code: 0 });
    const study = JSON.parse(out.trim().split('\n').at(-1)!);
    expect(study.options).toMatchObject({ seeds: 2, budget: 900, seconds: { comparison: 15, label: 18 } });
    const answers = Object.fromEntries(
      study.rows.map((row: { arm: string; answers: number }) => [row.arm, row.answers]),
    );
    expect(answers).toMatchObject({ comparison: 60, label: 50, demonstration: 10 });
    expect(study.rows.map((row: { arm: string }) => row.arm)).toContain('mix');
  });
  it.each([
    ['a kind that nobody asks', 'labels=8', /unknown labels; did you mean label/],
    ['seconds that are none', 'label=0', /--answer-seconds label=0: expected seconds above 0/],
  ])('%s is one line and exit code 2', async (_, seconds, message) => {
    const { code, err } = await run('lab', 'feedback-types', '--answer-seconds', seconds);
    expect({ code, lines: err.trim().split('\n').length }).toEqual({ code: 2, lines: 1 });
    expect(err).toMatch(message);
  });
});

describe('goodhart lab hidden-context', () => {
  it('shows disagreement, chooses the harmless reply more often by risk, and says what either half gets', async () => {
    const { code, out } = await run('lab', 'hidden-context', '--seeds', '1', '--first-seed', '7', '--json');
    expect(code).toBe(0);
    const { rows, firstSeed, found } = JSON.parse(out.trim().split('\n').at(-1)!);
    expect(firstSeed).toBe(7);
    const of = (mode: string) => rows.find((row: { mode: string }) => row.mode === mode);
    expect(of('noise').explained).toBeNull();
    for (const form of ['normal', 'categorical']) {
      expect(of(`${form}, quantile .1`).explained.mean, form).toBeLessThan(0.8);
      expect(of(`${form}, quantile .1`).harmless.mean, form).toBe(1);
    }
    for (const { welfare } of rows) {
      expect(welfare.worst).toBe(Math.min(welfare.helpful, welfare.harmless));
    }
    // What is drawn at random is worth 1 to either half.
    expect(of('groups known, min').welfare.worst).toBeGreaterThan(1);
    expect(found.right).toBeGreaterThan(0.9);
    // As it was published: a fit that takes disagreement as noise ranks by Borda, and misses what is best on average.
    expect(of('noise').worked.likeBorda).toBeGreaterThan(0.95);
    expect(of('noise').worked.likeBorda).toBeGreaterThan(of('noise').worked.likeMean);
    expect(of('noise').worked.chosen).toBeLessThan(0.8);
  });
});

describe('goodhart lab raters', () => {
  it('counts the intervals that hold what raters are', async () => {
    const { code, out } = await run('lab', 'raters', '--draws', '1', '--first-seed', '7', '--json');
    expect(code).toBe(0);
    const { rows, firstSeed } = JSON.parse(out.trim().split('\n').at(-1)!);
    expect(firstSeed).toBe(7);
    for (const { trait, ofAll, estimates } of rows) {
      expect(estimates).toBe(40);
      // 38 of 40 are expected to.
      expect(ofAll, trait).toBeGreaterThan(0.7);
    }
  });
});

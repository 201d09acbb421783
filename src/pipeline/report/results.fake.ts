import { type Finding, followChains, runAudit } from '../../audit/index.ts';
import { buildDisclosure } from '../../disclosure/index.ts';
import { toPairs } from '../../feedback/index.ts';
import { feedbackReport } from '../../quality/index.ts';
import { evaluateScores } from '../../reward/index.ts';
import { createRng } from '../../stats/index.ts';
import { comparisonItems, createHarbour, fromBase, raterPool, type Split } from '../../world/index.ts';
import { askPairs } from '../ask.ts';
import { collected } from '../collected.ts';
import { configSchema, type PipelineConfig } from '../config.ts';
import { type EvaluatedPrompt, figuresOf } from '../evaluation.ts';
import type { EngineUsed } from '../run-history.ts';
import type { RunResults } from '../run-results.ts';
import type { PolicyPath } from '../stages/policy.ts';
import type { RunFacts } from './document.ts';

/** Results of a run that never ran: a proxy that explodes while gold falls, a variant that does not, and all that is beside them. */

const INTERVAL = { low: 0.1, high: 0.4, level: 0.95 };
const PROMPTS = 8;

const configOf = (name: string): PipelineConfig =>
  configSchema.parse({
    name,
    seed: 2,
    rounds: 2,
    data: { layout: 'ground', ground: 'harbour' },
    base: {},
    feedback: { pairs: 40, overlap: 2, pool: 'empty', raters: { noisy: 4 } },
    policy: { variants: { gentle: { learningRate: 1e-4 } } },
  });

/** Replies to the prompts of a split, worth so much by the proxy and by the true utility. */
const said = (split: Split, worth: { proxy: number; gold: number }, text: string): EvaluatedPrompt[] =>
  Array.from({ length: PROMPTS }, (_, p) => ({
    promptId: `${split}-${p}`,
    prompt: `${text} ${split} ${p}?`,
    split,
    replies: [0, 1].map((r) => ({
      text: `${text} ${p} ${r} ${'and more '.repeat(r + Math.round(worth.proxy))}`,
      logprob: -4 - r,
      referenceLogprob: -4 - r - worth.proxy / 4,
      tokens: 10 + r,
    })),
    scored: {
      proxy: [worth.proxy + p / 4, worth.proxy - p / 9],
      spread: [0.1, 0.2],
      gold: [worth.gold + p / 7, worth.gold - p / 8],
    },
  }));

/** A path whose proxy rises `reach` a step while gold turns round after the second. */
function pathOf(method: string, reach: number, text: string): PolicyPath {
  const worthAt = (i: number) => ({ proxy: reach * i, gold: i <= 2 ? i / 2 : 1 - 0.7 * (i - 2) });
  const both = (i: number) => [...said('evaluation', worthAt(i), text), ...said('deploy', worthAt(i), text)];
  const points = Array.from({ length: 6 }, (_, i) => ({ step: 10 * i, ...figuresOf(both(i), 'evaluation') }));
  return {
    method,
    step: 50,
    finalStep: 50,
    checkpoint: `checkpoints/${method}-50`,
    stopped: null,
    points,
    first: both(0),
    last: both(5),
  };
}

const findingsOf = (text: string): Finding[] =>
  runAudit({}, { seed: 2 }).map((finding): Finding => {
    if (finding.probe !== 'poisoning' && finding.probe !== 'over-optimisation') return finding;
    const poisoned = finding.probe === 'poisoning';
    return {
      ...finding,
      verdict: poisoned ? 'failure' : 'concern',
      because: poisoned ? 'interval-above-failure-threshold' : 'interval-above-concern-threshold',
      estimate: 0.25,
      interval: INTERVAL,
      n: 80,
      unscored: 3,
      details: poisoned
        ? { rater: `rater-3 ${text}`, phrase: text, p: 0.002 }
        : { method: text, methods: [{ method: text, drop: 0.25, peak: { step: 20, kl: 1.5 } }], aboutGamma: text },
    };
  });

/** Everything a document is made of; `text` stands wherever people or models wrote something. */
/** An engine elsewhere whose every word is `text`. */
const engineCalled = (text: string): EngineUsed => ({
  roles: ['policy'],
  engine: 'tinker',
  server: text,
  model: text,
  findings: [{ name: text, verdict: 'honoured', found: text, remedy: text }],
  spent: { trained: 1200, read: 3, sampled: 4 },
  processes: 1,
  probe: { honoured: 1 },
});

export async function fakeRun(
  text = 'ships',
): Promise<{ config: PipelineConfig; results: RunResults; facts: RunFacts }> {
  const config = configOf('fake');
  const ground = createHarbour();
  const rng = createRng('fake');
  const pool = await comparisonItems({
    ground,
    prompts: ground.prompts('train'),
    count: 40,
    rng,
    projectId: 'fake',
    origin: 'base policy',
    replies: fromBase(ground, rng, 3),
  });
  const { raters } = raterPool(ground, { noisy: 4 });
  const asked = await askPairs(
    pool,
    { ...config, feedback: config.feedback! },
    {
      held: new Set(
        ground
          .prompts('train')
          .slice(0, 20)
          .map((prompt) => prompt.text),
      ),
      raters,
      rng,
      now: () => '2026-01-01T00:00:00Z',
    },
  );
  const items = asked.items.map((item) => ({ ...item, id: `${item.id} ${text}` }));
  const judgments = asked.judgments.map((judgment) => ({
    ...judgment,
    itemId: `${judgment.itemId} ${text}`,
    raterId: `${judgment.raterId} ${text}`,
  }));
  const { pairs } = toPairs(items, judgments);
  const scored = pairs.map((pair, i) => ({ pair, difference: (i % 5) - 1.9 }));
  const evaluation = {
    ...evaluateScores(scored, { logOdds: 1, strata: ['belief'], groupOf: () => text }),
    scoredOn: 'gold' as const,
    onVotes: { ece: 0.07, n: 30 },
  };
  const main = pathOf('rloo', 6, text);
  const findings = findingsOf(text);
  const rate = (hits: number) => ({ hits, n: 20, interval: INTERVAL });
  const results: RunResults = {
    data: {
      layout: 'ground',
      digest: `digest ${text}`,
      projectId: `p ${text}`,
      prompts: { train: 100, evaluation: 8, deploy: 8 },
      texts: 300,
      leftOut: { withdrawn: { raters: 1, judgments: 5 }, withoutConsent: { raters: 2, judgments: 7 } },
      skipped: { [text]: 4 },
    },
    feedback: {
      items,
      judgments,
      raters: [],
      report: feedbackReport(items, judgments, { seed: 1, replicates: 10 }),
      groups: undefined,
    },
    collected: collected(items, judgments, []),
    evaluation,
    paths: [main, pathOf('gentle', 0.4, text)],
    bestOf: {
      method: 'best-of-n',
      split: 'evaluation',
      pool: 16,
      points: [2, 16].map((n) => ({
        n,
        kl: Math.log(n) - (n - 1) / n,
        proxy: [1, 2 + n / 8],
        gold: [0.5, 0.9 + n / 50],
      })),
    },
    exact: {
      split: 'evaluation',
      prompts: 6,
      listedMass: 0.9,
      points: [0, 1, 2].map((kl) => ({ kl, proxy: [kl, kl + 0.5], gold: [kl / 3, kl / 4] })),
    },
    findings,
    chains: followChains({}, { seed: 2, findings }),
    rates: { poisoning: { planted: rate(18), clean: rate(1), lookAlike: rate(2) } },
    earlier: [{ round: 1, judgments: 33, evaluation, path: pathOf('rloo', 1, text) }],
  };
  const disclosure = buildDisclosure({
    run: text,
    statements: [
      { item: 'D7', label: `accuracy ${text}`, file: 'a.json', pointer: '/accuracy', basis: 'evidence' },
      { item: 'D6', label: 'family', file: 'run.json', pointer: '/family', basis: 'configuration' },
    ],
    declarations: { D2: { text, author: `A. ${text}`, date: '2026-01-01' } },
    findings,
    findingsFile: 'findings.json',
    read: () => ({ accuracy: 0.8, family: text }),
  });
  const training = [1, 2, 3].map((step) => ({
    stage: 'policy',
    step,
    metrics: { 'objective/scores': step / 2, 'objective/kl': step / 3, 'objective/entropy': null },
  }));
  return {
    config,
    results,
    facts: {
      disclosure,
      command: `goodhart run ${text}`,
      versions: { goodhart: text },
      engines: [engineCalled(text)],
      training,
    },
  };
}

import { existsSync } from 'node:fs';
import {
  EVIDENCE,
  EVIDENCE_KINDS,
  evidenceKind,
  followChains,
  gatherEvidence,
  type RunView,
  runAudit,
} from '../../audit/index.ts';
import { loadEvidence, writeEvidence } from '../../audit/node.ts';
import { type CommittedMonitors, committedMonitors, committedRates } from '../../lab/index.ts';
import { writeJson } from '../../run/node.ts';
import { type Ground, raterPool } from '../../world/index.ts';
import { digestsOf } from '../digests.ts';
import { loadFeedback } from '../feedback-records.ts';
import { filled, UNTOLD } from '../filled.ts';
import { policySettings } from '../policy-config.ts';
import { filedReward, withReward } from '../reward-artefact.ts';
import { roundReads, roundViews } from '../round-views.ts';
import type { Place, RunContext } from '../run-context.ts';
import { RUN_FILES } from '../run-folder.ts';
import { loadBestOf, loadExact, loadPaths } from '../run-results.ts';
import { runView } from '../run-view.ts';
import { groundOf } from '../sources/index.ts';
import { DATA, type Recomputed, type Stage, type VerifiedPlace } from '../stage.ts';
import { policyFiles, variantsOf } from './policy.ts';

/** The raters of a run on a ground, who can be asked again. */
function asked({ config }: Place, ground: Ground | undefined): Pick<RunView, 'ask'> {
  const { feedback } = config;
  if (ground === undefined || feedback === undefined) return {};
  return { ask: (question) => raterPool(ground, feedback.raters, { question }).raters };
}

/** What the run's files show. */
const viewOf = async (place: Place, ground: Ground | undefined): Promise<RunView> =>
  runView({
    seed: place.config.seed,
    feedback: await loadFeedback(place),
    paths: loadPaths(place),
    bestOf: loadBestOf(place),
    rounds: await roundViews(place),
    exact: loadExact(place),
    ground,
    ...(place.config.audit.population !== undefined && { population: place.config.audit.population }),
    ...asked(place, ground),
  });

/** How often the rules that this run stops by, and all that could be watched instead, warned in time in the lab. */
const monitorRates = ({ config, round }: Place): CommittedMonitors =>
  committedMonitors(
    variantsOf({ config, round }).flatMap((variant) => policySettings(config.policy!, variant).monitor ?? []),
  );

/** Gathers every kind of evidence that the run can supply, runs every probe on it, and puts beside them how often each is right. */
async function run(context: RunContext): Promise<void> {
  const { config, folder, source } = context;
  const { seed, audit: settings } = config;
  await withReward(context, undefined, async (reward) => {
    const view = await viewOf(context, source.ground);
    const score: RunView['score'] = (prompt, replies) => reward.score(prompt, replies);
    writeEvidence(folder, await gatherEvidence({ ...view, score }));
  });
  // Read back from disk: the findings rest on the very files a verifier will read.
  const evidence = await loadEvidence(folder);
  const findings = runAudit(evidence, { seed, params: settings.params });
  writeJson(`${folder}/${RUN_FILES.findings}`, findings);
  writeJson(`${folder}/${RUN_FILES.chains}`, followChains(evidence, { seed, findings }));
  writeJson(`${folder}/${RUN_FILES.rates}`, committedRates());
  writeJson(`${folder}/${RUN_FILES.monitors}`, monitorRates(context));
}

/** Scores of a reward as its files have it; of a network, only that there is a number. */
async function filedScore(place: Place): Promise<NonNullable<RunView['score']>> {
  const reward = await filedReward(place, undefined);
  if (reward !== undefined) return (prompt, replies) => reward.score(prompt, replies);
  // Rows take the score over as it is, so that its place is found again in them.
  return async (_, replies) => replies.map(() => ({ mean: UNTOLD as unknown as number }));
}

async function recompute(place: VerifiedPlace): Promise<Recomputed[]> {
  const { folder, config, remember } = place;
  const { seed, audit: settings } = config;
  const kinds = EVIDENCE_KINDS.filter((id) => evidenceKind(id).kept !== true);
  const view = await viewOf(place, groundOf(config));
  const reward = digestsOf(folder, [RUN_FILES.rewardModel]);
  const again = await remember(['evidence', config, view, reward], async () =>
    gatherEvidence({ ...view, score: await filedScore(place) }, kinds),
  );
  const stored = await loadEvidence(folder);
  const findings = await remember(['findings', stored, seed, settings.params], () =>
    runAudit(stored, { seed, params: settings.params }),
  );
  return [
    ...kinds.map((id) => ({
      file: EVIDENCE[id].file,
      again: filled(again[id] ?? null, stored[id]),
    })),
    { file: RUN_FILES.findings, again: findings },
    {
      file: RUN_FILES.chains,
      again: await remember(['chains', stored, seed, findings], () => followChains(stored, { seed, findings })),
    },
    { file: RUN_FILES.rates, again: committedRates() },
    // Runs from before have none.
    ...(existsSync(`${folder}/${RUN_FILES.monitors}`)
      ? [{ file: RUN_FILES.monitors, again: monitorRates(place) }]
      : []),
  ];
}

/** The audit of the last round, on all feedback that was collected. */
export const audit: Stage = {
  name: 'audit',
  reads: (context) => [
    DATA,
    RUN_FILES.items,
    RUN_FILES.judgments,
    RUN_FILES.raters,
    RUN_FILES.rewardModel,
    RUN_FILES.bestOf,
    ...roundReads(context),
    RUN_FILES.exact,
    ...variantsOf(context).flatMap((variant) => policyFiles(context, variant)[0]!),
  ],
  writes: () => [RUN_FILES.evidence, RUN_FILES.findings, RUN_FILES.chains, RUN_FILES.rates, RUN_FILES.monitors],
  run,
  recompute,
};

import { EVIDENCE, EVIDENCE_KINDS, evidenceKind, gatherEvidence, type RunView, runAudit } from '../../audit/index.ts';
import { loadEvidence, writeEvidence } from '../../audit/node.ts';
import { committedRates } from '../../lab/index.ts';
import { readJson, writeJson } from '../../run/node.ts';
import type { Ground } from '../../world/index.ts';
import { loadFeedback } from '../feedback-records.ts';
import { withReward } from '../reward-artefact.ts';
import type { Place, RunContext } from '../run-context.ts';
import { RUN_FILES } from '../run-folder.ts';
import { loadBestOf, loadPaths } from '../run-results.ts';
import { runView } from '../run-view.ts';
import { groundOf } from '../sources/index.ts';
import { DATA, type Stage } from '../stage.ts';
import { policyFiles, variantsOf } from './policy.ts';

/** What the run's files show. */
const viewOf = async (place: Place, ground: Ground | undefined): Promise<RunView> =>
  runView({
    seed: place.config.seed,
    feedback: await loadFeedback(place),
    paths: loadPaths(place),
    bestOf: loadBestOf(place),
    ground,
  });

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
  const findings = runAudit(await loadEvidence(folder), { seed, params: settings.params });
  writeJson(`${folder}/${RUN_FILES.findings}`, findings);
  writeJson(`${folder}/${RUN_FILES.rates}`, committedRates());
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
    ...variantsOf(context).flatMap((variant) => policyFiles(context, variant)[0]!),
  ],
  writes: () => [RUN_FILES.evidence, RUN_FILES.findings, RUN_FILES.rates],
  run,
  async recompute(place) {
    const { folder, config } = place;
    const kinds = EVIDENCE_KINDS.filter((id) => evidenceKind(id).offline && evidenceKind(id).kept !== true);
    const again = await gatherEvidence(await viewOf(place, groundOf(config)), kinds);
    const stored = await loadEvidence(folder);
    const { seed, audit: settings } = config;
    return [
      ...kinds.map((id) => ({ name: EVIDENCE[id].file, stored: stored[id] ?? null, again: again[id] ?? null })),
      {
        name: RUN_FILES.findings,
        stored: readJson(`${folder}/${RUN_FILES.findings}`),
        again: runAudit(stored, { seed, params: settings.params }),
      },
      { name: RUN_FILES.rates, stored: readJson(`${folder}/${RUN_FILES.rates}`), again: committedRates() },
    ];
  },
};

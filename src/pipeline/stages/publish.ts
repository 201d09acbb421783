import { documentPage } from '../../report/index.ts';
import { writeFileAtomic, writeJson } from '../../run/node.ts';
import { type Publication, publication } from '../publish.ts';
import { atRound, inRound, type Place, type RunContext } from '../run-context.ts';
import { RUN_FILES, readRunJson } from '../run-folder.ts';
import { loadResults } from '../run-results.ts';
import { HISTORY, type Stage } from '../stage.ts';
import { policyFiles, variantsOf } from './policy.ts';

/** Writes what a run publishes. */
export function writePublication(folder: string, { results, disclosure, report }: Publication): void {
  writeJson(`${folder}/${RUN_FILES.results}`, results);
  writeJson(`${folder}/${RUN_FILES.disclosure}`, disclosure);
  writeJson(`${folder}/${RUN_FILES.reportDocument}`, report);
  writeFileAtomic(`${folder}/${RUN_FILES.report}`, documentPage(report));
}

async function run(context: RunContext): Promise<void> {
  const { folder, config, log, metrics } = context;
  const results = await loadResults({ config, folder });
  const training = metrics.rowsOf('policy');
  writePublication(folder, publication(folder, { run: readRunJson(folder), results, records: log.records, training }));
}

/** Files of a round that are shown; earlier rounds are part of the story. */
const shown = (place: Place): string[] => [
  inRound(place, RUN_FILES.rewardEvaluation),
  inRound(place, RUN_FILES.feedbackReport),
  inRound(place, RUN_FILES.collected),
  ...variantsOf(place).map((variant) => inRound(place, policyFiles(place, variant)[0]!)),
];

/** Results, disclosure and report, from the files of the run. */
export const publish: Stage = {
  name: 'publish',
  reads: (place) => [
    HISTORY,
    RUN_FILES.run,
    RUN_FILES.data,
    RUN_FILES.baseCard,
    ...Array.from({ length: place.config.rounds }, (_, i) => shown(atRound(place, i + 1))).flat(),
    RUN_FILES.bestOf,
    RUN_FILES.exact,
    RUN_FILES.findings,
    RUN_FILES.chains,
    RUN_FILES.rates,
  ],
  writes: () => [RUN_FILES.results, RUN_FILES.disclosure, RUN_FILES.reportDocument, RUN_FILES.report],
  run,
  async recompute({ folder, config, log, metrics }) {
    const results = await loadResults({ config, folder });
    const found = { run: readRunJson(folder), results, records: log.records, training: metrics.rowsOf('policy') };
    const again = publication(folder, found);
    return [
      { file: RUN_FILES.results, again: again.results },
      { file: RUN_FILES.disclosure, again: again.disclosure },
      { file: RUN_FILES.reportDocument, again: again.report },
    ];
  },
};

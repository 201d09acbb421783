import { existsSync } from 'node:fs';
import { buildDisclosure, type Declaration, type Disclosure } from '../disclosure/index.ts';
import type { ReportDocument } from '../report/index.ts';
import { readJson } from '../run/node.ts';
import type { PipelineConfig } from './config.ts';
import { checkDeclarations } from './declarations.ts';
import { disclosurePlaces } from './disclosure-places.ts';
import type { MetricsRow } from './metrics.ts';
import { runDocument } from './report/document.ts';
import { resultsJson } from './results.ts';
import { withoutNaN } from './run-context.ts';
import { RUN_FILES, type RunJson } from './run-folder.ts';
import { declarationsOf, enginesUsed, type HistoryRecord, versionsOf } from './run-history.ts';
import type { RunResults } from './run-results.ts';

/** What a run publishes, made from its files alone; whoever has the folder makes the same again. */
export interface Publication {
  readonly results: Record<string, unknown>;
  readonly disclosure: Disclosure;
  readonly report: ReportDocument;
}

/** The disclosure of a run folder with the declarations that its configuration and its records hold. */
export function discloseRun(
  folder: string,
  config: PipelineConfig,
  found: {
    readonly declarations: Readonly<Record<string, Declaration>>;
    readonly results: RunResults;
    readonly headline: Record<string, unknown>;
  },
): Disclosure {
  const { declarations, results, headline } = found;
  checkDeclarations(declarations, results.data.digest);
  return withoutNaN(
    buildDisclosure({
      run: config.name,
      statements: disclosurePlaces(config, declarations),
      declarations,
      findings: results.findings,
      findingsFile: RUN_FILES.findings,
      read: (file) => {
        if (file === RUN_FILES.results) return headline;
        return existsSync(`${folder}/${file}`) ? readJson(`${folder}/${file}`) : undefined;
      },
    }),
  );
}

/** Results, disclosure and report of a run folder. */
export function publication(
  folder: string,
  found: {
    readonly run: RunJson;
    readonly results: RunResults;
    readonly records: readonly HistoryRecord[];
    readonly training: readonly MetricsRow[];
  },
): Publication {
  const { run, results, records, training } = found;
  const { config, command } = run;
  const engines = enginesUsed(records);
  const headline = withoutNaN({ ...resultsJson(results), ...(engines.length > 0 && { engines }) });
  const declarations = { ...config.declarations, ...declarationsOf(records) };
  const disclosure = discloseRun(folder, config, { declarations, results, headline });
  const versions = versionsOf(run.versions, records);
  const report = withoutNaN(runDocument(config, results, { disclosure, command, versions, engines, training }));
  return { results: headline, disclosure, report };
}

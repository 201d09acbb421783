import { chainsSection, findingsSection } from '../../audit/index.ts';
import { type Disclosure, disclosedSection, disclosureSection } from '../../disclosure/index.ts';
import { qualityDocument } from '../../quality/index.ts';
import { figure, type ReportDocument, type Section } from '../../report/index.ts';
import { rewardSection } from '../../reward/index.ts';
import { own } from '../../run/index.ts';
import type { PipelineConfig } from '../config.ts';
import type { MetricsRow } from '../metrics.ts';
import { ratersKnown } from '../results.ts';
import { RUN_FILES } from '../run-folder.ts';
import type { EngineUsed } from '../run-history.ts';
import type { RunResults } from '../run-results.ts';
import { engineSections } from './engines.ts';
import { pathsSection } from './paths.ts';
import { lengthSection, rewardChangeSection, samplesSection } from './policy.ts';
import { summarySection } from './summary.ts';
import { countsText, drawn } from './words.ts';

/** What is said of a run beside its results. */
export interface RunFacts {
  readonly disclosure: Disclosure;
  /** The command that repeats the run. */
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Engines elsewhere that computed something. */
  readonly engines: readonly EngineUsed[];
  /** What the main optimisation said step by step. */
  readonly training: readonly MetricsRow[];
}

/** The report of a run: what the terminal prints, `report.html` shows and the Studio draws. */
export function runDocument(config: PipelineConfig, results: RunResults, facts: RunFacts): ReportDocument {
  const { findings, chains, rates } = results;
  return {
    title: config.name,
    note: 'Report of a Goodhart run. Everything here follows from files of the run folder; goodhart verify computes it again.',
    sections: [
      summarySection(config, results),
      pathsSection(results),
      rewardChangeSection(results),
      lengthSection(results),
      samplesSection(config, results),
      findingsSection(findings, rates),
      chainsSection(chains),
      evaluationSection(results),
      dataSection(results),
      ...feedbackSections(results),
      trainingSection(facts.training),
      ...engineSections(config, facts.engines),
      disclosureSection(facts.disclosure),
      disclosedSection(facts.disclosure),
      repeatSection(config, facts),
    ],
  };
}

/** The reward model on what it was not fitted on. */
function evaluationSection({ evaluation }: RunResults): Section {
  const { scoredOn, onVotes, contributions, unscored, people, groups, differ } = evaluation;
  const section = rewardSection(evaluation, {
    on: `held-out comparisons, scored on ${scoredOn === 'gold' ? 'published answers' : 'judgments'}`,
    extra: [
      ...(onVotes === null
        ? []
        : [['Calibration error (ECE) on single votes', `${figure(onVotes.ece)}; n = ${onVotes.n}`] as const]),
    ],
    contributions,
    unscored,
    people,
    groups,
    differ,
  });
  return { ...section, detail: true };
}

/** Which data these are, and what was taken of them. */
function dataSection({ data, collected, feedback, earlier }: RunResults): Section {
  const { prompts, leftOut } = data;
  return {
    id: 'data',
    title: 'Data',
    note: 'What the run read and collected; items of the last round.',
    detail: true,
    blocks: [
      {
        kind: 'facts',
        name: 'Data',
        rows: [
          ['Layout', `${data.layout}, project ${data.projectId}`],
          ['SHA-256 of the data', data.digest],
          [
            'Prompts by split',
            `${prompts.train} training, ${prompts.evaluation} held out, ${prompts.deploy} deployment`,
          ],
          ['Texts for a base model', String(data.texts)],
          ['Rows that held nothing to judge', countsText(data.skipped)],
          ...(data.answers === undefined
            ? []
            : [['Answers', `${data.answers.choice}; left out: ${countsText(data.answers.left)}`] as const]),
          ...(leftOut === null
            ? []
            : [
                [
                  'Withdrawn',
                  `${leftOut.withdrawn.judgments} judgments of ${leftOut.withdrawn.raters} raters`,
                ] as const,
                [
                  'Without consent',
                  `${leftOut.withoutConsent.judgments} judgments of ${leftOut.withoutConsent.raters} raters`,
                ] as const,
                ...(leftOut.erased === undefined
                  ? []
                  : [['Erased', `${leftOut.erased.judgments} judgments of ${leftOut.erased.raters} raters`] as const]),
              ]),
          ['Items', `${collected.items.train} for fitting, ${collected.items.heldOut} held out`],
          ['Items by the policy they come from', countsText(collected.origins)],
          ['Items by the rule that chose them', countsText(collected.selections)],
          ['Judgments by kind of answer', countsText(collected.judgments)],
          ['Raters by kind', countsText(collected.raters)],
          ['Judgments read', `${feedback.judgments.length} on ${feedback.items.length} items`],
          ...earlier.map(({ round, judgments }) => [`Judgments in round ${round}`, String(judgments)] as const),
        ],
      },
    ],
  };
}

const FROM_QUALITY: ReadonlySet<string> = new Set(['agreement', 'raters', 'flags']);

/** Agreement and raters as the quality report has them, where it is known who judged. */
function feedbackSections(results: RunResults): Section[] {
  if (!ratersKnown(results))
    return [
      {
        id: 'raters',
        title: 'Raters',
        detail: true,
        blocks: [{ kind: 'text', text: 'The data do not say who judged.' }],
      },
    ];
  const { sections } = qualityDocument(results.feedback.report, { title: RUN_FILES.feedbackReport });
  return sections.filter(({ id }) => FROM_QUALITY.has(id)).map((section) => ({ ...section, detail: true }));
}

const CURVES: Readonly<Record<string, string>> = {
  'objective/scores': 'proxy reward of samples',
  'objective/kl': 'KL from the base policy, nats',
};

/** Curves of the main optimisation, as far as its algorithm reports them; on the training prompts of each step. */
function trainingSection(rows: readonly MetricsRow[]): Section {
  const curves = Object.entries(CURVES).flatMap(([key, name]) => {
    const points = rows.flatMap(({ step, metrics }) => {
      const value = own(metrics, key);
      return typeof value === 'number' ? [{ x: step, y: value }] : [];
    });
    return points.length === 0 ? [] : [drawn(name, points)];
  });
  return {
    id: 'training',
    title: 'Training',
    note: 'The main optimisation step by step, on the training prompts of each step. The Studio has every curve.',
    detail: true,
    blocks:
      curves.length === 0
        ? [{ kind: 'text', text: 'No policy was trained in this run.' }]
        : curves.map((series) => ({
            kind: 'plot' as const,
            plot: {
              type: 'lines' as const,
              title: `${series.name} by step`,
              x: 'step',
              y: `${series.name}, training prompts`,
              series: [series],
            },
          })),
  };
}

/** All it takes to make the run again. */
const repeatSection = (config: PipelineConfig, { command, versions }: RunFacts): Section => ({
  id: 'repeat',
  title: 'Repeat it',
  note: 'The same command, configuration and versions give the same bits on one machine.',
  detail: true,
  blocks: [
    { kind: 'code', code: command },
    {
      kind: 'fold',
      summary: 'Configuration and versions',
      blocks: [
        { kind: 'code', code: JSON.stringify(config, null, 2) },
        { kind: 'facts', name: 'Versions', rows: Object.entries(versions) },
      ],
    },
  ],
});

import { distinctReplies } from '../../audit/index.ts';
import { type Block, figure, type Section } from '../../report/index.ts';
import { mean } from '../../stats/index.ts';
import type { PipelineConfig } from '../config.ts';
import { type EvaluatedPrompt, figuresBySplit } from '../evaluation.ts';
import { RUN_FILES } from '../run-folder.ts';
import type { RunResults } from '../run-results.ts';
import type { PolicyPath } from '../stages/policy.ts';
import { figuresTable } from './figures-table.ts';

/** Prompts of which the replies are shown. */
const SHOWN = 6;

/** A policy by name with what it said to the held-out prompts of the training distribution. */
interface Policy {
  readonly name: string;
  readonly prompts: readonly EvaluatedPrompt[];
}
const held = (prompts: readonly EvaluatedPrompt[]) => prompts.filter(({ split }) => split === 'evaluation');

/** The base policy, and every optimised one at its end. */
const policiesOf = (paths: readonly PolicyPath[]): Policy[] => [
  ...(paths[0] === undefined ? [] : [{ name: 'base', prompts: held(paths[0].first) }]),
  ...paths.map(({ method, last }) => ({ name: method, prompts: held(last) })),
];

const textsOf = ({ replies }: EvaluatedPrompt) => replies.map(({ text }) => text);
const words = (text: string) => text.split(/\s+/).filter((word) => word !== '').length;

function histogram(
  policies: readonly Policy[],
  { title, x, valuesOf }: { title: string; x: string; valuesOf: (prompt: EvaluatedPrompt) => readonly number[] },
): Block {
  const groups = policies.map(({ name, prompts }) => ({
    name,
    values: prompts.flatMap(valuesOf).filter(Number.isFinite),
  }));
  return { kind: 'plot', plot: { type: 'histogram', title, x, y: 'share of replies', groups } };
}

/** Scores of sampled replies before and after, and means on the prompts of every split. */
export function rewardChangeSection({ paths }: RunResults): Section {
  const policies = policiesOf(paths);
  const known =
    policies.length > 0 && policies.every(({ prompts }) => prompts.every(({ scored }) => scored.gold !== undefined));
  return {
    id: 'change',
    title: 'Reward before and after',
    note: 'Histograms: every sampled reply to the held-out prompts of the training distribution. The table has the means on the prompts of every split.',
    detail: true,
    blocks:
      policies.length === 0
        ? [{ kind: 'text', text: 'No policy was optimised in this run.' }]
        : [
            histogram(policies, {
              title: 'Proxy reward of replies to held-out prompts',
              x: 'proxy reward (normalised), held-out prompts',
              valuesOf: ({ scored }) => scored.proxy,
            }),
            ...(known
              ? [
                  histogram(policies, {
                    title: 'Gold reward of replies to held-out prompts',
                    x: 'gold reward, held-out prompts',
                    valuesOf: ({ scored }) => scored.gold!,
                  }),
                ]
              : []),
            endsTable(paths),
          ],
  };
}

/** The base and the final policy of every path, on the prompts of every split. */
const endsTable = (paths: readonly PolicyPath[]): Block =>
  figuresTable(
    'Before and after, by split',
    'Policy',
    paths.flatMap(({ method, first, last, finalStep }, i) =>
      [
        ...(i === 0 ? [{ name: 'base', step: 0, prompts: first }] : []),
        { name: method, step: finalStep, prompts: last },
      ].flatMap(({ name, step, prompts }) => figuresBySplit(prompts).map((figures) => ({ name, step, figures }))),
    ),
  );

/** How long replies are, and how much they differ, at the same temperature and number of samples. */
export function lengthSection({ paths }: RunResults): Section {
  const policies = policiesOf(paths);
  return {
    id: 'length',
    title: 'Length and diversity',
    note: 'Words a reply, and diversity at the same temperature and number of samples; held-out prompts of the training distribution.',
    detail: true,
    blocks:
      policies.length === 0
        ? [{ kind: 'text', text: 'No policy was optimised in this run.' }]
        : [
            histogram(policies, {
              title: 'Length of replies to held-out prompts',
              x: 'words a reply, held-out prompts',
              valuesOf: (prompt) => textsOf(prompt).map(words),
            }),
            diversityTable(policies),
          ],
  };
}

const diversityTable = (policies: readonly Policy[]): Block => ({
  kind: 'table',
  name: 'Length and diversity',
  columns: [
    { title: 'Policy' },
    { title: 'Words a reply', number: true },
    { title: 'Distinct n-grams of a prompt, in replies’ worth', number: true },
    { title: 'Replies', number: true },
  ],
  rows: policies.map(({ name, prompts }) => [
    name,
    figure(mean(prompts.flatMap((prompt) => textsOf(prompt).map(words)))),
    figure(mean(prompts.map((prompt) => distinctReplies(textsOf(prompt))))),
    String(prompts.reduce((sum, { replies }) => sum + replies.length, 0)),
  ]),
});

/** The first replies drawn for some prompts, of the base policy and of every optimised one, side by side. */
export function samplesSection({ data }: PipelineConfig, { paths }: RunResults): Section {
  const title = 'Replies before and after';
  const said = (text: string): Section => ({ id: 'samples', title, detail: true, blocks: [{ kind: 'text', text }] });
  const [base, ...optimised] = policiesOf(paths);
  if (base === undefined) return said('No policy was optimised in this run.');
  if (data.layout !== 'ground')
    return said(`Not printed: text of people may offend. The replies are in ${RUN_FILES.policyEvaluation}.`);
  return {
    id: 'samples',
    title,
    note: `The first replies drawn for the first ${SHOWN} held-out prompts, not selected.`,
    detail: true,
    blocks: base.prompts.slice(0, SHOWN).map((before, i): Block => {
      const after = optimised.flatMap(({ name, prompts }) => {
        const prompt = prompts[i];
        return prompt === undefined ? [] : [{ name: optimised.length === 1 ? 'after' : `after, ${name}`, prompt }];
      });
      const all = [{ name: 'before', prompt: before }, ...after];
      const golds = all.flatMap(({ prompt }) => prompt.scored.gold?.[0] ?? []);
      return {
        kind: 'sides',
        title: before.prompt,
        note: golds.length === all.length ? `gold ${golds.map(figure).join(' → ')}` : 'held-out prompt',
        sides: all.map(({ name, prompt }) => ({ name, text: prompt.replies[0]?.text ?? '' })),
      };
    }),
  };
}

import type { ReactNode } from 'react';
import type { ResponseOf } from '../../../server/index.ts';
import { figure, percent } from '../../ui/figures.ts';
import { LinePlot } from '../../ui/plots.tsx';
import { Listing } from '../../ui/table.tsx';

type Probe = ResponseOf<'GET /api/challenges/{challenge}'>['challenge']['probes'][number];
type Experiment = Probe['experiment'];
type Measured = Experiment['clean']['alarms'];

const rate = ({ hits, n, interval: range }: Measured): string =>
  `${percent(hits / n)} (${percent(range.low)} to ${percent(range.high)}), ${hits} of ${n}`;

const armsOf = ({ doses, clean, resembling, documented }: Experiment) => [
  ...doses.map(({ dose, ...arm }) => ({
    name: `planted, dose ${figure(dose)}${dose === documented ? ' (promised)' : ''}`,
    ...arm,
  })),
  { name: 'clean', ...clean },
  { name: 'look-alike', ...resembling },
];
type Arm = ReturnType<typeof armsOf>[number];

const count = (verdict: keyof Arm['verdicts']) => ({
  head: verdict.replaceAll('-', ' '),
  cell: ({ verdicts }: Arm) => figure(verdicts[verdict] ?? 0),
});

/** How often a probe raises an alarm by dose, on clean runs and on what only looks like the failure. */
export function Controls({ probe }: { readonly probe: Probe }): ReactNode {
  const { experiment, coverage } = probe;
  const { doses, clean, resembling, planted, lookAlike, world, command } = experiment;
  const ends = doses.map(({ dose }) => dose);
  const flat = (arm: Experiment['clean']) =>
    [Math.min(...ends), Math.max(...ends)].map((x) => ({
      x,
      y: arm.alarms.hits / arm.alarms.n,
      low: arm.alarms.interval.low,
      high: arm.alarms.interval.high,
    }));
  return (
    <>
      <h4>Does it find what is planted, and nothing else?</h4>
      <p>
        {world === 'tables' ? 'On rows drawn from a model of their own' : `In the ${world}, where the truth is known`}.
        Dose: {planted}. Look-alike: {lookAlike}.
      </p>
      <LinePlot
        title={`Alarms of ${probe.id} by dose, with Wilson intervals`}
        xLabel="dose of the planted failure"
        yLabel="share of runs with an alarm"
        series={[
          {
            name: 'planted',
            points: doses.map(({ dose, alarms: { hits, n, interval: range } }) => ({
              x: dose,
              y: hits / n,
              low: range.low,
              high: range.high,
            })),
          },
          { name: 'clean runs (false alarms)', points: flat(clean) },
          { name: 'look-alikes (false alarms)', points: flat(resembling) },
        ]}
      />
      <Listing
        name={`Controls of ${probe.id}`}
        rows={armsOf(experiment)}
        rowId={({ name }) => name}
        columns={[
          { head: 'Runs', cell: ({ name }: Arm) => name },
          { head: 'Alarms (95 % interval)', cell: ({ alarms }: Arm) => rate(alarms) },
          count('failure'),
          count('concern'),
          count('inconclusive'),
          count('not-assessed'),
          count('clear'),
        ]}
        empty="Not measured."
      />
      <Coverage coverage={coverage} />
      <details>
        <summary>Commands that measured it</summary>
        <pre>{[command, coverage.command].join('\n')}</pre>
      </details>
    </>
  );
}

function Coverage({ coverage: { arms } }: Pick<Probe, 'coverage'>): ReactNode {
  const known = arms.flatMap(({ arm, covered }) => (covered === null ? [] : [`${arm}: ${rate(covered)}`]));
  return (
    <p>
      Coverage of its 95 % interval:{' '}
      {known.length === 0
        ? 'not measured, for the experiment does not know the true value of the estimand'
        : known.join('; ')}
      .
    </p>
  );
}

/** What a probe estimates, after whom, from which evidence, with which settings. */
export function Method({
  probe,
  params,
  fileOf,
}: {
  readonly probe: Probe;
  /** Those it was made with, or the usual ones. */
  readonly params: unknown;
  /** Where the rows of a file can be had; undefined where this run has none. */
  readonly fileOf: (file: string) => string | undefined;
}): ReactNode {
  return (
    <>
      <h4>How it is measured</h4>
      <p>
        Estimated: {probe.estimand}. <span className="soft">{probe.citation}</span>
      </p>
      <Listing
        name={`Evidence of ${probe.id}`}
        rows={probe.reads}
        rowId={({ kind }) => kind}
        columns={[
          {
            head: 'Evidence',
            cell: ({ kind, optional }) => (optional ? `${kind} (read where it is there)` : kind),
          },
          { head: 'A row', cell: ({ what }) => what },
          {
            head: 'Rows of this run',
            cell: ({ file }) => {
              const href = fileOf(file);
              return href === undefined ? <span className="soft">none</span> : <a href={href}>{file}</a>;
            },
          },
        ]}
        empty="Nothing."
      />
      <details>
        <summary>Settings</summary>
        <pre>{JSON.stringify(params, null, 2)}</pre>
      </details>
    </>
  );
}

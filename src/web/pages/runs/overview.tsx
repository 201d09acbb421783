import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { call } from '../../api.ts';
import { useSession } from '../../session.tsx';
import { CopyButton } from '../../ui/controls.tsx';
import { counted } from '../../ui/figures.ts';
import { LinePlot } from '../../ui/plots.tsx';
import { Fault, Loaded } from '../../ui/state.tsx';
import { Pairs } from '../../ui/table.tsx';
import { TableFiles } from '../../ui/table-files.tsx';
import { AskPolicy } from './ask-policy.tsx';
import { type Curve, curvesOf } from './curves.ts';
import { EndRun } from './end-run.tsx';
import { type RunDetail, RunFrame } from './frame.tsx';
import { Progress } from './progress.tsx';
import { seriesQuery } from './queries.ts';

/** Plots of metrics, two side by side where there is room. */
export function Curves({ curves }: { readonly curves: readonly Curve[] }): ReactNode {
  if (curves.length === 0) return <p className="soft">Nothing is measured yet.</p>;
  return (
    <div className="plots">
      {curves.map(({ stage, metric, yLabel, series }) => (
        <section key={`${stage} ${metric}`}>
          <h3>
            {stage}: {metric}
          </h3>
          <LinePlot title={`${metric} of ${stage} by step`} xLabel="step" yLabel={yLabel} series={series} />
        </section>
      ))}
    </div>
  );
}

/** Stop, or go on. */
function Controls({ run, status }: { readonly run: string; readonly status: RunDetail['run']['status'] }): ReactNode {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (what: 'stop' | 'resume') =>
      what === 'stop'
        ? call('POST /api/runs/{run}/stop', { params: { run } })
        : call('POST /api/runs/{run}/resume', { params: { run } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['run', run] }),
  });
  return (
    <>
      {change.isError && <Fault error={change.error} />}
      {status === 'running' && (
        <button type="button" className="danger" disabled={change.isPending} onClick={() => change.mutate('stop')}>
          Stop the run
        </button>
      )}
      {(status === 'stopped' || status === 'unfinished' || status === 'failed') && (
        <button type="button" className="primary" disabled={change.isPending} onClick={() => change.mutate('resume')}>
          Go on where it stopped
        </button>
      )}
    </>
  );
}

function Repeat({ detail }: { readonly detail: RunDetail }): ReactNode {
  return (
    <section>
      <h2>Repeat it</h2>
      <p>The same command, configuration and versions give the same bits on one machine.</p>
      <pre>{detail.command}</pre>
      <CopyButton text={detail.command} label="Copy the command" />
      <details>
        <summary>Configuration and versions</summary>
        <pre>{JSON.stringify(detail.config, null, 2)}</pre>
        <pre>{JSON.stringify(detail.versions, null, 2)}</pre>
      </details>
    </section>
  );
}

/** A file that only a run with a policy has. */
const isPolicy = (file: string): boolean => file.startsWith('policy/');

/** Where a run stands: progress, summary, live curves, and how to repeat it. */
export function RunOverview(): ReactNode {
  const role = useSession().data?.user?.role;
  const mayLead = role === 'owner' || role === 'lead';
  return (
    <RunFrame>
      {(detail) => {
        const { run, progress, error, summary, files, erased } = detail;
        return (
          <>
            {progress !== null && <Progress progress={progress} />}
            {error !== null && <Fault error={new Error(error)} />}
            {erased !== null && (
              <div className="notice">
                <p>
                  Since this run began, {counted(erased.judgments, 'judgment')} of {counted(erased.raters, 'rater')}{' '}
                  were erased from its project. Its folder may hold them yet, and its numbers follow from them.
                </p>
              </div>
            )}
            {mayLead && <Controls run={run.id} status={run.status} />}
            {summary.length > 0 && <Pairs name="Summary" rows={summary.map(({ label, value }) => [label, value])} />}
            {mayLead && run.status === 'complete' && files.some(isPolicy) && <AskPolicy detail={detail} />}
            <h2>Curves</h2>
            <RunCurves run={run.id} live={run.status === 'running'} />
            <TableFiles name="Metrics" run={run.id} table="metrics" />
            <Repeat detail={detail} />
            <EndRun run={run.id} running={run.status === 'running'} />
          </>
        );
      }}
    </RunFrame>
  );
}

function RunCurves({ run, live }: { readonly run: string; readonly live: boolean }): ReactNode {
  const series = useQuery(seriesQuery(run, live));
  return <Loaded query={series}>{(data) => <Curves curves={curvesOf([{ name: run, stages: data.series }])} />}</Loaded>;
}

import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { own } from '../../../run/index.ts';
import type { ResponseOf } from '../../../server/index.ts';
import { call } from '../../api.ts';
import { duration, figure, interval, percent, when } from '../../ui/figures.ts';
import { DotPlot } from '../../ui/plots.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { Empty, Fault, Loaded } from '../../ui/state.tsx';
import { TableFiles } from '../../ui/table-files.tsx';
import { AsOf } from './as-of.tsx';
import { EraseRater } from './erase-rater.tsx';
import { ProjectFrame, RecordsLink } from './frame.tsx';
import { type RaterRow, ratersQuery, useMayLead, useProjectChange } from './queries.ts';

type Rates = ResponseOf<'GET /api/projects/{project}/raters'>['rates'];
type Estimate = RaterRow['accuracy'];

/** A rate in per cent: bounds next to 0 are 0, not ten to the minus eighteen. */
const rateText = (rate: Estimate): string =>
  !('value' in rate)
    ? `– (${rate.undefined})`
    : rate.interval === null
      ? percent(rate.value)
      : `${percent(rate.value)} (${(100 * rate.interval.low).toFixed(1)} to ${(100 * rate.interval.high).toFixed(1)})`;

/** An estimate with its interval and n below it. */
function Figure({ estimate }: { readonly estimate: Estimate }): ReactNode {
  if (!('value' in estimate)) return <span className="soft small">– {estimate.undefined}</span>;
  return (
    <>
      {figure(estimate.value)}
      {estimate.interval !== null && <div className="small nowrap">{interval(estimate.interval)}</div>}
      <div className="soft small">n = {figure(estimate.n)}</div>
    </>
  );
}

function RaterFlags({
  project,
  row,
  rates,
}: {
  readonly project: string;
  readonly row: RaterRow;
  readonly rates: Rates;
}): ReactNode {
  if (row.flags.length === 0) return <span className="soft">none</span>;
  return (
    <ul className="plain-list">
      {row.flags.map(({ detector, text, records }) => {
        const rate = own(rates, detector);
        return (
          <li key={`${detector}/${text}`}>
            <span className="verdict concern">▲ {detector.replaceAll('-', ' ')}</span> {text}{' '}
            {records.length > 0 && (
              <RecordsLink project={project} ids={records}>
                {records.length} {records.length === 1 ? 'record' : 'records'}
                <span className="sr-only">
                  {' '}
                  behind {detector} of {row.raterId}
                </span>
              </RecordsLink>
            )}
            {rate !== undefined && (
              <div className="soft small">
                finds {rateText(rate.power)} of planted ones; false alarms in {rateText(rate.falseAlarms)} of clean
                pools
              </div>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Pause({ project, row }: { readonly project: string; readonly row: RaterRow }): ReactNode {
  const change = useProjectChange(project, (paused: boolean) =>
    call('PATCH /api/projects/{project}/raters/{rater}', {
      params: { project, rater: row.raterId },
      body: { paused },
    }),
  );
  return (
    <>
      <button type="button" disabled={change.isPending} onClick={() => change.mutate(!row.paused)}>
        {row.paused ? 'Let go on' : 'Pause'}
        <span className="sr-only"> {row.raterId}</span>
      </button>
      {change.isError && <Fault error={change.error} />}
    </>
  );
}

function Table({
  project,
  raters,
  rates,
}: {
  readonly project: string;
  readonly raters: readonly RaterRow[];
  readonly rates: Rates;
}): ReactNode {
  const mayLead = useMayLead();
  return (
    <Scroll name="Raters">
      <table className="dense">
        <thead>
          <tr>
            <th scope="col">Rater</th>
            <th scope="col" className="number">
              Judgments
            </th>
            <th scope="col">Time</th>
            <th scope="col">Accuracy</th>
            <th scope="col">Agreement beyond the others’</th>
            <th scope="col">First shown chosen</th>
            <th scope="col">Longer chosen</th>
            <th scope="col">Reasons to look closer</th>
          </tr>
        </thead>
        <tbody>
          {raters.map((row) => (
            <tr key={row.raterId}>
              <th scope="row" className="nowrap">
                <RecordsLink project={project} rater={row.raterId}>
                  {row.raterId}
                </RecordsLink>
                {row.name !== null && <div className="soft small">{row.name}</div>}
                {row.paused && <div className="verdict concern">▮▮ paused</div>}
                {mayLead && (
                  <div className="row small">
                    <Pause project={project} row={row} />
                    <EraseRater project={project} rater={row.raterId} />
                  </div>
                )}
              </th>
              <td className="number">
                <RecordsLink project={project} rater={row.raterId}>
                  {figure(row.judgments)}
                  <span className="sr-only"> records of {row.raterId}</span>
                </RecordsLink>
              </td>
              <td className="nowrap">
                {duration(row.activeHours * 3_600_000)}
                {row.activeHours > 0 && (
                  <div className="soft small">{figure(Math.round(row.judgments / row.activeHours))} an hour</div>
                )}
                <div className="soft small">median {duration(row.medianActiveMs)}</div>
                <div className="soft small">last {when(row.lastAt)}</div>
              </td>
              <td>
                <Figure estimate={row.accuracy} />
              </td>
              <td>
                <Figure estimate={row.agreement} />
              </td>
              <td>
                <Figure estimate={row.firstShown} />
              </td>
              <td>
                <Figure estimate={row.longer} />
              </td>
              <td className="evidence">
                <RaterFlags project={project} row={row} rates={rates} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

type Concerns = ResponseOf<'GET /api/projects/{project}/raters'>['concerns'];

/** What people complained of. */
function ConcernTable({ concerns }: { readonly concerns: Concerns }): ReactNode {
  return (
    <>
      <h2>Concerns</h2>
      {concerns.length === 0 ? (
        <p className="soft">Nobody has raised a concern.</p>
      ) : (
        <Scroll name="Concerns">
          <table>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">About</th>
                <th scope="col">Concern</th>
              </tr>
            </thead>
            <tbody>
              {concerns.map(({ id, raterId, name, at, about, text }) => (
                <tr key={id}>
                  <td className="when">{when(at)}</td>
                  <td>
                    <code>{raterId}</code>
                    {name !== null && <div className="soft small">{name}</div>}
                  </td>
                  <td>{about}</td>
                  <td className="long">{about === 'erased' ? 'An owner erased what was said.' : text}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </>
  );
}

function Page({ project }: { readonly project: string }): ReactNode {
  const raters = useQuery(ratersQuery(project));
  return (
    <Loaded query={raters}>
      {({ raters: all, concerns, rates }) => {
        if (all.length === 0)
          return (
            <Empty title="Nobody has judged yet">
              <p>Invite raters under People. They appear here with their first visit.</p>
            </Empty>
          );
        const rows = all.flatMap(({ raterId, name, accuracy, flags }) =>
          'value' in accuracy && accuracy.interval !== null
            ? [{ name: name ?? raterId, value: accuracy.value, ...accuracy.interval, marked: flags.length > 0 }]
            : [],
        );
        const level = all.flatMap(({ accuracy }) =>
          'value' in accuracy && accuracy.interval !== null ? [accuracy.interval.level] : [],
        )[0];
        return (
          <>
            <AsOf query={raters} />
            <p>
              Accuracy is estimated without known answers (Dawid–Skene), as the share of votes equal to the likely true
              one. A flag is a reason to look at the records behind it: nothing is removed or weighted because of one.
              Intervals are at 95 %.
            </p>
            <Table project={project} raters={all} rates={rates} />
            <TableFiles name="Raters" project={project} table="raters" />
            <ConcernTable concerns={concerns} />
            <h2>Accuracy by rater</h2>
            <div className="measure">
              <DotPlot
                title="Accuracy by rater, with intervals"
                xLabel="accuracy (share of votes equal to the likely true answer)"
                rows={[...rows].sort((a, b) => b.value - a.value)}
                caption={`${level === undefined ? 'Intervals' : `${Math.round(100 * level)} % intervals`}. Squares are raters with a flag.`}
              />
            </div>
          </>
        );
      }}
    </Loaded>
  );
}

/** Who judges, how much, how reliably, and whom to look at. */
export function Raters(): ReactNode {
  return <ProjectFrame>{({ project }) => <Page project={project.id} />}</ProjectFrame>;
}

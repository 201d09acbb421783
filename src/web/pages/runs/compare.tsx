import { useQueries, useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Verdict } from '../../ui/controls.tsx';
import { figure, interval } from '../../ui/figures.ts';
import { Scroll } from '../../ui/scroll.tsx';
import { Empty, Fault, Loaded } from '../../ui/state.tsx';
import { useTitle } from '../../ui/title.ts';
import { curvesOf } from './curves.ts';
import { Curves } from './overview.tsx';
import { challengesQuery, findingsQuery, runQuery, seriesQuery } from './queries.ts';

/** Runs side by side: summaries, findings, curves. */
export function CompareRuns(): ReactNode {
  useTitle('Compare runs');
  const { runs: text = '' } = useSearch({ strict: false });
  const ids = [...new Set(text.split(',').filter((id) => id !== ''))];
  const details = useQueries({ queries: ids.map((id) => runQuery(id)) });
  const series = useQueries({ queries: ids.map((id) => seriesQuery(id, false)) });
  const findings = useQueries({ queries: ids.map((id) => findingsQuery(id)) });
  const challenges = useQuery(challengesQuery);
  const broken = [...details, ...series, ...findings].find(({ isError }) => isError);
  if (ids.length < 2)
    return (
      <main>
        <h1>Compare runs</h1>
        <Empty title="Nothing to compare">
          <p>
            Choose two runs or more in the <Link to="/runs">list of runs</Link>.
          </p>
        </Empty>
      </main>
    );
  const labels = [...new Set(details.flatMap(({ data }) => data?.summary.map(({ label }) => label) ?? []))];
  return (
    <main>
      <h1>Compare runs</h1>
      {broken !== undefined && <Fault error={broken.error} />}
      <Scroll name="Summaries">
        <table>
          <thead>
            <tr>
              <td />
              {ids.map((id) => (
                <th key={id} scope="col">
                  <Link to="/runs/$run" params={{ run: id }}>
                    {id}
                  </Link>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {labels.map((label) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                {details.map(({ data }, i) => (
                  <td key={ids[i]}>{data?.summary.find((row) => row.label === label)?.value ?? '–'}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <h2>Findings</h2>
      <Loaded query={challenges}>
        {({ challenges: all }) => (
          <Scroll name="Findings">
            <table>
              <thead>
                <tr>
                  <th scope="col">Challenge</th>
                  {ids.map((id) => (
                    <th key={id} scope="col">
                      {id}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {all
                  .flatMap(({ id, title, probes }) =>
                    probes.map((probe) => ({ challenge: id, title, probe: probe.id })),
                  )
                  .filter(({ probe }) =>
                    findings.some(({ data }) =>
                      data?.findings.some((f) => f.probe === probe && f.verdict !== 'not-assessed'),
                    ),
                  )
                  .map(({ challenge, title, probe }) => (
                    <tr key={probe}>
                      <th scope="row">
                        {challenge} {title} <span className="soft small">{probe}</span>
                      </th>
                      {findings.map(({ data }, i) => {
                        const finding = data?.findings.find((f) => f.probe === probe);
                        return (
                          <td key={ids[i]}>
                            <Verdict value={finding?.verdict ?? 'not-assessed'} />
                            {finding !== undefined && finding.estimate !== null && (
                              <div className="small">
                                {figure(finding.estimate)} ({interval(finding.interval)})
                              </div>
                            )}
                          </td>
                        );
                      })}
                    </tr>
                  ))}
              </tbody>
            </table>
          </Scroll>
        )}
      </Loaded>
      <h2>Curves</h2>
      <Curves
        curves={curvesOf(
          series.flatMap(({ data }, i) => (data === undefined ? [] : [{ name: ids[i]!, stages: data.series }])),
        )}
      />
    </main>
  );
}

import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ResponseOf } from '../../../server/index.ts';
import { Verdict } from '../../ui/controls.tsx';
import { figure, interval } from '../../ui/figures.ts';
import { Loaded } from '../../ui/state.tsx';
import { TableFiles } from '../../ui/table-files.tsx';
import { RunFrame } from './frame.tsx';
import { challengesQuery, findingsQuery } from './queries.ts';

type Challenge = ResponseOf<'GET /api/challenges'>['challenges'][number];
type Finding = ResponseOf<'GET /api/runs/{run}/findings'>['findings'][number];

const sentence = (words: string): string => `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;

/** What it would take to assess a challenge that was not. */
function toAssess(challenge: Challenge, finding: Finding | undefined): string {
  if (challenge.probe === null) return 'There is no probe for it yet.';
  const needs = `It needs: ${challenge.probe.needs.join(', ')}.`;
  return finding === undefined ? needs : `${sentence(finding.reason)} ${needs}`;
}

function Matrix({ run }: { readonly run: string }): ReactNode {
  const challenges = useQuery(challengesQuery);
  const findings = useQuery(findingsQuery(run));
  return (
    <Loaded query={challenges}>
      {({ challenges: all }) => (
        <Loaded query={findings}>
          {({ findings: found }) => {
            const groups = [...new Set(all.map(({ group }) => group))];
            return (
              <>
                <p>
                  The challenges of Casper et al. (2023) by stage. <em>Not assessed</em> is not a pass. Fundamental ones
                  cannot be removed within RLHF: they can be measured.
                </p>
                {groups.map((group) => (
                  <section key={group}>
                    <h2>{group}</h2>
                    <ul className="cells">
                      {all
                        .filter((challenge) => challenge.group === group)
                        .map((challenge) => {
                          const finding = found.find((f) => f.challenge === challenge.id);
                          const verdict = finding?.verdict ?? 'not-assessed';
                          return (
                            <li key={challenge.id} className={`cell ${verdict}`}>
                              <Link to="/runs/$run/audit/$challenge" params={{ run, challenge: challenge.id }}>
                                {challenge.id} {challenge.title}
                              </Link>
                              {challenge.fundamental && <span className="soft small"> fundamental</span>}
                              <div>
                                <Verdict value={verdict} />
                              </div>
                              {verdict === 'not-assessed' || finding === undefined ? (
                                <p className="soft small">{toAssess(challenge, finding)}</p>
                              ) : (
                                <p className="small">
                                  {figure(finding.estimate)} ({interval(finding.interval)}), n = {figure(finding.n)}
                                </p>
                              )}
                            </li>
                          );
                        })}
                    </ul>
                  </section>
                ))}
                <TableFiles name="Findings" run={run} table="findings" />
              </>
            );
          }}
        </Loaded>
      )}
    </Loaded>
  );
}

/** The audit as a matrix of challenges by stage. */
export function RunAudit(): ReactNode {
  return <RunFrame>{({ run }) => <Matrix run={run.id} />}</RunFrame>;
}

const rate = (r: Finding['planted']): string =>
  r === null ? 'not measured in this run' : `${r.hits} of ${r.n} runs (${interval(r.interval)})`;

function Details({ run }: { readonly run: string }): ReactNode {
  const { challenge: id } = useParams({ strict: false }) as { challenge: string };
  const challenges = useQuery(challengesQuery);
  const findings = useQuery(findingsQuery(run));
  return (
    <Loaded query={challenges}>
      {({ challenges: all }) => {
        const challenge = all.find((c) => c.id === id);
        if (challenge === undefined) return <p>There is no challenge {id}.</p>;
        return (
          <Loaded query={findings}>
            {({ findings: found }) => {
              const finding = found.find((f) => f.challenge === id);
              return (
                <article>
                  <p className="small">
                    <Link to="/runs/$run/audit" params={{ run }}>
                      All challenges
                    </Link>
                  </p>
                  <h2>
                    {challenge.id} {challenge.title}
                  </h2>
                  <p>
                    {challenge.group}; {challenge.fundamental ? 'fundamental' : 'tractable'}.
                  </p>
                  <p>
                    <Verdict value={finding?.verdict ?? 'not-assessed'} />
                  </p>
                  <p>
                    {finding === undefined || finding.verdict === 'not-assessed'
                      ? toAssess(challenge, finding)
                      : sentence(finding.reason)}
                  </p>
                  {finding !== undefined && finding.verdict !== 'not-assessed' && (
                    <dl className="cards">
                      <div className="card">
                        <dt>Estimate</dt>
                        <dd>{figure(finding.estimate)}</dd>
                      </div>
                      <div className="card">
                        <dt>95 % interval</dt>
                        <dd>{interval(finding.interval)}</dd>
                      </div>
                      <div className="card">
                        <dt>n (unscored apart)</dt>
                        <dd>
                          {figure(finding.n)} ({figure(finding.unscored)})
                        </dd>
                      </div>
                      <div className="card">
                        <dt>Seed</dt>
                        <dd>{finding.seed}</dd>
                      </div>
                    </dl>
                  )}
                  {challenge.probe !== null && (
                    <>
                      <h3>Method</h3>
                      <p>{challenge.probe.question}</p>
                      <p className="soft">{challenge.probe.citation}</p>
                      <p>
                        Probe <code>{challenge.probe.id}</code>, from the evidence: {challenge.probe.needs.join(', ')}.
                      </p>
                      <details>
                        <summary>Parameters</summary>
                        <pre>{JSON.stringify(challenge.probe.params, null, 2)}</pre>
                      </details>
                      <h3>How far to trust it</h3>
                      <p>
                        Found a planted failure in {rate(finding?.planted ?? null)}; cried wolf on a clean run in{' '}
                        {rate(finding?.clean ?? null)}.
                      </p>
                    </>
                  )}
                </article>
              );
            }}
          </Loaded>
        );
      }}
    </Loaded>
  );
}

/** One challenge in one run: method, evidence, and how often the probe is right. */
export function ChallengePage(): ReactNode {
  return <RunFrame>{({ run }) => <Details run={run.id} />}</RunFrame>;
}

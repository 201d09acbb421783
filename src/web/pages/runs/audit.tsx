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
type Probe = Challenge['probes'][number];
type Finding = ResponseOf<'GET /api/runs/{run}/findings'>['findings'][number];

/** Which of a challenge's verdicts gives its cell the colour: the first of these that is there. */
const WORST_FIRST: readonly Finding['verdict'][] = ['failure', 'concern', 'inconclusive', 'clear', 'not-assessed'];

const sentence = (words: string): string => `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;

/** What it would take to assess what a probe could not. */
function toAssess(probe: Probe, finding: Finding | undefined): string {
  const needs = `It needs: ${probe.needs.join(', ')}.`;
  return finding === undefined ? needs : `${sentence(finding.reason)} ${needs}`;
}

/** A challenge in the matrix, with every probe of it. */
function Cell(props: {
  readonly run: string;
  readonly challenge: Challenge;
  readonly findings: readonly Finding[];
}): ReactNode {
  const { run, challenge, findings } = props;
  const worst = WORST_FIRST.find((verdict) => findings.some((f) => f.verdict === verdict)) ?? 'not-assessed';
  return (
    <li className={`cell ${worst}`}>
      <Link to="/runs/$run/audit/$challenge" params={{ run, challenge: challenge.id }}>
        {challenge.id} {challenge.title}
      </Link>
      {challenge.fundamental && <span className="soft small"> fundamental</span>}
      {challenge.probes.length === 0 && (
        <>
          <div>
            <Verdict value="not-assessed" />
          </div>
          <p className="soft small">There is no probe for it yet.</p>
        </>
      )}
      {challenge.probes.map((probe) => {
        const finding = findings.find((f) => f.probe === probe.id);
        const verdict = finding?.verdict ?? 'not-assessed';
        return (
          <div key={probe.id}>
            <div>
              <Verdict value={verdict} /> <span className="soft small">{probe.id}</span>
            </div>
            {verdict === 'not-assessed' || finding === undefined ? (
              <p className="soft small">{toAssess(probe, finding)}</p>
            ) : (
              <p className="small">
                {figure(finding.estimate)} ({interval(finding.interval)}), n = {figure(finding.n)}
              </p>
            )}
          </div>
        );
      })}
    </li>
  );
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
                  The challenges of Casper et al. (2023) by stage. Only <em>clear</em> is a pass: the whole interval
                  lies below the threshold of concern. <em>Inconclusive</em> asks for more evidence,{' '}
                  <em>not assessed</em> for any. Fundamental challenges cannot be removed within RLHF: they can be
                  measured.
                </p>
                {groups.map((group) => (
                  <section key={group}>
                    <h2>{group}</h2>
                    <ul className="cells">
                      {all
                        .filter((challenge) => challenge.group === group)
                        .map((challenge) => (
                          <Cell
                            key={challenge.id}
                            run={run}
                            challenge={challenge}
                            findings={found.filter((f) => f.challenge === challenge.id)}
                          />
                        ))}
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

function Numbers({ finding }: { readonly finding: Finding }): ReactNode {
  const rows: readonly (readonly [string, string])[] = [
    ['Estimate', figure(finding.estimate)],
    [`${figure(100 * (finding.interval?.level ?? 0.95))} % interval`, interval(finding.interval)],
    ['n (unscored apart)', `${figure(finding.n)} (${figure(finding.unscored)})`],
    ['Seed', String(finding.seed)],
  ];
  return (
    <dl className="cards">
      {rows.map(([label, value]) => (
        <div key={label} className="card">
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What one probe asks of the challenge, and what it found in this run. */
function ProbeFinding({ probe, finding }: { readonly probe: Probe; readonly finding: Finding | undefined }): ReactNode {
  const assessed = finding !== undefined && finding.verdict !== 'not-assessed';
  return (
    <section>
      <h3>{probe.question}</h3>
      <p>
        <Verdict value={finding?.verdict ?? 'not-assessed'} />
      </p>
      <p>{assessed ? sentence(finding.reason) : toAssess(probe, finding)}</p>
      {assessed && <Numbers finding={finding} />}
      <p>
        Estimated: {probe.estimand}. <span className="soft">{probe.citation}</span>
      </p>
      {finding !== undefined && Object.keys(finding.details).length > 0 && (
        <details open={assessed}>
          <summary>What was found</summary>
          <pre>{JSON.stringify(finding.details, null, 2)}</pre>
        </details>
      )}
      <details>
        <summary>Parameters</summary>
        <pre>{JSON.stringify(finding?.params ?? probe.params, null, 2)}</pre>
      </details>
      <p>
        Probe <code>{probe.id}</code>, from the evidence: {(finding?.evidence ?? probe.needs).join(', ')}. Found a
        planted failure in {rate(finding?.planted ?? null)}; cried wolf on a clean run in {rate(finding?.clean ?? null)}{' '}
        and on what only looks like it in {rate(finding?.lookAlike ?? null)}.
      </p>
    </section>
  );
}

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
            {({ findings: found }) => (
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
                {challenge.probes.length === 0 && (
                  <p>
                    <Verdict value="not-assessed" /> There is no probe for it yet.
                  </p>
                )}
                {challenge.probes.map((probe) => (
                  <ProbeFinding key={probe.id} probe={probe} finding={found.find((f) => f.probe === probe.id)} />
                ))}
              </article>
            )}
          </Loaded>
        );
      }}
    </Loaded>
  );
}

/** One challenge in one run: what its probes ask, what they found, and how often they are right. */
export function ChallengePage(): ReactNode {
  return <RunFrame>{({ run }) => <Details run={run.id} />}</RunFrame>;
}

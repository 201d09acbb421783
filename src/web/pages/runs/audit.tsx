import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ResponseOf } from '../../../server/index.ts';
import { Verdict } from '../../ui/controls.tsx';
import { figure, interval } from '../../ui/figures.ts';
import { Loaded } from '../../ui/state.tsx';
import { TableFiles } from '../../ui/table-files.tsx';
import { RunFrame } from './frame.tsx';
import { challengesQuery, findingsQuery } from './queries.ts';
import { ReportSections } from './report.tsx';
import { sentence } from './what-to-do.ts';

type Challenge = ResponseOf<'GET /api/challenges'>['challenges'][number];
type Probe = Challenge['probes'][number];
type Finding = ResponseOf<'GET /api/runs/{run}/findings'>['findings'][number];

/** The order in which verdicts are counted, worst first. */
const VERDICTS: readonly Finding['verdict'][] = ['failure', 'concern', 'inconclusive', 'not-assessed', 'clear'];

/** The first that one of a challenge's probes has gives its cell the colour: clear is a challenge of which all are. */
const colourOf = (challenge: Challenge, findings: readonly Finding[]): Finding['verdict'] =>
  VERDICTS.find((verdict) => challenge.probes.some(({ id }) => verdictOf(findings, id) === verdict)) ?? 'not-assessed';

const verdictOf = (findings: readonly Finding[], probe: string): Finding['verdict'] =>
  findings.find((finding) => finding.probe === probe)?.verdict ?? 'not-assessed';

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
  return (
    <li className={`cell ${colourOf(challenge, findings)}`}>
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

/** How many challenges have a probe with each verdict: one with several probes may count more than once. */
function Counts(props: { readonly all: readonly Challenge[]; readonly findings: readonly Finding[] }): ReactNode {
  const { all, findings } = props;
  const assessed = all.filter(({ id }) => findings.some((f) => f.challenge === id && f.verdict !== 'not-assessed'));
  return (
    <p className="row">
      <span>
        {assessed.length} of {all.length} challenges are assessed by at least one probe. Probes:
      </span>
      {VERDICTS.map((verdict) => {
        const n = all.flatMap(({ probes }) => probes).filter(({ id }) => verdictOf(findings, id) === verdict).length;
        return n === 0 ? null : (
          <span key={verdict}>
            {n} <Verdict value={verdict} />
          </span>
        );
      })}
    </p>
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
                  The challenges of Casper et al. (2023) by stage, each with every probe of it. <em>Clear</em>: the
                  whole interval lies below the threshold of concern, for what that probe reads. <em>Inconclusive</em>{' '}
                  asks for more evidence, <em>not assessed</em> for any: neither says that all is well. Fundamental
                  challenges cannot be removed within RLHF: they can be measured.
                </p>
                <Counts all={all} findings={found} />
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
                <ReportSections run={run} ids={['chains']} />
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

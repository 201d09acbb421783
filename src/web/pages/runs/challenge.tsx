import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ResponseOf } from '../../../server/index.ts';
import { Verdict } from '../../ui/controls.tsx';
import { figure, interval } from '../../ui/figures.ts';
import { Loaded } from '../../ui/state.tsx';
import { type RunDetail, RunFrame } from './frame.tsx';
import { namedIn } from './named.ts';
import { Controls, Method } from './probe-method.tsx';
import { challengeQuery, findingsQuery } from './queries.ts';
import { whatToDo } from './what-to-do.ts';

type Challenge = ResponseOf<'GET /api/challenges/{challenge}'>['challenge'];
type Probe = Challenge['probes'][number];
type Finding = ResponseOf<'GET /api/runs/{run}/findings'>['findings'][number];

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

/** What a finding says beside its number; raters and items lead to their judgments where the project is at hand. */
function Found({ finding, project }: { readonly finding: Finding; readonly project: string | null }): ReactNode {
  const { details } = finding;
  if (Object.keys(details).length === 0) return null;
  const { raters, items } = namedIn(details);
  return (
    <>
      {project !== null && (raters.length > 0 || items.length > 0) && (
        <p>
          Judgments behind it:{' '}
          {raters.map((rater) => (
            <Link key={rater} to="/projects/$project/records" params={{ project }} search={{ rater }}>
              of {rater}{' '}
            </Link>
          ))}
          {items.map((item) => (
            <Link key={item} to="/projects/$project/items/$item" params={{ project, item }}>
              on {item}{' '}
            </Link>
          ))}
        </p>
      )}
      <details open={finding.verdict === 'failure' || finding.verdict === 'concern'}>
        <summary>What was found</summary>
        <pre>{JSON.stringify(details, null, 2)}</pre>
      </details>
    </>
  );
}

/** One probe of the challenge: what it found in this run, what to do, how it is measured, how often it is right. */
function ProbePart(props: {
  readonly detail: RunDetail;
  readonly challenge: Challenge;
  readonly probe: Probe;
  readonly finding: Finding | undefined;
}): ReactNode {
  const { detail, challenge, probe, finding } = props;
  const { id: run, project } = detail.run;
  const assessed = finding !== undefined && finding.verdict !== 'not-assessed';
  const fileOf = (file: string) =>
    detail.files.includes(file)
      ? `/runs/${encodeURIComponent(run)}/files/${file.split('/').map(encodeURIComponent).join('/')}`
      : undefined;
  return (
    <section className="probe">
      <h3>{probe.question}</h3>
      <p>
        <Verdict value={finding?.verdict ?? 'not-assessed'} /> <code className="small">{probe.id}</code>
        {assessed && <span> {finding.reason}</span>}
      </p>
      {assessed && <Numbers finding={finding} />}
      <h4>What to do</h4>
      <p>{whatToDo(challenge, probe, finding)}</p>
      {probe.chains.length > 0 && (
        <p>
          It is followed from the raters to the policy as{' '}
          <Link to="/runs/$run/audit" params={{ run }} hash="chains">
            {probe.chains.join(', ')}
          </Link>
          .
        </p>
      )}
      {finding !== undefined && <Found finding={finding} project={project} />}
      <Method probe={probe} params={finding?.params ?? probe.params} fileOf={fileOf} />
      <Controls probe={probe} />
    </section>
  );
}

function Details({ detail }: { readonly detail: RunDetail }): ReactNode {
  const { challenge: id } = useParams({ strict: false }) as { challenge: string };
  const run = detail.run.id;
  const challenge = useQuery(challengeQuery(id));
  const findings = useQuery(findingsQuery(run));
  return (
    <Loaded query={challenge}>
      {({ challenge: known }) => (
        <Loaded query={findings}>
          {({ findings: found }) => (
            <article>
              <p className="small">
                <Link to="/runs/$run/audit" params={{ run }}>
                  All challenges
                </Link>
              </p>
              <h2>
                {known.id} {known.title}
              </h2>
              <p>
                {known.group};{' '}
                {known.fundamental
                  ? 'fundamental: no strategy within RLHF removes it, so that a number here says how much of it there is.'
                  : 'tractable.'}
              </p>
              {known.probes.length === 0 && (
                <p>
                  <Verdict value="not-assessed" /> There is no probe for it yet: nothing is known, which is not the same
                  as nothing being wrong.
                </p>
              )}
              {known.probes.map((probe) => (
                <ProbePart
                  key={probe.id}
                  detail={detail}
                  challenge={known}
                  probe={probe}
                  finding={found.find((finding) => finding.probe === probe.id)}
                />
              ))}
            </article>
          )}
        </Loaded>
      )}
    </Loaded>
  );
}

/** One challenge in one run: every probe of it, what it found, what to do, and how often it is right. */
export function ChallengePage(): ReactNode {
  return <RunFrame>{(detail) => <Details detail={detail} />}</RunFrame>;
}

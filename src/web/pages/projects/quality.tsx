import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { FeedbackReport } from '../../../quality/index.ts';
import { estimateText, figure } from '../../ui/figures.ts';
import { Empty, Loaded } from '../../ui/state.tsx';
import { AsOf } from './as-of.tsx';
import { ProjectFrame } from './frame.tsx';
import { DetectorPart, Disagreements, Matrix } from './quality-evidence.tsx';
import { Agreement, Bias, Coverage, Part, PeopleSaid, Reliability, Time, Truth } from './quality-parts.tsx';
import { leftOver, shareText } from './quality-text.ts';
import { qualityQuery } from './queries.ts';

/** Keys of the report that have a place here; a report of a later version may have more. */
const SHOWN: { readonly [K in keyof FeedbackReport]: true } = {
  version: true,
  seed: true,
  replicates: true,
  judgments: true,
  items: true,
  raters: true,
  unscored: true,
  alphaNominal: true,
  pairwiseAgreement: true,
  gold: true,
  raterTable: true,
  position: true,
  longer: true,
  triads: true,
  disagreements: true,
  dissent: true,
  agreement: true,
  truth: true,
  bias: true,
  time: true,
  known: true,
  repeats: true,
  consistency: true,
  coverage: true,
  people: true,
  detectors: true,
  matrix: true,
};

const headline = (estimate: FeedbackReport['alphaNominal']): string =>
  'value' in estimate ? estimateText({ value: estimate.value, interval: estimate.interval }) : estimateText(estimate);

function Summary({ project, report }: { readonly project: string; readonly report: FeedbackReport }): ReactNode {
  return (
    <dl className="cards">
      <div className="card">
        <dt>Judgments</dt>
        <dd>
          <Link to="/projects/$project/records" params={{ project }}>
            {figure(report.judgments)}
          </Link>
        </dd>
      </div>
      <div className="card">
        <dt>Items</dt>
        <dd>
          <Link to="/projects/$project/items" params={{ project }}>
            {figure(report.items)}
          </Link>
        </dd>
      </div>
      <div className="card">
        <dt>Raters</dt>
        <dd>
          <Link to="/projects/$project/raters" params={{ project }}>
            {figure(report.raters)}
          </Link>
        </dd>
      </div>
      <div className="card">
        <dt>Units with dissent</dt>
        <dd>
          <Link to="/projects/$project/items" params={{ project }} search={{ show: 'disagreement' }}>
            {figure(report.dissent.dissenting)} of {figure(report.dissent.units)}
          </Link>
        </dd>
      </div>
      <div className="card">
        <dt>Krippendorff’s α of comparisons</dt>
        <dd className="long">{headline(report.alphaNominal)}</dd>
      </div>
      <div className="card">
        <dt>Agreeing pairs of comparisons</dt>
        <dd className="long">{headline(report.pairwiseAgreement)}</dd>
      </div>
      <div className="card">
        <dt>Majority equals the known answer</dt>
        <dd className="long">{shareText(report.gold.majority)}</dd>
      </div>
    </dl>
  );
}

function Report({ project, report }: { readonly project: string; readonly report: FeedbackReport }): ReactNode {
  const more = leftOver(report as unknown as Readonly<Record<string, unknown>>, [...Object.keys(SHOWN), 'asOf']);
  return (
    <>
      <p className="soft">
        As <code>goodhart feedback report --json</code> prints it. Estimates have 95 % intervals unless said otherwise;
        where there is none, the reason stands in its place. All of it is counted from{' '}
        <Link to="/projects/$project/records" params={{ project }}>
          the records
        </Link>
        . Seed {report.seed}.
      </p>
      <Part title="Summary">{() => <Summary project={project} report={report} />}</Part>
      <Part title="Agreement">{() => <Agreement agreement={report.agreement} />}</Part>
      <Part title="Where raters disagree most">
        {() => <Disagreements project={project} list={report.disagreements} />}
      </Part>
      <Part title="Estimates of the true answers">
        {() =>
          report.truth.length === 0 ? (
            <p className="soft">No question has values that could be right or wrong.</p>
          ) : (
            report.truth.map((truth) => (
              <Truth
                key={`${truth.question}/${truth.kind}/${truth.classes.join('/')}`}
                project={project}
                truth={truth}
              />
            ))
          )
        }
      </Part>
      <Part title="Bias">{() => <Bias bias={report.bias} />}</Part>
      <Part title="Known answers, repeats, consistency">{() => <Reliability report={report} />}</Part>
      <Part title="Reasons to look closer">
        {() =>
          report.detectors.map((detector) => <DetectorPart key={detector.id} project={project} detector={detector} />)
        }
      </Part>
      <Part title="Time">{() => <Time time={report.time} />}</Part>
      <Part title="Coverage">{() => <Coverage coverage={report.coverage} />}</Part>
      <Part title="Raters as they describe themselves">{() => <PeopleSaid people={report.people} />}</Part>
      <Part title="Agreement of raters, pair by pair">{() => <Matrix project={project} matrix={report.matrix} />}</Part>
      <section>
        <h2>The report itself</h2>
        {more.length > 0 && <p>This page does not show: {more.join(', ')}.</p>}
        <p>
          <a href={`/api/projects/${encodeURIComponent(project)}/quality`}>The whole report as JSON</a>
        </p>
      </section>
    </>
  );
}

function Page({ project }: { readonly project: string }): ReactNode {
  const quality = useQuery(qualityQuery(project));
  return (
    <Loaded query={quality}>
      {(report) => {
        if (report.judgments === 0)
          return (
            <Empty title="Nothing to report yet">
              <p>The report needs judgments. It grows with them: agreement needs items that two raters judged.</p>
            </Empty>
          );
        return (
          <>
            <AsOf query={quality} />
            <Report project={project} report={report} />
          </>
        );
      }}
    </Loaded>
  );
}

/** Quality of what was judged: agreement, truth, bias, detectors, and the records behind each. */
export function Quality(): ReactNode {
  return <ProjectFrame>{({ project }) => <Page project={project.id} />}</ProjectFrame>;
}

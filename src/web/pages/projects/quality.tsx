import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Component, type ReactNode, useMemo } from 'react';
import { type FeedbackReport, qualityDocument } from '../../../quality/index.ts';
import { type Reference, type Section, sectionTree } from '../../../report/index.ts';
import { Empty, Loaded } from '../../ui/state.tsx';
import { Tree } from '../../ui/tree.tsx';
import { AnswerCounts } from './answers-table.tsx';
import { AsOf } from './as-of.tsx';
import { ItemLink, ProjectFrame, RecordsLink } from './frame.tsx';
import { useNames } from './names.ts';
import { qualityQuery } from './queries.ts';

/** Where the Studio has a page for what a report mentions. */
function MentionLink({ project, reference }: { readonly project: string; readonly reference: Reference }): ReactNode {
  const { ref, ids, text } = reference;
  if (ref === 'item') return <ItemLink project={project} item={ids[0]!} />;
  if (ref === 'rater')
    return (
      <RecordsLink project={project} rater={ids[0]!}>
        {text}
      </RecordsLink>
    );
  if (ref === 'records')
    return (
      <RecordsLink project={project} ids={ids}>
        {text}
      </RecordsLink>
    );
  if (ref === 'list' && ids[0] === 'items')
    return (
      <Link to="/projects/$project/items" params={{ project }}>
        {text}
      </Link>
    );
  if (ref === 'list' && ids[0] === 'disagreement')
    return (
      <Link to="/projects/$project/items" params={{ project }} search={{ show: 'disagreement' }}>
        {text}
      </Link>
    );
  if (ref === 'list')
    return (
      <Link to={ids[0] === 'raters' ? '/projects/$project/raters' : '/projects/$project/records'} params={{ project }}>
        {text}
      </Link>
    );
  return text;
}

/** A report of another version may lack what this page reads: then it is there as JSON. */
class Readable extends Component<{ readonly children: ReactNode }> {
  override state = { broken: false };
  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }
  override render(): ReactNode {
    return this.state.broken ? (
      <p className="soft">This report has a shape that this page does not know; it is below as JSON.</p>
    ) : (
      this.props.children
    );
  }
}

function Report({ project, report }: { readonly project: string; readonly report: FeedbackReport }): ReactNode {
  const names = useNames();
  const document = useMemo(() => qualityDocument(report, { title: project, names }), [report, project, names]);
  return (
    <div className="report">
      <p className="soft">{document.note}</p>
      {document.sections.map((section: Section) => (
        <Tree
          key={section.id}
          node={sectionTree(section)}
          mention={(reference) => <MentionLink project={project} reference={reference} />}
        />
      ))}
    </div>
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
            <AnswerCounts project={project} />
            <Readable>
              <Report project={project} report={report} />
            </Readable>
            <p>
              <a href={`/api/projects/${encodeURIComponent(project)}/quality`}>The whole report as JSON</a>
            </p>
          </>
        );
      }}
    </Loaded>
  );
}

/** Quality of what was judged: the report's document, with links to the records behind each figure. */
export function Quality(): ReactNode {
  return <ProjectFrame>{({ project }) => <Page project={project.id} />}</ProjectFrame>;
}

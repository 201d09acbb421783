import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { type Reference, type Section, sectionTree } from '../../../report/index.ts';
import { Loaded } from '../../ui/state.tsx';
import { Tree } from '../../ui/tree.tsx';
import { RunFrame } from './frame.tsx';
import { reportQuery } from './queries.ts';

/** Where the Studio has a page, or a file, for what a run's report mentions. */
function MentionLink({ run, reference }: { readonly run: string; readonly reference: Reference }): ReactNode {
  const { ref, ids, text } = reference;
  if (ref === 'challenge')
    return (
      <Link to="/runs/$run/audit/$challenge" params={{ run, challenge: ids[0]! }}>
        {text}
      </Link>
    );
  if (ref === 'file') {
    const path = ids[0]!.split('/').map(encodeURIComponent).join('/');
    return <a href={`/runs/${encodeURIComponent(run)}/files/${path}`}>{text}</a>;
  }
  return text;
}

/** Sections of a run's report, drawn as they are. */
export const Sections = ({
  run,
  sections,
}: {
  readonly run: string;
  readonly sections: readonly Section[];
}): ReactNode => (
  <div className="report">
    {sections.map((section) => (
      <Tree
        key={section.id}
        node={sectionTree(section)}
        mention={(reference) => <MentionLink run={run} reference={reference} />}
      />
    ))}
  </div>
);

/** Some sections of a run's report by their ids; all of them where none is named. */
export function ReportSections({ run, ids }: { readonly run: string; readonly ids?: readonly string[] }): ReactNode {
  const report = useQuery(reportQuery(run));
  return (
    <Loaded query={report}>
      {({ document }) =>
        document === null ? (
          <p className="soft">There is no report yet: it is written when a run is done.</p>
        ) : (
          <Sections run={run} sections={document.sections.filter(({ id }) => ids === undefined || ids.includes(id))} />
        )
      }
    </Loaded>
  );
}

/** The whole report of a run: what the terminal prints and the HTML file shows. */
export function RunReport(): ReactNode {
  return <RunFrame>{({ run }) => <ReportSections run={run.id} />}</RunFrame>;
}

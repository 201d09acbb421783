import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useDeferredValue, useState } from 'react';
import { type Block, sectionOf } from '../../../report/index.ts';
import { TextField } from '../../ui/controls.tsx';
import { Loaded } from '../../ui/state.tsx';
import { TableFiles } from '../../ui/table-files.tsx';
import { RunFrame } from './frame.tsx';
import { reportQuery } from './queries.ts';
import { Sections } from './report.tsx';

/** Whether a block is of a sample with the words; whatever is no sample stays. */
const holds = (block: Block, wanted: string): boolean =>
  block.kind !== 'sides' ||
  [block.title, ...block.sides.map(({ text }) => text)].join('\n').toLowerCase().includes(wanted);

function Samples({ run }: { readonly run: string }): ReactNode {
  const [typed, setTyped] = useState('');
  const search = useDeferredValue(typed);
  const report = useQuery(reportQuery(run));
  return (
    <>
      <TextField
        label="Filter"
        hint="Part of a prompt or a reply."
        type="search"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Loaded query={report}>
        {({ document }) => {
          const section = document === null ? undefined : sectionOf(document, 'samples');
          if (section === undefined)
            return <p className="soft">There are no samples yet: they are written when a run is done.</p>;
          const blocks = section.blocks.filter((block) => holds(block, search.toLowerCase()));
          return (
            <>
              <p className="soft" role="status">
                {blocks.filter(({ kind }) => kind === 'sides').length} samples.
              </p>
              <TableFiles name="Samples" run={run} table="samples" />
              <Sections run={run} sections={[{ ...section, blocks }]} />
            </>
          );
        }}
      </Loaded>
    </>
  );
}

/** Replies before and after optimisation, side by side. */
export function RunSamples(): ReactNode {
  return <RunFrame>{({ run }) => <Samples run={run.id} />}</RunFrame>;
}

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type ReactNode, useDeferredValue, useState } from 'react';
import { call } from '../../api.ts';
import { TextField } from '../../ui/controls.tsx';
import { Loaded } from '../../ui/state.tsx';
import { TableFiles } from '../../ui/table-files.tsx';
import { RunFrame } from './frame.tsx';

function Samples({ run }: { readonly run: string }): ReactNode {
  const [typed, setTyped] = useState('');
  const search = useDeferredValue(typed);
  const samples = useQuery({
    queryKey: ['samples', run, search],
    queryFn: () => call('GET /api/runs/{run}/samples', { params: { run }, query: { search } }),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <TextField
        label="Filter"
        hint="Part of a prompt or a reply."
        type="search"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Loaded query={samples}>
        {({ samples: found }) => (
          <>
            <p className="soft" role="status">
              {found.length} samples: the first replies drawn for some prompts, not selected.
            </p>
            <TableFiles name="Samples" run={run} table="samples" />
            {found.map((sample) => (
              <article key={`${sample.prompt}\n${sample.before}`} className="panel sample">
                <h2>{sample.prompt}</h2>
                <div className="beside">
                  <div>
                    <h3>Before</h3>
                    <p className="text">{sample.before}</p>
                  </div>
                  <div>
                    <h3>After</h3>
                    <p className="text">{sample.after}</p>
                  </div>
                </div>
                <p className="soft small">{sample.note}</p>
              </article>
            ))}
          </>
        )}
      </Loaded>
    </>
  );
}

/** Replies before and after optimisation, side by side. */
export function RunSamples(): ReactNode {
  return <RunFrame>{({ run }) => <Samples run={run.id} />}</RunFrame>;
}

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { ResponseOf } from '../../../server/index.ts';
import { call } from '../../api.ts';
import { counted, figure, percent } from '../../ui/figures.ts';
import { Fault, Loaded } from '../../ui/state.tsx';
import { Listing, Pairs } from '../../ui/table.tsx';
import { AsOf } from './as-of.tsx';
import { Area } from './form/controls.tsx';
import { ProjectFrame } from './frame.tsx';
import { runPreviewQuery } from './queries.ts';

type Preview = ResponseOf<'GET /api/projects/{project}/run-preview'>;

/** Why a judgment tells a reward nothing, in words; of a kind or a purpose there are many. */
const REASONS = new Map([
  ['unknown-item', 'the item is not there'],
  ['does-not-fit-item', 'the answer does not fit its item'],
  ['both-bad', 'both replies were called bad'],
  ['both-good', 'both replies were called good'],
  ['fewer-than-two-ranked', 'fewer than two replies were ranked'],
  ['nothing-corrected', 'nothing was corrected'],
]);
function reasonText(code: string): string {
  const [, what, of] = /^(kind|purpose)-(.*)$/.exec(code) ?? [];
  if (what === 'kind') return `no reward is fitted to answers of the kind ${of}`;
  if (what === 'purpose') return `given for ${of}, not as work`;
  return REASONS.get(code) ?? code.replaceAll('-', ' ');
}

const people = ({ raters, judgments }: Preview['raters']['withdrawn']) =>
  judgments === 0 ? 'nobody' : `${counted(raters, 'rater')} with ${counted(judgments, 'judgment')}`;

/** What a run would take of the project as it stands, and what it would leave. */
function WhatIsUsed({ preview }: { readonly preview: Preview }): ReactNode {
  const { kinds, unscored, raters, items, prompts, policy } = preview;
  const all = prompts.train + prompts.heldOut;
  const share = all === 0 ? '' : ` (${percent(prompts.heldOut / all)})`;
  return (
    <>
      <h3>Judgments</h3>
      <Listing
        name="Judgments by kind"
        rows={Object.entries(kinds)}
        rowId={([kind]) => kind}
        columns={[
          { head: 'Kind', cell: ([kind]) => kind },
          { head: 'May be used', cell: ([, { usable }]) => figure(usable) },
          { head: 'The reward is fitted to', cell: ([, { fitted }]) => figure(fitted) },
          { head: 'Held out, to evaluate it', cell: ([, { heldOut }]) => figure(heldOut) },
        ]}
        empty="There is no judgment that may be used."
      />
      <Listing
        name="Judgments that tell a reward nothing"
        rows={Object.entries(unscored)}
        rowId={([code]) => code}
        columns={[
          { head: 'Tells the reward nothing, because', cell: ([code]) => reasonText(code) },
          { head: 'Judgments', cell: ([, n]) => figure(n) },
        ]}
        empty="Every judgment that may be used tells the reward something."
      />
      <h3>People and data</h3>
      <Pairs
        name="People and data"
        rows={[
          ['Raters', `${figure(raters.usable)}, of whom ${figure(raters.consented)} consented`],
          ['Left out: withdrawn', people(raters.withdrawn)],
          ['Left out: no consent', people(raters.withoutConsent)],
          ...(raters.erased === undefined ? [] : [['Left out: erased', people(raters.erased)] as const]),
          ['Prompts to learn from', figure(prompts.train)],
          ['Prompts held out', `${figure(prompts.heldOut)}${share}; no prompt is on both sides`],
          ['Items', `${figure(items.total)}, of which ${figure(items.known)} have a known answer`],
          ['A policy', policy.possible ? 'can be trained' : `cannot be trained: ${policy.reason}`],
        ]}
      />
      <details>
        <summary>Where the replies come from</summary>
        <Pairs
          name="Where the replies come from"
          rows={Object.entries(items.origins).map(([origin, n]) => [origin, counted(n, 'item')])}
        />
      </details>
    </>
  );
}

function Start({ project, problem }: { readonly project: string; readonly problem: string | null }): ReactNode {
  const [overrides, setOverrides] = useState('');
  const client = useQueryClient();
  const navigate = useNavigate();
  const start = useMutation({
    mutationFn: (set: string[]) => call('POST /api/runs', { body: { project, set } }),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: ['runs'] });
      await navigate({ to: '/runs/$run', params: { run: id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start.mutate(overrides.split('\n').filter((line) => line.trim() !== ''));
  };
  return (
    <form onSubmit={submit}>
      {problem !== null && (
        <p className="notice" role="status">
          A run cannot begin yet. {problem}
        </p>
      )}
      {start.isError && <Fault error={start.error} />}
      <details>
        <summary>Change the recipe</summary>
        <Area
          label="Overrides"
          rows={3}
          code
          hint="One key=value a line, for example policy.steps=40. Every key has a default."
          value={overrides}
          onChange={setOverrides}
        />
      </details>
      <button type="submit" className="primary" disabled={start.isPending || problem !== null}>
        Start the run
      </button>
    </form>
  );
}

function Page({ project }: { readonly project: string }): ReactNode {
  const preview = useQuery(runPreviewQuery(project));
  return (
    <section>
      <h2>Use these judgments</h2>
      <p>
        A run fits a reward to them, trains a policy against it, audits both and discloses what was measured. It reads
        the project as it is when it starts; the project itself stays as it is.
      </p>
      <AsOf query={preview} />
      <Loaded query={preview}>
        {(data) => (
          <>
            <WhatIsUsed preview={data} />
            <Start project={project} problem={data.problem} />
          </>
        )}
      </Loaded>
      <p className="small">
        <Link to="/projects/$project/records" params={{ project }}>
          The records themselves
        </Link>
      </p>
    </section>
  );
}

/** What a run on the project would use, and its start. */
export function UseJudgments(): ReactNode {
  return <ProjectFrame>{({ project }) => <Page project={project.id} />}</ProjectFrame>;
}

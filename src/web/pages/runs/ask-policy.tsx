import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import type { RequestOf } from '../../../server/index.ts';
import { call } from '../../api.ts';
import { Field, TextField } from '../../ui/controls.tsx';
import { counted, figure } from '../../ui/figures.ts';
import { Fault, Loaded } from '../../ui/state.tsx';
import { projectsQuery } from '../projects/queries.ts';
import type { RunDetail } from './frame.tsx';
import { Progress } from './progress.tsx';

type Ask = RunDetail['asks'][number];
type Wanted = RequestOf<'POST /api/runs/{run}/ask'>['body'];

const SPLITS: { readonly [S in Ask['split']]: string } = {
  train: 'trained on',
  evaluation: 'held out',
  deploy: 'of deployment',
};

/** What came of a question. */
function Outcome({ ask }: { readonly ask: Ask }): ReactNode {
  const { project, status, progress, added, known, passedOver, batch, error } = ask;
  if (status === 'running') {
    return progress === null ? (
      <p role="status">Asking for {counted(ask.prompts, 'prompt')}…</p>
    ) : (
      <Progress progress={progress} />
    );
  }
  if (error !== null) return <Fault error={new Error(error)} />;
  return (
    <p role="status">
      {counted(added, 'new item')} in{' '}
      <Link to="/projects/$project/items" params={{ project }} search={{ search: batch }}>
        {project}
      </Link>
      {known > 0 && `; ${figure(known)} were there`}
      {passedOver > 0 && `; ${counted(passedOver, 'prompt')} passed over, where too few replies differ`}.
    </p>
  );
}

function AskForm({ run, own, projects }: AskFormProps): ReactNode {
  const [project, setProject] = useState(own !== null && projects.some(({ id }) => id === own) ? own : '');
  const client = useQueryClient();
  const ask = useMutation({
    mutationFn: (body: Wanted) => call('POST /api/runs/{run}/ask', { params: { run }, body }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['run', run] }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const split = String(form.get('split')) as Ask['split'];
    ask.mutate({ prompts: Number(form.get('prompts')), replies: Number(form.get('replies')), split, project });
  };
  return (
    <form onSubmit={submit}>
      {ask.isError && <Fault error={ask.error} />}
      <div className="thirds">
        <TextField label="Prompts" name="prompts" type="number" min={1} max={1000} defaultValue={20} required />
        <TextField label="Replies to each" name="replies" type="number" min={2} max={8} defaultValue={2} required />
        <Field label="Which prompts">
          {(ids) => (
            <select {...ids} name="split" defaultValue="train">
              {Object.entries(SPLITS).map(([split, text]) => (
                <option key={split} value={split}>
                  {text}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Into the project" hint="Its form must ask for a comparison.">
          {(ids) => (
            <select {...ids} required value={project} onChange={(event) => setProject(event.target.value)}>
              <option value="">Choose one</option>
              {projects.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <button type="submit" className="primary" disabled={ask.isPending}>
        Ask the policy
      </button>
    </form>
  );
}
interface AskFormProps {
  readonly run: string;
  /** The project that the run is on. */
  readonly own: string | null;
  readonly projects: readonly { readonly id: string; readonly name: string }[];
}

/** The way back: a finished run's policy says something new, and people judge it. */
export function AskPolicy({ detail: { run, asks } }: { readonly detail: RunDetail }): ReactNode {
  const projects = useQuery(projectsQuery);
  const heading = useId();
  return (
    <section aria-labelledby={heading}>
      <h2 id={heading}>Ask about this policy</h2>
      <p>
        The policy replies to prompts of the run, and its replies become items of a project, to be judged. Each says
        which run, seal and step it comes from.
      </p>
      {asks.map((ask) => (
        <Outcome key={ask.id} ask={ask} />
      ))}
      <Loaded query={projects}>
        {({ projects: all }) => <AskForm run={run.id} own={run.project} projects={all} />}
      </Loaded>
    </section>
  );
}

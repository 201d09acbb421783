import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';
import { call } from '../../api.ts';
import { useSession } from '../../session.tsx';
import { Field, Verdict } from '../../ui/controls.tsx';
import { when } from '../../ui/figures.ts';
import { Scroll } from '../../ui/scroll.tsx';
import { Empty, Fault, Loaded } from '../../ui/state.tsx';
import { useTitle } from '../../ui/title.ts';
import { RunStatus } from './frame.tsx';
import { runsQuery } from './queries.ts';

const VERDICTS = ['failure', 'concern', 'inconclusive', 'clear', 'not-assessed'] as const;

/** How many findings there are of each verdict, the worst first. */
function Findings({ verdicts }: { readonly verdicts: Readonly<Record<string, number>> }): ReactNode {
  const found = VERDICTS.filter((verdict) => verdicts[verdict] !== undefined);
  if (found.length === 0) return '–';
  return (
    <span className="row">
      {found.map((verdict) => (
        <span key={verdict} className="nowrap">
          {verdicts[verdict]} <Verdict value={verdict} />
        </span>
      ))}
    </span>
  );
}

/** Runs, newest first; two or more can be compared. */
export function RunList(): ReactNode {
  useTitle('Runs');
  const [away, setAway] = useState(false);
  const runs = useQuery(runsQuery(away));
  const role = useSession().data?.user?.role;
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const mayStart = role === 'owner' || role === 'lead';
  return (
    <main>
      <div className="row spread">
        <h1>Runs</h1>
        {mayStart && (
          <Link className="button primary" to="/runs/new">
            Start a run
          </Link>
        )}
      </div>
      <Loaded query={runs}>
        {({ runs: all }) =>
          all.length === 0 && !away ? (
            <Empty title="No runs yet">
              <p>
                A run goes the whole way from feedback to disclosure. Start one here, or in a terminal with{' '}
                <code>npm start</code>.
              </p>
            </Empty>
          ) : (
            <>
              <Scroll name="Runs">
                <table>
                  <thead>
                    <tr>
                      <th scope="col">Compare</th>
                      <th scope="col">Run</th>
                      <th scope="col">Status</th>
                      <th scope="col">Started</th>
                      <th scope="col">Findings</th>
                    </tr>
                  </thead>
                  <tbody>
                    {all.map((run) => (
                      <tr key={run.id}>
                        <td>
                          <input
                            type="checkbox"
                            aria-label={`Compare ${run.id}`}
                            checked={chosen.includes(run.id)}
                            onChange={(event) =>
                              setChosen(
                                event.target.checked ? [...chosen, run.id] : chosen.filter((id) => id !== run.id),
                              )
                            }
                          />
                        </td>
                        <th scope="row">
                          <Link to="/runs/$run" params={{ run: run.id }}>
                            {run.id}
                          </Link>
                        </th>
                        <td>
                          <RunStatus status={run.status} />
                          {run.reason !== null && <div className="small soft">{run.reason}</div>}
                        </td>
                        <td>{run.startedAt === '' ? '–' : when(run.startedAt)}</td>
                        <td>
                          <Findings verdicts={run.verdicts} />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </Scroll>
              <p className="spaced-above">
                <button
                  type="button"
                  disabled={chosen.length < 2}
                  onClick={() => void navigate({ to: '/runs/compare', search: { runs: chosen.join(',') } })}
                >
                  Compare the chosen runs
                </button>
              </p>
            </>
          )
        }
      </Loaded>
      <p>
        <button type="button" className="plain" onClick={() => setAway(!away)}>
          {away ? 'Show the other runs' : 'Show runs that were put away'}
        </button>
      </p>
    </main>
  );
}

/** Starts a run from a recipe, changed as wanted. */
export function NewRun(): ReactNode {
  useTitle('Start a run');
  const recipes = useQuery({ queryKey: ['recipes'], queryFn: () => call('GET /api/recipes') });
  const [edited, setEdited] = useState<string | null>(null);
  const [recipe, setRecipe] = useState('quickstart');
  const client = useQueryClient();
  const navigate = useNavigate();
  const start = useMutation({
    mutationFn: (body: { yaml: string; set: string[] }) => call('POST /api/runs', { body }),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: ['runs'] });
      await navigate({ to: '/runs/$run', params: { run: id } });
    },
  });
  return (
    <main>
      <h1>Start a run</h1>
      <Loaded query={recipes}>
        {({ recipes: known }) => {
          const yaml = edited ?? known.find(({ id }) => id === recipe)?.yaml ?? '';
          const submit = (event: FormEvent<HTMLFormElement>) => {
            event.preventDefault();
            const set = String(new FormData(event.currentTarget).get('set') ?? '');
            start.mutate({ yaml, set: set.split('\n').filter((line) => line.trim() !== '') });
          };
          return (
            <form onSubmit={submit}>
              {start.isError && <Fault error={start.error} />}
              <Field label="Recipe">
                {(ids) => (
                  <select
                    {...ids}
                    value={recipe}
                    onChange={(event) => {
                      setRecipe(event.target.value);
                      setEdited(null);
                    }}
                  >
                    {known.map(({ id }) => (
                      <option key={id}>{id}</option>
                    ))}
                  </select>
                )}
              </Field>
              <Field label="Configuration" hint="YAML. Every key has a default, except where the data are.">
                {(ids) => (
                  <textarea
                    {...ids}
                    rows={18}
                    spellCheck={false}
                    style={{ fontFamily: 'ui-monospace, monospace' }}
                    value={yaml}
                    onChange={(event) => setEdited(event.target.value)}
                  />
                )}
              </Field>
              <Field
                label="Overrides"
                hint="One key=value a line, for example policy.steps=40. Paths are on the server."
              >
                {(ids) => <textarea {...ids} name="set" rows={3} spellCheck={false} />}
              </Field>
              <button type="submit" className="primary" disabled={start.isPending}>
                Start it
              </button>
            </form>
          );
        }}
      </Loaded>
    </main>
  );
}

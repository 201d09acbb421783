import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { RequestOf, ResponseOf } from '../../server/index.ts';
import { call } from '../api.ts';
import { useSession } from '../session.tsx';
import { CopyButton, Dialog, Field, TextField } from '../ui/controls.tsx';
import { when } from '../ui/figures.ts';
import { Fault, Loaded } from '../ui/state.tsx';

type Role = ResponseOf<'GET /api/people'>['people'][number]['role'];
type WebhookEvent = ResponseOf<'GET /api/webhooks'>['webhooks'][number]['events'][number];
const EVENTS: readonly WebhookEvent[] = ['judgment.created', 'item.completed', 'run.finished'];

const useProjects = () => useQuery({ queryKey: ['projects'], queryFn: () => call('GET /api/projects', {}) });

/** Runs a change and brings the lists it touches up to date. */
function useChange<T, R>(change: (input: T) => Promise<R>, ...keys: string[]) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => Promise.all(keys.map((key) => client.invalidateQueries({ queryKey: [key] }))),
  });
}

function ProjectSelect({ label, none }: { readonly label: string; readonly none: string }): ReactNode {
  const projects = useProjects();
  return (
    <Field label={label}>
      {(ids) => (
        <select name="projectId" {...ids}>
          <option value="">{none}</option>
          {projects.data?.projects.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

function RoleSelect({ roles }: { readonly roles: readonly Role[] }): ReactNode {
  return (
    <Field label="Role">
      {(ids) => (
        <select name="role" {...ids}>
          {roles.map((role) => (
            <option key={role} value={role}>
              {role}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** Something shown once: a link or a secret, with a button to copy it. */
function Once({ label, text }: { readonly label: string; readonly text: string }): ReactNode {
  return (
    <div className="notice" role="status">
      <p>{label}</p>
      <pre>{text}</pre>
      <CopyButton text={text} />
    </div>
  );
}

function Invites({ roles }: { readonly roles: readonly Role[] }): ReactNode {
  const invites = useQuery({ queryKey: ['invites'], queryFn: () => call('GET /api/invites', {}) });
  const make = useChange(
    (body: RequestOf<'POST /api/invites'>['body']) => call('POST /api/invites', { body }),
    'invites',
  );
  const remove = useChange((id: string) => call('DELETE /api/invites/{id}', { params: { id } }), 'invites');
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    make.mutate({
      role: data.get('role') as Role,
      projectId: String(data.get('projectId')) || null,
      hours: Number(data.get('hours')),
    });
  };
  return (
    <section>
      <h2>Invitations</h2>
      <form className="panel stack" onSubmit={submit}>
        <RoleSelect roles={roles} />
        <ProjectSelect label="Project" none="None yet" />
        <TextField
          label="Hours it works for"
          name="hours"
          type="number"
          min={1}
          max={2160}
          defaultValue={72}
          required
        />
        <div>
          <button type="submit" className="primary" disabled={make.isPending}>
            Make a link
          </button>
        </div>
      </form>
      {make.isError && <Fault error={make.error} />}
      {make.data !== undefined && (
        <Once
          label={`Give this link to one person. It works once, until ${when(make.data.expiresAt)}.`}
          text={`${window.location.origin}${make.data.path}`}
        />
      )}
      <Loaded query={invites}>
        {({ invites: open }) =>
          open.length === 0 ? (
            <p className="soft">No invitation is open.</p>
          ) : (
            <div className="scroll">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Role</th>
                    <th scope="col">Project</th>
                    <th scope="col">Until</th>
                    <th scope="col">
                      <span className="sr-only">Take back</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {open.map((invite) => (
                    <tr key={invite.id}>
                      <td>{invite.role}</td>
                      <td>{invite.projectId ?? '–'}</td>
                      <td>{when(invite.expiresAt)}</td>
                      <td>
                        <button type="button" className="plain" onClick={() => remove.mutate(invite.id)}>
                          Take back
                        </button>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
    </section>
  );
}

type Person = ResponseOf<'GET /api/people'>['people'][number];

function PersonDialog({ person, onClose }: { readonly person: Person; readonly onClose: () => void }): ReactNode {
  const projects = useProjects();
  const change = useChange(
    (body: RequestOf<'PATCH /api/people/{id}'>['body']) =>
      call('PATCH /api/people/{id}', { params: { id: person.id }, body }),
    'people',
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const body = {
      role: data.get('role') as Role,
      disabled: data.get('disabled') === 'on',
      projects: data.getAll('projects').map(String),
    };
    change.mutate(body, { onSuccess: onClose });
  };
  return (
    <Dialog title={person.name} open onClose={onClose}>
      <form onSubmit={submit}>
        {change.isError && <Fault error={change.error} />}
        <Field label="Role">
          {(ids) => (
            <select name="role" defaultValue={person.role} {...ids}>
              {(['owner', 'lead', 'rater', 'auditor'] as const).map((role) => (
                <option key={role}>{role}</option>
              ))}
            </select>
          )}
        </Field>
        <fieldset className="field">
          <legend>Projects (owners belong to all)</legend>
          {projects.data?.projects.map(({ id, name }) => (
            <label key={id} className="row">
              <input type="checkbox" name="projects" value={id} defaultChecked={person.projects.includes(id)} /> {name}
            </label>
          ))}
        </fieldset>
        <label className="row">
          <input type="checkbox" name="disabled" defaultChecked={person.disabled} /> Shut out: signed out at once,
          judgments stay
        </label>
        <p>
          <button type="submit" className="primary">
            Save
          </button>
        </p>
      </form>
    </Dialog>
  );
}

function Accounts({ mayChange }: { readonly mayChange: boolean }): ReactNode {
  const people = useQuery({ queryKey: ['people'], queryFn: () => call('GET /api/people', {}) });
  const [open, setOpen] = useState<Person | null>(null);
  return (
    <section>
      <h2>Accounts</h2>
      <Loaded query={people}>
        {({ people: all }) => (
          <div className="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Role</th>
                  <th scope="col">Projects</th>
                  <th scope="col">Since</th>
                  <th scope="col">State</th>
                  {mayChange && (
                    <th scope="col">
                      <span className="sr-only">Change</span>
                    </th>
                  )}
                </tr>
              </thead>
              <tbody>
                {all.map((person) => (
                  <tr key={person.id}>
                    <th scope="row">{person.name}</th>
                    <td>{person.role}</td>
                    <td>{person.role === 'owner' ? 'all' : person.projects.join(', ') || '–'}</td>
                    <td>{when(person.createdAt)}</td>
                    <td>{person.disabled ? 'shut out' : 'open'}</td>
                    {mayChange && (
                      <td>
                        <button type="button" className="plain" onClick={() => setOpen(person)}>
                          Change<span className="sr-only"> {person.name}</span>
                        </button>
                      </td>
                    )}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
      {open !== null && <PersonDialog person={open} onClose={() => setOpen(null)} />}
    </section>
  );
}

function Keys(): ReactNode {
  const keys = useQuery({ queryKey: ['keys'], queryFn: () => call('GET /api/keys', {}) });
  const make = useChange((body: RequestOf<'POST /api/keys'>['body']) => call('POST /api/keys', { body }), 'keys');
  const remove = useChange((id: string) => call('DELETE /api/keys/{id}', { params: { id } }), 'keys');
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    make.mutate({
      name: String(data.get('name')),
      role: data.get('role') as Role,
      projectId: String(data.get('projectId')) || null,
    });
  };
  return (
    <section>
      <h2>Keys for scripts</h2>
      <p>
        Send a key as <code>Authorization: Bearer …</code>. The API is described at{' '}
        <a href="/api/openapi.json">/api/openapi.json</a>.
      </p>
      <form className="panel stack" onSubmit={submit}>
        <TextField label="Name" name="name" required hint="What will use it." />
        <RoleSelect roles={['auditor', 'lead']} />
        <ProjectSelect label="Good for" none="Every project" />
        <div>
          <button type="submit" className="primary" disabled={make.isPending}>
            Make a key
          </button>
        </div>
      </form>
      {make.isError && <Fault error={make.error} />}
      {make.data !== undefined && <Once label="The key is shown this once: keep it safe." text={make.data.secret} />}
      <Loaded query={keys}>
        {({ keys: all }) =>
          all.length === 0 ? (
            <p className="soft">There are no keys.</p>
          ) : (
            <div className="scroll">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col">Role</th>
                    <th scope="col">Good for</th>
                    <th scope="col">Made</th>
                    <th scope="col">Last used</th>
                    <th scope="col">
                      <span className="sr-only">Revoke</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {all.map((key) => (
                    <tr key={key.id}>
                      <th scope="row">{key.name}</th>
                      <td>{key.role}</td>
                      <td>{key.projectId ?? 'every project'}</td>
                      <td>{when(key.createdAt)}</td>
                      <td>{when(key.lastUsedAt)}</td>
                      <td>
                        <button type="button" className="plain" onClick={() => remove.mutate(key.id)}>
                          Revoke<span className="sr-only"> {key.name}</span>
                        </button>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
    </section>
  );
}

function Webhooks(): ReactNode {
  const webhooks = useQuery({ queryKey: ['webhooks'], queryFn: () => call('GET /api/webhooks', {}) });
  const make = useChange(
    (body: RequestOf<'POST /api/webhooks'>['body']) => call('POST /api/webhooks', { body }),
    'webhooks',
  );
  const remove = useChange((id: string) => call('DELETE /api/webhooks/{id}', { params: { id } }), 'webhooks');
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    make.mutate({
      url: String(data.get('url')),
      events: data.getAll('events') as WebhookEvent[],
      projectId: String(data.get('projectId')) || null,
    });
  };
  return (
    <section>
      <h2>Webhooks</h2>
      <p>Signed deliveries after the Standard Webhooks specification, at least once each.</p>
      <form className="panel stack" onSubmit={submit}>
        <TextField label="URL" name="url" type="url" required placeholder="https://example.org/hook" />
        <fieldset className="field">
          <legend>Events</legend>
          {EVENTS.map((event, i) => (
            <label key={event} className="row">
              <input type="checkbox" name="events" value={event} defaultChecked={i === 0} /> {event}
            </label>
          ))}
        </fieldset>
        <ProjectSelect label="Of" none="Every project" />
        <div>
          <button type="submit" className="primary" disabled={make.isPending}>
            Add the webhook
          </button>
        </div>
      </form>
      {make.isError && <Fault error={make.error} />}
      {make.data !== undefined && <Once label="The signing secret is shown this once." text={make.data.secret} />}
      <Loaded query={webhooks}>
        {({ webhooks: all }) =>
          all.length === 0 ? (
            <p className="soft">There are no webhooks.</p>
          ) : (
            <ul>
              {all.map((hook) => (
                <li key={hook.id}>
                  <code>{hook.url}</code> for {hook.events.join(', ')}
                  {hook.failures > 0 && (
                    <span className="verdict failure"> ■ {hook.failures} deliveries failed in a row</span>
                  )}{' '}
                  <button type="button" className="plain" onClick={() => remove.mutate(hook.id)}>
                    Remove<span className="sr-only"> {hook.url}</span>
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}

/** Who is here, who is invited, and what scripts and other services may do. */
export function People(): ReactNode {
  const role = useSession().data?.user?.role;
  return (
    <main>
      <h1>People</h1>
      <Accounts mayChange={role === 'owner'} />
      <Invites roles={role === 'owner' ? ['rater', 'lead', 'auditor', 'owner'] : ['rater', 'auditor']} />
      <Keys />
      <Webhooks />
    </main>
  );
}

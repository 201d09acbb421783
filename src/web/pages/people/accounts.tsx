import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { RequestOf } from '../../../server/index.ts';
import { call } from '../../api.ts';
import { TextField } from '../../ui/controls.tsx';
import { DeleteForGood } from '../../ui/delete-for-good.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { when } from '../../ui/figures.ts';
import { Fault, Loaded } from '../../ui/state.tsx';
import { Listing } from '../../ui/table.tsx';
import {
  Once,
  Part,
  type Person,
  ProjectSelect,
  type Role,
  RoleSelect,
  useChange,
  useProjectNames,
  useProjects,
} from './parts.tsx';

function PersonDialog({ person, onClose }: { readonly person: Person; readonly onClose: () => void }): ReactNode {
  const projects = useProjects();
  const change = useChange(
    (body: RequestOf<'PATCH /api/people/{id}'>['body']) =>
      call('PATCH /api/people/{id}', { params: { id: person.id }, body }),
    'people',
  );
  const reset = useMutation({
    mutationFn: () => call('POST /api/people/{id}/reset', { params: { id: person.id } }),
  });
  const remove = useChange(
    (confirm: string) => call('DELETE /api/people/{id}', { params: { id: person.id }, body: { confirm } }),
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
        <RoleSelect roles={['owner', 'lead', 'rater', 'auditor']} chosen={person.role} />
        <fieldset className="field bare">
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
          <button type="submit" className="primary" disabled={change.isPending}>
            Save
          </button>
        </p>
      </form>
      <h3>Forgotten password</h3>
      {reset.isError && <Fault error={reset.error} />}
      {reset.data === undefined ? (
        <button type="button" disabled={reset.isPending} onClick={() => reset.mutate()}>
          Make a link that sets a new one
        </button>
      ) : (
        <Once
          label={`Give this link to ${person.name}. It works once, until ${when(reset.data.expiresAt)}.`}
          text={`${window.location.origin}${reset.data.path}`}
        />
      )}
      <h3>Leaving</h3>
      <DeleteForGood
        name={person.name}
        consequences={[
          'The account is deleted: name, password, sessions, and the keys, invitations and webhooks it made.',
          `Judgments stay under the pseudonym ${person.raterId}; erase them under Raters where they are to go too.`,
        ]}
        onDelete={async (confirm) => {
          await remove.mutateAsync(confirm);
          onClose();
        }}
      />
    </Dialog>
  );
}

/** Puts somebody who has an account in a project, by name. */
function AddPerson(): ReactNode {
  const add = useChange(
    ({ project, name }: { project: string; name: string }) =>
      call('POST /api/projects/{project}/people', { params: { project }, body: { name } }),
    'people',
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    add.mutate({ project: String(data.get('projectId')), name: String(data.get('name')) });
  };
  return (
    <form className="panel spaced" onSubmit={submit}>
      <div className="thirds">
        <TextField label="Name of somebody who has an account" name="name" required maxLength={80} />
        <ProjectSelect label="Project" />
      </div>
      <button type="submit" disabled={add.isPending}>
        Add to the project
      </button>
      {add.isError && <Fault error={add.error} />}
      {add.data !== undefined && <p role="status">{add.data.person.name} is in the project.</p>}
    </form>
  );
}

/** Everybody with an account. */
export function Accounts({ mayChange }: { readonly mayChange: boolean }): ReactNode {
  const people = useQuery({ queryKey: ['people'], queryFn: () => call('GET /api/people') });
  const nameOf = useProjectNames();
  const [open, setOpen] = useState<Person | null>(null);
  return (
    <Part title="Accounts">
      <AddPerson />
      <Loaded query={people}>
        {({ people: all }) => (
          <Listing
            name="Accounts"
            rows={all}
            rowId={({ id }) => id}
            columns={[
              { head: 'Name', cell: ({ name }) => name },
              { head: 'Role', cell: ({ role }) => role },
              {
                head: 'Projects',
                cell: ({ role, projects }) => (role === 'owner' ? 'all' : projects.map(nameOf).join(', ') || '–'),
              },
              { head: 'Since', cell: ({ createdAt }) => when(createdAt) },
              { head: 'State', cell: ({ disabled }) => (disabled ? 'shut out' : 'open') },
            ]}
            {...(mayChange && { action: { text: 'Change', of: ({ name }: Person) => name, onAct: setOpen } })}
            empty="Nobody has an account."
          />
        )}
      </Loaded>
      {open !== null && <PersonDialog person={open} onClose={() => setOpen(null)} />}
    </Part>
  );
}

import { useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { RequestOf } from '../../../server/index.ts';
import { call } from '../../api.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { when } from '../../ui/figures.ts';
import { Fault, Loaded } from '../../ui/state.tsx';
import { Listing } from '../../ui/table.tsx';
import { Part, type Person, type Role, RoleSelect, useChange, useProjectNames, useProjects } from './parts.tsx';

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
    </Dialog>
  );
}

/** Everybody with an account. */
export function Accounts({ mayChange }: { readonly mayChange: boolean }): ReactNode {
  const people = useQuery({ queryKey: ['people'], queryFn: () => call('GET /api/people') });
  const nameOf = useProjectNames();
  const [open, setOpen] = useState<Person | null>(null);
  return (
    <Part title="Accounts">
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

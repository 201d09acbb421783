import { useQuery } from '@tanstack/react-query';
import type { FormEvent, ReactNode } from 'react';
import type { RequestOf } from '../../../server/index.ts';
import { call } from '../../api.ts';
import { TextField } from '../../ui/controls.tsx';
import { when } from '../../ui/figures.ts';
import { Fault, Loaded } from '../../ui/state.tsx';
import { Listing } from '../../ui/table.tsx';
import { Once, Part, ProjectSelect, type Role, RoleSelect, useChange, useProjectNames } from './parts.tsx';

/** What scripts sign in with. */
export function Keys(): ReactNode {
  const keys = useQuery({ queryKey: ['keys'], queryFn: () => call('GET /api/keys') });
  const nameOf = useProjectNames();
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
    <Part title="Keys for scripts">
      <p>
        Send a key as <code>Authorization: Bearer …</code>. The API is described at{' '}
        <a href="/api/openapi.json">/api/openapi.json</a>.
      </p>
      <form className="panel spaced" onSubmit={submit}>
        <div className="thirds">
          <TextField label="Name" name="name" required hint="What will use it." />
          <RoleSelect roles={['auditor', 'lead']} />
          <ProjectSelect label="Good for" none="Every project" />
        </div>
        <button type="submit" className="primary" disabled={make.isPending}>
          Make a key
        </button>
      </form>
      {make.isError && <Fault error={make.error} />}
      {make.data !== undefined && <Once label="The key is shown this once: keep it safe." text={make.data.secret} />}
      <Loaded query={keys}>
        {({ keys: all }) => (
          <Listing
            name="Keys"
            rows={all}
            rowId={({ id }) => id}
            columns={[
              { head: 'Name', cell: ({ name }) => name },
              { head: 'Role', cell: ({ role }) => role },
              { head: 'Good for', cell: ({ projectId }) => (projectId === null ? 'every project' : nameOf(projectId)) },
              { head: 'Made', cell: ({ createdAt }) => when(createdAt) },
              { head: 'Last used', cell: ({ lastUsedAt }) => when(lastUsedAt) },
            ]}
            action={{ text: 'Revoke', of: ({ name }) => name, onAct: ({ id }) => remove.mutate(id) }}
            empty="There are no keys."
          />
        )}
      </Loaded>
    </Part>
  );
}

import { useQuery } from '@tanstack/react-query';
import type { FormEvent, ReactNode } from 'react';
import type { RequestOf } from '../../../server/index.ts';
import { call } from '../../api.ts';
import { TextField } from '../../ui/controls.tsx';
import { when } from '../../ui/figures.ts';
import { Fault, Loaded } from '../../ui/state.tsx';
import { Listing } from '../../ui/table.tsx';
import { Once, Part, ProjectSelect, type Role, RoleSelect, useChange, useProjectNames } from './parts.tsx';

/** Links that let somebody in, once. */
export function Invites({ roles }: { readonly roles: readonly Role[] }): ReactNode {
  const invites = useQuery({ queryKey: ['invites'], queryFn: () => call('GET /api/invites') });
  const nameOf = useProjectNames();
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
      note: String(data.get('note')),
      hours: Number(data.get('hours')),
    });
  };
  return (
    <Part title="Invitations">
      <form className="panel spaced" onSubmit={submit}>
        <div className="thirds">
          <RoleSelect roles={roles} />
          <ProjectSelect label="Project" none="None yet" />
          <TextField label="For whom (optional)" name="note" maxLength={200} hint="Whoever opens the link reads it." />
          <TextField
            label="Hours it works for"
            name="hours"
            type="number"
            min={1}
            max={2160}
            defaultValue={72}
            required
          />
        </div>
        <button type="submit" className="primary" disabled={make.isPending}>
          Make a link
        </button>
      </form>
      {make.isError && <Fault error={make.error} />}
      {make.data !== undefined && (
        <Once
          label={`Give this link to one person. It works once, until ${when(make.data.expiresAt)}.`}
          text={`${window.location.origin}${make.data.path}`}
        />
      )}
      <Loaded query={invites}>
        {({ invites: open }) => (
          <Listing
            name="Open invitations"
            rows={open}
            rowId={({ id }) => id}
            columns={[
              { head: 'For', cell: ({ note }) => note || '–' },
              { head: 'Role', cell: ({ role }) => role },
              { head: 'Project', cell: ({ projectId }) => (projectId === null ? '–' : nameOf(projectId)) },
              { head: 'Until', cell: ({ expiresAt }) => when(expiresAt) },
            ]}
            action={{
              text: 'Take back',
              of: ({ role, note, expiresAt }) =>
                `the invitation${note === '' ? '' : ` for ${note}`} as ${role} until ${when(expiresAt)}`,
              onAct: ({ id }) => remove.mutate(id),
            }}
            empty="No invitation is open."
          />
        )}
      </Loaded>
    </Part>
  );
}

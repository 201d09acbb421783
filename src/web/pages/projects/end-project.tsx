import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { call } from '../../api.ts';
import { useSession } from '../../session.tsx';
import { DeleteForGood } from '../../ui/delete-for-good.tsx';
import { Download } from '../../ui/download.tsx';
import { Fault } from '../../ui/state.tsx';
import { type ProjectDetail, useProjectChange } from './queries.ts';

/** Deletes a project, once it was backed up as it is. */
function DeleteProject({ id }: { readonly id: string }): ReactNode {
  const [digest, setDigest] = useState<string | null>(null);
  const client = useQueryClient();
  const navigate = useNavigate();
  return (
    <>
      <p>
        First take everything with you:{' '}
        <Download
          href={`/api/projects/${encodeURIComponent(id)}/backup`}
          name="a backup of the project"
          onSaved={(answer) => setDigest(answer.headers.get('x-goodhart-digest'))}
        />
        . <code>goodhart store restore</code> brings it into a store again.
      </p>
      {digest === null ? (
        <p className="soft">It can be deleted once you have the backup.</p>
      ) : (
        <DeleteForGood
          name={id}
          consequences={[
            'Items, judgments, the whole history, and who belongs to it are gone from this store.',
            'Keys, invitations and webhooks for it end.',
            'Your backup, other backups, exports, and the folders of runs keep what they hold.',
          ]}
          onDelete={async (confirm) => {
            await call('POST /api/projects/{project}/delete', { params: { project: id }, body: { confirm, digest } });
            await client.invalidateQueries({ queryKey: ['projects'] });
            await navigate({ to: '/projects' });
          }}
        />
      )}
    </>
  );
}

/** Putting a project away, bringing it back, and deleting it for good. */
export function EndProject({ detail }: { readonly detail: ProjectDetail }): ReactNode {
  const { project, settings } = detail;
  const isOwner = useSession().data?.user?.role === 'owner';
  const change = useProjectChange(project.id, (archived: boolean) =>
    call('PATCH /api/projects/{project}', {
      params: { project: project.id },
      body: { settings: { ...settings, archived } },
    }),
  );
  return (
    <section>
      <h2>Put away or delete</h2>
      <p>
        {settings.archived
          ? 'This project is put away: it is in no list, and nobody is asked.'
          : 'Put away, a project leaves the lists and nobody is asked. Everything of it stays, and it can be brought back.'}
      </p>
      {change.isError && <Fault error={change.error} />}
      <p>
        <button type="button" disabled={change.isPending} onClick={() => change.mutate(!settings.archived)}>
          {settings.archived ? 'Bring the project back' : 'Put the project away'}
        </button>
      </p>
      {isOwner && <DeleteProject id={project.id} />}
    </section>
  );
}

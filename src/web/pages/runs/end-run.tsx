import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { call } from '../../api.ts';
import { useSession } from '../../session.tsx';
import { DeleteForGood } from '../../ui/delete-for-good.tsx';
import { Fault } from '../../ui/state.tsx';

/** Putting a run away, and deleting its folder. */
export function EndRun({ run, running }: { readonly run: string; readonly running: boolean }): ReactNode {
  const role = useSession().data?.user?.role;
  const client = useQueryClient();
  const navigate = useNavigate();
  const away = async () => {
    await client.invalidateQueries({ queryKey: ['runs'] });
    await navigate({ to: '/runs' });
  };
  const archive = useMutation({
    mutationFn: (archived: boolean) => call('POST /api/runs/{run}/archive', { params: { run }, body: { archived } }),
    onSuccess: away,
  });
  if (running || (role !== 'owner' && role !== 'lead')) return null;
  return (
    <details>
      <summary>Put away or delete</summary>
      <p>Put away, a run leaves the list; its folder stays as it is, and it can be brought back from there.</p>
      {archive.isError && <Fault error={archive.error} />}
      <p className="row">
        <button type="button" disabled={archive.isPending} onClick={() => archive.mutate(true)}>
          Put the run away
        </button>
        <button type="button" disabled={archive.isPending} onClick={() => archive.mutate(false)}>
          Bring it back
        </button>
        {role === 'owner' && (
          <DeleteForGood
            name={run}
            consequences={[
              'The folder of the run is deleted with everything in it: models, records, report, disclosure and seal.',
              'Copies that others have keep what they hold.',
            ]}
            onDelete={async (confirm) => {
              await call('POST /api/runs/{run}/delete', { params: { run }, body: { confirm } });
              await away();
            }}
          />
        )}
      </p>
    </details>
  );
}

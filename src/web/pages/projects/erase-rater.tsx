import { type FormEvent, type ReactNode, useState } from 'react';
import { call } from '../../api.ts';
import { useSession } from '../../session.tsx';
import { TextField } from '../../ui/controls.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { counted } from '../../ui/figures.ts';
import { Fault } from '../../ui/state.tsx';
import { useProjectChange } from './queries.ts';

interface Target {
  readonly project: string;
  readonly rater: string;
}

function EraseDialog({ project, rater, onClose }: Target & { readonly onClose: () => void }): ReactNode {
  const erase = useProjectChange(project, (confirm: string) =>
    call('POST /api/projects/{project}/raters/{rater}/erase', { params: { project, rater }, body: { confirm } }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    erase.mutate(String(new FormData(event.currentTarget).get('confirm')).trim());
  };
  if (erase.data !== undefined) {
    const { erased, profile, outside, runs } = erase.data;
    const total = Object.values(erased).reduce((sum, n) => sum + n, 0);
    return (
      <Dialog title="Erased" open onClose={onClose}>
        <div role="status">
          <p>
            {counted(total, 'record')} of {rater} {total === 1 ? 'is' : 'are'} erased
            {profile ? ', and what the profile said' : ''}. The history says so, and still verifies.
          </p>
          <p>It may still be in:</p>
          <ul>
            {outside.map((place) => (
              <li key={place}>{place}</li>
            ))}
            <li>files that were exported</li>
            {runs.length > 0 && <li>the folders of these runs: {runs.join(', ')}</li>}
          </ul>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={`Erase what ${rater} gave`} open focusFirst="input" onClose={onClose}>
      <form onSubmit={submit}>
        <ul>
          <li>Every answer, draft, skip, report and decision of this rater in this project goes, for good.</li>
          <li>So does what the profile says: consent, and what the rater said of themselves.</li>
          <li>The history keeps that something was here and that you erased it; it still verifies.</li>
          <li>Backups, exports, and runs made before keep what they hold. It cannot be taken back.</li>
        </ul>
        {erase.isError && <Fault error={erase.error} />}
        <TextField label={`Type ${rater} to confirm`} name="confirm" required autoComplete="off" />
        <div className="row">
          <button type="submit" className="danger" disabled={erase.isPending}>
            {erase.isPending ? 'Erasing…' : 'Erase for good'}
          </button>
          <button type="button" onClick={onClose}>
            Keep it
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** For owners: a button that erases what a rater gave, once its name was typed. */
export function EraseRater(target: Target): ReactNode {
  const [open, setOpen] = useState(false);
  if (useSession().data?.user?.role !== 'owner') return null;
  return (
    <>
      <button type="button" className="danger" onClick={() => setOpen(true)}>
        Erase…
        <span className="sr-only"> what {target.rater} gave</span>
      </button>
      {open && <EraseDialog {...target} onClose={() => setOpen(false)} />}
    </>
  );
}

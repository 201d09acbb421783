import { type ReactNode, useState } from 'react';
import { call } from '../../api.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { counted } from '../../ui/figures.ts';
import { Fault } from '../../ui/state.tsx';
import { type ItemsWanted, useProjectChange } from './queries.ts';

/** Puts all items of a list away, or brings them back, once that was confirmed with their number. */
export function PutAway({
  project,
  wanted,
  total,
}: {
  readonly project: string;
  readonly wanted: ItemsWanted;
  readonly total: number;
}): ReactNode {
  const [open, setOpen] = useState(false);
  const back = wanted.show === 'archived';
  const change = useProjectChange(project, () =>
    call('POST /api/projects/{project}/archive', {
      params: { project },
      body: { archived: !back, items: wanted, expected: total },
    }),
  );
  const items = counted(total, 'item');
  const title = back ? `Bring ${items} back` : `Put ${items} away`;
  const close = () => {
    setOpen(false);
    change.reset();
  };
  return (
    <p className="row">
      <span>{items}</span>
      <button type="button" onClick={() => setOpen(true)}>
        {back ? 'Bring all of these back…' : 'Put all of these away…'}
      </button>
      {open && (
        <Dialog title={title} open onClose={close} focusFirst=".danger, .primary">
          <ul>
            {back ? (
              <>
                <li>They are among the project’s items again, and asked of raters where judgments are wanted.</li>
                <li>What was given on them before counts again.</li>
              </>
            ) : (
              <>
                <li>Nobody is asked about them any more, and they leave lists, figures, exports and runs.</li>
                <li>What was given on them leaves with them. The records keep all of it.</li>
                <li>They can be brought back: show those that are put away.</li>
              </>
            )}
          </ul>
          {change.isError && <Fault error={change.error} />}
          <div className="row">
            <button
              type="button"
              className={back ? 'primary' : 'danger'}
              disabled={change.isPending}
              onClick={() => change.mutate(undefined, { onSuccess: close })}
            >
              {change.isPending ? 'One moment…' : title}
            </button>
            <button type="button" onClick={close}>
              Leave them
            </button>
          </div>
        </Dialog>
      )}
    </p>
  );
}

import { type FormEvent, type ReactNode, useState } from 'react';
import { TextField } from './controls.tsx';
import { Dialog } from './dialog.tsx';
import { Fault } from './state.tsx';

/** A button that deletes something for good, once its name was typed. */
export function DeleteForGood({
  name,
  consequences,
  onDelete,
}: {
  readonly name: string;
  /** What is gone, and what stays: a line each. */
  readonly consequences: readonly ReactNode[];
  readonly onDelete: (confirm: string) => Promise<unknown>;
}): ReactNode {
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<unknown>(null);
  const close = () => {
    setOpen(false);
    setFault(null);
  };
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const confirm = String(new FormData(event.currentTarget).get('confirm')).trim();
    setBusy(true);
    setFault(null);
    try {
      await onDelete(confirm);
      close();
    } catch (error) {
      setFault(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button type="button" className="danger" onClick={() => setOpen(true)}>
        Delete for good…<span className="sr-only"> {name}</span>
      </button>
      {open && (
        <Dialog title={`Delete ${name} for good`} open focusFirst="input" onClose={close}>
          <form onSubmit={(event) => void submit(event)}>
            <ul>
              {consequences.map((line, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: lines are told by their place
                <li key={i}>{line}</li>
              ))}
              <li>It cannot be taken back; that you did it is written down.</li>
            </ul>
            {fault !== null && <Fault error={fault} />}
            <TextField label={`Type ${name} to confirm`} name="confirm" required autoComplete="off" />
            <div className="row">
              <button type="submit" className="danger" disabled={busy}>
                {busy ? 'Deleting…' : 'Delete for good'}
              </button>
              <button type="button" onClick={close}>
                Keep it
              </button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}

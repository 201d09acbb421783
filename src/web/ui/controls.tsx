import { Dialog as RadixDialog } from 'radix-ui';
import { type ComponentProps, type ReactNode, useId, useRef, useState } from 'react';

/** A labelled control with hint and fault; `children` gets the ids to tie them together. */
export function Field({
  label,
  hint,
  fault,
  children,
}: {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly fault?: string | undefined;
  readonly children: (ids: {
    id: string;
    'aria-describedby': string | undefined;
    'aria-invalid': boolean;
  }) => ReactNode;
}): ReactNode {
  const id = useId();
  const notes = [hint === undefined ? [] : `${id}-hint`, fault === undefined ? [] : `${id}-fault`].flat();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        'aria-describedby': notes.length === 0 ? undefined : notes.join(' '),
        'aria-invalid': fault !== undefined,
      })}
      {hint !== undefined && (
        <span className="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {fault !== undefined && (
        <span className="fault" id={`${id}-fault`}>
          {fault}
        </span>
      )}
    </div>
  );
}

/** A one-line text field. */
export function TextField({
  label,
  hint,
  fault,
  ...input
}: { readonly label: string; readonly hint?: string; readonly fault?: string } & ComponentProps<'input'>): ReactNode {
  return (
    <Field label={label} hint={hint} fault={fault}>
      {(ids) => <input type="text" {...ids} {...input} />}
    </Field>
  );
}

/** A modal dialog: focus stays inside, Escape closes, focus returns to where it was. */
export function Dialog({
  title,
  open,
  onClose,
  focusFirst,
  children,
}: {
  readonly title: string;
  readonly open: boolean;
  readonly onClose: () => void;
  /** Selector of what gets the focus; the first control otherwise, which is the one that closes. */
  readonly focusFirst?: string;
  readonly children: ReactNode;
}): ReactNode {
  // Radix returns the focus to a trigger only, and these dialogs have none.
  const before = useRef<Element | null>(null);
  const opened = (event: Event) => {
    before.current = document.activeElement;
    const first =
      focusFirst === undefined ? null : (event.currentTarget as Element).querySelector<HTMLElement>(focusFirst);
    if (first === null) return;
    event.preventDefault();
    first.focus();
  };
  const closed = (event: Event) => {
    event.preventDefault();
    if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
  };
  return (
    <RadixDialog.Root open={open} onOpenChange={(now) => (now ? undefined : onClose())}>
      <RadixDialog.Portal>
        {/* Not Radix's: it stops the page from scrolling with an inline style, which our policy forbids; theme.css does. */}
        <div className="overlay" />
        <RadixDialog.Content
          className="dialog"
          aria-describedby={undefined}
          onOpenAutoFocus={opened}
          onCloseAutoFocus={closed}
        >
          <div className="row spread">
            <RadixDialog.Title asChild>
              <h2 style={{ margin: 0 }}>{title}</h2>
            </RadixDialog.Title>
            <RadixDialog.Close asChild>
              <button type="button">Close</button>
            </RadixDialog.Close>
          </div>
          {children}
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}

const VERDICT_MARKS: Readonly<Record<string, string>> = {
  clear: '●',
  concern: '▲',
  failure: '■',
  'not-assessed': '○',
  measured: '●',
  declared: '◐',
  missing: '○',
};

/** A verdict or status by shape, colour and word. */
export function Verdict({ value }: { readonly value: string }): ReactNode {
  return (
    <span className={`verdict ${value}`}>
      <span aria-hidden="true">{VERDICT_MARKS[value] ?? '○'}</span> {value.replaceAll('-', ' ')}
    </span>
  );
}

/** Copies a text to the clipboard, and says so. */
export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }): ReactNode {
  const [said, setSaid] = useState<string | null>(null);
  const copy = async () => {
    try {
      // Missing on plain http beyond this machine, and refused where the browser is told so.
      await navigator.clipboard.writeText(text);
      setSaid('Copied');
    } catch {
      setSaid('Not allowed here: select the text');
    }
  };
  return (
    <button type="button" onClick={() => void copy()}>
      {said ?? label}
    </button>
  );
}

import { type ComponentProps, type ReactNode, useId, useState } from 'react';
import { own } from '../../run/index.ts';

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

const VERDICT_MARKS: Readonly<Record<string, string>> = {
  clear: '●',
  inconclusive: '◌',
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
      <span aria-hidden="true">{own(VERDICT_MARKS, value) ?? '○'}</span> {value.replaceAll('-', ' ')}
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

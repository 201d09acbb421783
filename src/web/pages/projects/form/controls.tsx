import type { ReactNode } from 'react';
import { Field } from '../../../ui/controls.tsx';

/** Controls that say what they became, for forms held in one object. */
export function Input({
  label,
  value,
  onChange,
  ...rest
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: string | undefined;
  readonly fault?: string | undefined;
  readonly placeholder?: string;
  readonly type?: 'text' | 'url' | 'password';
  readonly numeric?: boolean;
  readonly required?: boolean;
}): ReactNode {
  const { hint, fault, numeric = false, type = 'text', ...input } = rest;
  return (
    <Field label={label} hint={hint} fault={fault}>
      {(ids) => (
        <input
          {...ids}
          {...input}
          type={type}
          {...(numeric && { inputMode: 'decimal' as const })}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

export function Area({
  label,
  value,
  onChange,
  rows = 4,
  hint,
  fault,
  code = false,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly rows?: number;
  readonly hint?: string | undefined;
  readonly fault?: string | undefined;
  /** Set in a typewriter face, not spell-checked. */
  readonly code?: boolean;
}): ReactNode {
  return (
    <Field label={label} hint={hint} fault={fault}>
      {(ids) => (
        <textarea
          {...ids}
          rows={rows}
          {...(code && { className: 'code', spellCheck: false })}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

export function Choice<V extends string>({
  label,
  value,
  options,
  onChange,
  hint,
}: {
  readonly label: string;
  readonly value: V;
  readonly options: readonly (readonly [V, string])[];
  readonly onChange: (value: V) => void;
  readonly hint?: string;
}): ReactNode {
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <select {...ids} value={value} onChange={(event) => onChange(event.target.value as V)}>
          {options.map(([id, text]) => (
            <option key={id} value={id}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function Check({
  label,
  checked,
  onChange,
}: {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}): ReactNode {
  return (
    <label className="row check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} /> {label}
    </label>
  );
}

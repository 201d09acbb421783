/** Settings of other programs' files: a table says what each means here, and what is not in it and says something is refused. */

export interface Setting {
  readonly fits: (value: unknown) => boolean;
  /** What would fit, for the error. */
  readonly expected: string;
}

export type Settings = Readonly<Record<string, Setting>>;

/** Whether a value says nothing: absent, null, false or empty. */
export const isUnset = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/** A setting that the reader takes and checks itself. */
export const taken: Setting = { fits: () => true, expected: 'any' };

/** A setting that changes no number and no token here; the reason is for whoever reads the table. */
export const idle = (_reason: string): Setting => taken;

/** A setting that is understood at these values alone; among them `false` or `null`, also where it says nothing. */
export const only = (...values: readonly unknown[]): Setting => ({
  fits: (value) =>
    values.includes(value) || (values.some((known) => known === null || known === false) && isUnset(value)),
  expected: values.map((value) => (value === null ? 'it unset' : JSON.stringify(value))).join(' or '),
});

/** A setting that is not supported; absent, it does nothing. */
export const unset: Setting = { fits: isUnset, expected: 'it unset' };

/** The same setting for several names. */
export const each = (names: readonly string[], setting: Setting): Settings =>
  Object.fromEntries(names.map((name) => [name, setting]));

const MOST_SHOWN = 80;

/** A value of a stranger's file, short and on one line. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

const nameOf = (key: string) => (/^[\w.-]{1,60}$/.test(key) ? key : shown(key));

/** Refuses, by its name, the first setting that is not understood. */
export function requireUnderstood(
  json: Readonly<Record<string, unknown>>,
  settings: Settings,
  fault: (text: string) => Error,
): void {
  for (const [key, value] of Object.entries(json)) {
    if (!Object.hasOwn(settings, key)) {
      if (!isUnset(value)) throw fault(`${nameOf(key)} is ${shown(value)}, which is not understood; expected it unset`);
      continue;
    }
    const { fits, expected } = settings[key]!;
    if (!fits(value)) {
      throw fault(`${nameOf(key)} is ${shown(value)}, which is not supported; expected ${expected}`);
    }
  }
}

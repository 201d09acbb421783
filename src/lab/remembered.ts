/**
 * Computes something of a setting once: what a large fixed simulation or an exact sum says of it, which every draw of the setting
 * is held against.
 */
export function remembered<S extends object, T>(compute: (setting: S) => T): (setting: S) => T {
  const known = new Map<string, T>();
  return (setting) => {
    const key = JSON.stringify(setting);
    const before = known.get(key);
    if (before !== undefined) return before;
    const value = compute(setting);
    known.set(key, value);
    return value;
  };
}

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Locked {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  integrity?: string;
  resolved?: string;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Locked> };

describe('package-lock.json', () => {
  // A lockfile made where one platform's package was missing makes `npm ci` refuse on every other machine.
  it('holds every dependency that it names, those of other platforms included', () => {
    const held = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')));
    const missing = Object.entries(packages).flatMap(([path, locked]) =>
      Object.keys({ ...locked.dependencies, ...locked.optionalDependencies })
        .filter((name) => !held.has(name))
        .map((name) => `${path} -> ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('pins contents and names no download host', () => {
    const entries = Object.entries(packages).filter(([path]) => path !== '');
    expect(entries.filter(([, locked]) => locked.integrity === undefined).map(([path]) => path)).toEqual([]);
    expect(entries.filter(([, locked]) => locked.resolved !== undefined).map(([path]) => path)).toEqual([]);
  });
});

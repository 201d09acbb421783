import type { CompiledQuery } from 'kysely';

/**
 * A query that is built and compiled once, with places for arguments: for reads that every request makes, where building
 * the text would cost more than running it.
 */
export function prepared<R, const N extends string>(
  names: readonly N[],
  build: (places: Readonly<Record<N, string>>) => { compile(): CompiledQuery<R> },
): (args: Readonly<Record<N, string>>) => CompiledQuery<R> {
  // No text in a database holds a NUL, so that a place is never taken for a value.
  const places = Object.fromEntries(names.map((name) => [name, `\0${name}`])) as Record<N, string>;
  const compiled = build(places).compile();
  const argument = compiled.parameters.map((value) => names.find((name) => value === places[name]));
  return (args) => ({
    ...compiled,
    parameters: compiled.parameters.map((value, i) => (argument[i] === undefined ? value : args[argument[i]])),
  });
}

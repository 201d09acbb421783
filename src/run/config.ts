import { z } from 'zod';
import { UsageError } from './errors.ts';
import { isReservedKey, own, reservedKeyIn } from './own.ts';
import { parseYaml } from './yaml-text.ts';

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Levenshtein distance, for suggestions. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + Number(a[i - 1] !== b[j - 1])));
    }
    row = next;
  }
  return row[b.length]!;
}

const LONGEST_WORD = 100;
/** The closest of some known words, when it is close. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  // The work grows with the length, and nobody mistypes so long a word.
  if (word.length > LONGEST_WORD) return undefined;
  const [best] = known.map((one) => ({ one, far: distance(word, one) })).sort((a, b) => a.far - b.far);
  return best !== undefined && best.far <= Math.max(2, word.length / 3) ? best.one : undefined;
}

/** What to do about an unknown word: the one that was meant, where one is close; else which there are, or what the caller says. */
export function hintFor(
  word: string,
  known: readonly string[],
  otherwise = `choose among ${known.join(', ')}`,
): string {
  const near = suggest(word, known);
  return near === undefined ? otherwise : `did you mean ${near}?`;
}

/** Sets `a.b.c` in a copy of a configuration; the value is read as YAML, so numbers and lists work. */
export function withOverride(config: Json, assignment: string, asWritten: readonly string[] = []): Json {
  const at = assignment.indexOf('=');
  if (at <= 0)
    throw new UsageError('set', `--set ${assignment}: expected key=value, for example --set policy.steps=20`);
  const path = assignment.slice(0, at).split('.');
  const reserved = path.find(isReservedKey);
  if (reserved !== undefined)
    throw new UsageError('set', `--set ${assignment}: expected keys of a configuration, got ${reserved}; remove it`);
  try {
    const kept = path.some((key) => asWritten.includes(key)) || asWritten;
    return withValue(config, path, parseYaml(assignment.slice(at + 1), kept));
  } catch (cause) {
    const line = (cause as Error).message.split('\n')[0];
    throw new UsageError('set', `--set ${assignment}: expected a YAML value, got ${line}`, { cause });
  }
}

/** A copy in which a value stands at a path; what is no object on the way becomes one. */
function withValue(config: Json, [key, ...rest]: readonly string[], value: unknown): Json {
  const inner = own(config, key!);
  return { ...config, [key!]: rest.length === 0 ? value : withValue(isObject(inner) ? inner : {}, rest, value) };
}

/** Keys that a schema knows at a path, for suggestions. */
function knownKeys(schema: z.ZodType, value: unknown, path: readonly PropertyKey[]): string[] {
  let node: unknown = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  let here: unknown = value;
  const resolve = (n: unknown): Json => {
    const object = n as Json;
    const options = (object.oneOf ?? object.anyOf) as Json[] | undefined;
    if (options === undefined) return object;
    const fits = options.find((option) =>
      Object.entries((option.properties ?? {}) as Json).some(
        ([key, p]) => (p as Json).const !== undefined && (p as Json).const === own(here as Json | undefined, key),
      ),
    );
    return fits ?? options[0]!;
  };
  for (const key of path) {
    node = own((resolve(node).properties ?? {}) as Json, String(key)) ?? {};
    here = own(here as Json | undefined, String(key));
  }
  return Object.keys((resolve(node).properties ?? {}) as Json);
}

/**
 * Reads a configuration text (YAML or JSON), applies overrides and validates. One line per fault, naming key, expected and got.
 * Below members named in `asWritten`, a number with zeros at its end stays the text that it is.
 */
export function parseConfig<T>(
  schema: z.ZodType<T>,
  text: string,
  options: { source: string; set?: readonly string[]; asWritten?: readonly string[] },
): T {
  const { asWritten = [] } = options;
  let raw: unknown;
  try {
    raw = parseYaml(text, asWritten);
  } catch (cause) {
    const line = (cause as Error).message.split('\n')[0];
    throw new UsageError('config', `${options.source}: expected YAML, got ${line}`, { cause });
  }
  if (!isObject(raw))
    throw new UsageError('config', `${options.source}: expected a mapping of keys, got ${typeof raw}`);
  for (const assignment of options.set ?? []) raw = withOverride(raw as Json, assignment, asWritten);
  const reserved = reservedKeyIn(raw);
  if (reserved !== undefined)
    throw new UsageError('config', `${options.source}: expected keys of a configuration, got ${reserved}; remove it`);
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const where = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const shown = key.length > LONGEST_WORD ? `${key.slice(0, LONGEST_WORD)}…` : key;
    const full = where === '' ? shown : `${where}.${shown}`;
    const hint = hintFor(key, knownKeys(schema, raw, issue.path), 'remove it');
    throw new UsageError('config', `${options.source}: unknown key ${full}; ${hint}`);
  }
  throw new UsageError('config', `${options.source}: ${where || 'configuration'}: ${issue.message}`);
}

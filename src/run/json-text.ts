const [QUOTE, BACKSLASH, COMMA, COLON] = [34, 92, 44, 58];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125];

/** How large a value a JSON text may build, whatever its bytes: what walks one recurses, and every `{}` is an object. */
export interface JsonBounds {
  readonly levels: number;
  /** Values of all lists and objects together, and these themselves; any number where it is left out. */
  readonly values?: number;
}

/**
 * Of a file that anybody may have written. An empty object of two bytes takes sixty in memory, and a quarter of a gigabyte of them
 * ends the process; the largest honest files (scores, cards of linear rewards) have some hundred thousand values.
 */
export const JSON_BOUNDS: Required<JsonBounds> = { levels: 256, values: 8_000_000 };

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text.charCodeAt(before - 1) === BACKSLASH) before -= 1;
  return (at - before) % 2 === 1;
}
/** Place of the quote that ends what the one at `from` begins; the text's end where none does. */
function quoteAfter(text: string, from: number): number {
  let at = from;
  do at = text.indexOf('"', at + 1);
  while (at > 0 && isEscaped(text, at));
  return at < 0 ? text.length : at;
}

/** Which of the bounds a JSON text is over, without parsing it. */
export function overBounds(text: string, bounds: JsonBounds): keyof JsonBounds | undefined {
  const { levels, values = Number.POSITIVE_INFINITY } = bounds;
  let [level, count] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = quoteAfter(text, at);
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      level += 1;
      count += 1;
      if (level > levels) return 'levels';
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) level -= 1;
    else if (code === COMMA) count += 1;
    if (count > values) return 'values';
  }
  return undefined;
}

/** Parses JSON that anybody may have written. @throws SyntaxError for what is none, or is nested too deep to be walked. */
export function parseJson(text: string): unknown {
  const over = overBounds(text, JSON_BOUNDS);
  if (over !== undefined) throw new SyntaxError(`more than ${JSON_BOUNDS[over]} ${over}`);
  return JSON.parse(text);
}

/** Whether a parsed value holds a member called `__proto__` anywhere: a schema passes over it, and whoever reads the text does not. */
export function hasProto(value: unknown): boolean {
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (!Array.isArray(next) && Object.hasOwn(next, '__proto__')) return true;
    for (const part of Object.values(next)) left.push(part);
  }
  return false;
}

/** Names that a JSON text gives to members of its objects, however often it gives one. */
function membersInText(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = quoteAfter(text, at);
    else if (code === COLON) count += 1;
  }
  return count;
}

/** Members of all objects of a parsed value. */
function membersIn(value: unknown): number {
  let count = 0;
  const left: unknown[] = [value];
  for (let next = left.pop(); left.length > 0 || next !== undefined; next = left.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    if (!Array.isArray(next)) count += Object.keys(next).length;
    for (const part of Object.values(next)) left.push(part);
  }
  return count;
}

/**
 * Whether an object in a JSON text has two members of one name. A parser takes the last; whoever reads the text may see the
 * first, so that one file says two things. `value` is what the text parses to.
 */
export const namesTwice = (text: string, value: unknown): boolean => membersInText(text) !== membersIn(value);

const [QUOTE, BACKSLASH, COLON] = [34, 92, 58];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125];

/** Levels that JSON of a stranger may have: what walks a value calls itself for each, and has no end of room for that. */
const MOST_LEVELS = 256;

/** Parses JSON that anybody may have written. @throws SyntaxError for what is none, or is nested too deep to be walked. */
export function parseJson(text: string): unknown {
  let level = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quoted) {
      if (code === BACKSLASH) i += 1;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      level += 1;
      if (level > MOST_LEVELS) throw new SyntaxError(`more than ${MOST_LEVELS} levels`);
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) level -= 1;
  }
  return JSON.parse(text);
}

/** Names that a JSON text gives to members of its objects, however often it gives one. */
function membersInText(text: string): number {
  let count = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quoted && code === BACKSLASH) i += 1;
    else if (code === QUOTE) quoted = !quoted;
    else if (!quoted && code === COLON) count += 1;
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

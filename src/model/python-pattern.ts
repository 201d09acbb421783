/**
 * Regular expressions as Python's `re` writes them, for names of modules. They come with an adapter, from a stranger: they are
 * matched by sets of positions, without going back, within a number of steps.
 */

/** A part of a pattern: from a place in a text to the places where it may end. */
type Part =
  | { readonly kind: 'character'; readonly has: (character: string) => boolean }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Part[] }
  | { readonly kind: 'repeat'; readonly body: Part; readonly least: number; readonly most: number }
  | { readonly kind: 'look'; readonly body: Part; readonly wanted: boolean }
  | { readonly kind: 'place'; readonly holds: (text: string, at: number) => boolean };

/** More than any list of modules needs. */
const MOST_CHARACTERS = 2_000;
const MOST_TIMES = 100;

const CLASSES: ReadonlyMap<string, RegExp> = new Map([
  ['d', /\d/],
  ['D', /\D/],
  ['w', /\w/],
  ['W', /\W/],
  ['s', /\s/],
  ['S', /\S/],
]);
const isWord = (character: string | undefined) => character !== undefined && /\w/.test(character);
const atBoundary = (text: string, at: number) => isWord(text[at - 1]) !== isWord(text[at]);
const PLACES: ReadonlyMap<string, (text: string, at: number) => boolean> = new Map([
  ['b', atBoundary],
  ['B', (text, at) => !atBoundary(text, at)],
  ['A', (_, at) => at === 0],
  ['Z', (text, at) => at === text.length],
]);

/** Reads a pattern; throws where it is none, or uses what is not understood. */
class Reader {
  #at = 0;
  readonly #source: string;
  readonly #ignoresCase: boolean;

  constructor(source: string, ignoresCase: boolean) {
    this.#source = source;
    this.#ignoresCase = ignoresCase;
  }

  whole(): Part {
    const part = this.#choice();
    if (this.#at < this.#source.length) throw new Error('a bracket too many');
    return part;
  }

  #takes(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #next(): string {
    if (this.#at >= this.#source.length) throw new Error('it ends too early');
    return this.#source[this.#at++]!;
  }

  #matching(pattern: RegExp): RegExpExecArray | null {
    const found = pattern.exec(this.#source.slice(this.#at, this.#at + 100));
    if (found !== null) this.#at += found[0].length;
    return found;
  }

  #choice(): Part {
    const parts = [this.#sequence()];
    while (this.#takes('|')) parts.push(this.#sequence());
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
  }

  #sequence(): Part {
    const parts: Part[] = [];
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at]!)) parts.push(this.#repeated());
    return { kind: 'sequence', parts };
  }

  #repeated(): Part {
    const body = this.#atom();
    const times = this.#matching(/^(?:[*+?]|\{(\d{0,4}),(\d{0,4})\}|\{(\d{1,4})\})/);
    if (times === null) return body;
    const [sign, from, to, exactly] = times as unknown as (string | undefined)[];
    if (/^[+*{]/.test(this.#source.slice(this.#at)) || body.kind === 'place') throw new Error('a repeat of a repeat');
    this.#takes('?');
    const least = exactly ?? (sign === '+' ? '1' : from === undefined || from === '' ? '0' : from);
    const most = exactly ?? (sign === '?' ? '1' : to === undefined || to === '' ? 'Infinity' : to);
    const [a, b] = [Number(least), Number(most)];
    if (a > MOST_TIMES || (b > MOST_TIMES && b !== Number.POSITIVE_INFINITY) || b < a) throw new Error('a repeat');
    return { kind: 'repeat', body, least: a, most: b };
  }

  #atom(): Part {
    const one = this.#next();
    if (one === '(') return this.#group();
    if (one === '[') return this.#character(this.#set());
    if (one === '.') return { kind: 'character', has: () => true };
    if (one === '^') return { kind: 'place', holds: (_, at) => at === 0 };
    if (one === '$') return { kind: 'place', holds: (text, at) => at === text.length };
    if ('*+?'.includes(one)) throw new Error('a repeat of nothing');
    if (one !== '\\') return this.#character((character) => character === one);
    const escaped = this.#next();
    const holds = PLACES.get(escaped);
    return holds === undefined ? this.#character(this.#escape(escaped)) : { kind: 'place', holds };
  }

  #character(has: (character: string) => boolean): Part {
    if (!this.#ignoresCase) return { kind: 'character', has };
    return { kind: 'character', has: (character) => has(character.toLowerCase()) || has(character.toUpperCase()) };
  }

  #escape(escaped: string): (character: string) => boolean {
    const known = CLASSES.get(escaped);
    if (known !== undefined) return (character) => known.test(character);
    if (/[\da-zA-Z]/.test(escaped)) throw new Error(`\\${escaped}`);
    return (character) => character === escaped;
  }

  #group(): Part {
    const opened = this.#matching(/^\?(?::|=|!|P<\w+>)/)?.[0];
    if (opened === undefined && this.#source[this.#at] === '?') throw new Error('a kind of group');
    const body = this.#choice();
    if (!this.#takes(')')) throw new Error('a bracket is missing');
    return opened === '?=' || opened === '?!' ? { kind: 'look', body, wanted: opened === '?=' } : body;
  }

  #set(): (character: string) => boolean {
    const isNot = this.#takes('^');
    const members: ((character: string) => boolean)[] = [];
    for (let first = true; first || !this.#takes(']'); first = false) {
      const one = this.#next();
      if (one === '\\') {
        members.push(this.#escape(this.#next()));
        continue;
      }
      const to = this.#matching(/^-([^\]\\])/)?.[1];
      if (to !== undefined && to < one) throw new Error('a range');
      members.push((character) => character >= one && character <= (to ?? one));
    }
    return (character) => members.some((has) => has(character)) !== isNot;
  }
}

/** Steps that all patterns of one file may take together. */
export interface Budget {
  left: number;
}

/** The places where a part that begins at a place may end; each is found once for a text. */
function endsIn(text: string, budget: Budget): (part: Part, at: number) => ReadonlySet<number> {
  const known = new Map<Part, Map<number, ReadonlySet<number>>>();
  const from = (part: Part, starts: Iterable<number>): Set<number> => {
    const all = new Set<number>();
    for (const start of starts) for (const end of ends(part, start)) all.add(end);
    budget.left -= all.size;
    return all;
  };
  const repeated = (part: Part & { kind: 'repeat' }, at: number): Set<number> => {
    let last = new Set([at]);
    for (let i = 0; i < part.least && last.size > 0; i++) last = from(part.body, last);
    const all = new Set(last);
    for (let i = part.least; i < part.most && last.size > 0; i++) {
      last = new Set([...from(part.body, last)].filter((end) => !all.has(end)));
      for (const end of last) all.add(end);
    }
    return all;
  };
  const found = (part: Part, at: number): ReadonlySet<number> => {
    switch (part.kind) {
      case 'character':
        return at < text.length && part.has(text[at]!) ? new Set([at + 1]) : new Set();
      case 'place':
        return part.holds(text, at) ? new Set([at]) : new Set();
      case 'look':
        return ends(part.body, at).size > 0 === part.wanted ? new Set([at]) : new Set();
      case 'choice':
        return new Set(part.parts.flatMap((one) => [...ends(one, at)]));
      case 'repeat':
        return repeated(part, at);
      case 'sequence': {
        let last: Set<number> = new Set([at]);
        for (const one of part.parts) {
          if (last.size === 0) break;
          last = from(one, last);
        }
        return last;
      }
    }
  };
  const ends = (part: Part, at: number): ReadonlySet<number> => {
    budget.left -= 1;
    if (budget.left < 0) return new Set();
    const of = known.get(part) ?? new Map<number, ReadonlySet<number>>();
    known.set(part, of);
    const before = of.get(at);
    if (before !== undefined) return before;
    const value = found(part, at);
    of.set(at, value);
    return value;
  };
  return ends;
}

/**
 * Whether a pattern fits a whole name, as `re.fullmatch`; `undefined` where the pattern is not understood. Back references, looking
 * back and flags other than `(?i)` and `(?s)` are not. Once the budget is used up it says no: ask the budget.
 */
export function pythonFullMatch(source: string, budget: Budget): ((name: string) => boolean) | undefined {
  if (source.length > MOST_CHARACTERS) return undefined;
  const flags = /^\(\?[is]+\)/.exec(source)?.[0] ?? '';
  try {
    const pattern = new Reader(source.slice(flags.length), flags.includes('i')).whole();
    return (name) => endsIn(name, budget)(pattern, 0).has(name.length);
  } catch {
    return undefined;
  }
}

import type { parse, tokenize } from '@huggingface/jinja';
import { own } from './own.ts';

/** What is told of a template by looking at it, before it is run. */

type Program = ReturnType<typeof parse>;

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Statements that write nothing themselves, or whose text is written already. */
const STATEMENTS = new Set([
  'Set',
  'If',
  'For',
  'Macro',
  'CallStatement',
  'FilterStatement',
  'Break',
  'Continue',
  'Comment',
]);
const BODIES = ['body', 'alternate', 'defaultBlock'];

export interface Places {
  /** Expressions that are written out. */
  readonly written: ReadonlySet<unknown>;
  /** What loops go through. */
  readonly looped: ReadonlySet<unknown>;
  /** Names that are read or set. */
  readonly names: ReadonlySet<string>;
}

/** A template that was read, and what its nodes are for: looked up once, for it is rendered again and again. */
export interface Template {
  readonly program: Program;
  readonly places: Places;
}

/** Every node of a template, with what it is for. */
export function placesOf(program: Program): Places {
  const found = { written: new Set<unknown>(), looped: new Set<unknown>(), names: new Set<string>() };
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (value instanceof Map) for (const pair of value) visit(pair);
    else if (typeof value === 'object' && value !== null && 'type' in value) {
      const node = value as Node;
      for (const key of BODIES) {
        const body = own(node, key);
        if (Array.isArray(body))
          for (const item of body as Node[]) if (!STATEMENTS.has(item.type)) found.written.add(item);
      }
      if (node.type === 'For') {
        const over = node.iterable as Node;
        found.looped.add(over.type === 'SelectExpression' ? over.lhs : over);
      }
      if (node.type === 'Identifier') found.names.add(String(node.value));
      Object.values(node).forEach(visit);
    }
  };
  visit(program);
  return found;
}

/** Words that may follow a number. */
const AFTER_NUMBERS = new Set(['if', 'else', 'in', 'not', 'and', 'or', 'is', 'for', 'recursive']);

/** Refuses numbers that the library would read as a number and a name after it: `1e15`, `1_000`, `0x1f`. */
export function requirePlainNumbers(tokens: ReturnType<typeof tokenize>): void {
  for (const [i, { type, value }] of tokens.entries()) {
    const next = tokens.at(i + 1);
    if (type !== 'NumericLiteral' || next?.type !== 'Identifier' || AFTER_NUMBERS.has(next.value)) continue;
    const number = `${value}${next.value}`.slice(0, 60);
    throw new Error(`the number ${number} is not supported; expected digits alone, with a point where it needs one`);
  }
}
